"""What the bills of a period come to, in the order of a bill; box and HQ share the sum."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from operator import add

import msgspec

from protocol.bill import AdjustmentKind, Refund
from protocol.orders import ELSEWHERE, LineStatus, Order, OrderStatus

OF_KIND = {
    AdjustmentKind.COMP: "comps",
    AdjustmentKind.PROMOTION: "promotions",
    AdjustmentKind.COUPON: "coupons",
}
"""Column of each kind of what was taken off that is shown apart; `discounts` is all of it."""
COLUMNS = (
    *("gross", "discounts", "comps", "promotions", "coupons", "service", "rounding"),
    *("service_included", "tips", "cash_rounding", "voids", "void_amount"),
)
"""Sums of an order that HQ keeps beside it, all whole numbers: minor units, `voids` a count."""
BESIDE_BILLS = frozenset({"tips", "cash_rounding"})
"""Those of money beside bills: it moved, also where the sale was called off and given back."""


class TaxSum(msgspec.Struct, frozen=True, kw_only=True):
    """One tax: what it was taken on and what it came to (minor units)."""

    name: str
    base: int = 0
    amount: int = 0
    inclusive: bool = False


class RefundSum(msgspec.Struct, frozen=True, kw_only=True):
    """What was given back by one tender; minor units."""

    tender: str
    count: int = 0
    amount: int = 0
    rounding: int = 0
    tips: int = 0


class BillSums(msgspec.Struct, frozen=True, kw_only=True):
    """Bills of the period's orders, and money given back in the period; minor units.

    gross − discounts + service + taxes on top + rounding = total; total − credited = net.
    `discounts` is all that was taken off; comps, promotions and coupons are parts of it, the rest
    staff gave. Tips are beside all of it. A refund counts on the date it was given,
    whenever the sale was, and of a sale that was called off as well, as its payments do; `credited` is the part by which sales became smaller.
    """

    gross: int = 0
    discounts: int = 0
    comps: int = 0
    promotions: int = 0
    coupons: int = 0
    service: int = 0
    taxes: tuple[TaxSum, ...] = ()
    rounding: int = 0
    total: int = 0
    credited: int = 0
    net: int = 0
    service_included: int = 0
    """What of `gross` is service charge, where prices include it; `service` is what is on top."""
    tips: int = 0
    """Less what was given back of them."""
    cash_rounding: int = 0
    """What cash was taken beside the amounts, less what was given back beside them."""
    refunds: tuple[RefundSum, ...] = ()
    voids: int = 0
    void_amount: int = 0


def counts(order: Order) -> bool:
    """Whether an order is in the figures at all: what was called off, or merged, is not."""
    return order.status is not OrderStatus.CANCELLED


def order_sums(order: Order) -> dict[str, int]:
    """`COLUMNS` of one order."""
    sums = dict.fromkeys(COLUMNS, 0)
    totals = order.totals
    sums["gross"] = totals.lines
    for adjustment in order.adjustments:
        if (column := OF_KIND.get(adjustment.kind)) is not None:
            sums[column] += adjustment.given
    sums["discounts"] = totals.discounts
    sums["service"] = totals.service
    sums["rounding"] = totals.rounding
    sums["service_included"] = totals.service_included
    for payment in order.payments:
        sums["tips"] += payment.tip
        sums["cash_rounding"] += payment.rounding
    for line in order.lines:
        if line.status is LineStatus.VOIDED and line.void_reason not in ELSEWHERE:
            sums["voids"] += line.quantity
            sums["void_amount"] += line.amount
    return sums


def refund_date(order: Order, refund: Refund) -> str:
    """The business date (ISO) on which money was given back."""
    return refund.business_date or order.business_date


class BillAdder:
    """Sums orders one after another, for business dates `first` to `last` (ISO, both included).

    What was given back on these dates counts whatever the date of its order is.
    """

    def __init__(self, first: str, last: str) -> None:
        self.first = first
        self.last = last
        self._sums: dict[str, int] = defaultdict(int)
        self._taxes: dict[tuple[str, bool], tuple[int, int]] = {}
        self._refunds: dict[str, tuple[int, int, int, int]] = {}

    def add(self, order: Order) -> None:
        """Count an order in, as far as it belongs to the dates."""
        if self._is_of(order.business_date):
            self._add_bill(order)
        for refund in order.refunds:
            if self._is_of(refund_date(order, refund)):
                self._sums["credited"] += refund.credit if counts(order) else 0
                sums = self._refunds.get(refund.tender, (0, 0, 0, 0))
                more = (1, refund.amount, refund.rounding, refund.tip)
                count, amount, rounding, tips = map(add, sums, more)
                self._refunds[refund.tender] = count, amount, rounding, tips

    def sums(self) -> BillSums:
        """What it has come to."""
        return summed(
            self._sums,
            (
                TaxSum(name=name, base=base, amount=amount, inclusive=inclusive)
                for (name, inclusive), (base, amount) in self._taxes.items()
            ),
            (
                RefundSum(tender=tender, count=count, amount=amount, rounding=rounding, tips=tips)
                for tender, (count, amount, rounding, tips) in self._refunds.items()
            ),
        )

    def _is_of(self, business_date: str) -> bool:
        return self.first <= business_date <= self.last

    def _add_bill(self, order: Order) -> None:
        in_figures = counts(order)
        for column, value in order_sums(order).items():
            self._sums[column] += value if in_figures or column in BESIDE_BILLS else 0
        if not in_figures:
            return
        self._sums["total"] += order.totals.total
        for tax in order.totals.taxes:
            base, amount = self._taxes.get((tax.name, tax.inclusive), (0, 0))
            self._taxes[tax.name, tax.inclusive] = base + tax.base, amount + tax.amount


def summed(
    sums: Mapping[str, int], taxes: Iterable[TaxSum], refunds: Iterable[RefundSum]
) -> BillSums:
    """The sums of bills. `sums` has `COLUMNS`, `total` and `credited`; one that lacks is 0."""
    back = tuple(sorted(refunds, key=lambda x: x.tender))
    columns = {column: sums.get(column, 0) for column in COLUMNS}
    columns["cash_rounding"] -= sum(x.rounding for x in back)
    columns["tips"] -= sum(x.tips for x in back)
    total, credited = sums.get("total", 0), sums.get("credited", 0)
    return BillSums(
        **columns,
        taxes=tuple(sorted(taxes, key=lambda x: (x.name, x.inclusive))),
        total=total,
        credited=credited,
        net=total - credited,
        refunds=back,
    )

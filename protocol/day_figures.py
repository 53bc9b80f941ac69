"""What a day came to: pure sums over orders, payments, refunds and shifts; box and HQ share them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace

from protocol.bill import AdjustmentKind
from protocol.events import PaymentTaken
from protocol.floor_events import CashMoved, DrawerOpened, PaymentRefunded
from protocol.orders import ELSEWHERE, LineStatus, Order, OrderStatus
from protocol.tills import CashKind, CategoryFigure, DayFigures, Shift, TaxFigure, TenderFigure


class Paid(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A payment as the day counts it; minor units."""

    tender: str
    amount: int
    tip: int = 0
    rounding: int = 0
    business_date: str = ""


class Given(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A refund as the day counts it; minor units."""

    tender: str
    amount: int
    rounding: int = 0
    business_date: str = ""
    tip: int = 0


def paid_of(event: PaymentTaken) -> Paid:
    """A payment's part in its day."""
    p = event.payment
    return Paid(
        tender=p.tender,
        amount=p.amount,
        tip=p.tip,
        rounding=p.rounding,
        business_date=event.business_date,
    )


def given_of(event: PaymentRefunded) -> Given:
    """A refund's part in its day."""
    r = event.refund
    return Given(
        tender=r.tender,
        amount=r.amount,
        rounding=r.rounding,
        business_date=event.business_date,
        tip=r.tip,
    )


def figures_of(
    business_date: str,
    orders: Iterable[Order],
    paid: Sequence[Paid],
    given: Sequence[Given],
    shifts: Sequence[Shift] = (),
) -> DayFigures:
    """The figures of a Z: orders that are closed or cancelled, and money as it moved.

    The same whatever the order in which things are given.
    """
    sums: dict[str, int] = defaultdict(int)
    taxes: dict[tuple[str, bool], tuple[int, int]] = {}
    categories: dict[str, tuple[int, int]] = {}
    for order in orders:
        sums["earlier"] += order.business_date != business_date
        if order.merged_into is not None:
            continue
        if order.status is OrderStatus.CANCELLED:
            sums["cancelled"] += 1
            continue
        _add_order(sums, order)
        for line in order.live_lines:
            units, amount = categories.get(line.category_id, (0, 0))
            categories[line.category_id] = units + line.quantity, amount + line.amount
        for tax in order.totals.taxes:
            base, amount = taxes.get((tax.name, tax.inclusive), (0, 0))
            taxes[tax.name, tax.inclusive] = base + tax.base, amount + tax.amount
    others = sum(x.business_date != business_date for x in paid)
    others += sum(y.business_date != business_date for y in given)
    return DayFigures(
        business_date=business_date,
        orders=sums["orders"],
        covers=sums["covers"],
        units=sums["units"],
        gross=sums["gross"],
        discounts=sums["discounts"],
        comps=sums["comps"],
        service=sums["service"],
        taxes=tuple(
            TaxFigure(name=name, base=base, amount=amount, inclusive=inclusive)
            for (name, inclusive), (base, amount) in sorted(taxes.items())
        ),
        rounding=sums["rounding"],
        total=sums["total"],
        tenders=tenders_of(paid, given),
        voids=sums["voids"],
        void_amount=sums["void_amount"],
        cancelled=sums["cancelled"],
        refunds=len(given),
        refund_amount=sum(x.amount for x in given),
        shifts=tuple(sorted(shifts, key=lambda s: (s.opened_ms, s.shift_id))),
        categories=tuple(
            CategoryFigure(category_id=category_id, units=units, amount=amount)
            for category_id, (units, amount) in sorted(categories.items())
        ),
        earlier=sums["earlier"] + others,
    )


def tenders_of(paid: Iterable[Paid], given: Iterable[Given]) -> tuple[TenderFigure, ...]:
    """What came in and went out by each tender, by its name."""
    found: dict[str, TenderFigure] = {}
    for x in paid:
        was = found.get(x.tender) or TenderFigure(tender=x.tender)
        found[x.tender] = replace(
            was,
            count=was.count + 1,
            amount=was.amount + x.amount,
            tips=was.tips + x.tip,
            rounding=was.rounding + x.rounding,
        )
    for y in given:
        was = found.get(y.tender) or TenderFigure(tender=y.tender)
        found[y.tender] = replace(
            was,
            refunds=was.refunds + y.amount,
            rounding=was.rounding - y.rounding,
            tips=was.tips - y.tip,
        )
    return tuple(found[tender] for tender in sorted(found))


def cash_expected(shift: Shift, paid: Iterable[Paid], given: Iterable[Given]) -> int:
    """What a drawer should hold (minor units): its opening, what cash came and went, what was moved."""
    cash_in = sum(x.amount + x.tip + x.rounding for x in paid if x.tender == "cash")
    cash_out = sum(y.amount + y.tip + y.rounding for y in given if y.tender == "cash")
    moved = shift.paid_in - shift.paid_out - shift.drops
    return shift.opening + cash_in - cash_out + moved


def _add_order(sums: dict[str, int], order: Order) -> None:
    totals = order.totals
    sums["orders"] += 1
    sums["covers"] += order.covers or 0
    sums["units"] += sum(line.quantity for line in order.live_lines)
    sums["gross"] += totals.lines
    sums["discounts"] += totals.discounts
    sums["comps"] += sum(a.given for a in order.adjustments if a.kind is AdjustmentKind.COMP)
    sums["service"] += totals.service
    sums["rounding"] += totals.rounding
    sums["total"] += totals.total
    for line in order.lines:
        if line.status is LineStatus.VOIDED and line.void_reason not in ELSEWHERE:
            sums["voids"] += line.quantity
            sums["void_amount"] += line.amount


def moved(shift: Shift, event: CashMoved | DrawerOpened) -> Shift:
    """A shift after cash moved or the drawer was opened."""
    if isinstance(event, DrawerOpened):
        return replace(shift, no_sales=shift.no_sales + 1)
    match event.kind:
        case CashKind.PAID_IN:
            return replace(shift, paid_in=shift.paid_in + event.amount)
        case CashKind.PAID_OUT:
            alone = 0 if event.approved_by is not None else event.amount
            out, unapproved = shift.paid_out + event.amount, shift.unapproved + alone
            return replace(shift, paid_out=out, unapproved=unapproved)
        case CashKind.DROP:
            return replace(shift, drops=shift.drops + event.amount)

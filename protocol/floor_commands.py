"""What the floor asks of an order beside food: details, adjustments, splits, transfers, refunds."""

from typing import Annotated

import msgspec
from msgspec import Meta

from protocol.bill import AdjustmentKind, Check, RefundLine
from protocol.ids import LineId, OrderId, PaymentId
from protocol.orders import DiningOption

Text = Annotated[str, Meta(max_length=200)]
Id = Annotated[str, Meta(min_length=1, max_length=64)]
Count = Annotated[int, Meta(ge=0, le=999)]
Percent = Annotated[str, Meta(max_length=12)]


class ChangeDetails(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="order.details"):
    """Where and how the party eats, all of it as it shall be from now on: a table moved, a tab named."""

    order_id: OrderId
    table: Text | None = None
    tab_name: Text | None = None
    covers: Count | None = None
    dining_option: DiningOption = DiningOption.DINE_IN


class ChangeLine(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="line.change"):
    """A line's note, seat and course as they shall be; note and course only while it waits."""

    order_id: OrderId
    line_id: LineId
    note: Text = ""
    seat: Count | None = None
    course: Annotated[int, Meta(ge=1, le=99)] = 1


class Adjust(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="bill.adjust"):
    """Take something off a bill or a line: a discount, a comp, a coupon.

    `preset_id` names one of the house's discounts; else `percent` (decimal text) or `amount` (minor
    units) says how much. A coupon needs only its `code`.
    """

    order_id: OrderId
    adjustment_id: Id
    kind: AdjustmentKind = AdjustmentKind.DISCOUNT
    line_id: LineId | None = None
    preset_id: Text = ""
    percent: Percent | None = None
    amount: int | None = None
    code: Text = ""
    reason: Text = ""
    approval_id: Text | None = None


class RemoveAdjustment(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="bill.unadjust"):
    """Charge again what an adjustment took off."""

    order_id: OrderId
    adjustment_id: Id


class SplitChecks(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="checks.split"):
    """The party pays in these checks; none: together again. `total` of a check is worked out."""

    order_id: OrderId
    checks: Annotated[tuple[Check, ...], Meta(max_length=50)] = ()


class TransferLines(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="lines.transfer"):
    """Lines go over to another order of the outlet: all of them when none are named (a merge).

    What the kitchen has stays as far as it is; an order that has no line left is cancelled.
    """

    order_id: OrderId
    to_order_id: OrderId
    line_ids: tuple[LineId, ...] = ()


class RefundPayment(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="payment.refund"):
    """Give money back: for `lines` that were sold (their part of the bill is worked out), or
    `amount` (minor units) of a payment that was too much or wrong.

    `tip` is how much of the payment's tip goes back beside it, with `amount` 0 nothing else. None:
    what is left of the tip when with `amount` the whole payment is given back, else nothing of it.
    """

    order_id: OrderId
    refund_id: Id
    tender: Text = "cash"
    lines: Annotated[tuple[RefundLine, ...], Meta(max_length=200)] = ()
    amount: int | None = None
    payment_id: PaymentId | None = None
    reason: Text = ""
    till_id: Text | None = None
    approval_id: Text | None = None
    tip: int | None = None


class ReopenOrder(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="order.reopen"):
    """Bring back a closed order, to put its payments right."""

    order_id: OrderId
    reason: Text = ""
    approval_id: Text | None = None

"""What happened on the floor: bills adjusted and split, lines moved over, money given back, tills,
people; the past tense of `floor_commands` and `till_commands`."""

import msgspec

from protocol.bill import Adjustment, Check, Refund
from protocol.box_events import HouseApplied
from protocol.ids import LineId, OrderId
from protocol.menu import Names
from protocol.orders import DiningOption, Line, Totals
from protocol.staff import May
from protocol.tills import CashKind, DayFigures, Outstanding, Shift


class DetailsChanged(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="order.detailed"):
    """Where and how the party eats, as it now is; `totals` is the bill after it."""

    order_id: OrderId
    at_ms: int
    dining_option: DiningOption
    totals: Totals
    table: str | None = None
    tab_name: str | None = None
    covers: int | None = None
    table_was: str | None = None
    """Where the party sat before."""


class LineChanged(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="line.changed"):
    """A line's note, seat and course as they now are."""

    order_id: OrderId
    line_id: LineId
    at_ms: int
    note: str
    seat: int | None
    course: int


class BillAdjusted(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="bill.adjusted"):
    """Something was taken off; `totals` is the bill after it."""

    order_id: OrderId
    at_ms: int
    adjustment: Adjustment
    totals: Totals
    approval_id: str | None = None


class AdjustmentRemoved(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="bill.unadjusted"):
    """It is charged again; `totals` is the bill after it."""

    order_id: OrderId
    at_ms: int
    adjustment_id: str
    totals: Totals


class PromotionsApplied(
    msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="promotions.applied"
):
    """The offers that the bill now earns, in place of those before; `totals` is the bill after it."""

    order_id: OrderId
    at_ms: int
    promotions: tuple[Adjustment, ...]
    totals: Totals


class ChecksSplit(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="checks.split"):
    """The party pays in these checks; none: together."""

    order_id: OrderId
    at_ms: int
    checks: tuple[Check, ...]


class LinesLeft(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="lines.left"):
    """Lines went over to another order; with `merged` nothing is left and the order is cancelled."""

    order_id: OrderId
    at_ms: int
    line_ids: tuple[LineId, ...]
    to_order_id: OrderId
    to_number: str
    totals: Totals
    merged: bool = False


class LinesCame(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="lines.came"):
    """Lines came over from another order, as far as they were; `totals` is the bill after it.

    `adjustments` is what was taken off these lines, which goes with them.
    """

    order_id: OrderId
    at_ms: int
    lines: tuple[Line, ...]
    from_order_id: OrderId
    from_number: str
    totals: Totals
    from_table: str | None = None
    adjustments: tuple[Adjustment, ...] = ()


class LinesMovedTwice(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="lines.moved_twice"):
    """Lines lived on this order and on another, because two boxes each moved them while apart.

    They count on `kept_order_id`, where they came first. Here they are struck, unless `struck` is
    false: then a Z report has counted this order, or money went back for them. `from_number` is the
    order that they had come from.
    """

    order_id: OrderId
    at_ms: int
    line_ids: tuple[LineId, ...]
    kept_order_id: OrderId
    kept_number: str
    from_number: str
    struck: bool = True


class PaymentRefunded(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="payment.refunded"):
    """Money was given back; `due_after` (minor units) is what the order then owed."""

    order_id: OrderId
    refund: Refund
    business_date: str
    hour: int
    due_after: int
    approval_id: str | None = None


class OrderReopened(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="order.reopened"):
    """A closed order was brought back."""

    order_id: OrderId
    at_ms: int
    reason: str
    staff: str | None = None
    approved_by: str | None = None
    approval_id: str | None = None


class ShiftOpened(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="shift.opened"):
    """A till was opened."""

    shift: Shift
    at_ms: int


class CashMoved(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="cash.moved"):
    """Cash went into the drawer or out of it without a sale."""

    shift_id: str
    till_id: str
    move_id: str
    kind: CashKind
    amount: int
    at_ms: int
    business_date: str
    reason: str = ""
    staff: str | None = None
    approved_by: str | None = None
    approval_id: str | None = None


class DrawerOpened(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="drawer.opened"):
    """The drawer was opened without a sale."""

    shift_id: str
    till_id: str
    open_id: str
    at_ms: int
    reason: str = ""
    staff: str | None = None
    approved_by: str | None = None
    approval_id: str | None = None


class ShiftClosed(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="shift.closed"):
    """A till was counted and closed: the shift as it ended, with what should have been there."""

    shift: Shift
    at_ms: int


class DayClosed(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="day.closed"):
    """A business date was closed under the next Z number; nothing counted here is counted again.

    `through` is the journal's position up to which orders and payments are in it, `previous` the
    digest of the Z before (empty for the first), `digest` (blake2b-128, hex) of all of this one.
    A position is the box's own; `as_of` says the same to everybody: the last seq of each stream that
    went on since the Z before. What no Z has counted, lies within that and has a business date up to
    `until` is counted here.
    """

    number_z: int
    close_id: str
    business_date: str
    at_ms: int
    figures: DayFigures
    outstanding: tuple[Outstanding, ...]
    through: int
    previous: str
    digest: str
    staff: str | None = None
    as_of: dict[str, int] = {}
    until: str = ""
    unsure: bool = False
    """The box's clock was not to be believed: the date may be another."""
    joins: tuple[str, ...] = ()
    """Digests of other Z reports that no one follows yet: another box made them unheard."""


class DayCertified(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="day.certified"):
    """The statement on a closed day, signed by the box: what every device, box and HQ have of it.

    `statement` is JSON (`protocol.certificates.Statement`), `signature` (hex) the box's Ed25519 over
    its bytes; `agrees` whether device, box and HQ have the same.
    """

    number_z: int
    business_date: str
    at_ms: int
    statement: str
    signature: str
    node_id: str
    agrees: bool


class SignedIn(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="staff.signed_in"):
    """Somebody signed in at a screen."""

    staff_id: str
    screen: str
    at_ms: int


class SignedOut(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="staff.signed_out"):
    """Somebody signed out, or was."""

    staff_id: str
    screen: str
    at_ms: int
    reason: str = ""


class SignInFailed(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="staff.refused"):
    """Wrong PINs at a screen, `tries` since it was told last."""

    staff_id: str
    screen: str
    tries: int
    at_ms: int


class ApprovalGiven(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="approval.given"):
    """`by` allowed one thing, once."""

    approval_id: str
    by: str
    action: May
    subject: str
    amount: int | None
    asked_by: str | None
    at_ms: int
    expires_ms: int


class ClockedIn(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="staff.clocked_in"):
    """Somebody began to work."""

    staff_id: str
    at_ms: int
    business_date: str


class ClockedOut(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="staff.clocked_out"):
    """Somebody ended work, or began a break."""

    staff_id: str
    at_ms: int
    business_date: str
    on_break: bool = False


class PinChanged(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="staff.pin_changed"):
    """Somebody chose another PIN at the box; HQ tells the other outlets."""

    staff_id: str
    pin_hash: str
    at_ms: int


class PaperReprinted(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="paper.reprinted"):
    """Somebody asked for a paper once more: `kind` of paper, `by` whom or which screen."""

    job_id: str
    kind: str
    printer: str
    by: str
    at_ms: int
    order_id: str | None = None


class PaperRequested(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="paper.requested"):
    """Somebody asked for a paper that nothing else asks for: a test page, an X report."""

    job_id: str
    kind: str
    printer: str
    by: str
    at_ms: int


class PaperDiscarded(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="paper.discarded"):
    """Somebody said of a paper that had not come out that nobody needs it; `state`: how it waited."""

    job_id: str
    kind: str
    printer: str
    state: str
    by: str
    at_ms: int
    order_id: str | None = None


class CouponGiven(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="coupon.given"):
    """A coupon was put on a bill at the counter, or off again (`back`), for `given` (minor units).

    What the bill becomes is in `promotions.applied`; this says whose deed it was, with no approval.
    """

    order_id: OrderId
    at_ms: int
    code: str
    names: Names
    given: int
    back: bool = False


OrderFloorEvent = (
    DetailsChanged
    | LineChanged
    | BillAdjusted
    | AdjustmentRemoved
    | PromotionsApplied
    | ChecksSplit
    | LinesLeft
    | LinesCame
    | LinesMovedTwice
    | PaymentRefunded
    | OrderReopened
)
"""Those that an order is folded from."""

FloorEvent = (
    ShiftOpened
    | CashMoved
    | DrawerOpened
    | ShiftClosed
    | DayClosed
    | DayCertified
    | SignedIn
    | SignedOut
    | SignInFailed
    | ApprovalGiven
    | ClockedIn
    | ClockedOut
    | PinChanged
    | PaperReprinted
    | PaperRequested
    | PaperDiscarded
    | CouponGiven
    | HouseApplied
)
"""Those of tills, people and the day."""


def aggregate_of(event: FloorEvent) -> tuple[str, str]:
    """Which thing such an event belongs to, as (kind, id)."""
    match event:
        case ShiftOpened() | ShiftClosed():
            return "shift", event.shift.shift_id
        case CashMoved() | DrawerOpened():
            return "shift", event.shift_id
        case DayClosed() | DayCertified():
            return "day", str(event.number_z)
        case ApprovalGiven():
            return "approval", event.approval_id
        case PaperReprinted() | PaperRequested() | PaperDiscarded():
            return "paper", event.job_id
        case CouponGiven():
            return "coupon", event.order_id
        case HouseApplied():
            return "house", str(event.version)
        case _:
            return "staff", event.staff_id

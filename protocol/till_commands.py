"""What staff ask of tills and of the day: open, move cash, count and close."""

from typing import Annotated

import msgspec
from msgspec import Meta

from protocol.tills import CashKind

Text = Annotated[str, Meta(max_length=200)]
Id = Annotated[str, Meta(min_length=1, max_length=64)]
Cash = Annotated[int, Meta(ge=0, le=10**12)]
"""Minor units."""


class OpenShift(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="shift.open"):
    """Open a till with so much cash in its drawer."""

    shift_id: Id
    till_id: Id
    opening: Cash


class MoveCash(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="cash.move"):
    """Put cash in or take it out without a sale."""

    shift_id: Id
    move_id: Id
    kind: CashKind
    amount: Annotated[int, Meta(gt=0, le=10**12)]
    reason: Text = ""
    approval_id: Text | None = None


class OpenDrawer(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="drawer.open"):
    """Open the drawer without a sale (no-sale)."""

    shift_id: Id
    open_id: Id
    reason: Text = ""
    approval_id: Text | None = None


class CloseShift(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="shift.close"):
    """Close a till with what was counted in it, before it is shown what should be there."""

    shift_id: Id
    counted: Cash
    reason: Text = ""


class CloseDay(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="day.close"):
    """Close business dates up to this one (ISO), each that has anything in it, with a Z report.

    `knowing` names what is outstanding and may stay so (`Outstanding.id`); something else that is
    outstanding refuses the close.
    """

    close_id: Id
    business_date: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    knowing: Annotated[tuple[Text, ...], Meta(max_length=500)] = ()


class ClockIn(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="staff.clock_in"):
    """Somebody begins to work."""

    staff_id: Id


class ClockOut(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="staff.clock_out"):
    """Somebody ends work, or begins a break."""

    staff_id: Id
    on_break: bool = False

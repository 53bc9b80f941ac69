"""Tills: opened, moved, counted, closed; and the close of the day."""

from collections.abc import Sequence

from msgspec.structs import replace

from protocol import till_commands as t
from protocol.certificates import z_digest
from protocol.clock import Confidence
from protocol.events import Event
from protocol.floor_events import CashMoved, DayClosed, DrawerOpened, ShiftClosed, ShiftOpened
from protocol.ids import is_uuid
from protocol.refusals import Refusal
from protocol.rules.state import DayStanding, Moment, State, refuse
from protocol.staff import May
from protocol.tills import CashKind, Outstanding, Shift

TRIES_MOST = 2
"""Refused counts and drops of a shift after which one that fits is no longer told from one that does
not: a third try could be a search for what the drawer should hold."""
NAMED_MOST = 5
"""How many things a refusal names; there may be hundreds."""


def open_shift(state: State, command: t.OpenShift, moment: Moment) -> list[Event] | Refusal:
    """Open a till with what is in its drawer. One till has one open shift."""
    if not is_uuid(command.shift_id):
        return refuse("bad_id", id=command.shift_id)
    tills = state.house.tills
    if tills and not state.offered and all(x.id != command.till_id for x in tills):
        return refuse("unknown_till", till_id=command.till_id)
    known = state.shift
    if known is not None and known.shift_id == command.shift_id:
        return [] if state.offered else refuse("duplicate_id", id=command.shift_id)
    if known is not None:
        since = _time(known.opened_ms, moment)
        who = known.opened_by or "–"
        return refuse("till_open", till=_till(state, known.till_id), since=since, who=who)
    shift = Shift(
        shift_id=command.shift_id,
        till_id=command.till_id,
        opened_ms=moment.at_ms,
        opened_by=_staff(state),
        business_date=moment.business_date,
        opening=command.opening,
        unsure=_unsure(moment),
    )
    return [ShiftOpened(shift=shift, at_ms=moment.at_ms)]


def move_cash(state: State, command: t.MoveCash, moment: Moment) -> list[Event] | Refusal:
    """Put cash in or take it out. More than should be there needs who may take more.

    It is not impossible: somebody may have opened with a wrong count. It is most likely a zero too
    many.
    """
    shift = _open_one(state, command.shift_id, command.move_id, moment)
    if not isinstance(shift, Shift):
        return shift
    leaves = command.kind is not CashKind.PAID_IN
    too_much = command.amount > expected_in(shift, state.sums.drawer)
    if leaves and (too_much or state.sums.tried >= TRIES_MOST) and not _may_over(state, command):
        return refuse(
            "drawer_short",
            till=_till(state, shift.till_id),
            amount=state.money(command.amount),
            shift_id=shift.shift_id,
        )
    return [
        CashMoved(
            shift_id=shift.shift_id,
            till_id=shift.till_id,
            move_id=command.move_id,
            kind=command.kind,
            amount=command.amount,
            at_ms=moment.at_ms,
            business_date=moment.business_date,
            reason=command.reason,
            staff=_staff(state),
            approved_by=state.approver(command.shift_id, May.PAID_OUT_OVER),
            approval_id=command.approval_id,
        )
    ]


def open_drawer(state: State, command: t.OpenDrawer, moment: Moment) -> list[Event] | Refusal:
    """Open the drawer without a sale; it is counted and told."""
    shift = _open_one(state, command.shift_id, command.open_id, moment)
    if not isinstance(shift, Shift):
        return shift
    return [
        DrawerOpened(
            shift_id=shift.shift_id,
            till_id=shift.till_id,
            open_id=command.open_id,
            at_ms=moment.at_ms,
            reason=command.reason,
            staff=_staff(state),
            approved_by=state.approver(command.shift_id, May.NO_SALE),
            approval_id=command.approval_id,
        )
    ]


def close_shift(state: State, command: t.CloseShift, moment: Moment) -> list[Event] | Refusal:
    """Count and close. A difference beyond what the house allows needs a reason.

    After two counts that did not fit each one needs a reason, also the one that does: trying counts
    until one passes would tell what should be there. Of two who close one shift the first one's count stands, and the second is told it. What should
    be there is never said in a refusal: the count is blind.
    """
    shift = state.shift
    if shift is None or shift.shift_id != command.shift_id:
        return refuse("unknown_shift", shift_id=command.shift_id)
    if shift.closed_ms is not None:
        return _closed(state, shift, moment)
    expected = expected_in(shift, state.sums.drawer)
    differs = abs(command.counted - expected) > state.house.limits.over_short
    searched = state.sums.tried >= TRIES_MOST
    if (differs or searched) and not command.reason.strip() and not state.offered:
        till = _till(state, shift.till_id)
        return refuse("over_short_reason", till=till, shift_id=shift.shift_id)
    closed = replace(
        shift,
        closed_ms=moment.at_ms,
        closed_by=_staff(state),
        counted=command.counted,
        expected=expected,
        reason=command.reason,
        unsure=shift.unsure or _unsure(moment),
        tried=state.sums.tried,
    )
    return [ShiftClosed(shift=closed, at_ms=moment.at_ms)]


def expected_in(shift: Shift, cash: int) -> int:
    """What a drawer should hold: opening, what sales and refunds brought in cash, what was moved."""
    return shift.opening + cash + shift.paid_in - shift.paid_out - shift.drops


def close_day(state: State, command: t.CloseDay, moment: Moment) -> list[Event] | Refusal:
    """One Z for each business date that has anything in it, oldest first, up to the one asked for.

    Each date has one Z, ever: what comes late is in the next. An unsure clock refuses nothing; the
    Z says that its date is not sure.
    """
    standing = state.sums.standing
    assert standing is not None, "a close of the day is decided with what it would find"
    refusal = _day_refused(state, command, standing, moment)
    if refusal is not None:
        return refusal
    left = tuple(o for o in standing.outstanding if not o.blocks)
    events: list[Event] = []
    previous, last = standing.previous, len(standing.figures) - 1
    for place, figures in enumerate(standing.figures):
        closed = DayClosed(
            number_z=standing.next_z + place,
            close_id=command.close_id,
            business_date=figures.business_date,
            at_ms=moment.at_ms,
            figures=figures,
            outstanding=left if place == last else (),
            through=standing.through,
            previous=previous,
            digest="",
            staff=_staff(state),
            as_of=dict(standing.as_of) if place == 0 else {},
            until=standing.until if place == last else figures.business_date,
            unsure=_unsure(moment),
            joins=standing.joins if place == 0 else (),
        )
        closed = replace(closed, digest=z_digest(closed))
        events.append(closed)
        previous = closed.digest
    return events


def _day_refused(
    state: State, command: t.CloseDay, standing: DayStanding, moment: Moment
) -> Refusal | None:
    wanted = command.business_date
    if wanted > moment.business_date and not _unsure(moment):
        return refuse("day_not_begun", date=wanted, today=moment.business_date)
    closed = {d: z for d, z in standing.closed.items() if d <= max(wanted, moment.business_date)}
    if closed:
        date = wanted if wanted in closed else min(closed)
        return refuse("day_closed", date=date, number=closed[date])
    blocking = [o for o in standing.outstanding if o.blocks]
    if blocking:
        return refuse("shifts_open", tills=_named(blocking))
    unknown = [o for o in standing.outstanding if o.id not in frozenset(command.knowing)]
    # The day was closed and its Z printed by a box that was lost: here more may be open than then.
    was_closed = state.offered and state.proven
    if unknown and not was_closed:
        return refuse("outstanding", count=len(unknown), what=_named(unknown))
    if not standing.figures:
        return refuse("nothing_to_count", date=wanted)
    return None


def _named(things: Sequence[Outstanding]) -> str:
    names = [o.label or o.id for o in things[:NAMED_MOST]]
    return ", ".join(names) + (" …" if len(things) > NAMED_MOST else "")


def _open_one(
    state: State, shift_id: str, own_id: str, moment: Moment
) -> Shift | Refusal | list[Event]:
    """The open shift that a move is for; a move that is there already is nothing or refused."""
    if not is_uuid(own_id):
        return refuse("bad_id", id=own_id)
    if own_id in state.taken_ids:
        return [] if state.offered else refuse("duplicate_id", id=own_id)
    shift = state.shift
    if shift is None or shift.shift_id != shift_id:
        return refuse("unknown_shift", shift_id=shift_id)
    return shift if shift.closed_ms is None else _closed(state, shift, moment)


def _closed(state: State, shift: Shift, moment: Moment) -> Refusal:
    return refuse(
        "shift_closed",
        till=_till(state, shift.till_id),
        when=_time(shift.closed_ms or 0, moment),
        who=shift.closed_by or "–",
        counted=state.money(shift.counted or 0),
    )


def _may_over(state: State, command: t.MoveCash) -> bool:
    """Whether somebody answers for taking out more than should be there: not somebody's own approval
    of something else."""
    if state.actor is None or state.offered or May.PAID_OUT_OVER in state.actor.may:
        return True
    by = state.approver(command.shift_id, May.PAID_OUT_OVER, amount=command.amount)
    return by is not None


def _till(state: State, till_id: str) -> str:
    return next((x.name for x in state.house.tills if x.id == till_id), till_id)


def _staff(state: State) -> str | None:
    return state.actor.staff_id if state.actor is not None else state.staff


def _unsure(moment: Moment) -> bool:
    return moment.confidence is Confidence.UNCERTAIN


def _time(at_ms: int, moment: Moment) -> str:
    """`HH:MM` of the outlet, as far back from now as it was; a dash while no clock is to be believed."""
    if not moment.local:
        return "–"
    now = int(moment.local[11:13]) * 60 + int(moment.local[14:16])
    minutes = (now - (moment.at_ms - at_ms) // 60_000) % (24 * 60)
    return f"{minutes // 60:02}:{minutes % 60:02}"

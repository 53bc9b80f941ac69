"""Invariants of tills and closed days: all that was sold and paid is in one Z, and box and HQ sign it."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec
from simulation.oracles import Broken, Evidence

from protocol import floor_events as f
from protocol.certificates import z_digest
from protocol.day_figures import cash_expected, given_of, paid_of
from protocol.events import PaymentTaken, decode
from protocol.floor_events import DayClosed, PaymentRefunded, ShiftClosed
from protocol.orders import OrderStatus
from protocol.tills import Shift
from protocol.z_marks import close_of, tips

if TYPE_CHECKING:
    from simulation.world import Place

SAID = frozenset(
    {"payment.taken", "payment.refunded", "shift.opened", "shift.closed", "cash.moved"}
    | {"drawer.opened", "day.closed"}
)


def invariant_24_z_numbers_go_on(seen: Evidence) -> Iterator[Broken]:
    """Z reports are numbered from 1 without a gap, each as it was closed and joined to the one before."""
    for place in seen.world.places:
        days = _closed(seen, place)
        numbers = [d.number_z for d in days]
        if sorted(set(numbers)) != list(range(1, len(set(numbers)) + 1)):
            yield Broken("24", f"{place.name} has Z reports {numbers}")
        for day in days:
            if z_digest(day) != day.digest:
                yield Broken("24", f"Z {day.number_z} of {place.name} is not as it was closed")
            before = {d.digest: d.number_z for d in days if d.number_z < day.number_z}
            follows = before.get(day.previous, 0) == day.number_z - 1
            if not follows or not before.keys() >= set(day.joins):
                yield Broken(
                    "24", f"Z {day.number_z} of {place.name} does not follow the one before"
                )
        last = tips(map(close_of, days))
        if len(last) > 1 and seen.world.last_closes.get(place.name) == "":
            numbers = [close.number for close in last]
            yield Broken("24", f"{place.name} has Z reports that no later one joins: {numbers}")


def invariant_24_everything_is_in_one_z(seen: Evidence) -> Iterator[Broken]:
    """After the last close each order that is over, each payment and each shift is in one Z."""
    for place in seen.world.places:
        if seen.world.last_closes.get(place.name) not in ("", "nothing_to_count"):
            yield Broken(
                "24", f"{place.name} was not closed: {seen.world.last_closes.get(place.name)}"
            )
            continue
        numbers = {d.number_z for d in _closed(seen, place)} | {0}
        over = "status IN ('closed', 'cancelled')"
        for what, sql in (
            ("order", f"SELECT order_id, z FROM orders WHERE {over}"),
            ("payment", "SELECT payment_id, z FROM payments"),
            ("refund", "SELECT refund_id, z FROM refunds"),
            ("shift", "SELECT shift_id, z FROM shifts"),
        ):
            for name, z in place.site.read(sql):
                if z not in numbers:
                    yield Broken("24", f"{what} {name} at {place.site.name} is in Z {z}", (name,))


def invariant_24_z_reports_add_up(seen: Evidence) -> Iterator[Broken]:
    """What the Z reports say was paid, given back and sold is what the ledger says, once."""
    for place in seen.world.places:
        if seen.world.last_closes.get(place.name) not in ("", "nothing_to_count"):
            continue
        days = _closed(seen, place)
        if _were_apart(days):
            continue
        said = Counter[str]()
        for day in days:
            for tender in day.figures.tenders:
                said[f"{tender.tender} paid"] += tender.amount
                said[f"{tender.tender} tips"] += tender.tips
                said[f"{tender.tender} refunds"] += tender.refunds
            said["sold"] += day.figures.total
            said["orders"] += day.figures.orders
            said["cancelled"] += day.figures.cancelled
        known = Counter[str]()
        for event in _events(seen, place):
            if isinstance(event, PaymentTaken):
                known[f"{event.payment.tender} paid"] += event.payment.amount
                known[f"{event.payment.tender} tips"] += event.payment.tip
            elif isinstance(event, PaymentRefunded):
                known[f"{event.refund.tender} refunds"] += event.refund.amount
        for order in place.site.orders():
            if order.merged_into is None:
                known["sold"] += order.totals.total * (order.status is OrderStatus.CLOSED)
                known["orders"] += order.status is OrderStatus.CLOSED
                known["cancelled"] += order.status is OrderStatus.CANCELLED
        for what in sorted(said.keys() | known.keys()):
            if said[what] != known[what]:
                yield Broken(
                    "24", f"{what} at {place.name}: {said[what]} in Z reports, {known[what]} done"
                )


def invariant_24_shifts_tie_out(seen: Evidence) -> Iterator[Broken]:
    """What a drawer should have held is its opening, what moved, and the cash of its payments."""
    for place in seen.world.places:
        events = _events(seen, place)
        closed: dict[str, Shift] = {}
        # Of two boxes that each closed it the first count stands, whichever HQ heard of first.
        closes = [event for event in events if isinstance(event, ShiftClosed)]
        for event in sorted(closes, key=lambda event: event.at_ms):
            closed.setdefault(event.shift.shift_id, event.shift)
        reported = Counter(s.shift_id for d in _closed(seen, place) for s in d.figures.shifts)
        paid, given, moves = _by_shift(events)
        for shift_id, shift in closed.items():
            expected = cash_expected(
                msgspec.structs.replace(
                    shift,
                    paid_in=moves[shift_id]["paid_in"],
                    paid_out=moves[shift_id]["paid_out"],
                    drops=moves[shift_id]["drop"],
                ),
                paid[shift_id],
                given[shift_id],
            )
            # What a lost box had taken came back, or was offered again, after the drawer was counted.
            came_back = str(place.outlet_id) in seen.world.hypothesis.boxes_lost
            if shift.expected != expected and not came_back:
                yield Broken(
                    "24",
                    f"shift {shift_id} at {place.name} expected {shift.expected}; its payments and"
                    f" moves come to {expected}",
                    (shift_id,),
                )
            apart = _were_apart(_closed(seen, place)) and reported[shift_id]
            if place.name in seen.world.last_closes and reported[shift_id] != 1 and not apart:
                yield Broken(
                    "24", f"shift {shift_id} is in {reported[shift_id]} Z reports", (shift_id,)
                )


def invariant_24_days_are_certified(seen: Evidence) -> Iterator[Broken]:
    """Box and HQ count each Z alike, from entries of their own, and the box has signed that."""
    poisoned = set(seen.world.poison.values())
    for place in seen.world.places:
        spoilt = any(o.order_id in poisoned for o in place.site.orders())
        for view in seen.world.days.get(place.name, ()):
            if view.state == "certified" or (spoilt and view.state == "differs"):
                continue
            about = f"Z {view.number_z} of {place.name} ({view.business_date})"
            yield Broken("24", f"{about} is {view.state} {view.differs or ''}")


def invariant_02_approvals_serve_once(seen: Evidence) -> Iterator[Broken]:
    """An approval allowed one command, and no more."""
    used: dict[str, set[str]] = defaultdict(set)
    for row in seen.rows:
        if b'"approval_id":"' not in row.body or row.type == "approval.given":
            continue
        approval_id = getattr(decode(row.body), "approval_id", None)
        if approval_id:
            used[approval_id].add(row.command_id)
    for approval_id, commands in used.items():
        if len(commands) > 1:
            yield Broken("02", f"approval {approval_id} served {len(commands)} commands",
                         tuple(commands))  # fmt: skip


def _by_shift(events: list[Any]) -> tuple[Any, Any, Any]:
    paid, given = defaultdict(list), defaultdict(list)
    moves: dict[str, Counter[str]] = defaultdict(Counter)
    for event in events:
        match event:
            case PaymentTaken() if event.payment.shift_id:
                paid[event.payment.shift_id].append(paid_of(event))
            case PaymentRefunded() if event.refund.shift_id:
                given[event.refund.shift_id].append(given_of(event))
            case f.CashMoved():
                moves[event.shift_id][event.kind.value] += event.amount
    return paid, given, moves


def _events(seen: Evidence, place: "Place") -> list[Any]:
    """What the ledger has of an outlet's money and tills, each event once."""
    rows = {
        r.event_id: r
        for r in seen.rows
        if r.outlet == str(place.outlet_id) and r.type in SAID and not r.duplicate
    }
    return [decode(r.body) for r in rows.values()]


def _were_apart(days: list[DayClosed]) -> bool:
    """Whether two boxes closed while neither heard the other: what both had is in a Z of each, which
    HQ names."""
    return len({d.number_z for d in days}) < len(days)


def _closed(seen: Evidence, place: "Place") -> list[DayClosed]:
    days = {e.digest: e for e in _events(seen, place) if isinstance(e, DayClosed)}
    return sorted(days.values(), key=lambda d: (d.number_z, d.digest))


ORACLES_OF_DAYS = (
    invariant_24_z_numbers_go_on,
    invariant_24_everything_is_in_one_z,
    invariant_24_z_reports_add_up,
    invariant_24_shifts_tie_out,
    invariant_24_days_are_certified,
    invariant_02_approvals_serve_once,
)

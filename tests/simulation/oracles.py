"""The invariants (ARCHITECTURE.md lists them), held against HQ's ledger, its tables and the boxes.

Each function returns what breaks its rule, one `Broken` each. They run when faults have stopped and
everything had time to settle.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from simulation.screens import Submission
from simulation.settling import in_charge, roles, what_is_left

from protocol.conflicts import decision_id
from protocol.ids import EventId
from protocol.journal import CHAIN_START, link

if TYPE_CHECKING:
    from simulation.world import World

SETTLES_WITHIN_S = 60.0
BOX_TYPES = frozenset(
    {
        *("stream.opened", "stream.forked", "box.recovered", "clock.anchored", "menu.applied"),
        "house.applied",
        *("prices.applied", "line.repriced", "paper.printed", "stock.moved", "intent.answered"),
        *("staff.signed_in", "staff.signed_out", "staff.refused", "approval.given"),
        *("ticket.shown", "ticket.rerouted", "ticket.escalated", "day.certified", "sys.opaque"),
    }
)
"""What a box writes by itself, without a command of a person."""


LATE = ("overtaken", "overtaken_cash")
"""Cards at HQ about what a box had accepted, lost, and could not do any more."""
LATE_MOST = 0.005
"""Most of what was acknowledged that may come back too late in a story full of lost boxes."""


class Broken(NamedTuple):
    """One violation, in words, with the ids it is about."""

    invariant: str
    sentence: str
    ids: tuple[str, ...] = ()


class Row(NamedTuple):
    """A row of the ledger, as oracles need it."""

    tenant: str
    outlet: str
    position: int
    stream: str
    seq: int
    chain: bytes
    event_id: str
    type: str
    aggregate_id: str
    command_id: str
    body: bytes
    duplicate: bool


class Evidence:
    """Everything the oracles look at, read once."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.rows = [
            Row(str(r[0]), str(r[1]), *r[2:6], r[6].hex(), *r[7:])
            for r in world.hq.rows(
                """SELECT tenant_id, outlet_id, position, stream, seq, chain, event_id, type,
                          aggregate_id, command_id, body, duplicate
                   FROM ledger ORDER BY tenant_id, outlet_id, position"""
            )
        ]
        self.by_command: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            if not row.duplicate:
                self.by_command[row.command_id].append(row)
        self.acked = world.book.acked
        self.cards = {
            (str(outlet), decision)
            for outlet, decision in world.hq.rows(
                "SELECT outlet_id, decision_id FROM decisions WHERE kind = ANY($1)", list(LATE)
            )
        }

    def too_late(self, submission: Submission) -> bool:
        """Whether a box had accepted it, was lost, could not do it any more and people were told."""
        outlet = submission.outlet
        rows = self.by_command.get(submission.envelope.command_id, ())
        late = [r for r in rows if r.type == "command.overtaken"]
        return (
            bool(late)
            and outlet in self.world.hypothesis.boxes_lost
            and all(
                any((outlet, decision_id(kind, outlet, r.event_id)) in self.cards for kind in LATE)
                for r in late
            )
        )


def invariant_01_acknowledged_exactly_once(seen: Evidence) -> Iterator[Broken]:
    """What was acknowledged is in the ledger, once; or in seldom cases, after a box was lost and life
    had gone on, it came back too late, and is in the ledger and in a card at HQ as that."""
    late = [s for s in seen.acked if seen.too_late(s)]
    if len(late) > LATE_MOST * len(seen.acked) + 2:
        yield Broken("01", f"{len(late)} of {len(seen.acked)} commands came back too late")
    for s in seen.acked:
        found = Counter(r.type for r in seen.by_command.get(s.envelope.command_id, ()))
        wanted = Counter(s.events)
        if not found and (wanted or s.order is not None):
            yield _about(s, "01", f"{_name(s)} was acknowledged and is not in HQ's ledger")
        elif wanted - found and s not in late:
            missing = ", ".join(sorted((wanted - found).elements()))
            yield _about(s, "01", f"{_name(s)} was acknowledged; HQ lacks its {missing}")
        for row in seen.by_command.get(s.envelope.command_id, ()):
            if row.outlet != s.outlet:
                yield _about(s, "21", f"{_name(s)} arrived at another outlet's ledger")


def invariant_02_nothing_twice(seen: Evidence) -> Iterator[Broken]:
    """No command was applied twice."""
    for s in seen.world.book.by_id.values():
        rows = seen.by_command.get(s.envelope.command_id, ())
        found = Counter((r.type, r.aggregate_id) for r in rows)
        if s.events:
            more = Counter(r.type for r in rows) - Counter(s.events)
            more = Counter({t: n for t, n in more.items() if t not in BOX_TYPES})
            if set(more) == {"command.overtaken"} and len(rows) == 1 and seen.too_late(s):
                more.clear()
            if more:
                kinds = ", ".join(sorted(more))
                yield _about(s, "02", f"{_name(s)} has more events at HQ than it was told: {kinds}")
        elif any(n > 1 for n in found.values()) and len(rows) > len(found):
            yield _about(s, "02", f"{_name(s)} has one event twice: {dict(found)}")
    events = Counter((r.tenant, r.outlet, r.event_id) for r in seen.rows if not r.duplicate)
    for key, times in events.items():
        if times > 1:
            yield Broken("02", f"event {key[2]} counts {times} times", (key[2],))


def invariant_03_no_phantom(seen: Evidence) -> Iterator[Broken]:
    """Nothing is in the ledger that nobody asked for."""
    book = seen.world.book.by_id
    for row in seen.rows:
        if row.command_id in book or row.type in BOX_TYPES or row.command_id in seen.world.poison:
            continue
        if row.type == "promotions.applied" and row.command_id.startswith("reprice:"):
            continue  # offers follow what the box priced anew
        yield Broken(
            "03", f"{row.type} at HQ belongs to no command that was given", (row.command_id,)
        )
    for s in book.values():
        # A box put back to an older state may refuse what its former life took and HQ gives back.
        put_back = s.outlet in seen.world.hypothesis.boxes_lost
        if (
            s.refused
            and not s.acked_s
            and not put_back
            and seen.by_command.get(s.envelope.command_id)
        ):
            yield _about(s, "03", f"{_name(s)} was refused ({s.refused}) and still happened")


def invariant_06_streams_are_whole(seen: Evidence) -> Iterator[Broken]:
    """Streams have no gap and their chain recomputes."""
    streams: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in seen.rows:
        streams[(row.tenant, row.outlet, row.stream)].append(row)
    for (_, _, stream), rows in streams.items():
        chain = CHAIN_START
        for expected, row in enumerate(sorted(rows, key=lambda r: r.seq), 1):
            if row.seq != expected:
                yield Broken("06", f"stream {stream[:8]} lacks seq {expected}", (stream,))
                break
            chain = link(chain, EventId(row.event_id), row.body)
            if chain != row.chain:
                yield Broken("06", f"the chain of {stream[:8]} breaks at {row.seq}", (stream,))
                break


def invariant_07_acked_only_what_hq_has(seen: Evidence) -> Iterator[Broken]:
    """A box takes for confirmed only what HQ holds with the same chain."""
    held = {(r.stream, r.seq): r.chain for r in seen.rows}
    for site in seen.world.living_sites():
        rows = site.read(
            """SELECT s.stream, s.acked_seq, j.chain FROM streams s
               LEFT JOIN journal j ON j.stream_id = s.id AND j.seq = s.acked_seq
               WHERE s.acked_seq > 0"""
        )
        for stream, acked, chain in rows:
            theirs = held.get((stream, acked))
            if theirs is None or (chain is not None and chain != theirs):
                yield Broken(
                    "07", f"{site.name} takes {stream[:8]} for confirmed to {acked}, HQ has it not"
                    if theirs is None else
                    f"{site.name} takes {stream[:8]}/{acked} for confirmed, HQ holds another",
                    (stream,),
                )  # fmt: skip


def invariant_10_box_has_its_outlets_orders(seen: Evidence) -> Iterator[Broken]:
    """A box holds every order of its outlet that HQ knows, folded to the same state."""
    at_hq: dict[str, dict[str, str]] = defaultdict(dict)
    for r in seen.world.hq.rows("SELECT outlet_id, order_id, status FROM orders"):
        at_hq[str(r[0])][r[1]] = r[2]
    poisoned = set(seen.world.poison.values())
    for place in seen.world.places:
        here = dict(place.site.read("SELECT order_id, status FROM orders"))
        there = at_hq[str(place.outlet_id)]
        for order_id, status in there.items():
            if order_id in poisoned:
                continue
            if order_id not in here:
                yield Broken("10", f"{place.site.name} lacks order {order_id}", (order_id,))
            elif here[order_id] != status:
                yield Broken(
                    "10",
                    f"order {order_id} is {here[order_id]} at {place.site.name}, {status} at HQ",
                    (order_id,),
                )
        for order_id in here.keys() - there.keys() - poisoned:
            yield Broken(
                "10", f"{place.site.name} has order {order_id} that HQ's tables lack", (order_id,)
            )


def invariant_08_pruned_only_what_backups_hold(seen: Evidence) -> Iterator[Broken]:
    """What a box has let go of is in HQ's oldest backup that could be put back.

    Which there are, the world knows: an HQ that was put back has forgotten what was dropped since.
    """
    oldest = min((number for number, _ in seen.world.hq.backups), default=0)
    rows = seen.world.hq.rows(
        f"SELECT stream, max(last_seq) FROM backup_ends WHERE number <= {oldest} GROUP BY stream"
    )
    held = {r[0]: r[1] for r in rows}
    for site in seen.world.living_sites():
        for stream, pruned in site.read("SELECT stream, pruned_seq FROM streams"):
            if pruned > held.get(stream, 0):
                yield Broken(
                    "08",
                    f"{site.name} let go of {stream[:8]} up to {pruned};"
                    f" HQ's oldest backup holds it to {held.get(stream, 0)}",
                    (stream,),
                )


def invariant_11_one_box_is_in_charge(seen: Evidence) -> Iterator[Broken]:
    """Of an outlet's boxes that run, one is primary; where a copy ran, somebody was told."""
    for place in seen.world.places:
        if in_charge(seen.world, place) != 1:
            found = roles(seen.world, place)
            yield Broken("11", f"{place.name} has boxes in these roles: {found}")


def invariant_12_poison_harms_only_its_own(seen: Evidence) -> Iterator[Broken]:
    """HQ parks what poison is about, and nothing else."""
    poisoned = set(seen.world.poison.values())
    for r in seen.world.hq.rows("SELECT projection, aggregate_id, reason FROM parked"):
        if r[1] not in poisoned:
            yield Broken("12", f"{r[0]} at HQ parked {r[1]}, which is sound: {r[2]}", (r[1],))


def invariant_13_lag_reaches_zero(seen: Evidence) -> Iterator[Broken]:
    """After the last fault all is everywhere within a minute, without a new write."""
    took_s = seen.world.converged_s
    if took_s is None:
        yield Broken("13", f"not all was sent and answered: {what_is_left(seen.world)}")
    elif took_s > SETTLES_WITHIN_S:
        yield Broken("13", f"it took {took_s:.0f} s after the last fault until all was sent")


def invariant_15_menus_are_equal(seen: Evidence) -> Iterator[Broken]:
    """Every box sells from the menu that HQ published last, whole."""
    for place in seen.world.places:
        published = seen.world.hq.rows(
            """SELECT version FROM feed_rows WHERE tenant_id = $1 AND kind = 'menu'
               ORDER BY pos DESC LIMIT 1""",
            place.tenant.tenant_id,
        )
        here = place.site.read("SELECT max(version) FROM menus")[0][0]
        if published and here != published[0][0]:
            yield Broken(
                "15", f"{place.site.name} sells from menu {here}, HQ has {published[0][0]}"
            )


def invariant_20_bills_tie(seen: Evidence) -> Iterator[Broken]:
    """Lines, taxes and payments of each order add up, at the box and at HQ alike."""
    poisoned = set(seen.world.poison.values())
    paid: dict[tuple[str, str], int] = defaultdict(int)
    for r in seen.world.hq.rows("SELECT outlet_id, order_id, amount FROM payments"):
        paid[(str(r[0]), r[1])] += r[2]
    for r in seen.world.hq.rows("SELECT outlet_id, order_id, amount FROM order_refunds"):
        paid[(str(r[0]), r[1])] -= r[2]
    for place in seen.world.places:
        for order in place.site.orders():
            if order.order_id in poisoned:
                continue
            live = sum(line.amount for line in order.live_lines)
            t = order.totals
            taxes = sum(tax.amount for tax in t.taxes if not tax.inclusive)
            if t.lines != live or t.lines - t.discounts + t.service + taxes + t.rounding != t.total:
                yield Broken(
                    "20", f"the bill of {order.order_id} does not add up", (order.order_id,)
                )
            at_hq = paid[(str(place.outlet_id), order.order_id)]
            if t.total < 0 or sum(c.total for c in order.checks) not in (0, t.total):
                yield Broken(
                    "20", f"the checks of {order.order_id} do not add up", (order.order_id,)
                )
            if order.paid != at_hq:
                yield Broken(
                    "20",
                    f"order {order.order_id}: {order.paid} paid at the box, {at_hq} at HQ",
                    (order.order_id,),
                )


def invariant_21_tenants_are_apart(seen: Evidence) -> Iterator[Broken]:
    """No row of one outlet is in another's ledger or journal."""
    book = seen.world.book.by_id
    for row in seen.rows:
        s = book.get(row.command_id)
        if s is not None and s.outlet != row.outlet:
            yield _about(s, "21", f"{_name(s)} is in the ledger of outlet {row.outlet}")
    for place in seen.world.places:
        for (command_id,) in place.site.read("SELECT DISTINCT command_id FROM journal"):
            s = book.get(command_id)
            if s is not None and s.outlet != str(place.outlet_id):
                yield _about(s, "21", f"{_name(s)} is in the journal of {place.site.name}")


ORACLES: tuple[Callable[[Evidence], Iterator[Broken]], ...] = (
    invariant_01_acknowledged_exactly_once,
    invariant_02_nothing_twice,
    invariant_03_no_phantom,
    invariant_06_streams_are_whole,
    invariant_07_acked_only_what_hq_has,
    invariant_10_box_has_its_outlets_orders,
    invariant_08_pruned_only_what_backups_hold,
    invariant_11_one_box_is_in_charge,
    invariant_12_poison_harms_only_its_own,
    invariant_13_lag_reaches_zero,
    invariant_15_menus_are_equal,
    invariant_20_bills_tie,
    invariant_21_tenants_are_apart,
)


def judge(
    world: "World", oracles: Iterable[Callable[[Evidence], Iterator[Broken]]]
) -> list[Broken]:
    """Every violation of these invariants."""
    seen = Evidence(world)
    return [broken for oracle in oracles for broken in oracle(seen)]


def _name(s: Submission) -> str:
    from protocol.commands import tag_of

    return f"{tag_of(s.envelope.command)} {s.envelope.command_id[:13]}"


def _about(s: Submission, invariant: str, sentence: str) -> Broken:
    order: Any = getattr(s.envelope.command, "order_id", "")
    return Broken(invariant, sentence, (s.envelope.command_id, str(order)))

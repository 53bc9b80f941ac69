"""Rules of HQ switched off: its ledger, its feed, its roles and the walls between tenants."""

import itertools
from typing import Any

import msgspec
from simulation.mutation import Undo, both, mutant, replace, reword

from cloud import database, distribution, greeting, histories, intake, own, roles
from cloud import stock as stock_at_hq
from cloud.database import Database
from cloud.distribution import Distribution
from cloud.intake import Intake
from cloud.projections import sales
from protocol.ids import derive
from protocol.replication import Ack

INTAKE = "cloud/test_intake.py"
FEED = "cloud/test_distribution.py"
WALLS = "cloud/test_tenants.py"


@mutant(
    7,
    f"{INTAKE}::test_the_acknowledgement_ends_with_the_verified_segment_not_with_what_hq_has",
)
def acks_the_high_water() -> Undo:
    """HQ confirms its own end of the stream instead of that of the verified segment."""
    real = Intake._place

    async def place(self: Any, tx: Any, node: Any, item: Any, ends: Any, *more: Any) -> Any:
        ack = await real(self, tx, node, item, ends, *more)
        end = ends.get(ack.stream)
        return Ack(ack.stream, end.last_seq if end else ack.seq, "ok")

    return replace(Intake, "_place", place)


@mutant(8, "cloud/test_own.py::test_with_no_backup_nothing_is_safe_to_let_go")
def prunes_what_is_acked() -> Undo:
    """HQ calls safe what it holds, whether or not a backup holds it."""
    return reword(greeting, "STREAMS", ("coalesce(b.last_seq, 0)", "s.last_seq"))


@mutant(2, f"{INTAKE}::test_an_event_that_comes_in_two_streams_is_kept_twice_and_flagged_once")
def events_are_not_recognised() -> Undo:
    """HQ counts an event anew when it comes in another stream."""
    real = intake._columns

    def columns(fresh: Any) -> Any:
        found = real(fresh)
        found[4] = [bytes.fromhex(derive(f.stream, f.entry.event_id)) for f in fresh]
        return found

    return replace(intake, "_columns", columns)


@mutant(2, "cloud/test_projections.py::test_an_event_that_came_twice_counts_once")
def copies_count() -> Undo:
    """Figures count what HQ has flagged as a second copy."""
    real = sales.Sales.project

    async def project(self: Any, tx: Any, at: Any, rows: Any) -> int:
        return await real(self, tx, at, [dict(r) | {"duplicate": False} for r in rows])

    return both(
        replace(sales.Sales, "project", project),
        replace(histories, "fold_all", _fold_to_the_end),
    )


def _fold_to_the_end(told: Any, *, read: Any, when: Any) -> Any:
    # Each copy counts, and what cannot be read is an exception for everybody.
    from protocol.rules.folding import apply

    order = None
    for item in sorted(told, key=when):
        event = read(item)
        order = order if event is None else apply(order, event)
    return order, None


@mutant(6, f"{INTAKE}::test_a_gap_is_named_and_nothing_after_it_is_kept")
def any_segment_is_taken() -> Undo:
    """HQ appends a segment without looking at what it should follow."""
    real = Intake._place

    async def place(self: Any, tx: Any, node: Any, item: Any, ends: Any, *more: Any) -> Any:
        first = item.segment.first_seq
        ends[item.segment.stream] = intake._End(first - 1, item.segment.previous_chain)
        return await real(self, tx, node, item, ends, *more)

    return replace(Intake, "_place", place)


@mutant(6, f"{INTAKE}::test_another_past_is_diverged_wherever_it_differs")
def the_past_is_not_compared() -> Undo:
    """HQ takes what comes after the numbers it has, though another box wrote those."""
    real = Intake._place

    async def place(self: Any, tx: Any, node: Any, item: Any, ends: Any, *more: Any) -> Any:
        ack = await real(self, tx, node, item, ends, *more)
        return ack if ack.verdict == "gap" else Ack(ack.stream, item.last_seq, "ok")

    return replace(Intake, "_place", place)


@mutant(9, f"{INTAKE}::test_a_batch_for_another_life_of_the_database_is_told_to_say_hello")
def hq_has_no_incarnation() -> Undo:
    """HQ takes batches that were meant for a life of its database that is over."""
    real = Intake.take

    async def take(self: Any, node: Any, batch: Any) -> Any:
        now = await self._database.incarnation()
        return await real(self, node, msgspec.structs.replace(batch, incarnation=now))

    return replace(Intake, "take", take)


@mutant(12, f"{INTAKE}::test_strange_envelopes_are_facts_too")
def poison_is_refused() -> Undo:
    """HQ answers 422 to a batch with an envelope that it cannot store as it is."""

    def refuse(segment: Any) -> Any:
        raise intake.Malformed("an envelope that cannot be stored")

    return replace(intake, "_storable", refuse)


@mutant(12, "cloud/test_projections.py::test_a_poison_event_delays_only_its_own_order")
def poison_stops_the_figures() -> Undo:
    """An event that cannot be folded stops every order of its outlet."""
    return replace(histories, "fold_all", _fold_to_the_end)


@mutant(11, "cloud/test_roles.py::test_a_copy_started_while_the_original_runs_becomes_the_standby")
def everybody_is_primary() -> Undo:
    """Every box of an outlet that asks is told that it is in charge."""
    return replace(roles._Outlet, "role", lambda self, line: roles.PRIMARY)


@mutant(11, "cloud/test_roles.py::test_late_words_of_the_instance_before_change_nothing")
def late_copies_count() -> Undo:
    """A hello that the network delivers late counts as a word of a living box."""
    return replace(roles, "GRACE", -(1 << 62))


@mutant(14, f"{FEED}::test_no_row_is_skipped_or_told_twice_while_many_publish")
def positions_from_a_sequence() -> Undo:
    """Positions of the feed come from a sequence, not under the head's lock."""
    sequences: dict[str, Any] = {}

    async def next_position(tx: Any, tenant_id: str) -> int:
        head = await tx.fetchval("SELECT pos FROM feed_heads WHERE tenant_id = $1", tenant_id)
        return int(next(sequences.setdefault(tenant_id, itertools.count(head, 2))))

    return replace(distribution, "lock_feed", next_position)


@mutant(14, f"{FEED}::test_a_cursor_that_cannot_be_gets_a_snapshot")
def the_feed_has_no_incarnation() -> Undo:
    """A cursor of another life of HQ's feed is followed as if it were of this one."""
    real = Distribution._read

    async def read(self: Any, node: Any, incarnation: str, pos: int, instance: str) -> Any:
        async with self._database.reading(node.tenant_id) as tx:
            ours = await tx.fetchval(
                "SELECT incarnation::text FROM feed_heads WHERE tenant_id = $1", node.tenant_id
            )
        return await real(self, node, ours if incarnation else "", pos, instance)

    return replace(Distribution, "_read", read)


@mutant(15, f"{FEED}::test_a_publish_is_never_split_over_two_pages")
def a_publish_is_cut_into_pages() -> Undo:
    """A page of the feed ends where it is full, in the middle of a menu."""

    async def following(tx: Any, node: Any, pos: int, head: int) -> Any:
        rows = await tx.fetch(
            f"""SELECT * FROM feed_rows WHERE tenant_id = $1 AND {distribution.VISIBLE}
                AND pos > $3 ORDER BY pos LIMIT $4""",
            *(node.tenant_id, node.outlet_id, pos, distribution.PAGE_ROWS),
        )
        full = len(rows) >= distribution.PAGE_ROWS
        return list(rows), rows[-1]["pos"] if full else head

    return replace(distribution, "_following", following)


@mutant(
    16, "cloud/test_projections.py::test_the_projection_is_the_fold_in_whatever_order_events_arrive"
)
def figures_depend_on_arrival() -> Undo:
    """HQ folds an order's events as they arrived."""
    real = histories.fold_all

    def fold(told: Any, *, read: Any, when: Any) -> Any:
        place = itertools.count()
        numbered = [(next(place), item) for item in told]
        order, stuck = real(
            numbered,
            read=lambda pair: read(pair[1]),
            when=lambda pair: (pair[0], when(pair[1])[1]),
        )
        return order, None if stuck is None else (stuck[0][1], stuck[1])

    return replace(histories, "fold_all", fold)


@mutant(
    19,
    "cloud/test_stock.py::test_levels_are_those_of_the_rule_in_whatever_order_events_arrive",
)
def counts_have_seen_nothing() -> Undo:
    """HQ's level is the last count and every movement, also those the count had seen."""
    seen = "AND m.seq > coalesce((c.as_of ->> m.stream)::bigint, 0)"
    return reword(stock_at_hq, "COUNT_ANEW", (seen, ""))


@mutant(21, f"{WALLS}::test_a_tenant_sees_its_own_rows_in_every_table_and_no_other")
def the_walls_are_down() -> Undo:
    """HQ works as a role that row-level security does not hold."""
    real = database.settings_of

    def settings_of(url: str) -> dict[str, str]:
        return {k: v for k, v in real(url).items() if k != "role"}

    return both(replace(database, "settings_of", settings_of), _nobody_asks_for_walls())


@mutant(21, f"{WALLS}::test_hq_does_not_start_as_a_role_that_can_look_over_the_wall")
def nobody_asks_for_walls() -> Undo:
    """HQ starts as a role that could look past the walls between tenants."""
    return _nobody_asks_for_walls()


def _nobody_asks_for_walls() -> Undo:
    async def believe(self: Any) -> None:
        del self

    return replace(Database, "_ensure_apart", believe)


@mutant(21, "cloud/test_own.py::test_a_box_gets_nothing_of_another_outlet_or_tenant")
def whoever_names_a_stream_gets_it() -> Undo:
    """A box is given the entries of any outlet of its tenant that it asks for."""
    real = own._read

    async def read(tx: Any, node: Any, wanted: Any, *more: Any) -> Any:
        outlet = await tx.fetchval(
            "SELECT outlet_id::text FROM streams WHERE stream = $1", wanted.stream
        )
        whose = node._replace(outlet_id=outlet) if outlet else node
        return await real(tx, whose, wanted, *more)

    return replace(own, "_read", read)


@mutant(
    24,
    "cloud/test_one_moment.py::test_a_report_is_of_one_moment_though_sales_arrive_while_it_is_read",
)
def reports_of_several_moments() -> Undo:
    """A report's tables are read one after another while new sales come in."""
    return replace(Database, "reading", lambda self, tenant_id: self.transaction(tenant_id))


@mutant(24, "cloud/test_projections.py::test_hqs_report_is_the_one_the_orders_define")
def struck_lines_are_sold() -> Undo:
    """Breakdowns by item, size and category count lines that were struck."""
    real = sales.rows_of

    def rows_of(order: Any) -> Any:
        rows = real(order)
        return rows._replace(lines=[(*line[:-1], True) for line in rows.lines])

    return replace(sales, "rows_of", rows_of)

"""Rules of the line between box and HQ switched off, on the box's side."""

import asyncio
import sqlite3
from typing import Any

import msgspec
from simulation.mutation import Story, Undo, mutant, replace

from edge import backfill, menu, retention, role, space
from edge.alarms import Alarms
from edge.backfill import BackFill
from edge.batches import Batches
from edge.feed_rows import FeedRows, cursor
from edge.pace import Pace
from edge.reconciling import Reconciling, Verdict
from edge.replication import Replication
from edge.resolutions import FeedDown
from protocol.replication import KnownStream

RECONCILING = "edge/test_reconciling.py"
REPLICATION = "edge/test_replication.py"
RESOLUTIONS = "edge/test_resolutions.py"
FEED = "edge/test_feed_down.py"


@mutant(7, f"{REPLICATION}::test_an_acknowledgement_beyond_what_was_sent_confirms_only_that")
def believes_any_acknowledgement() -> Undo:
    """The box marks as confirmed whatever number HQ answers with, sent or not."""
    real = Batches.take

    async def take(self: Any, batch: Any, acks: Any) -> bool:
        whole = await real(self, batch, acks)
        for ack in acks:
            await self.database.write(
                lambda db, ack=ack: db.execute(
                    "UPDATE streams SET acked_seq = max(acked_seq, ?) WHERE stream = ?",
                    (ack.seq, ack.stream),
                )
            )
            self.acked[ack.stream] = max(ack.seq, self.acked.get(ack.stream, 0))
        return whole

    return replace(Batches, "take", take)


@mutant(9, Story(2, 0.6, "network,backup,hq_restore"))
def hq_is_never_behind() -> Undo:
    """A box never sends again what HQ had confirmed before it was put back."""
    real = Reconciling._keep

    def keep(self: Any, db: sqlite3.Connection, verdicts: Any) -> None:
        raised = [v if v.forks else _as_if_hq_had(v) for v in verdicts]
        real(self, db, raised)

    return replace(Reconciling, "_keep", keep)


def _as_if_hq_had(verdict: Any) -> Any:
    acked = max(verdict.common, verdict.ours.acked)
    theirs = KnownStream(
        verdict.theirs.stream, acked, verdict.theirs.chain_last, verdict.theirs.safe
    )
    return msgspec.structs.replace(verdict, common=acked, theirs=theirs)


@mutant(10, Story(5, 0.5, "network,restore"))
def no_backfill() -> Undo:
    """What the box lost does not come back."""

    async def nothing(self: Any, wanted: object) -> None:
        del self, wanted

    return replace(Reconciling, "take_back", nothing)


@mutant(
    13, f"{REPLICATION}::test_every_kind_of_trouble_ends_in_another_hello_and_nothing_new_is_needed"
)
def sends_once() -> Undo:
    """A box that met a fault does not try again by itself."""
    real = Replication._run

    async def run(self: Any) -> None:
        self.pace.pause = _for_ever
        await real(self)

    return replace(Replication, "_run", run)


async def _for_ever(*_: object) -> None:
    await asyncio.Event().wait()


@mutant(13, f"{RECONCILING}::test_what_is_new_goes_up_although_the_old_does_not_come_back")
def a_hello_is_done_before_its_last_step() -> Undo:
    """A hello counts as done although a step of it failed, so nobody says it again."""
    real = Replication._take_back

    async def take_back(self: Any, wanted: Any) -> None:
        await real(self, wanted)

    return replace(Replication, "_take_back", take_back)


@mutant(11, f"{RECONCILING}::test_two_boxes_that_wrote_one_stream_are_taken_apart_and_both_kept")
def streams_are_compared_by_number() -> Undo:
    """A hello compares how long streams are, and not their chains: a live clone stays unseen."""

    async def judge(self: Any, ours: Any, theirs: Any) -> Verdict:
        del self
        return Verdict(ours=ours, theirs=theirs, common=min(ours.last, theirs.last))

    return replace(Reconciling, "_judge", judge)


@mutant(11, f"{RECONCILING}::test_two_boxes_that_wrote_one_stream_are_taken_apart_and_both_kept")
def a_clone_raises_no_alarm() -> Undo:
    """Two boxes with one disk are taken apart, and nobody hears of it."""
    real = Alarms.put

    def put(self: Any, db: Any, code: str, **params: str) -> None:
        if code != "clone":
            real(self, db, code, **params)

    return replace(Alarms, "put", put)


@mutant(11, "edge/test_role.py")
def a_standby_takes_orders() -> Undo:
    """A box that stands by takes new orders beside the one in charge."""
    return replace(role.Role, "guard", lambda self, envelope: None)


@mutant(9, f"{REPLICATION}::test_a_receipt_of_another_hq_confirms_nothing")
def any_hq_will_do() -> Undo:
    """The box believes a receipt of another life of HQ's database."""
    real = Replication._take_receipt

    async def take(self: Any, batch: Any, receipt: Any, last: int) -> None:
        same = msgspec.structs.replace(receipt, incarnation=self.incarnation)
        await real(self, batch, same, last)

    return replace(Replication, "_take_receipt", take)


@mutant(9, f"{RECONCILING}::test_an_hq_that_was_put_back_gets_again_what_it_lost_and_people_hear")
def an_acknowledgement_never_goes_down() -> Undo:
    """What HQ confirmed once stays confirmed at the box, whatever HQ has lost since."""
    real = Reconciling._keep

    def keep(self: Any, db: sqlite3.Connection, verdicts: Any) -> None:
        before = dict(db.execute("SELECT stream, acked_seq FROM streams").fetchall())
        real(self, db, verdicts)
        db.executemany(
            "UPDATE streams SET acked_seq = max(acked_seq, ?) WHERE stream = ?",
            [(seq, stream) for stream, seq in before.items()],
        )

    return replace(Reconciling, "_keep", keep)


@mutant(
    12, f"{REPLICATION}::test_what_hq_cannot_read_goes_in_a_plain_envelope_and_holds_up_nothing"
)
def a_batch_is_never_halved() -> Undo:
    """A batch that HQ cannot read is sent again as it is, and all behind it waits."""
    return replace(Pace, "halve", lambda self, sent: None)


@mutant(12, f"{RESOLUTIONS}::test_a_menu_that_cannot_be_used_parks_and_the_rest_flows")
def one_bad_row_stops_the_feed() -> Undo:
    """A row from HQ that cannot be used keeps back every row behind it."""
    real = FeedRows._alone

    def alone(self: Any, db: Any, row: Any, work: Any) -> None:
        fault = real(self, db, row, work)
        if fault is not None:
            raise fault

    return replace(FeedRows, "_alone", alone)


@mutant(
    8,
    "edge/test_retention.py::test_whatever_hq_acks_and_backs_up_nothing_goes_that_it_could_not_restore",
)
def the_box_prunes_what_is_acked() -> Undo:
    """The box lets go of whatever HQ has confirmed, though no backup of HQ's holds it."""
    real = retention.prune

    def prune(db: sqlite3.Connection, **how: Any) -> int:
        marks = db.execute("SELECT safe_seq, id FROM streams").fetchall()
        db.execute("UPDATE streams SET safe_seq = acked_seq")
        went = real(db, **how)
        db.executemany("UPDATE streams SET safe_seq = ? WHERE id = ?", marks)
        return went

    return replace(retention, "prune", prune)


@mutant(8, "edge/test_retention.py::test_what_comes_back_stays_until_it_is_folded_into_its_orders")
def pruned_before_it_was_folded() -> Undo:
    """What comes back from HQ goes again before an order was made of it."""
    return replace(retention, "folded_through", lambda db: None)


@mutant(
    10,
    "edge/test_refolding.py::"
    "test_an_order_whose_newer_half_went_first_is_not_made_of_the_older_one_alone",
)
def orders_are_made_of_what_is_left() -> Undo:
    """An order of which some was let go of is made anew from the rest of its entries."""
    real = retention.prune

    def prune(db: sqlite3.Connection, **how: Any) -> int:
        went = real(db, **how)
        db.execute("UPDATE orders SET partly_gone = 0")
        return went

    return replace(retention, "prune", prune)


@mutant(8, "edge/test_retention.py::test_there_are_times_to_keep_everything")
def pruned_before_it_was_followed() -> Undo:
    """Entries go that the kitchen, the printer or the line up has not read."""
    return replace(retention, "_passed_by_all", lambda db, followers: 1 << 62)


@mutant(
    10,
    "simulation/test_crash_returning.py::test_a_recovery_that_is_cut_short_anywhere_ends_whole",
)
def a_recovery_is_called_done_too_early() -> Undo:
    """A recovery counts as done before its orders are there."""

    async def done_too_early(self: Any) -> Any:
        begun = await self.database.read(backfill._begun)
        if begun is not None and begun.entries:
            forget = "DELETE FROM facts WHERE name = ?"
            await self.database.write(lambda db: db.execute(forget, (backfill.RECOVERY,)))
            await self.database.write(lambda db: backfill._keep_begun(db, begun))
        return await real(self)

    real = BackFill._fold
    return replace(BackFill, "_fold", done_too_early)


@mutant(
    10,
    "edge/test_backfill.py::test_a_blank_box_gets_everything_back_and_numbers_go_on_in_a_fresh_series",
)
def numbers_go_on_in_the_same_series() -> Undo:
    """After a loss the box gives out numbers that guests may hold already."""
    return replace(backfill, "next_series", lambda series: series)


@mutant(14, f"{RESOLUTIONS}::test_a_disk_that_says_no_leaves_the_page_for_later")
def the_cursor_before_the_rows() -> Undo:
    """The place in HQ's feed is kept first, the rows after it."""
    real = FeedRows.take_page

    def take_page(self: Any, db: Any, page: Any, held: Any) -> Any:
        if cursor(db) == held:
            held = (page.incarnation, page.pos)
            db.executemany(
                "INSERT OR REPLACE INTO facts (name, value) VALUES (?,?)",
                [("feed_incarnation", held[0]), ("feed_pos", str(held[1]))],
            )
            for sql in ("RELEASE work", "COMMIT", "BEGIN IMMEDIATE", "SAVEPOINT work"):
                db.execute(sql)
        return real(self, db, page, held)

    return replace(FeedRows, "take_page", take_page)


@mutant(14, f"{RESOLUTIONS}::test_a_page_that_comes_late_changes_nothing")
def late_pages_are_taken() -> Undo:
    """A page asked for before another one was taken moves the box back."""
    real = FeedRows.take_page

    def take_page(self: Any, db: Any, page: Any, held: Any) -> Any:
        return real(self, db, page, cursor(db))

    return replace(FeedRows, "take_page", take_page)


@mutant(15, f"{FEED}::test_a_difference_heals_with_everything_taken_anew")
def digests_are_not_compared() -> Undo:
    """What the box holds of HQ's feed may differ, and nobody looks."""

    async def believe(self: Any, theirs: Any, pos: int) -> None:
        del self, theirs, pos

    return replace(FeedDown, "note_welcome", believe)


@mutant(15, f"{RESOLUTIONS}::test_a_snapshot_replaces_everything")
def what_hq_has_no_more_stays() -> Undo:
    """A snapshot adds to what the box has, and takes nothing away."""
    return replace(FeedRows, "_withdraw", lambda self, db, row, at: None)


@mutant(15, "edge/test_menu.py::test_a_menu_nobody_can_sell_from_leaves_the_good_one")
def any_menu_is_sold_from() -> Undo:
    """A menu with holes in it is put in force."""
    return replace(menu, "faults_of", lambda menu: [])


@mutant(22, "edge/test_space.py::test_from_ninety_percent_only_order_work_is_taken")
def the_back_office_fills_the_disk() -> Undo:
    """On a disk that is nearly full everything is taken, until orders find no room."""
    return replace(space, "is_order_work", lambda command: True)

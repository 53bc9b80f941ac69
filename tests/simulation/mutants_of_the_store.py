"""Rules of the box's disk switched off: when it says yes, and what a crash may leave."""

import asyncio
import itertools
from typing import Any

from simulation import screens
from simulation.mutation import Images, Story, Undo, both, mutant, replace

from edge import database, journal, order_state, taking
from edge.database import Database, DiskFull
from edge.journal import Journal
from edge.order_state import OrderState
from protocol.ids import derive

FEW = tuple(range(1, 9))


def _sloppy(synchronous: str) -> Undo:
    pragmas = tuple(p.replace("=FULL", f"={synchronous}") for p in database.WRITER_PRAGMAS)

    async def believe(self: Any, pragma: str, wanted: object) -> None:
        del self, pragma, wanted

    return both(replace(database, "WRITER_PRAGMAS", pragmas), replace(Database, "_ensure", believe))


@mutant(1, Images(FEW, ("strict",), "lost"))
def commits_without_a_flush() -> Undo:
    """Commits are not flushed (synchronous=NORMAL), as many guides recommend for a WAL."""
    return _sloppy("NORMAL")


@mutant(1, Images(tuple(range(1, 12)), ("torn", "strict"), "corrupt"))
def a_file_that_is_never_flushed() -> Undo:
    """Nothing is ever flushed (synchronous=OFF)."""
    return _sloppy("OFF")


@mutant(1, Images(FEW, ("smash4k",), "lost"))
def commits_share_a_flash_page() -> Undo:
    """A commit may be written into the flash page of the one before (psow=1, the default)."""
    return replace(database, "WRITER_OPENS", "psow=1")


@mutant(1, Story(6, 1, "network,restore,blank"))
def screens_let_go_at_the_answer() -> Undo:
    """A screen keeps no copy of what the box has answered and HQ has not yet."""
    real = screens.Screen._file

    def file(self: Any, submission: Any, answer: Any) -> None:
        real(self, submission, answer)
        self.copies.clear()

    return replace(screens.Screen, "_file", file)


@mutant(2, "edge/test_taking.py::test_the_same_command_again_gets_the_first_answer")
def commands_taken_again() -> Undo:
    """The box forgets which commands it has answered."""
    return replace(order_state, "_known_answers", lambda db, ids: {})


@mutant(2, "edge/test_offered_again.py::test_the_same_events_come_of_it_byte_for_byte")
def event_ids_by_chance() -> Undo:
    """A command executed again after a lost disk names its events anew."""
    counter = itertools.count(1)
    return replace(journal, "event_id", lambda *parts: derive(*map(str, parts), str(next(counter))))


@mutant(2, "edge/test_taking.py::test_a_command_id_used_for_something_else_is_refused")
def any_body_is_the_same_command() -> Undo:
    """A command id that was used for something else gets that other command's yes."""
    return replace(taking, "digest_of", lambda envelope: b"")


@mutant(3, "edge/test_taking.py::test_a_no_leaves_nothing_behind")
def a_no_is_numbered_all_the_same() -> Undo:
    """A refused order still takes an order number."""
    real = OrderState.remember

    def remember(self: Any, envelope: Any, answer: Any) -> None:
        real(self, envelope, answer)
        if answer.refusal is not None:
            self.staged = True
            self.numbers[self.moment.business_date] = 999

    return replace(OrderState, "remember", remember)


@mutant(
    3, "edge/test_journal.py::test_what_was_rolled_back_is_forgotten_by_memory_disk_and_followers"
)
def memory_keeps_what_was_rolled_back() -> Undo:
    """Entries of a transaction that did not happen are handed to followers and to HQ."""
    return replace(Journal, "rollback", lambda self, mark: None)


@mutant(4, Images((1, 2), ("kill9",), "lost"))
def answer_before_commit() -> Undo:
    """A screen is answered while its commit is still under way."""

    async def commit(self: Any, group: Any) -> None:
        def begin(db: Any) -> Any:
            db.execute("BEGIN IMMEDIATE")
            return [self._one(db, item.work) for item in group]

        outcomes = await self.engine.run(self._writer, begin)
        for item, (result, error) in zip(group, outcomes, strict=True):
            assert error is None
            item.answer.set_result(result)
        for _ in range(10):
            await asyncio.sleep(0)
        await self.engine.run(self._writer, lambda db: db.execute("COMMIT"))
        for participant in self.participants:
            participant.committed()

    return replace(Database, "_commit", commit)


@mutant(
    4, "edge/test_database.py::test_a_place_that_keeps_no_wal_is_refused_and_leaves_nothing_running"
)
def settings_are_not_asserted() -> Undo:
    """The box starts on a file system that keeps no WAL, and does not say so."""

    async def believe(self: Any, pragma: str, wanted: object) -> None:
        del self, pragma, wanted

    return replace(Database, "_ensure", believe)


@mutant(5, Images((1, 2), ("kill9",), "torn"))
def state_in_another_transaction() -> Undo:
    """What a command changes is committed apart from the entries that say so."""
    write = OrderState.write

    def later(work: Any, db: Any, now_ms: int) -> None:
        for sql in ("RELEASE work", "COMMIT", "BEGIN IMMEDIATE", "SAVEPOINT work"):
            db.execute(sql)
        write(work, db, now_ms)

    return replace(OrderState, "write", later)


@mutant(6, Images((1,), ("strict",), "stuck"))
def goes_on_with_the_stream_before() -> Undo:
    """A process start goes on in the stream of the one before, so a restored copy does too."""
    start = Journal.start

    async def same_stream(self: Any) -> None:
        await start(self)
        self.stream = self._head.stream or None

    return replace(Journal, "start", same_stream)


@mutant(22, "edge/test_database.py::test_nothing_is_acknowledged_after_a_commit_that_failed")
def goes_on_after_a_failed_flush() -> Undo:
    """A flush that failed is believed to work the next time."""

    def shrug(self: Any, why: str) -> None:
        del self, why

    return replace(Database, "_break", shrug)


@mutant(
    22,
    "edge/test_database.py::test_a_full_disk_refuses_loses_nothing_and_takes_again_once_there_is_room",
)
def a_full_disk_says_yes() -> Undo:
    """The first command for which there is no room is answered with yes."""
    real = database._fail
    said: list[bool] = []

    def fail(answer: Any, error: Exception) -> None:
        if isinstance(error, DiskFull) and not said and not answer.done():
            said.append(True)
            answer.set_result(None)
        else:
            real(answer, error)

    return replace(database, "_fail", fail)

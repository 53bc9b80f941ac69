"""Rules switched off on purpose: a simulation that does not notice one of these proves nothing."""

import asyncio
import itertools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from simulation import screens

from cloud import greeting, intake
from edge import database, journal, order_state, reconciling, replication
from protocol.ids import derive
from protocol.replication import Ack, KnownStream

Undo = Callable[[], None]
MUTANTS: dict[str, Callable[[], Undo]] = {}
"""By name: a function that switches a rule off and returns how to switch it on again."""


@contextmanager
def mutated(name: str) -> Iterator[None]:
    """With this rule switched off; none when the name is empty."""
    undo = MUTANTS[name]() if name else None
    try:
        yield
    finally:
        if undo is not None:
            undo()


def _mutant(make: Callable[[], Undo]) -> Callable[[], Undo]:
    MUTANTS[make.__name__] = make
    return make


def _replace(thing: Any, name: str, fresh: Any) -> Undo:
    before = getattr(thing, name)
    setattr(thing, name, fresh)
    return lambda: setattr(thing, name, before)


@_mutant
def answer_before_commit() -> Undo:
    """A screen is answered while its commit still waits for the flush (invariant 4)."""
    pragmas = tuple(p.replace("=FULL", "=OFF") for p in database.WRITER_PRAGMAS)
    undo = _replace(database, "WRITER_PRAGMAS", pragmas)

    async def believe(self: Any, pragma: str, wanted: object) -> None:
        del self, pragma, wanted

    undo_check = _replace(database.Database, "_ensure", believe)
    return lambda: (undo(), undo_check())[0]


@_mutant
def commands_taken_again() -> Undo:
    """The box forgets which commands it has answered (invariant 2)."""
    return _replace(order_state, "_known_answers", lambda db, ids: {})


@_mutant
def no_backfill() -> Undo:
    """What the box lost does not come back (invariant 10)."""

    async def nothing(self: Any, wanted: object) -> None:
        del self, wanted

    return _replace(reconciling.Reconciling, "take_back", nothing)


@_mutant
def hq_is_never_behind() -> Undo:
    """A box never sends again what HQ had confirmed before it was put back (invariant 9)."""
    real = reconciling.Reconciling._keep

    def keep(self: Any, db: sqlite3.Connection, verdicts: Any) -> None:
        raised = [v if v.forks else _as_if_hq_had(v) for v in verdicts]
        real(self, db, raised)

    return _replace(reconciling.Reconciling, "_keep", keep)


def _as_if_hq_had(verdict: Any) -> Any:
    acked = max(verdict.common, verdict.ours.acked)
    theirs = KnownStream(
        verdict.theirs.stream, acked, verdict.theirs.chain_last, verdict.theirs.safe
    )
    return msgspec.structs.replace(verdict, common=acked, theirs=theirs)


@_mutant
def event_ids_by_chance() -> Undo:
    """A command executed again after a lost disk names its events anew (invariant 2)."""
    counter = itertools.count(1)
    return _replace(
        journal, "event_id", lambda *parts: derive(*map(str, parts), str(next(counter)))
    )


@_mutant
def prunes_what_is_acked() -> Undo:
    """The box lets go of what HQ has, whether or not a backup holds it (invariant 8)."""
    return _replace(
        greeting, "STREAMS", greeting.STREAMS.replace("coalesce(b.last_seq, 0)", "s.last_seq")
    )


@_mutant
def screens_let_go_at_the_answer() -> Undo:
    """A screen keeps no copy of what was answered (invariant 1)."""
    real = screens.Screen._file

    def file(self: Any, submission: Any, answer: Any) -> None:
        real(self, submission, answer)
        self.copies.clear()

    return _replace(screens.Screen, "_file", file)


@_mutant
def acks_the_high_water() -> Undo:
    """HQ confirms its own end of the stream instead of that of the verified segment (invariant 7)."""
    real = intake.Intake._place

    async def place(self: Any, tx: Any, node: Any, item: Any, ends: Any, *more: Any) -> Any:
        ack = await real(self, tx, node, item, ends, *more)
        end = ends.get(ack.stream)
        return Ack(ack.stream, end.last_seq if end else ack.seq, "ok")

    return _replace(intake.Intake, "_place", place)


@_mutant
def sends_once() -> Undo:
    """A box that met a fault does not try again by itself (invariant 13)."""
    real = replication.Replication._run

    async def run(self: Any) -> None:
        self.pace.pause = _for_ever
        await real(self)

    return _replace(replication.Replication, "_run", run)


async def _for_ever(*_: object) -> None:
    await asyncio.Event().wait()

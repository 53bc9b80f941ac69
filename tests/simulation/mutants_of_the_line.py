"""Rules of the line between box and HQ switched off, on the box's side."""

import asyncio
import sqlite3
from typing import Any

import msgspec
from simulation.mutation import Story, Undo, mutant, replace

from edge import reconciling, replication
from edge.batches import Batches
from edge.reconciling import Reconciling
from edge.replication import Replication
from protocol.replication import KnownStream

RECONCILING = "edge/test_reconciling.py"
REPLICATION = "edge/test_replication.py"


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

    return replace(reconciling.Reconciling, "take_back", nothing)


@mutant(
    13, f"{REPLICATION}::test_every_kind_of_trouble_ends_in_another_hello_and_nothing_new_is_needed"
)
def sends_once() -> Undo:
    """A box that met a fault does not try again by itself."""
    real = replication.Replication._run

    async def run(self: Any) -> None:
        self.pace.pause = _for_ever
        await real(self)

    return replace(Replication, "_run", run)


async def _for_ever(*_: object) -> None:
    await asyncio.Event().wait()

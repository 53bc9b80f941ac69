"""Rules of HQ switched off: its ledger, its feed, its roles and the walls between tenants."""

from typing import Any

from simulation.mutation import Undo, mutant, replace, reword

from cloud import greeting
from cloud.intake import Intake
from protocol.replication import Ack


@mutant(
    7,
    "cloud/test_intake.py::test_the_acknowledgement_ends_with_the_verified_segment_not_with_what_hq_has",
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

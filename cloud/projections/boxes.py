"""Judges what boxes say of themselves: a copy, an older state, a lost command that came too late."""

from collections.abc import Sequence

import msgspec

from cloud.database import Transaction
from cloud.follower import Place
from cloud.histories import Judged
from cloud.resolution import forget, record_decisions
from protocol import box_events
from protocol import events as e
from protocol.conflicts import Decision
from protocol.ids import OutletId
from protocol.rules.overtaking import overtaken
from protocol.rules.resolving import box_restored, clone

KINDS = ("clone", "box_restored", "overtaken", "overtaken_cash")
TYPES = frozenset({"stream.forked", "box.recovered", "command.overtaken"})


class BoxJudge:
    """Looks at the events of every box of a tick."""

    async def judge(self, tx: Transaction, at: Place, judged: Sequence[Judged]) -> dict[str, str]:
        """Keep a decision for each. Such events are never taken back, so no decision is."""
        outlet_id = OutletId(at.outlet_id)
        found: list[Decision] = []
        for row, order in ((r, j.order) for j in judged for r in j.rows if r["type"] in TYPES):
            try:
                event = e.decode(row["body"])
            except msgspec.MsgspecError:
                continue  # it is parked already
            if isinstance(event, box_events.StreamForked):
                found.append(clone(outlet_id, event))
            elif isinstance(event, box_events.CommandOvertaken):
                number = order.number if order is not None else ""
                found.append(overtaken(outlet_id, event, row["event_id"].hex(), number))
            elif isinstance(event, box_events.BoxRecovered):
                found.append(box_restored(outlet_id, event, row["event_id"].hex()))
        await record_decisions(tx, at, found)
        return {}

    async def drop(self, tx: Transaction, at: Place) -> None:
        """Forget what nobody settled; it is found again."""
        await forget(tx, at, KINDS)

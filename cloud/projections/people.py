"""Ledger → people: a PIN that somebody chose at their box goes to the other outlets they work at."""

from collections.abc import Sequence

import msgspec

from cloud.database import Row, Transaction
from cloud.follower import Place
from cloud.histories import Stuck
from cloud.parking import park, read_parked, unpark_all
from cloud.people import keep_pin, tell
from cloud.platform import Platform
from protocol.events import decode
from protocol.floor_events import PinChanged
from protocol.ids import is_uuid

HASH_CHARS_MAX = 200


class PinChanges:
    """The projection of `staff.pin_changed`."""

    name = "pins"
    columns = "position, event_id, type, aggregate_kind, aggregate_id, stamp, body, duplicate"
    only = "type = 'staff.pin_changed'"
    behind = "pins_behind"

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def project(self, tx: Transaction, at: Place, rows: Sequence[Row]) -> int:
        """Take over PINs; one that cannot be read parks its person."""
        stuck: dict[str, Stuck] = {}
        for row in rows:
            if row["duplicate"]:
                continue
            event = _read(row)
            if isinstance(event, str):
                stuck[row["aggregate_id"]] = Stuck(row, event)
            elif is_uuid(event.staff_id):
                await self._take(tx, at, event)
        await park(tx, at, self.name, stuck, self._platform.wall_ms())
        return len(stuck)

    async def _take(self, tx: Transaction, at: Place, event: PinChanged) -> None:
        # An outlet has a word only on people who work there.
        before = await tx.fetchrow(
            """SELECT * FROM people WHERE tenant_id = $1 AND staff_id = $2
               AND (outlets = '{}' OR $3::uuid = ANY(outlets))""",
            *(at.tenant_id, event.staff_id, at.outlet_id),
        )
        if before is None:
            return
        kept = await keep_pin(
            *(tx, at.tenant_id, event.staff_id, event.pin_hash, event.at_ms), at_hq=False
        )
        if kept:
            row = await tx.fetchrow(
                "SELECT * FROM people WHERE tenant_id = $1 AND staff_id = $2",
                *(at.tenant_id, event.staff_id),
            )
            assert row is not None
            now_ms = self._platform.wall_ms()
            await tell(tx, row, before, publish_id=self._platform.uuid(), now_ms=now_ms)

    async def retry(self, tx: Transaction, at: Place) -> None:
        """Read again what this version may understand."""
        rows = await read_parked(tx, at, self.name, self.columns, self.only)
        await unpark_all(tx, at, self.name)
        await self.project(tx, at, rows)

    async def drop(self, tx: Transaction, at: Place) -> None:
        """Nothing is made again of it: the PIN that was chosen last holds."""
        await unpark_all(tx, at, self.name)


def _read(row: Row) -> PinChanged | str:
    """The event, or why it cannot be taken in."""
    try:
        event = decode(row["body"])
    except (msgspec.MsgspecError, RecursionError) as no:
        return str(no)
    if not isinstance(event, PinChanged):
        return f"it is filed as {row['type']} and says something else"
    if "\x00" in event.pin_hash or not 0 < len(event.pin_hash) <= HASH_CHARS_MAX:
        return "what it holds is no hash of a PIN"
    if not 0 <= event.at_ms < 1 << 62:
        return "its time cannot be"
    return event

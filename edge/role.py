"""Whether this box is in charge of its outlet or stands by while another is; HQ says which."""

import logging
import sqlite3

from edge.alarms import Alarms
from edge.database import Database
from edge.platform import Platform
from protocol.commands import Command, PlaceOrder
from protocol.refusals import Refusal

log = logging.getLogger("edge.role")

PRIMARY, STANDBY = "primary", "standby"


class Role:
    """The last role HQ gave this box; kept, so that a replaced box stays standby when it boots
    without a line. A box that never heard of HQ is in charge.
    """

    def __init__(self, database: Database, platform: Platform, alarms: Alarms) -> None:
        self.database = database
        self.platform = platform
        self.alarms = alarms
        self.value = PRIMARY

    async def start(self) -> None:
        """Load the role, and begin a life: the one before on this disk is named in every hello."""
        instance = self.platform.instance
        self.value = await self.database.write(lambda db: _begin(db, instance))

    async def stop(self) -> None:
        """Nothing to end."""

    @property
    def standby(self) -> bool:
        """Whether new orders belong on another box."""
        return self.value == STANDBY

    def guard(self, command: Command) -> Refusal | None:
        """A standby takes no new order; what it has begun it finishes."""
        if self.standby and isinstance(command, PlaceOrder):
            return Refusal("standby")
        return None

    async def take(self, role: str) -> None:
        """HQ's word. A word of a newer HQ that this build does not know changes nothing."""
        if role not in (PRIMARY, STANDBY):
            return
        if role != self.value:
            log.warning("HQ says: this box is %s", role)
            await self.database.write(lambda db: keep_facts(db, role=role))
            self.value = role
        if role == STANDBY and not any(a.code == "two_boxes" for a in self.alarms.listed):
            await self.alarms.tell("two_boxes")
        if role == PRIMARY:
            await self.alarms.clear("two_boxes")

    async def ask_to_take_over(self) -> None:
        """A person wants this box in charge; the next hello says so, over restarts if need be."""
        await self.database.write(lambda db: keep_facts(db, take_over="1"))


def facts(db: sqlite3.Connection) -> dict[str, str]:
    """Single values that the box remembers."""
    return dict(db.execute("SELECT name, value FROM facts"))


def keep_facts(db: sqlite3.Connection, **values: str) -> None:
    """Remember values inside the running transaction; an empty one is forgotten."""
    db.executemany(
        "INSERT INTO facts (name, value) VALUES (?,?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        [(name, value) for name, value in values.items() if value],
    )
    db.executemany("DELETE FROM facts WHERE name = ?", [(n,) for n, v in values.items() if not v])


def begin_life(db: sqlite3.Connection, instance: str) -> None:
    """From now on this disk is spoken for by `instance`."""
    before = facts(db).get("instance", "")
    if before != instance:
        keep_facts(db, instance=instance, succeeds=before)


def _begin(db: sqlite3.Connection, instance: str) -> str:
    begin_life(db, instance)
    return facts(db).get("role", PRIMARY)

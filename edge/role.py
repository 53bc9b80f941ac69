"""Whether this box is in charge of its outlet or stands by while another is; HQ says which."""

import logging
import sqlite3

from edge.alarms import Alarms
from edge.database import Database
from edge.platform import Platform
from protocol.commands import Envelope, PlaceOrder
from protocol.refusals import Refusal

log = logging.getLogger("edge.role")

PRIMARY, STANDBY = "primary", "standby"


class Role:
    """The last role HQ gave this box; kept, so that a replaced box stays standby when it boots
    without a line. A box that never heard of HQ is in charge, and one that a person put in charge:
    an outlet whose other box died sells at once, also while HQ cannot be reached.
    """

    def __init__(self, database: Database, platform: Platform, alarms: Alarms) -> None:
        self.database = database
        self.platform = platform
        self.alarms = alarms
        self.value = PRIMARY
        self.wanted = False
        """Whether a person put this box in charge and HQ has not agreed yet."""

    async def start(self) -> None:
        """Load the role, and begin a life: the one before on this disk is named in every hello."""
        instance = self.platform.instance
        kept = await self.database.write(lambda db: _begin(db, instance))
        self.wanted = bool(kept.get("take_over"))
        self.value = PRIMARY if self.wanted else kept.get("role", PRIMARY)

    async def stop(self) -> None:
        """Nothing to end."""

    @property
    def standby(self) -> bool:
        """Whether new orders belong on another box."""
        return self.value == STANDBY

    def guard(self, envelope: Envelope) -> Refusal | None:
        """A standby takes no new order; what it has begun it finishes, and what was taken is kept."""
        if self.standby and isinstance(envelope.command, PlaceOrder) and not _was_taken(envelope):
            return Refusal("standby")
        return None

    async def take(self, role: str, *, knows_wish: bool = False) -> None:
        """HQ's word. A word of a newer HQ that this build does not know changes nothing.

        `knows_wish`: it answers a hello that said a person wants this box in charge. Until HQ has
        agreed to that, what it says of another box counts for nothing.
        """
        if role not in (PRIMARY, STANDBY) or (self.wanted and role == STANDBY):
            return
        if self.wanted and knows_wish:
            await self.database.write(lambda db: keep_facts(db, take_over=""))
            self.wanted = False
        if role != self.value:
            log.warning("HQ says: this box is %s", role)
            await self.database.write(lambda db: keep_facts(db, role=role))
            self.value = role
        if role == STANDBY and not any(a.code == "two_boxes" for a in self.alarms.listed):
            await self.alarms.tell("two_boxes")
        if role == PRIMARY:
            await self.alarms.clear("two_boxes")

    async def take_over(self) -> None:
        """A person puts this box in charge: from now on; HQ is told in the next hello, over
        restarts if need be."""
        await self.database.write(put_in_charge)
        self.value, self.wanted = PRIMARY, True
        await self.alarms.clear("two_boxes")


def put_in_charge(db: sqlite3.Connection) -> None:
    """A person's word, inside the running transaction."""
    keep_facts(db, take_over="1", role=PRIMARY)


def _was_taken(envelope: Envelope) -> bool:
    return envelope.offered and envelope.accepted is not None


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


def _begin(db: sqlite3.Connection, instance: str) -> dict[str, str]:
    begin_life(db, instance)
    return facts(db)

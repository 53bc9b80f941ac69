"""Today's menu and the 86 list on the box: applied whole when HQ publishes, read by every command."""

import sqlite3
from hashlib import blake2b

import msgspec

from edge.journal import Journal
from protocol.clock import Reading
from protocol.events import MenuApplied
from protocol.ids import CommandId
from protocol.menu import EMPTY_MENU, Menu, MenuIndex, faults_of
from protocol.money import CURRENCIES

_decoder = msgspec.json.Decoder(Menu)
MENUS_KEPT = 5
"""Former menus kept on the box, for a technician's questions."""


class Menus:
    """The menu in force. The database is the truth; the index of the last version used is kept."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._index = MenuIndex(EMPTY_MENU)

    @property
    def version(self) -> int:
        """Version of the menu last used; 0 before the first."""
        return self._index.menu.version

    def current(self, db: sqlite3.Connection) -> MenuIndex:
        """The menu in force as this connection sees it."""
        row = db.execute("SELECT max(version) FROM menus").fetchone()
        version = row[0] or 0
        index = self._index
        if index.menu.version != version:
            body = db.execute("SELECT body FROM menus WHERE version = ?", (version,)).fetchone()
            index = MenuIndex(EMPTY_MENU if body is None else _decoder.decode(body[0]))
            self._index = index
        return index

    def apply(
        self, db: sqlite3.Connection, body: bytes, version: int, publish_id: str, reading: Reading
    ) -> None:
        """Take over a published menu inside the running transaction; the same one again is nothing.

        Raises msgspec.DecodeError or ValueError for a menu this build cannot sell from.
        """
        if db.execute("SELECT 1 FROM menus WHERE version >= ?", (version,)).fetchone():
            return
        menu = msgspec.structs.replace(_decoder.decode(body), version=version)
        faults = faults_of(menu)
        if menu.currency not in CURRENCIES:
            faults.append(f"this build does not know the currency {menu.currency!r}")
        if faults:
            raise ValueError("; ".join(faults[:5]))
        db.execute(
            "INSERT INTO menus (version, publish_id, body, applied_ms) VALUES (?,?,?,?)",
            (version, publish_id, msgspec.json.encode(menu), reading.wall_ms),
        )
        db.execute("DELETE FROM menus WHERE version <= ?", (version - MENUS_KEPT,))
        applied = MenuApplied(
            version=version,
            publish_id=publish_id,
            digest=blake2b(body, digest_size=16).hexdigest(),
            items=len(menu.items),
            at_ms=reading.wall_ms,
        )
        # The command id is derived from the publish: applied again after a restore, it is one event.
        command = CommandId(f"publish:{publish_id}")
        self.journal.append(db, [applied], reading, command_id=command, actor="hq")


def eighty_six_list(db: sqlite3.Connection) -> tuple[str, ...]:
    """Ids of the items that are sold out, sorted."""
    return tuple(r[0] for r in db.execute("SELECT item_id FROM eighty_six ORDER BY item_id"))

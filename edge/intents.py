"""What HQ asks of a box: carried out as a command like any other, once; the event is the answer.

HQ never edits what belongs to the outlet. It asks, and sees in the journal what came of it.
"""

import sqlite3

import msgspec

from edge.feed_rows import Arrival, UnknownHere
from edge.taking import Taking
from protocol.commands import Command, EightySixItem, Envelope, RestoreItem
from protocol.ids import CommandId, ItemId, derive
from protocol.refusals import Refusal
from protocol.replication import FeedRow

KIND = "intent"


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """One request; `until_ms` (Unix milliseconds) is when nobody wants it any more."""

    intent: str
    item_id: ItemId = ItemId("")
    reason: str = ""
    until_ms: int | None = None


_decoder = msgspec.json.Decoder(Intent)


class Intents:
    """Rows of kind `intent`: key an id that HQ minted, body an `Intent`."""

    def __init__(self, taking: Taking) -> None:
        self.taking = taking

    def take_row(self, db: sqlite3.Connection, row: FeedRow, at: Arrival) -> None:
        """Carry it out in the transaction that keeps the row.

        Raises UnknownHere for one that a newer build may know, ValueError when the rules say no.
        """
        assert row.body is not None
        intent = _decoder.decode(row.body)
        command = _command_of(intent)
        if command is None:
            raise UnknownHere(f"this build does not know the intent {intent.intent!r}")
        if intent.until_ms is not None and intent.until_ms < at.reading.wall_ms:
            return
        if _was_carried_out(db, row):
            return
        if intent.item_id not in self.taking.menus.current(db).items:
            # Not asked of the rules yet: their no would be remembered, and the menu may be on its way.
            raise ValueError(f"the menu has no item {intent.item_id!r}")
        command_id = CommandId(f"intent:{derive(row.kind, row.key, row.publish_id)}")
        envelope = Envelope(command_id=command_id, command=command, screen="hq")
        outcome = self.taking.take_within(db, envelope)
        if isinstance(outcome, Refusal):
            no = f"the box says no: {outcome.code} {outcome.params}"
            raise ValueError(no)  # noqa: TRY004 - the row cannot be used, its type is right

    def withdraw_row(self, db: sqlite3.Connection, row: FeedRow, at: Arrival) -> None:
        """HQ wants it no more. What was done stays done: it is in the journal."""


def _command_of(intent: Intent) -> Command | None:
    match intent.intent:
        case "eighty_six":
            return EightySixItem(item_id=intent.item_id, reason=intent.reason)
        case "restore":
            return RestoreItem(item_id=intent.item_id)
        case _:
            return None


def _was_carried_out(db: sqlite3.Connection, row: FeedRow) -> bool:
    """A snapshot brings it again, perhaps after the box has forgotten the command's answer."""
    found = db.execute(
        "SELECT 1 FROM feed_rows WHERE kind = ? AND key = ? AND publish_id = ?"
        " AND state = 'applied'",
        (row.kind, row.key, row.publish_id),
    )
    return found.fetchone() is not None

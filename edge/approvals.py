"""Approvals: somebody who may allows one thing about one order or shift, once, for ten minutes."""

import sqlite3

import msgspec

from edge.database import Database
from edge.journal import Journal
from edge.pin_desk import Door, PinDesk
from edge.platform import Platform
from protocol.floor_events import ApprovalGiven
from protocol.ids import CommandId
from protocol.refusals import Refusal
from protocol.sign_in import APPROVAL_LIVES_MS, ApprovalAsked
from protocol.staff import Given


class Approvals:
    """Gives approvals out; the rules use them up (`protocol/rules/allowing.py`)."""

    def __init__(
        self, database: Database, journal: Journal, platform: Platform, desk: PinDesk
    ) -> None:
        self.database = database
        self.journal = journal
        self.platform = platform
        self.desk = desk

    async def give(self, asked: ApprovalAsked, asked_by: str | None, door: Door) -> Given | Refusal:
        """The approval, journalled; or why not. It works with HQ away."""
        person = await self.desk.check(asked.staff_id, asked.pin, door)
        if isinstance(person, Refusal):
            return person
        if asked.action not in person.may:
            return Refusal("cannot_approve", {"who": person.name})
        now_ms = self.journal.reading().wall_ms
        given = Given(
            approval_id=self.platform.new_id(),
            by=person.staff_id,
            action=asked.action,
            subject=asked.subject,
            amount=asked.amount,
            at_ms=now_ms,
            expires_ms=now_ms + APPROVAL_LIVES_MS,
        )
        await self.database.write(lambda db: self._keep(db, given, asked_by))
        return given

    def _keep(self, db: sqlite3.Connection, given: Given, asked_by: str | None) -> None:
        reading = self.journal.reading()
        db.execute(
            "INSERT INTO approvals (approval_id, body, at_ms) VALUES (?,?,?)",
            (given.approval_id, msgspec.json.encode(given), given.at_ms),
        )
        told = ApprovalGiven(
            approval_id=given.approval_id,
            by=given.by,
            action=given.action,
            subject=given.subject,
            amount=given.amount,
            asked_by=asked_by,
            at_ms=given.at_ms,
            expires_ms=given.expires_ms,
        )
        command = CommandId(self.platform.new_id())
        self.journal.append(db, [told], reading, command_id=command, actor=given.by)

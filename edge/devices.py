"""The devices of the outlet: who may connect, who is here, and who may not any more."""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Protocol

import msgspec
from msgspec.structs import replace

from edge.database import Database
from edge.journal import Journal
from edge.lan.inbox import Handler, Message
from edge.outlet import Outlet
from edge.pairing import NAME_MAX, PairingDesk, Waiting
from edge.platform import Platform
from protocol import lan
from protocol.box_events import DevicePaired, DeviceRevoked
from protocol.devices import (
    Approval,
    DeviceCard,
    DeviceKind,
    Paired,
    PairingAsked,
    PairingCode,
    PairingWaiting,
)
from protocol.events import Event
from protocol.ids import CommandId
from protocol.refusals import Refusal

log = logging.getLogger("edge.devices")

TOKEN_BYTES = 32
PRESENT_MAX = 256
"""Devices whose presence is remembered; beyond that the one heard least lately is forgotten."""
PAYLOAD_MAX = 4_096
HERE_MS = 15_000
"""Whoever has shown its token within so long is here: a screen's agent asks every two seconds."""
SEEN_KEPT_S = 60.0
"""How often `last_seen_ms` goes to disk: an SD card is not written for every request."""

_presence = msgspec.json.Decoder(lan.Presence)


class Listens(Protocol):
    """The part of a link to the broker that hears what devices say."""

    async def subscribe(self, topic_filter: str, handler: Handler, qos: int = 1) -> None:
        """Hands every message that matches to handler."""


class Devices:
    """Cards of all paired devices, held in memory so that no request waits for the disk.

    These are the `Rights` that the bridge and the broker ask (`edge/lan/rights.py`).
    """

    def __init__(
        self,
        database: Database,
        journal: Journal,
        platform: Platform,
        outlet: Outlet,
        *,
        fingerprint: str,
    ) -> None:
        self.database = database
        self.journal = journal
        self.platform = platform
        self.outlet = outlet
        self.fingerprint = fingerprint
        self.desk = PairingDesk(platform)
        self.on_paired: list[Callable[[str, DeviceKind, str], None]] = []
        """Called with id, kind and token of a device that was let in: other doors learn of it."""
        self.on_revoked: list[Callable[[str], None]] = []
        """Called at once with the id of a device that lost its right: end its connections."""
        self._cards: dict[str, DeviceCard] = {}
        self._by_hash: dict[bytes, str] = {}
        self._revoked: dict[bytes, str] = {}
        self._knocked: set[str] = set()
        self._present: dict[str, lan.Presence] = {}
        self._seen: dict[str, int] = {}
        self._keeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Read who was paired."""
        for card, token_hash in await self.database.read(_kept):
            self._cards[card.device] = card
            open_or_shut = self._by_hash if card.revoked_ms is None else self._revoked
            open_or_shut[token_hash] = card.device
        self._keeper = asyncio.create_task(self._keep_seen(), name="devices")

    async def stop(self) -> None:
        """Keep when each was seen last."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        with contextlib.suppress(Exception):  # a broken disk: nothing of worth is lost
            await self._write_seen()

    async def hear(self, link: Listens) -> None:
        """Listen to what devices say of themselves."""
        leaf = lan.devices_filter(self.outlet.outlet_id, "presence")
        await link.subscribe(leaf, self._note_presence)

    # ------------------------------------------------------------ rights

    def find(self, device: str, token: str) -> DeviceKind | None:
        """What this device is there for; None when the token is not, or no longer, its own."""
        card = self.holder(token)
        return card.kind if card is not None and card.device == device else None

    def owner(self, token: str) -> str | None:
        """The id of the device whose token this is."""
        card = self.holder(token)
        return None if card is None else card.device

    @property
    def anybody(self) -> bool:
        """Whether any device was ever paired."""
        return bool(self._cards)

    def is_paired(self, device: str) -> bool:
        """Whether this id is a device's that was ever paired, revoked ones too."""
        return device in self._cards

    def holder(self, token: str) -> DeviceCard | None:
        """Whose token this is; None when it is nobody's, or was revoked.

        Looked up by its hash: what a guesser could learn from the time it takes is about hashes,
        which he cannot choose.
        """
        hashed = hash_of(token)
        device = self._by_hash.get(hashed)
        if device is None:
            self._note_knock(self._revoked.get(hashed))
            return None
        self._seen[device] = self.platform.wall_ms()
        return self._cards[device]

    def _note_knock(self, device: str | None) -> None:
        """One that was shut out tries on: said once, however often it tries."""
        if device is not None and device not in self._knocked:
            self._knocked.add(device)
            log.warning("%s was shut out and still tries to connect", self._cards[device].name)

    # ------------------------------------------------------------ joining

    def ask(self, asked: PairingAsked, address: str) -> PairingCode | Refusal:
        """A device asks to join; it gets a code to show."""
        return self.desk.ask(asked, address, self.fingerprint)

    def waiting(self) -> tuple[PairingWaiting, ...]:
        """Who waits for a word."""
        return self.desk.waiting()

    def collect(self, pairing_id: str, secret: str) -> Waiting | Paired | Refusal:
        """What the asking device gets now."""
        return self.desk.collect(pairing_id, secret)

    async def approve(self, pairing_id: str, approval: Approval, by: str) -> DeviceCard | Refusal:
        """Let a device in: from now on its token opens both doors. Journalled."""
        waiting = self.desk.find(pairing_id)
        if waiting is None:
            return Refusal("pairing_expired")
        if approval.code is not None and not self.desk.code_fits(waiting, approval.code):
            return Refusal("wrong_code")
        token = self.platform.entropy(TOKEN_BYTES).hex()
        card = DeviceCard(
            device=self.platform.new_id(),
            kind=approval.kind or waiting.asked.kind,
            name=(approval.name or waiting.asked.name).strip()[:NAME_MAX],
            paired_ms=self.journal.reading().wall_ms,
        )
        # Set before the disk is waited for: two who tap at once let in one device.
        waiting.paired = Paired(
            device=card.device,
            token=token,
            outlet=self.outlet.outlet_id,
            outlet_name=self.outlet.name,
            kind=card.kind,
            name=card.name,
        )
        hashed = hash_of(token)
        event = DevicePaired(
            device=card.device, kind=card.kind, name=card.name, at_ms=card.paired_ms, approved_by=by
        )
        try:
            await self._write(event, lambda db: _insert(db, card, hashed, by))
        except BaseException:
            waiting.paired = None
            raise
        self._cards[card.device] = card
        self._by_hash[hashed] = card.device
        for told in self.on_paired:
            told(card.device, card.kind, token)
        log.info("%s (%s) joined, let in by %s", card.name, card.kind, by)
        return card

    def deny(self, pairing_id: str) -> Refusal | None:
        """Somebody said no."""
        return None if self.desk.deny(pairing_id) else Refusal("pairing_expired")

    async def revoke(self, device: str, by: str, reason: str = "") -> DeviceCard | Refusal:
        """Take a device's right away, at once and without HQ. Again changes nothing. Journalled."""
        card = self._cards.get(device)
        if card is None:
            return Refusal("unknown_device", {"device": device})
        if card.revoked_ms is not None:
            return card
        at_ms = self.journal.reading().wall_ms
        gone = replace(card, revoked_ms=at_ms)
        # The door closes before the disk is waited for; a disk that fails leaves it closed.
        self._cards[device] = gone
        gone_hashes = [h for h, d in self._by_hash.items() if d == device]
        self._revoked.update({h: self._by_hash.pop(h) for h in gone_hashes})
        for told in self.on_revoked:
            told(device)
        event = DeviceRevoked(device=device, at_ms=at_ms, reason=reason, revoked_by=by)
        await self._write(event, lambda db: _revoke(db, device, at_ms))
        log.warning("%s (%s) may not connect any more, says %s", card.name, card.kind, by)
        return gone

    # ------------------------------------------------------------ who is here

    def card(self, device: str) -> DeviceCard | None:
        """A device as it now is."""
        return self._as_it_is(self._cards[device]) if device in self._cards else None

    def cards(self) -> tuple[DeviceCard, ...]:
        """Every device: those that are in, those that only say they are here, those revoked."""
        paired = [self._as_it_is(card) for card in self._cards.values()]
        others = [
            DeviceCard(
                device=p.device,
                kind=kind,
                name=p.name,
                paired_ms=0,
                online=p.online,
                last_seen_ms=self._seen.get(p.device),
                presence=p,
            )
            for p in self._present.values()
            if p.device not in self._cards and (kind := _kind_of(p)) is not None
        ]
        ordered = sorted(paired, key=lambda c: (c.revoked_ms is not None, c.name, c.device))
        return (*ordered, *sorted(others, key=lambda c: (not c.online, c.name, c.device)))

    def _as_it_is(self, card: DeviceCard) -> DeviceCard:
        presence = self._present.get(card.device)
        seen = self._seen.get(card.device, card.last_seen_ms)
        here = seen is not None and self.platform.wall_ms() - seen < HERE_MS
        if presence is not None:
            here = presence.online  # a display that went dark is away, however well its machine is
        return replace(
            card,
            online=here and card.revoked_ms is None,
            last_seen_ms=seen,
            presence=presence,
        )

    async def _note_presence(self, message: Message) -> None:
        levels = message.topic.split("/")
        device = levels[3] if len(levels) > 4 else ""
        if not message.payload:
            self._present.pop(device, None)
            return
        try:
            presence = _presence.decode(message.payload[: PAYLOAD_MAX + 1])
        except msgspec.DecodeError:
            return  # of a foreign program: it is nobody's presence, and logging it would never end
        if presence.device != device or len(message.payload) > PAYLOAD_MAX:
            return
        self._present.pop(device, None)
        self._present[device] = presence
        if presence.online and not message.retain:
            self._seen[device] = self.platform.wall_ms()
        while len(self._present) > PRESENT_MAX:
            del self._present[next(iter(self._present))]
        while len(self._seen) > PRESENT_MAX + len(self._cards):
            del self._seen[next(iter(self._seen))]

    # ------------------------------------------------------------ disk

    async def _write(self, event: Event, change: Callable[[sqlite3.Connection], None]) -> None:
        command = CommandId(self.platform.new_id())

        def work(db: sqlite3.Connection) -> None:
            change(db)
            reading = self.journal.reading()
            self.journal.append(db, [event], reading, command_id=command, actor=self.outlet.node_id)

        await self.database.write(work)

    async def _keep_seen(self) -> None:
        while True:
            await asyncio.sleep(SEEN_KEPT_S)
            with contextlib.suppress(Exception):  # the health page speaks of the disk
                await self._write_seen()

    async def _write_seen(self) -> None:
        changed = [
            (seen, device)
            for device, seen in self._seen.items()
            if device in self._cards and seen != self._cards[device].last_seen_ms
        ]
        if changed:
            await self.database.write(lambda db: _keep_seen_rows(db, changed))
            for seen, device in changed:
                self._cards[device] = replace(self._cards[device], last_seen_ms=seen)


def hash_of(token: str) -> bytes:
    """What is kept of a token: 32 random bytes need no salt and no slow hash."""
    return blake2b(token.encode(), digest_size=32).digest()


def _kind_of(presence: lan.Presence) -> DeviceKind | None:
    return DeviceKind(presence.kind) if presence.kind in set(DeviceKind) else None


def _kept(db: sqlite3.Connection) -> list[tuple[DeviceCard, bytes]]:
    rows = db.execute(
        "SELECT device, kind, name, token_hash, paired_ms, revoked_ms, last_seen_ms FROM devices"
        " ORDER BY paired_ms, device"
    )
    return [
        (
            DeviceCard(
                device=device,
                kind=DeviceKind(kind),
                name=name,
                paired_ms=paired,
                revoked_ms=revoked,
                last_seen_ms=seen,
            ),
            token_hash,
        )
        for device, kind, name, token_hash, paired, revoked, seen in rows
    ]


def _insert(db: sqlite3.Connection, card: DeviceCard, token_hash: bytes, by: str) -> None:
    db.execute(
        "INSERT INTO devices (device, kind, name, token_hash, paired_ms, approved_by)"
        " VALUES (?,?,?,?,?,?)",
        (card.device, card.kind.value, card.name, token_hash, card.paired_ms, by),
    )


def _revoke(db: sqlite3.Connection, device: str, at_ms: int) -> None:
    db.execute("UPDATE devices SET revoked_ms = ? WHERE device = ?", (at_ms, device))


def _keep_seen_rows(db: sqlite3.Connection, rows: Sequence[tuple[int, str]]) -> None:
    db.executemany("UPDATE devices SET last_seen_ms = ? WHERE device = ?", rows)

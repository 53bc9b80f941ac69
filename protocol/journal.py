"""The journal entry and its chain: the form in which everything that happened is kept."""

from collections.abc import Iterable
from hashlib import blake2b

import msgspec

from protocol.clock import Confidence, Stamp
from protocol.ids import CommandId, EventId, StreamId

CHAIN_START = b""
"""What the first entry of a stream is chained to."""

CHAIN_BYTES = 16


class Entry(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One committed event with its envelope. The envelope is frozen; `body` is opaque bytes.

    Fields are only ever appended. Times in milliseconds: `wall_ms` Unix, `mono_ms` of `boot`.
    """

    event_id: EventId
    type: str
    version: int
    aggregate_kind: str
    aggregate_id: str
    stamp: Stamp
    wall_ms: int
    mono_ms: int
    boot: str
    confidence: Confidence
    command_id: CommandId
    actor: str
    body: bytes


class Position(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Where an entry stands: `position` in the local journal, `seq` in its stream, its chain."""

    position: int
    stream: StreamId
    seq: int
    chain: bytes


class Stored(msgspec.Struct, frozen=True, gc=False):
    """An entry together with where it stands."""

    at: Position
    entry: Entry


def link(previous: bytes, event_id: EventId, body: bytes) -> bytes:
    """The chain after one more entry: blake2b-128 of (previous ‖ event id ‖ stored body bytes)."""
    return blake2b(previous + bytes.fromhex(event_id) + body, digest_size=CHAIN_BYTES).digest()


def chain_over(previous: bytes, entries: Iterable[Entry]) -> list[bytes]:
    """The chain after each of these entries, starting from `previous`."""
    chains: list[bytes] = []
    for entry in entries:
        previous = link(previous, entry.event_id, entry.body)
        chains.append(previous)
    return chains


def find_break(previous: bytes, stored: Iterable[Stored]) -> Stored | None:
    """The first entry whose kept chain does not follow from the one before; None when all do."""
    for item in stored:
        previous = link(previous, item.entry.event_id, item.entry.body)
        if previous != item.at.chain:
            return item
    return None

"""Identifiers: who makes each one, how it is minted, and how derived ones are computed."""

import re
from hashlib import blake2b
from typing import NewType
from uuid import UUID

TenantId = NewType("TenantId", str)
OutletId = NewType("OutletId", str)
NodeId = NewType("NodeId", str)
StreamId = NewType("StreamId", str)
CommandId = NewType("CommandId", str)
OrderId = NewType("OrderId", str)
LineId = NewType("LineId", str)
PaymentId = NewType("PaymentId", str)
ItemId = NewType("ItemId", str)
VariantId = NewType("VariantId", str)
ModifierId = NewType("ModifierId", str)
StationId = NewType("StationId", str)
EventId = NewType("EventId", str)

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)

ENTROPY_BYTES = 10
"""Random bytes a minted id needs (RFC 9562 §5.7 takes 74 bits of them)."""


def mint(now_ms: int, entropy: bytes) -> str:
    """A UUIDv7 (RFC 9562) in canonical lower case: sortable by time, unique without a server.

    `now_ms` is Unix time in milliseconds; `entropy` at least `ENTROPY_BYTES` random bytes.
    Raises ValueError when there is too little entropy.
    """
    if len(entropy) < ENTROPY_BYTES:
        raise ValueError(f"an id needs {ENTROPY_BYTES} random bytes, got {len(entropy)}")
    random = int.from_bytes(entropy[:ENTROPY_BYTES], "big")
    value = (now_ms & (1 << 48) - 1) << 80 | 0x7 << 76 | (random >> 68 & 0xFFF) << 64
    value |= 0b10 << 62 | random & (1 << 62) - 1
    return str(UUID(int=value))


def minted_ms(text: str) -> int | None:
    """When an id was minted by the clock of whoever did (Unix milliseconds); None if it does not say."""
    return int(text[:8] + text[9:13], 16) if is_uuid(text) and text[14] == "7" else None


def is_uuid(text: str) -> bool:
    """Whether `text` is a UUID in the one spelling we keep (lower case with dashes)."""
    return _UUID.fullmatch(text) is not None


def derive(*parts: str) -> str:
    """A 128-bit id computed from other ids, so that doing the same thing again names it the same."""
    return blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def event_id(command_id: CommandId, event_type: str, aggregate_id: str, index: int) -> EventId:
    """The id of the `index`-th event of a command: executed again after a lost disk, it is equal.

    What it is about counts too: a caller that uses an idempotency key again after the box has
    forgotten it makes another order, and HQ must not take that for the first one.
    """
    return EventId(derive(command_id, event_type, aggregate_id, str(index)))


def named_uuid(*parts: str) -> str:
    """A UUID (version 8, RFC 9562) computed from names: an importer's stable order and line ids."""
    value = int(derive(*parts), 16)
    value = value & ~(0xF << 76) | 0x8 << 76
    value = value & ~(0b11 << 62) | 0b10 << 62
    return str(UUID(int=value))

"""The screens and machines of an outlet: how one joins, and what it says of itself."""

from enum import StrEnum

import msgspec

from protocol.lan import Presence

CODE_LENGTH = 6
"""Characters of a pairing code; shown on the new screen, typed or tapped on one that is in."""
CODE_LIVES_MS = 10 * 60 * 1000
CODE_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Letters and digits that nobody takes for another."""


class DeviceKind(StrEnum):
    """What a device is there for; it decides which topics and pages it gets."""

    KITCHEN = "kitchen"
    COUNTER = "counter"
    KIOSK = "kiosk"
    BOARD = "board"


class PairingAsked(msgspec.Struct, frozen=True, kw_only=True):
    """A device asks to join; `public` is 32 random bytes of its own (base64url), known to it alone."""

    kind: DeviceKind
    name: str
    secret_hash: str
    """blake2b-256 (hex) of the secret that the device will collect its token with."""
    product: str = ""


class PairingCode(msgspec.Struct, frozen=True, kw_only=True):
    """The box's answer: the code that people compare, and until when it holds (Unix milliseconds)."""

    pairing_id: str
    code: str
    expires_ms: int
    fingerprint: str
    """SHA-256 (hex) of the box's certificate: the device refuses any other box from then on."""


class Paired(msgspec.Struct, frozen=True, kw_only=True):
    """What an approved device gets, once: its name on the broker, and its token for both doors."""

    device: str
    token: str
    outlet: str
    outlet_name: str
    kind: DeviceKind
    name: str


class DeviceCard(msgspec.Struct, frozen=True, kw_only=True):
    """A device as the devices page shows it."""

    device: str
    kind: DeviceKind
    name: str
    paired_ms: int
    online: bool = False
    last_seen_ms: int | None = None
    revoked_ms: int | None = None
    presence: Presence | None = None

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
    """A device asks to join. It collects its token with a secret of its own, known to it alone."""

    kind: DeviceKind
    name: str
    secret_hash: str
    """blake2b-256 or SHA-256 (hex) of the secret that the device will collect its token with."""
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


class PairingWaiting(msgspec.Struct, frozen=True, kw_only=True):
    """A device that waits to be let in, as whoever decides sees it; `address` is where it asks from."""

    pairing_id: str
    code: str
    kind: DeviceKind
    name: str
    product: str
    address: str
    asked_ms: int
    expires_ms: int


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody lets a device in. `code`: what they read on it, when they typed it instead of
    comparing; a wrong one is refused. `name` and `kind`: what it shall be, instead of what it asked."""

    by: str = ""
    code: str | None = None
    name: str | None = None
    kind: DeviceKind | None = None


class Revocation(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody takes a device's right away, and why."""

    by: str = ""
    reason: str = ""


class BoxProof(msgspec.Struct, frozen=True, kw_only=True):
    """Which box answers here, and that it holds the key of its certificate.

    `signature` (hex, ECDSA P-256 over SHA-256) is over `proof_bytes`. What the box says of itself
    can be copied by anybody; this cannot.
    """

    outlet: str
    name: str
    role: str
    product: str
    certificate: str
    """PEM; the SHA-256 of its DER is the fingerprint that devices remember."""
    signature: str
    https_port: int = 0
    """Where the same box answers over TLS with this certificate; 0 when it does not."""


NONCE_LENGTH = (16, 128)
"""Characters that a nonce may have, least and most."""


def proof_bytes(nonce: str, outlet: str, https_port: int) -> bytes:
    """What the box signs: never anything that could mean something elsewhere.

    The TLS port is in it, so that nobody in between can make a device go without.
    """
    return f"kedai box proof\n{nonce}\n{outlet}\n{https_port}".encode()

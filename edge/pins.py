"""PINs of people who work here: hashed, tried, and the pepper without which a hash is worth nothing.

The one door to argon2-cffi on the box. The pepper is a file beside the node's key: whoever gets hold
of the database, or a backup of it, cannot try PINs out.
"""

import os
from pathlib import Path

from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type, hash_secret, verify_secret

from protocol.sign_in import PEPPER_BYTES, peppered

TIME_COST, MEMORY_KIB, LANES = 2, 19 * 1024, 1
"""OWASP's second choice for Argon2id (facts/payments-tax.md §7); 25 to 150 ms on a box."""
SALT_BYTES, HASH_BYTES = 16, 32


def hash_pin(pepper: bytes, staff_id: str, pin: str, salt: bytes) -> str:
    """What is kept of a PIN. Slow on purpose: never on the event loop."""
    secret = peppered(pepper, staff_id, pin)
    kept = hash_secret(secret, salt, TIME_COST, MEMORY_KIB, LANES, HASH_BYTES, Type.ID)
    return kept.decode()


def is_pin(kept: str, pepper: bytes, staff_id: str, pin: str) -> bool:
    """Whether this is the PIN that was hashed. Slow on purpose: never on the event loop."""
    try:
        return verify_secret(kept.encode(), peppered(pepper, staff_id, pin), Type.ID)
    except (VerificationError, InvalidHashError):
        return False


class Peppers:
    """HQ's pepper for this tenant, and one of the box's own for people it was told of without HQ."""

    def __init__(self, folder: Path) -> None:
        self._hq, self._own = folder / "pin.pepper", folder / "pin-own.pepper"
        self.hq = b""
        self.own = b""

    def load(self) -> None:
        """Read what is there."""
        self.hq, self.own = _read(self._hq), _read(self._own)

    def keep_hq(self, pepper: bytes) -> bool:
        """Remember what HQ said; whether it was news."""
        if len(pepper) != PEPPER_BYTES or pepper == self.hq:
            return False
        _write(self._hq, pepper)
        self.hq = pepper
        return True

    def make_own(self, entropy: bytes) -> bytes:
        """The box's own pepper, made at the first call from 32 random bytes."""
        if not self.own:
            _write(self._own, entropy)
            self.own = entropy
        return self.own


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _write(path: Path, data: bytes) -> None:
    # Write, flush, rename: a power cut leaves the old file or the new one.
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)

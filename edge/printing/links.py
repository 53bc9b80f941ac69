"""The address of a guest's digital receipt: a code that only boxes of the outlet make and read.

The code is the order's id, encrypted under a secret of the box with its own proof of origin. So
nothing needs to be kept or looked up, no code can be guessed, and none says which order it is.
"""

import base64
import binascii
import hmac
import os
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from uuid import UUID

from protocol.ids import OrderId, is_uuid

SECRET_BYTES = 32
PROOF_BYTES = 12
"""96 bits: nobody hits a receipt by trying codes."""
ID_BYTES_MAX = 64
OWN, KNOWN = "receipts.key", "receipts-known.keys"
KNOWN_MAX = 20
"""Boxes of one outlet whose codes are read; the oldest is forgotten first."""
_UUID, _TEXT = b"\x00", b"\x01"


class ReceiptLinks:
    """Makes links to receipts and reads their codes. `base` is where guests reach the box, such as
    `https://struk.example.com`; empty when they cannot, and then no receipt has a link.

    `secret` makes the codes. Those of other boxes of the outlet are read as well, once they are
    known: papers outlive boxes. `folder` is where they are kept; none keeps them in memory.
    """

    def __init__(self, secret: bytes, base: str = "", folder: Path | None = None) -> None:
        self._own = _Key(secret)
        self._others = {} if folder is None else {k: _Key(k) for k in known_in(folder)}
        self._folder = folder
        self.secret = secret
        self.base = base.rstrip("/")

    def link(self, order_id: str) -> str:
        """The address for the QR code; empty when guests cannot reach the box."""
        return f"{self.base}/r/{self.code(order_id)}" if self.base else ""

    def code(self, order_id: str) -> str:
        """Small letters and digits, the same for the same order. Raises ValueError for an id that
        is too long to be one.
        """
        sealed = self._own.sealed(_packed(order_id))
        return base64.b32encode(sealed).decode().rstrip("=").lower()

    def find_order(self, code: str) -> OrderId | None:
        """The order a code stands for, or None for a code that no box of this outlet made."""
        if len(code) > 2 * (PROOF_BYTES + ID_BYTES_MAX) or not code.isascii():
            return None
        padded = code.upper() + "=" * (-len(code) % 8)
        try:
            sealed = base64.b32decode(padded)
        except binascii.Error:
            return None
        opened = (key.opened(sealed) for key in (self._own, *self._others.values()))
        plain = next((found for found in opened if found is not None), None)
        return None if plain is None else _unpacked(plain)

    def learn(self, secrets: Iterable[bytes]) -> None:
        """Read the codes of these boxes too, from now on and after a restart. Raises OSError."""
        new = [s for s in secrets if s != self.secret and len(s) >= SECRET_BYTES]
        new = [s for s in dict.fromkeys(new) if s not in self._others]
        if not new:
            return
        self._others |= {secret: _Key(secret) for secret in new}
        while len(self._others) > KNOWN_MAX:
            del self._others[next(iter(self._others))]
        if self._folder is not None:
            keep_known(self._folder, self._others)


class _Key:
    """One box's secret at work."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < SECRET_BYTES:
            raise ValueError(f"a receipt secret needs {SECRET_BYTES} bytes")
        self._proof_key = blake2b(secret, person=b"receipt proof").digest()
        self._cover_key = blake2b(secret, person=b"receipt cover").digest()

    def sealed(self, plain: bytes) -> bytes:
        proof = self._proof(plain)
        return proof + self._covered(plain, proof)

    def opened(self, sealed: bytes) -> bytes | None:
        """What was sealed with this key; None when it was not."""
        proof, hidden = sealed[:PROOF_BYTES], sealed[PROOF_BYTES:]
        if not hidden:
            return None
        plain = self._covered(hidden, proof)
        return plain if hmac.compare_digest(proof, self._proof(plain)) else None

    def _proof(self, plain: bytes) -> bytes:
        return blake2b(plain, key=self._proof_key, digest_size=PROOF_BYTES).digest()

    def _covered(self, data: bytes, proof: bytes) -> bytes:
        """`data` under a key stream of its own (the same again uncovers it)."""
        seeds = (proof + bytes([part]) for part in range(2))
        stream = b"".join(blake2b(seed, key=self._cover_key).digest() for seed in seeds)
        return bytes(a ^ b for a, b in zip(data, stream, strict=False))


def _packed(order_id: str) -> bytes:
    packed = _UUID + UUID(order_id).bytes if is_uuid(order_id) else _TEXT + order_id.encode()
    if len(packed) > ID_BYTES_MAX:
        raise ValueError("this order id is too long for a link")
    return packed


def _unpacked(plain: bytes) -> OrderId:
    if plain[:1] == _UUID:
        return OrderId(str(UUID(bytes=plain[1:])))
    return OrderId(plain[1:].decode())


def secret_in(folder: Path, entropy: bytes) -> bytes:
    """The secret of this box, kept in `folder` for its user only; `entropy` becomes it at first.

    HQ is told it at each hello and tells it to the box that replaces this one; `kedai edge backup`
    puts it into its copies. So a printed code goes on working. Raises OSError.
    """
    path = folder / OWN
    if not path.exists():
        _write(path, entropy[:SECRET_BYTES])
    return path.read_bytes()


def known_in(folder: Path) -> tuple[bytes, ...]:
    """Secrets of other boxes of the outlet, as this one was told; damaged lines are nothing."""
    path = folder / KNOWN
    if not path.exists():
        return ()
    lines = path.read_text("ascii", "replace").split()
    size = 2 * SECRET_BYTES
    return tuple(
        bytes.fromhex(x) for x in lines if len(x) == size and set(x) <= set("0123456789abcdef")
    )


def keep_known(folder: Path, secrets: Iterable[bytes]) -> None:
    """Remember these secrets of other boxes, and no others. Raises OSError."""
    _write(folder / KNOWN, "".join(f"{secret.hex()}\n" for secret in secrets).encode())


def _write(path: Path, data: bytes) -> None:
    # Write, flush, rename: a power cut leaves the old file or the new one.
    draft = path.with_suffix(".new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with os.fdopen(os.open(draft, flags, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def base_of(given: str, *, announced: bool, host: str, port: int) -> str:
    """Where guests reach the box: what the operator says (`none`: nowhere), else its name on the
    LAN while it is announced there. Empty when they cannot.
    """
    if given:
        return "" if given == "none" else given
    if not announced or not port:
        return ""
    return f"http://{host}.local" if port == 80 else f"http://{host}.local:{port}"

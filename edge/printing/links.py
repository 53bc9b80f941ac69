"""The address of a guest's digital receipt: a code only this box can make, and only it can read.

The code is the order's id, encrypted under a secret of the box with its own proof of origin. So
nothing needs to be kept or looked up, no code can be guessed, and none says which order it is.
"""

import base64
import binascii
import hmac
import os
from hashlib import blake2b
from pathlib import Path
from uuid import UUID

from protocol.ids import OrderId, is_uuid

SECRET_BYTES = 32
PROOF_BYTES = 12
"""96 bits: nobody hits a receipt by trying codes."""
ID_BYTES_MAX = 64
_UUID, _TEXT = b"\x00", b"\x01"


class ReceiptLinks:
    """Makes links to receipts and reads their codes. `base` is where guests reach the box, such as
    `https://struk.example.com`; empty when they cannot, and then no receipt has a link.
    """

    def __init__(self, secret: bytes, base: str = "") -> None:
        if len(secret) < SECRET_BYTES:
            raise ValueError(f"a receipt secret needs {SECRET_BYTES} bytes")
        self._proof_key = blake2b(secret, person=b"receipt proof").digest()
        self._cover_key = blake2b(secret, person=b"receipt cover").digest()
        self.base = base.rstrip("/")

    def link(self, order_id: str) -> str:
        """The address for the QR code; empty when guests cannot reach the box."""
        return f"{self.base}/r/{self.code(order_id)}" if self.base else ""

    def code(self, order_id: str) -> str:
        """Small letters and digits, the same for the same order. Raises ValueError for an id that
        is too long to be one.
        """
        plain = _packed(order_id)
        proof = self._proof(plain)
        sealed = proof + self._covered(plain, proof)
        return base64.b32encode(sealed).decode().rstrip("=").lower()

    def find_order(self, code: str) -> OrderId | None:
        """The order a code stands for, or None for a code this box never made."""
        if len(code) > 2 * (PROOF_BYTES + ID_BYTES_MAX) or not code.isascii():
            return None
        padded = code.upper() + "=" * (-len(code) % 8)
        try:
            sealed = base64.b32decode(padded)
        except binascii.Error:
            return None
        proof, hidden = sealed[:PROOF_BYTES], sealed[PROOF_BYTES:]
        if not hidden:
            return None
        plain = self._covered(hidden, proof)
        if not hmac.compare_digest(proof, self._proof(plain)):
            return None
        return _unpacked(plain)

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

    It is in no backup: a box that replaces another makes links of its own, and the codes on papers
    of the old one find nothing. Raises OSError.
    """
    path = folder / "receipts.key"
    if not path.exists():
        draft = path.with_suffix(".new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with os.fdopen(os.open(draft, flags, 0o600), "wb") as file:
            file.write(entropy[:SECRET_BYTES])
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    return path.read_bytes()


def base_of(given: str, *, announced: bool, host: str, port: int) -> str:
    """Where guests reach the box: what the operator says (`none`: nowhere), else its name on the
    LAN while it is announced there. Empty when they cannot.
    """
    if given:
        return "" if given == "none" else given
    if not announced or not port:
        return ""
    return f"http://{host}.local" if port == 80 else f"http://{host}.local:{port}"

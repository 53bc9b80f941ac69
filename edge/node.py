"""The box's own key and its place at HQ: lives outside the database and outside backups."""

import os
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from protocol.certificates import signed_statement
from protocol.replication import Enrolled, signed_bytes


class Node:
    """An Ed25519 key pair made on this box, and what HQ said when the box was enrolled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key: Ed25519PrivateKey | None = None
        self.enrolled: Enrolled | None = None
        self.hq_url = ""

    def load(self) -> None:
        """Read key and enrolment if they are there; a box without them works alone."""
        key, place = self.folder / "node.key", self.folder / "enrolment.json"
        if key.exists():
            self._key = Ed25519PrivateKey.from_private_bytes(key.read_bytes())
        if place.exists():
            kept = msgspec.json.decode(place.read_bytes(), type=_Place)
            self.enrolled, self.hq_url = kept.enrolled, kept.hq_url

    def public_key(self) -> bytes:
        """The raw public key; makes the pair at the first call, readable by this user only."""
        if self._key is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._key = Ed25519PrivateKey.generate()
            raw = self._key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
            _write(self.folder / "node.key", raw)
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def keep(self, enrolled: Enrolled, hq_url: str) -> None:
        """Remember the enrolment."""
        self.enrolled, self.hq_url = enrolled, hq_url
        place = _Place(enrolled=enrolled, hq_url=hq_url)
        _write(self.folder / "enrolment.json", msgspec.json.encode(place))

    def sign(self, method: str, path: str, body: bytes) -> str:
        """Hex signature of a request; `path` with its query, `body` as sent."""
        assert self._key is not None, "an enrolled box has a key"
        return self._key.sign(signed_bytes(method, path, body)).hex()

    def sign_statement(self, statement: bytes) -> str:
        """Hex signature of a statement on a closed day."""
        assert self._key is not None, "an enrolled box has a key"
        return self._key.sign(signed_statement(statement)).hex()

    def signed(self, statement: bytes, signature: str) -> bool:
        """Whether this box's own key signed a statement."""
        if self._key is None:
            return False
        try:
            data = signed_statement(statement)
            self._key.public_key().verify(bytes.fromhex(signature), data)
        except (InvalidSignature, ValueError):
            return False
        return True


class _Place(msgspec.Struct, frozen=True):
    enrolled: Enrolled
    hq_url: str


def _write(path: Path, data: bytes) -> None:
    # Write, flush, rename: a power cut leaves the old file or the new one.
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)

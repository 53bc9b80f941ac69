"""Whether two places hold the same rows, said in sixteen bytes that do not depend on their order."""

from collections.abc import Iterable
from hashlib import blake2b

from protocol.replication import Digest

_SPACE = 1 << 128


def row_hash(kind: str, key: str, version: int, body: bytes) -> int:
    """A row's share of a digest."""
    named = f"{kind}\x1f{key}\x1f{version}\x1f".encode()
    return int.from_bytes(blake2b(named + body, digest_size=16).digest(), "big")


def total(hashes: Iterable[int]) -> str:
    """The digest of rows with these hashes, in hex: their sum, so adding and removing is cheap."""
    return f"{sum(hashes) % _SPACE:032x}"


def digest_of(kind: str, rows: Iterable[tuple[str, int, bytes]]) -> Digest:
    """The digest of all live rows (key, version, body) of a kind; tombstones are no rows."""
    hashes = [row_hash(kind, key, version, body) for key, version, body in rows]
    return Digest(kind, len(hashes), total(hashes))

"""Who may look at HQ's screens and use its API: for now, whoever holds an access key of a tenant."""

from hashlib import blake2b
from typing import NamedTuple

import msgspec

from cloud.database import Database
from cloud.platform import Platform
from protocol.ids import TenantId

PREFIX = "kedai_"
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
KEY_LENGTH = 40
"""200 random bits: not to be guessed, so wrong keys need no lock-out."""

CACHED_MS = 30_000
"""How long a key is believed without asking: a revoked one may be used that much longer."""
CACHED_MAX = 10_000


class Visitor(NamedTuple):
    """Somebody who showed a key."""

    tenant_id: TenantId
    name: str


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A key as an operator sees it afterwards; the secret itself is not kept."""

    key_id: str
    name: str
    created_ms: int
    revoked_ms: int | None


class Access:
    """Keys, the recently used ones at hand."""

    def __init__(self, database: Database, platform: Platform) -> None:
        self._database = database
        self._platform = platform
        self._known: dict[bytes, tuple[Visitor, int]] = {}

    async def find_visitor(self, key: str) -> Visitor | None:
        """Whose key this is; None when it is none of ours."""
        if not key.startswith(PREFIX) or len(key) > 200:
            return None
        hashed = _hash(key)
        now_ms = self._platform.mono_ms()
        visitor, until_ms = self._known.get(hashed, (None, 0))
        if visitor is not None and until_ms > now_ms:
            return visitor
        self._known.pop(hashed, None)
        rows = await self._database.lookup("find_access_key", hashed)
        if not rows:
            return None
        if len(self._known) >= CACHED_MAX:
            self._known.pop(next(iter(self._known)))
        visitor = Visitor(TenantId(str(rows[0]["tenant_id"])), rows[0]["name"])
        self._known[hashed] = (visitor, now_ms + CACHED_MS)
        return visitor


async def add_key(database: Database, platform: Platform, tenant_id: str, name: str) -> str:
    """A new key for a tenant's HQ, shown this once."""
    letters = (LETTERS[b % 32] for b in platform.entropy(KEY_LENGTH))
    key = PREFIX + "".join(letters)
    async with database.transaction(tenant_id) as tx:
        await tx.execute(
            "INSERT INTO access_keys VALUES ($1, $2, $3, $4)",
            *(tenant_id, _hash(key), name.strip()[:100] or "unnamed", platform.wall_ms()),
        )
    return key


async def list_keys(database: Database, tenant_id: str) -> list[Key]:
    """The tenant's keys, oldest first."""
    async with database.transaction(tenant_id) as tx:
        rows = await tx.fetch(
            "SELECT * FROM access_keys WHERE tenant_id = $1 ORDER BY created_ms", tenant_id
        )
    return [
        Key(
            key_id=r["key_hash"].hex()[:12],
            name=r["name"],
            created_ms=r["created_ms"],
            revoked_ms=r["revoked_ms"],
        )
        for r in rows
    ]


async def revoke_key(database: Database, platform: Platform, tenant_id: str, key_id: str) -> bool:
    """Make a key useless; False when the tenant has no such key in use."""
    async with database.transaction(tenant_id) as tx:
        tag = await tx.execute(
            """UPDATE access_keys SET revoked_ms = $3 WHERE tenant_id = $1
               AND left(encode(key_hash, 'hex'), 12) = $2 AND revoked_ms IS NULL""",
            *(tenant_id, key_id, platform.wall_ms()),
        )
    return tag != "UPDATE 0"


def _hash(key: str) -> bytes:
    return blake2b(key.encode(), digest_size=32, person=b"kedai key").digest()

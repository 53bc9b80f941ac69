"""The boxes HQ knows: how one is enrolled, and how each request proves whose it is."""

from hashlib import blake2b
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cloud.database import Database, Transaction
from cloud.outlets import code_hash, raise_term
from cloud.platform import Platform
from protocol.ids import NodeId, OutletId, TenantId
from protocol.replication import Enrolled, Enrolment, signed_bytes

CACHED_MS = 60_000
"""How long a node's key is believed without asking: a retired box may speak that much longer."""
CACHED_MAX = 10_000

BAD_CODE = (
    "This enrolment code is wrong, used or expired. Make a new one at HQ: "
    "`kedai cloud outlet code`."
)


class Node(NamedTuple):
    """A box that proved who it is."""

    node_id: NodeId
    tenant_id: TenantId
    outlet_id: OutletId


class Rejected(Exception):
    """This is no box of ours. `code` and the sentence go back to it."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class _Known(NamedTuple):
    node: Node
    key: Ed25519PublicKey
    until_ms: int


class Nodes:
    """Enrolled boxes and their public keys, the recently heard ones at hand."""

    def __init__(self, database: Database, platform: Platform) -> None:
        self._database = database
        self._platform = platform
        self._known: dict[str, _Known] = {}

    async def verify(
        self, node_id: str, signature: str, method: str, path: str, body: bytes
    ) -> Node:
        """The box that signed this request. Raises Rejected when no enrolled box did."""
        known = await self._find(node_id)
        if known is None:
            raise Rejected(
                "unknown_node",
                "HQ does not know this box, or it was retired. With a new code, on the box: "
                "`kedai edge enrol --again --code CODE`.",
            )
        try:
            known.key.verify(bytes.fromhex(signature), signed_bytes(method, path, body))
        except (InvalidSignature, ValueError):
            raise Rejected(
                "bad_signature",
                "The signature does not fit this request; nothing of it was read.",
            ) from None
        return known.node

    async def find(self, node_id: str) -> Node | None:
        """The enrolled box of this name, whoever speaks in it."""
        known = await self._find(node_id)
        return None if known is None else known.node

    async def signed(
        self, tx: Transaction, node_id: str, data: bytes, signature: str
    ) -> bool | None:
        """Whether this box of this tenant, a retired one too, signed these bytes.

        None: no such box is known here, or no more, since HQ was put back from an older copy.
        """
        key = await tx.fetchval("SELECT public_key FROM nodes WHERE node_id = $1", node_id)
        if key is None:
            return None
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(bytes.fromhex(signature), data)
        except (InvalidSignature, ValueError):
            return False
        return True

    async def enrol(self, enrolment: Enrolment) -> Enrolled:
        """Make a box with this key the outlet's primary, and use the code up.

        The same key with the same code again is answered as the first time, since the first
        answer may have been lost. Raises Rejected for a code that is wrong, used or expired.
        """
        try:
            Ed25519PublicKey.from_public_bytes(enrolment.public_key)
        except ValueError:
            raise Rejected("bad_key", "The public key is not an Ed25519 key.") from None
        hashed = code_hash(enrolment.code)
        found = await self._database.lookup("find_enrolment", hashed)
        if not found:
            raise Rejected("bad_code", BAD_CODE)
        tenant_id = TenantId(str(found[0]["tenant_id"]))
        node_id = node_id_of(enrolment.public_key)
        async with self._database.transaction(tenant_id) as tx:
            outlet_id, again = await self._use_code(
                tx, tenant_id, hashed, node_id, enrolment.outlet_id
            )
            # A box that was retired is wanted again when it is given a new code; by its old one not.
            await tx.execute(
                """INSERT INTO nodes VALUES ($1, $2, $3, $4, $5, $6)
                   ON CONFLICT (tenant_id, node_id) DO UPDATE SET
                       retired_ms = CASE WHEN $7 THEN nodes.retired_ms END""",
                *(tenant_id, node_id, outlet_id, enrolment.public_key),
                *(enrolment.product.replace("\x00", "")[:200], self._platform.wall_ms(), again),
            )
            if not again:
                await raise_term(tx, tenant_id, outlet_id, node_id)
            outlet = await tx.fetchrow(
                """SELECT o.name, o.currency, o.zone, o.rollover_hour, n.term
                   FROM outlets o JOIN nodes n USING (tenant_id, outlet_id)
                   WHERE tenant_id = $1 AND outlet_id = $2 AND n.node_id = $3""",
                *(tenant_id, outlet_id, node_id),
            )
        assert outlet is not None, "a code without its outlet"
        return Enrolled(
            node_id=node_id,
            outlet_id=outlet_id,
            tenant_id=tenant_id,
            outlet_name=outlet["name"],
            currency=outlet["currency"],
            zone=outlet["zone"],
            rollover_hour=outlet["rollover_hour"],
            term=outlet["term"],
        )

    async def _use_code(
        self, tx: Transaction, tenant_id: TenantId, hashed: bytes, node_id: NodeId, serves: str
    ) -> tuple[OutletId, bool]:
        """Whose code it is, and whether this box has used it before; it `serves` this outlet."""
        now_ms = self._platform.wall_ms()
        code = await tx.fetchrow(
            """SELECT outlet_id, expires_ms, used_ms FROM enrolment_codes
               WHERE tenant_id = $1 AND code_hash = $2 FOR UPDATE""",
            *(tenant_id, hashed),
        )
        known = await tx.fetchval(
            "SELECT outlet_id FROM nodes WHERE tenant_id = $1 AND node_id = $2",
            *(tenant_id, node_id),
        )
        assert code is not None, "codes are never removed"
        if serves and serves != str(code["outlet_id"]):
            raise Rejected(
                "other_outlet",
                "This code is for another outlet than the one whose data the box has.",
            )
        if known is not None and known != code["outlet_id"]:
            raise Rejected(
                "other_outlet",
                "This box belongs to another outlet. Give it a new key, or use a code of its own.",
            )
        if known is None and (code["used_ms"] is not None or code["expires_ms"] < now_ms):
            raise Rejected("bad_code", BAD_CODE)
        await tx.execute(
            """UPDATE enrolment_codes SET used_ms = coalesce(used_ms, $3)
               WHERE tenant_id = $1 AND code_hash = $2""",
            *(tenant_id, hashed, now_ms),
        )
        again = known is not None and code["used_ms"] is not None
        return OutletId(str(code["outlet_id"])), again

    async def _find(self, node_id: str) -> _Known | None:
        now_ms = self._platform.mono_ms()
        known = self._known.get(node_id)
        if known is not None and known.until_ms > now_ms:
            return known
        self._known.pop(node_id, None)
        if not node_id.isalnum() or not node_id.isascii():
            return None
        rows = await self._database.lookup("find_node", node_id)
        if not rows:
            return None
        if len(self._known) >= CACHED_MAX:
            self._known.pop(next(iter(self._known)))
        row = rows[0]
        node = Node(
            NodeId(node_id), TenantId(str(row["tenant_id"])), OutletId(str(row["outlet_id"]))
        )
        key = Ed25519PublicKey.from_public_bytes(row["public_key"])
        known = self._known[node_id] = _Known(node, key, now_ms + CACHED_MS)
        return known


def node_id_of(public_key: bytes) -> NodeId:
    """A box's name is computed from its key, so nobody can take another's."""
    return NodeId(blake2b(public_key, digest_size=16, person=b"kedai node").hexdigest())

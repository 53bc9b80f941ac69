"""What box and HQ say to each other: enrolment, hello, batches with receipts, feed pages.

All are msgpack; structs with `array_like` have frozen field order and only ever grow at the end.
"""

import msgspec

from protocol.clock import Reading
from protocol.ids import NodeId, OutletId, StreamId, TenantId
from protocol.journal import Entry

BATCH_ENTRIES_MAX = 2_000
BATCH_BYTES_MAX = 4 * 1024 * 1024
"""Most bytes of a batch after decompression; HQ refuses a larger one before reading it."""

COMPRESSED_BYTES_MAX = 1024 * 1024
MEDIA_TYPE = "application/vnd.kedai.sync+msgpack"

HEADER_NODE = "kedai-node"
HEADER_SIGNATURE = "kedai-signature"
"""Hex Ed25519 signature by the node's key over `signed_bytes`."""


class Enrolment(msgspec.Struct, frozen=True, kw_only=True):
    """A new box asks to belong to an outlet: a one-time code and the public key it made."""

    code: str
    public_key: bytes
    protocol: int
    product: str


class Enrolled(msgspec.Struct, frozen=True, kw_only=True):
    """HQ's yes: which node, outlet and tenant the box now is, and the outlet's settings."""

    node_id: NodeId
    outlet_id: OutletId
    tenant_id: TenantId
    outlet_name: str
    currency: str
    zone: str
    rollover_hour: int


class StreamState(msgspec.Struct, frozen=True, array_like=True):
    """What the box has of one stream: first and last seq kept, chain of the last, acked so far."""

    stream: StreamId
    first: int
    last: int
    chain_last: bytes
    acked: int


class Hello(msgspec.Struct, frozen=True, kw_only=True):
    """The box introduces itself at every start, reconnect, ten minutes and after a 409."""

    protocol: int
    product: str
    boot: str
    clock: Reading
    streams: tuple[StreamState, ...]
    feed_incarnation: str
    feed_pos: int
    menu_version: int
    unsent: int
    """Journal entries that HQ has not confirmed yet."""


class KnownStream(msgspec.Struct, frozen=True, array_like=True):
    """What HQ has of one stream: the end of it, its chain there, and what its backups hold."""

    stream: StreamId
    last: int
    chain_last: bytes
    safe: int


class Welcome(msgspec.Struct, frozen=True, kw_only=True):
    """HQ's answer to a hello."""

    protocol: int
    incarnation: str
    role: str
    server_ms: int
    streams: tuple[KnownStream, ...]
    entries_max: int = BATCH_ENTRIES_MAX
    bytes_max: int = BATCH_BYTES_MAX


class Segment(msgspec.Struct, frozen=True, array_like=True):
    """A run of consecutive entries of one stream, with the chain before the first of them."""

    stream: StreamId
    first_seq: int
    previous_chain: bytes
    entries: tuple[Entry, ...]


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Entries on their way up, oldest first; `unsent` is what remains on the box after these."""

    incarnation: str
    sent_ms: int
    segments: tuple[Segment, ...]
    unsent: int


class Ack(msgspec.Struct, frozen=True, array_like=True):
    """HQ's word on one segment: `ok` with the last seq of this verified segment, never more.

    `gap`: entries before it are missing at HQ; `diverged`: the chain does not follow what HQ has.
    For both, `seq` is the last one HQ holds, and nothing of the segment was stored.
    """

    stream: StreamId
    seq: int
    verdict: str


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """HQ's answer to a batch, given after its commit."""

    incarnation: str
    server_ms: int
    acks: tuple[Ack, ...]


class FeedRow(msgspec.Struct, frozen=True, array_like=True):
    """One change from HQ: `body` is JSON, or None when the thing is gone (a tombstone)."""

    pos: int
    kind: str
    key: str
    version: int
    body: bytes | None
    publish_id: str


class FeedPage(msgspec.Struct, frozen=True, kw_only=True):
    """Feed rows after a cursor. A publish is never split over two pages.

    `snapshot`: the rows are all there is (latest per key), so what is not among them is gone.
    """

    incarnation: str
    rows: tuple[FeedRow, ...]
    pos: int
    snapshot: bool = False
    server_ms: int = 0


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """Why HQ did not take a request, in a code and a sentence."""

    code: str
    sentence: str


def signed_bytes(method: str, path: str, body: bytes) -> bytes:
    """What a box signs: method and path (with query) on a line each, then the body as sent."""
    return f"{method}\n{path}\n".encode() + body

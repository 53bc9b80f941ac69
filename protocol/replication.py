"""What box and HQ say to each other: enrolment, hello, batches with receipts, feed pages.

All are msgpack; structs with `array_like` have frozen field order and only ever grow at the end.
"""

import msgspec

from protocol.clock import Reading, Stamp
from protocol.ids import NodeId, OutletId, StreamId, TenantId
from protocol.journal import Entry

BATCH_ENTRIES_MAX = 2_000
BATCH_BYTES_MAX = 4 * 1024 * 1024
"""Most bytes of a batch after decompression; HQ refuses a larger one before reading it."""

COMPRESSED_BYTES_MAX = 1024 * 1024
OWN_ENTRIES_MAX = 1_000
"""Most entries of one page of a back-fill."""
CHAINS_MAX = 64
SAMPLES_MAX = 500
SHIPPED_AS_OPAQUE = "sys.opaque"
"""Type of an entry whose envelope HQ could not read: the box sends it again with a plain one, same
event id, seq and body, which is always acceptable; the real type is in the ledger's aggregate id."""
MEDIA_TYPE = "application/vnd.kedai.sync+msgpack"

HEADER_NODE = "kedai-node"
HEADER_SIGNATURE = "kedai-signature"
"""Hex Ed25519 signature by the node's key over `signed_bytes`."""


class Enrolment(msgspec.Struct, frozen=True, kw_only=True):
    """A new box asks to belong to an outlet: a one-time code and the public key it made.

    HQ raises the outlet's `term` with each enrolment: the newest box is the primary.
    """

    code: str
    public_key: bytes
    protocol: int
    product: str
    outlet_id: str = ""
    """The outlet whose data this box holds already; a code for another one is refused, unused."""


class Enrolled(msgspec.Struct, frozen=True, kw_only=True):
    """HQ's yes: which node, outlet and tenant the box now is, and the outlet's settings."""

    node_id: NodeId
    outlet_id: OutletId
    tenant_id: TenantId
    outlet_name: str
    currency: str
    zone: str
    rollover_hour: int
    term: int = 1


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
    instance: str = ""
    """Names this life of the box's journal; a new one at each start and after each fork."""
    succeeds: str = ""
    """The instance before this one on the same disk: it has ended, unless the disk was copied."""
    stamp: Stamp = Stamp(0)
    """The box's hybrid clock now: a hello that comes late, or twice, has an older one."""
    take_over: bool = False
    """A person at the box asks that it be the primary from now on."""
    alarms: tuple["Alarm", ...] = ()
    digests: tuple["Digest", ...] = ()
    parked: int = 0
    acknowledged: int = 0
    """Commands answered with a yes and remembered, for the witness."""
    oldest_unsent_ms: int | None = None
    receipt_key: bytes = b""
    """What the codes on this box's receipts are made with, kept for the box that replaces it."""


class Alarm(msgspec.Struct, frozen=True, array_like=True):
    """Something a person should know, as a code of `protocol.alarms` with what fills its sentence."""

    code: str
    params: dict[str, str] = {}
    since_ms: int = 0


class Digest(msgspec.Struct, frozen=True, array_like=True):
    """All live feed rows of a kind: how many, and `protocol.digests.total` of them (hex)."""

    kind: str
    rows: int
    total: str


class KnownStream(msgspec.Struct, frozen=True, array_like=True):
    """What HQ has of one stream: the end of it, its chain there, and what its backups hold."""

    stream: StreamId
    last: int
    chain_last: bytes
    safe: int


class Welcome(msgspec.Struct, frozen=True, kw_only=True):
    """HQ's answer to a hello. `streams` are all of the outlet, in the order HQ first heard of them.

    `role` is `primary`, or `standby` when another box of the outlet is the primary.
    """

    protocol: int
    incarnation: str
    role: str
    server_ms: int
    streams: tuple[KnownStream, ...]
    entries_max: int = BATCH_ENTRIES_MAX
    bytes_max: int = BATCH_BYTES_MAX
    term: int = 1
    stamp: Stamp = Stamp(0)
    """HQ's hybrid clock: what the box stamps from now on is later."""
    digests: tuple[Digest, ...] = ()
    """Of the feed at `feed_pos`, for the box to compare with its own."""
    feed_pos: int = 0
    head: int | None = None
    """Entries in the outlet's ledger, whoever sent them."""
    pin_pepper: bytes = b""
    """What PINs of the tenant's people are hashed with; it goes into no database of the box."""
    receipt_keys: tuple[bytes, ...] = ()
    """Those of all boxes the outlet has had: a printed code outlives the box that made it."""


class Wanted(msgspec.Struct, frozen=True, array_like=True):
    """Entries of a stream that the box lacks, both ends included."""

    stream: StreamId
    first: int
    last: int


class OwnRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A restored or replaced box asks for its outlet's own entries."""

    wanted: tuple[Wanted, ...]


class OwnPage(msgspec.Struct, frozen=True, kw_only=True):
    """Part of what was asked, stream by stream from the front; the box asks again for the rest.

    A segment without entries says that HQ does not have those.
    """

    segments: tuple["Segment", ...]


class ChainRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The box looks for the place where its stream and HQ's part."""

    stream: StreamId
    seqs: tuple[int, ...]


class ChainAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """HQ's chain after each seq that was asked for; empty where it has none."""

    chains: tuple[bytes, ...]


class Sample(msgspec.Struct, frozen=True, array_like=True):
    """One figure of telemetry: worth having, never worth an order's place on disk or line."""

    at_ms: int
    name: str
    value: float


class Telemetry(msgspec.Struct, frozen=True, kw_only=True):
    """Samples on their own way up, apart from orders; what is lost is lost."""

    instance: str
    samples: tuple[Sample, ...]
    dropped: int = 0
    """Samples the box threw away for want of room since it last said so."""


class Witness(msgspec.Struct, frozen=True, kw_only=True):
    """What HQ has of an outlet, for `kedai edge doctor`: is everything sent, and the same?"""

    incarnation: str
    server_ms: int
    streams: tuple["KnownStream", ...]
    head: int
    """Entries in the outlet's ledger."""
    distinct: int
    """Of these, how many are not copies of another."""
    projected: int
    parked: int
    cards: int
    """Open cards of the outlet in the conflict inbox."""
    role: str = "primary"
    backup_ms: int | None = None
    """When the oldest backup that HQ would restore was made."""


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
    stamp: Stamp = Stamp(0)
    role: str = "primary"
    head: int | None = None
    """Entries in the outlet's ledger: more than this box knows of were written by another."""


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """Why HQ did not take a request, in a code and a sentence."""

    code: str
    sentence: str
    retry_after_s: float | None = None
    entries_max: int | None = None
    """Send no more than so many entries at a time for now."""


def signed_bytes(method: str, path: str, body: bytes) -> bytes:
    """What a box signs: method and path (with query) on a line each, then the body as sent."""
    return f"{method}\n{path}\n".encode() + body

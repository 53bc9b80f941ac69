"""Back-fill: an outlet's own entries for a box that lost them, and chains to find where two part."""

from cloud.database import Database, Row, Transaction
from cloud.nodes import Node
from protocol.clock import Confidence, Stamp
from protocol.ids import CommandId, EventId
from protocol.journal import CHAIN_START, Entry
from protocol.replication import (
    CHAINS_MAX,
    OWN_ENTRIES_MAX,
    ChainAnswer,
    ChainRequest,
    OwnPage,
    OwnRequest,
    Segment,
    Wanted,
)

OWN_BYTES_MAX = 1_000_000
"""Bytes of bodies after which a page is closed; a single entry larger than this still comes."""
WANTED_MAX = 64
"""Ranges answered per page; the box asks again for the rest."""
SEQ_MAX = (1 << 63) - 1


class TooManyAsked(Exception):
    """More chains than one request may ask for."""


class Own:
    """What HQ holds of a box's outlet, handed back to it. Nobody else's can be asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, node: Node, asked: OwnRequest) -> OwnPage:
        """The entries asked for, from the front, as many as fit a page.

        A range that HQ has nothing of comes back as a segment without entries; one that is not
        in the page at all did not fit.
        """
        segments: list[Segment] = []
        entries, size = OWN_ENTRIES_MAX, OWN_BYTES_MAX
        async with self._database.reading(node.tenant_id) as tx:
            for wanted in asked.wanted[:WANTED_MAX]:
                segment = await _read(tx, node, wanted, entries, size)
                segments.append(segment)
                entries -= len(segment.entries)
                size -= sum(len(e.body) for e in segment.entries)
                if entries <= 0 or size <= 0:
                    break
        return OwnPage(segments=tuple(segments))

    async def chains(self, node: Node, asked: ChainRequest) -> ChainAnswer:
        """HQ's chain after each seq, empty where it has none. Raises TooManyAsked."""
        if len(asked.seqs) > CHAINS_MAX:
            raise TooManyAsked(f"one request asks for at most {CHAINS_MAX} chains")
        if not _sound(asked.stream):
            return ChainAnswer(chains=(CHAIN_START,) * len(asked.seqs))
        async with self._database.transaction(node.tenant_id) as tx:
            rows = await tx.fetch(
                """SELECT seq, chain FROM ledger WHERE tenant_id = $1 AND outlet_id = $2
                   AND stream = $3 AND seq = ANY($4::bigint[])""",
                *(node.tenant_id, node.outlet_id, asked.stream),
                [max(0, min(seq, SEQ_MAX)) for seq in asked.seqs],
            )
        chains = {r["seq"]: r["chain"] for r in rows}
        return ChainAnswer(chains=tuple(chains.get(seq, CHAIN_START) for seq in asked.seqs))


async def _read(tx: Transaction, node: Node, wanted: Wanted, entries: int, size: int) -> Segment:
    first = max(1, wanted.first)
    nothing = Segment(wanted.stream, wanted.first, CHAIN_START, ())
    if not _sound(wanted.stream) or first > SEQ_MAX:
        return nothing
    # The running size is worked out from lengths alone: bodies left out are never read.
    rows = await tx.fetch(
        """SELECT * FROM (
               SELECT *, sum(octet_length(body)) OVER (ORDER BY seq) - octet_length(body) AS before
               FROM (SELECT * FROM ledger WHERE tenant_id = $1 AND outlet_id = $2 AND stream = $3
                     AND seq BETWEEN $4 AND $5 ORDER BY seq LIMIT $6) AS asked) AS sized
           WHERE before < $7 ORDER BY seq""",
        *(node.tenant_id, node.outlet_id, wanted.stream, first),
        *(max(0, min(wanted.last, SEQ_MAX)), entries, size),
    )
    if not rows:
        return nothing
    previous: bytes = CHAIN_START
    if rows[0]["seq"] > 1:
        previous = await tx.fetchval(
            """SELECT chain FROM ledger WHERE tenant_id = $1 AND outlet_id = $2
               AND stream = $3 AND seq = $4""",
            *(node.tenant_id, node.outlet_id, wanted.stream, rows[0]["seq"] - 1),
        )
    return Segment(wanted.stream, rows[0]["seq"], previous, tuple(entry_of(r) for r in rows))


def entry_of(row: Row) -> Entry:
    """The entry as HQ holds it."""
    return Entry(
        EventId(row["event_id"].hex()),
        row["type"],
        row["version"],
        row["aggregate_kind"],
        row["aggregate_id"],
        Stamp(row["stamp"]),
        row["wall_ms"],
        row["mono_ms"],
        row["boot"],
        Confidence(row["confidence"]),
        CommandId(row["command_id"]),
        row["actor"],
        row["body"],
    )


def _sound(stream: str) -> bool:
    """Whether Postgres can be asked for this name."""
    return stream.isalnum() and stream.isascii()

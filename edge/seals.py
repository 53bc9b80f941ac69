"""Marks by which people compare box and HQ over the telephone: the chain where HQ confirmed it last."""

import sqlite3

import msgspec

from edge.greeting import acked_seqs, chain_at

SEALS_SHOWN = 5
"""The newest streams; an older one ends where the next begins."""


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """The end of one stream as HQ confirmed it: four signs of its name, entries, eight of its chain.

    HQ's dashboard shows the same marks of what its ledger holds. Equal marks mean that everything
    before them is equal, entry for entry.
    """

    stream: str
    entries: int
    mark: str


def read_seals(db: sqlite3.Connection) -> tuple[Seal, ...]:
    """The newest streams that HQ has something of, newest first."""
    kept = [(stream, seq, chain_at(db, stream, seq)) for stream, seq in acked_seqs(db).items()]
    return tuple(
        Seal(stream=stream[:4].upper(), entries=seq, mark=_mark(chain))
        for stream, seq, chain in reversed(kept)
        if seq and chain
    )[:SEALS_SHOWN]


def _mark(chain: bytes) -> str:
    signs = chain[:4].hex().upper()
    return f"{signs[:4]} {signs[4:]}"

"""The digest that chains Z reports, and the statement a box signs on each closed day."""

from hashlib import blake2b

import msgspec
from msgspec.structs import replace

from protocol.events import encode
from protocol.floor_events import DayClosed
from protocol.tills import DayFigures


def z_digest(closed: DayClosed) -> str:
    """Names everything a Z report says, the one before it included: blake2b-128 in hex."""
    return _digest(encode(replace(closed, digest="")))


def z_digest_of_bytes(body: bytes, digest: str) -> str:
    """The same from an event as it was sent, whatever fields a newer build put into it."""
    return _digest(body.replace(f'"digest":"{digest}"'.encode(), b'"digest":""', 1))


def in_groups(digest: str) -> tuple[str, str]:
    """A digest as two people read it to each other: groups of four signs, in two rows."""
    groups = [digest[i : i + 4] for i in range(0, len(digest), 4)]
    half = (len(groups) + 1) // 2
    return " ".join(groups[:half]), " ".join(groups[half:])


class Head(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How far a stream was counted, and its chain there (hex): the same chain, the same entries."""

    stream: str
    seq: int
    chain: str = ""


class Counts(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Entries since the Z before, by what they tell of."""

    entries: int = 0
    orders: int = 0
    payments: int = 0
    refunds: int = 0
    voids: int = 0
    prints: int = 0
    stock: int = 0


COUNTED_AS = {
    "order.placed": "orders",
    "payment.taken": "payments",
    "payment.refunded": "refunds",
    "line.voided": "voids",
    "line.reduced": "voids",
    "paper.printed": "prints",
    "stock.moved": "stock",
    "stock.counted": "stock",
}
"""Which figure of `Counts` an entry of a type belongs to, beside `entries`."""


def counts_of(by_type: dict[str, int]) -> Counts:
    """From the number of entries of each type."""
    sums = {"entries": sum(by_type.values())}
    for tag, name in COUNTED_AS.items():
        sums[name] = sums.get(name, 0) + by_type.get(tag, 0)
    return Counts(**sums)


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """What one side, the box or HQ, has of a closed day, worked out from its own entries.

    `gone`: entries of the day that a box had let go before the day was closed, weeks after they were
    written. HQ had confirmed each; the box counts only what it still has.
    """

    figures: DayFigures
    counts: Counts
    heads: tuple[Head, ...]
    gone: int = 0


class ScreenHolding(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a screen said of itself last: commands that the box has not answered yet."""

    screen: str
    unsent: int


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """What box, HQ and every screen have of a closed day; signed by the box, chained to the one before.

    `previous` is the digest of the statement before (blake2b-128 of its bytes, hex; empty for the
    first), `z_digest` that of the Z report. `differs` names what box and HQ do not have alike.
    """

    outlet_id: str
    number_z: int
    business_date: str
    z_digest: str
    previous: str
    box: Holding
    hq: Holding
    screens: tuple[ScreenHolding, ...] = ()
    differs: tuple[str, ...] = ()
    at_ms: int = 0


class DayAtHq(msgspec.Struct, frozen=True, kw_only=True):
    """What HQ answers about a Z: nothing while it has not everything that the Z counts."""

    digest: str
    holding: Holding | None = None


def differences(box: Holding, hq: Holding) -> tuple[str, ...]:
    """Names of what two sides do not have alike; empty when they agree to the last entry.

    Where entries had gone from the box, the figures and the chains that it still has speak for it.
    """
    found: list[str] = []
    chains = {head.stream: head for head in box.heads}
    known = [h for h in hq.heads if not box.gone or chains.get(h.stream, h).chain]
    if [chains.get(h.stream) for h in known] != known or chains.keys() - {
        h.stream for h in hq.heads
    }:
        found.append("entries")
    for name in () if box.gone else Counts.__struct_fields__:
        if getattr(box.counts, name) != getattr(hq.counts, name) and name not in found:
            found.append(name)
    found += [
        f"figures.{name}"
        for name in DayFigures.__struct_fields__
        if getattr(box.figures, name) != getattr(hq.figures, name)
    ]
    return tuple(found)


def signed_statement(statement: bytes) -> bytes:
    """What a box signs: the statement under a name of its own, so that it is nothing else's signature."""
    return b"kedai day certificate\n" + statement


def statement_digest(statement: bytes) -> str:
    """What the next statement calls this one: blake2b-128 of its bytes in hex."""
    return _digest(statement)


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()

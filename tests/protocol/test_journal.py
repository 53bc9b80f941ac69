"""The chain: whatever is changed, swapped or taken out of a stream is found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from protocol.clock import Confidence
from protocol.ids import derive
from protocol.journal import (
    CHAIN_BYTES,
    CHAIN_START,
    Entry,
    Position,
    Stored,
    chain_over,
    find_break,
    link,
)

BODIES = st.lists(st.binary(max_size=30), min_size=1, max_size=12)


def entries_of(bodies):
    return [
        Entry(
            event_id=derive("command", str(i)),
            type="order.placed",
            version=1,
            aggregate_kind="order",
            aggregate_id="o",
            stamp=i,
            wall_ms=i,
            mono_ms=i,
            boot="b",
            confidence=Confidence.SYNCED,
            command_id="c",
            actor="",
            body=body,
        )
        for i, body in enumerate(bodies)
    ]


def stream_of(bodies):
    entries = entries_of(bodies)
    chains = chain_over(CHAIN_START, entries)
    return [
        Stored(at=Position(n, "stream", n, chain), entry=entry)
        for n, (entry, chain) in enumerate(zip(entries, chains, strict=True), start=1)
    ]


@given(BODIES)
def test_an_untouched_stream_has_no_break_from_wherever_one_looks(bodies):
    stream = stream_of(bodies)
    assert find_break(CHAIN_START, stream) is None
    for n, item in enumerate(stream):
        assert find_break(item.at.chain, stream[n + 1 :]) is None
        assert len(item.at.chain) == CHAIN_BYTES


@given(BODIES, st.data())
def test_a_changed_entry_is_found(bodies, data):
    stream = stream_of(bodies)
    at = data.draw(st.integers(0, len(stream) - 1))
    body = data.draw(st.binary(max_size=30).filter(lambda b: b != bodies[at]))
    for entry in (
        replace(stream[at].entry, body=body),
        replace(stream[at].entry, event_id=derive("other")),
    ):
        forged = [*stream[:at], replace(stream[at], entry=entry), *stream[at + 1 :]]
        assert find_break(CHAIN_START, forged) is forged[at]


@given(BODIES.filter(lambda b: len(b) > 1), st.data())
def test_a_missing_entry_is_found(bodies, data):
    stream = stream_of(bodies)
    at = data.draw(st.integers(0, len(stream) - 2))
    assert find_break(CHAIN_START, stream[:at] + stream[at + 1 :]) is stream[at + 1]


@given(BODIES.filter(lambda b: len(b) > 1), st.data())
def test_swapped_and_repeated_entries_are_found(bodies, data):
    stream = stream_of(bodies)
    at = data.draw(st.integers(0, len(stream) - 2))
    swapped = [*stream[:at], stream[at + 1], stream[at], *stream[at + 2 :]]
    assert find_break(CHAIN_START, swapped) is stream[at + 1]
    repeated = [*stream[: at + 1], *stream[at:]]
    assert find_break(CHAIN_START, repeated) is stream[at]


@pytest.mark.parametrize(
    ("previous", "ends"),
    [(b"", "f29fbf45ee7ed64ab3ab45a03019fc4b"), (bytes(16), "808ec7a0dd3947d3e8ddcb570439b56c")],
)
def test_the_chain_is_the_one_that_streams_in_the_field_have(previous, ends):
    assert link(previous, "00" * 16, b'{"type":"order.held"}').hex() == ends

"""Back-fill: a box gets back all of its own outlet and nothing of another; chains show where two part."""

import pytest
from msgspec.structs import replace

from protocol.journal import chain_over
from protocol.replication import (
    CHAINS_MAX,
    OWN_ENTRIES_MAX,
    ChainAnswer,
    ChainRequest,
    OwnPage,
    OwnRequest,
    StreamState,
    Wanted,
)

pytestmark = pytest.mark.postgres

DAY_MS = 24 * 3_600_000


@pytest.fixture
def some(till):
    return till.entries(*(till.placed() for _ in range(6)))


async def own(box, *wanted):
    return (await box.post("/sync/v1/own", OwnRequest(wanted=wanted), OwnPage)).segments


async def test_what_a_box_sent_comes_back_byte_for_byte(box, some):
    await box.send(*some)
    (segment,) = await own(box, Wanted(box.stream, 1, 6))
    assert segment == box.segment(some, 1, b"")


async def test_a_part_comes_with_the_chain_before_it(box, some):
    await box.send(*some)
    (segment,) = await own(box, Wanted(box.stream, 3, 4))
    assert segment == box.segment(some[2:4], 3, chain_over(b"", some)[1])


async def test_what_hq_does_not_have_is_an_empty_segment(box, some):
    await box.send(*some)
    wanted = (Wanted("ee" * 16, 1, 9), Wanted(box.stream, 7, 9), Wanted(box.stream, 5, 9))
    segments = await own(box, *wanted, Wanted("no such\0", -5, 1 << 63), Wanted(box.stream, 4, 2))
    assert [len(s.entries) for s in segments] == [0, 0, 2, 0, 0]
    assert segments[0].stream == "ee" * 16


async def test_a_long_stream_comes_in_pages_that_fit_together(box, till):
    small = b'{"type":"order.held","order_id":"o","at_ms":1}'
    placed = till.placed()
    entries = tuple(replace(e, body=small) for e in till.entries(*[placed] * (OWN_ENTRIES_MAX + 5)))
    await box.send(*entries)
    (first,) = await own(box, Wanted(box.stream, 1, 5_000), Wanted("ee" * 16, 1, 1))
    assert len(first.entries) == OWN_ENTRIES_MAX
    (rest, nothing) = await own(
        box, Wanted(box.stream, OWN_ENTRIES_MAX + 1, 5_000), Wanted("ee" * 16, 1, 1)
    )
    assert first.entries + rest.entries == entries
    assert rest.previous_chain == chain_over(b"", first.entries)[-1]
    assert nothing.entries == ()


async def test_large_entries_come_one_by_one(box, till):
    large = [till.entry(till.placed(), body=b"x" * 700_000) for _ in range(3)]
    for entry in large:
        await box.send(entry)
    (page,) = await own(box, Wanted(box.stream, 1, 3))
    assert list(page.entries) == large[:2]


async def test_a_box_gets_nothing_of_another_outlet_or_tenant(world, tenant, box, some):
    await box.send(*some)
    sister = await world.box(tenant, "Cabang")
    stranger = await world.box(await world.tenant("Lain"))
    for other in (sister, stranger):
        (segment,) = await own(other, Wanted(box.stream, 1, 6))
        assert segment.entries == ()
        asked = ChainRequest(stream=box.stream, seqs=(1, 6))
        assert (await other.post("/sync/v1/chains", asked, ChainAnswer)).chains == (b"", b"")


async def test_chains_are_told_where_hq_has_them(world, box, some):
    await box.send(*some)
    asked = ChainRequest(stream=box.stream, seqs=(6, 1, 0, 7, -1, 1 << 63))
    chains = chain_over(b"", some)
    answer = await box.post("/sync/v1/chains", asked, ChainAnswer)
    assert answer.chains == (chains[5], chains[0], b"", b"", b"", b"")
    too_many = ChainRequest(stream=box.stream, seqs=tuple(range(CHAINS_MAX + 1)))
    with pytest.raises(world.refused) as no:
        await box.post("/sync/v1/chains", too_many, ChainAnswer)
    assert (no.value.status, no.value.code) == (422, "too_many")


async def test_hello_names_streams_in_the_order_they_came(world, tenant, box, some, till):
    names = ["ff" * 16, "aa" * 16, "0b" * 16]
    for name in names:
        box.stream, box.sent = name, []
        await box.send(till.entry(till.placed()))
    assert [k.stream for k in (await box.hello()).streams] == names


async def test_an_old_stream_is_told_while_it_is_written_or_asked_for(world, box, till):
    old, long = "0a" * 16, "0b" * 16
    for name in (old, long):
        box.stream, box.sent = name, []
        await box.send(till.entry(till.placed()))
    world.clock.now_ms += 36 * DAY_MS
    await box.send(till.entry(till.placed()))
    assert [k.stream for k in (await box.hello()).streams] == [long]
    asked = await box.hello(streams=(StreamState(old, 1, 1, b"", 1),))
    assert [k.stream for k in asked.streams] == [old, long]


async def test_with_no_backup_nothing_is_safe_to_let_go(box, some):
    await box.send(*some)
    assert [k.safe for k in (await box.hello()).streams] == [0]

"""Intake, rule by rule: what is verified is kept and acknowledged, and nothing else is."""

import gzip

import msgspec
import pytest

from protocol.journal import chain_over
from protocol.replication import BATCH_BYTES_MAX, COMPRESSED_BYTES_MAX, Ack, Batch, Trouble

pytestmark = pytest.mark.postgres


@pytest.fixture
def some(till):
    return till.entries(*(till.placed() for _ in range(6)))


async def ledger(world, tenant):
    return await world.rows(tenant, "SELECT * FROM ledger ORDER BY outlet_id, position")


async def test_entries_are_kept_as_they_came_and_then_acknowledged(world, tenant, box, some):
    receipt = await box.send(*some, unsent=7)
    assert receipt.acks == (Ack(box.stream, 6, "ok"),)
    kept = await ledger(world, tenant)
    assert [r["position"] for r in kept] == [1, 2, 3, 4, 5, 6]
    assert [r["body"] for r in kept] == [x.body for x in some]
    assert [r["chain"] for r in kept] == chain_over(b"", some)
    outlet = (await world.rows(tenant, "SELECT head, unsent FROM outlets"))[0]
    assert outlet == {"head": 6, "unsent": 7}


async def test_a_segment_that_comes_again_is_acknowledged_and_not_kept_twice(
    world, tenant, box, some
):
    await box.send(*some)
    receipt = await box.deliver(box.segment(some, 1, b""))
    assert receipt.acks == (Ack(box.stream, 6, "ok"),)
    assert len(await ledger(world, tenant)) == 6


async def test_the_acknowledgement_ends_with_the_verified_segment_not_with_what_hq_has(box, some):
    await box.send(*some)
    receipt = await box.deliver(box.segment(some[:2], 1, b""))
    assert receipt.acks == (Ack(box.stream, 2, "ok"),)


async def test_an_overlapping_segment_adds_only_what_is_new(world, tenant, box, some):
    await box.send(*some[:4])
    receipt = await box.deliver(box.segment(some[2:], 3, chain_over(b"", some[:2])[-1]))
    assert receipt.acks == (Ack(box.stream, 6, "ok"),)
    assert [r["seq"] for r in await ledger(world, tenant)] == [1, 2, 3, 4, 5, 6]


async def test_a_gap_is_named_and_nothing_after_it_is_kept(world, tenant, box, some):
    await box.send(*some[:2])
    receipt = await box.deliver(box.segment(some[4:], 5, chain_over(b"", some[:4])[-1]))
    assert receipt.acks == (Ack(box.stream, 2, "gap"),)
    assert len(await ledger(world, tenant)) == 2


async def test_another_past_is_diverged_wherever_it_differs(world, tenant, box, some, till):
    await box.send(*some)
    other = till.entries(*(till.placed() for _ in range(8)))
    rewritten = box.segment(other[:4], 1, b"")
    wrong_before = box.segment(some[3:], 4, b"\1" * 16)
    continued = box.segment(other[6:], 7, chain_over(b"", other[:6])[-1])
    for segment in (rewritten, wrong_before, continued):
        receipt = await box.deliver(segment)
        assert receipt.acks == (Ack(box.stream, 6, "diverged"),)
    assert [r["body"] for r in await ledger(world, tenant)] == [x.body for x in some]


async def test_one_bad_segment_does_not_hold_up_the_others(world, tenant, box, some):
    good, other = box.segment(some[:3]), "cd" * 16
    gap = msgspec.structs.replace(good, stream="ef" * 16, first_seq=5)
    fine = msgspec.structs.replace(good, stream=other, entries=some[3:])
    receipt = await box.deliver(good, gap, fine)
    assert [a.verdict for a in receipt.acks] == ["ok", "gap", "ok"]
    assert [r["position"] for r in await ledger(world, tenant)] == [1, 2, 3, 4, 5, 6]


async def test_two_segments_of_one_stream_may_overlap_in_a_batch(world, tenant, box, some):
    chains = chain_over(b"", some)
    receipt = await box.deliver(
        box.segment(some[:4], 1, b""),
        box.segment(some[1:3], 2, chains[0]),
        box.segment(some[4:], 5, chains[3]),
    )
    assert [a.seq for a in receipt.acks] == [4, 3, 6]
    assert len(await ledger(world, tenant)) == 6


async def test_an_event_that_comes_in_two_streams_is_kept_twice_and_flagged_once(
    world, tenant, box, some
):
    await box.send(*some)
    again = msgspec.structs.replace(box.segment(some, 1, b""), stream="cd" * 16)
    receipt = await box.deliver(again)
    assert receipt.acks[0].verdict == "ok"
    flags = [(r["stream"][:2], r["duplicate"]) for r in await ledger(world, tenant)]
    assert flags == [("ab", False)] * 6 + [("cd", True)] * 6


async def test_a_batch_for_another_life_of_the_database_is_told_to_say_hello(world, box, some):
    with pytest.raises(world.refused) as no:
        await box.deliver(box.segment(some), incarnation="00000000-0000-4000-8000-000000000000")
    assert (no.value.status, no.value.code) == (409, "hello")


async def test_hello_tells_what_hq_has_of_this_outlet(world, tenant, box, some):
    await box.send(*some)
    other = await world.box(tenant, "Cabang")
    welcome = await box.hello(unsent=3)
    assert [(k.stream, k.last, k.chain_last) for k in welcome.streams] == [
        (box.stream, 6, box.chain)
    ]
    assert (await other.hello()).streams == ()


async def test_strange_envelopes_are_facts_too(world, tenant, box, till):
    strange = till.entry(till.placed(), actor="a\0b", aggregate_id="x" * 5000, stamp=1 << 63)
    receipt = await box.send(strange)
    assert receipt.acks[0].verdict == "ok"
    kept = (await ledger(world, tenant))[0]
    assert kept["body"] == strange.body
    assert (kept["chain"], kept["actor"]) == (box.chain, "a\ufffdb")


@pytest.mark.parametrize(
    "change",
    [{"first_seq": 0}, {"entries": ()}, {"stream": "no such"}, {"stream": "a" * 65}],
    ids=str,
)
async def test_a_badly_framed_batch_is_refused_whole(world, tenant, box, some, change):
    segment = msgspec.structs.replace(box.segment(some), **change)
    with pytest.raises(world.refused) as no:
        await box.deliver(box.segment(some), segment)
    assert (no.value.status, no.value.code) == (422, "malformed")
    assert await ledger(world, tenant) == []


async def test_event_ids_are_hex(world, box, till):
    for event_id in ("zz" * 16, "ab" * 15):
        with pytest.raises(world.refused) as no:
            await box.deliver(box.segment([till.entry(till.placed(), event_id=event_id)]))
        assert no.value.code == "malformed"


# ---------------------------------------------------------------- what comes over the wire


async def posted(box, body, **options):
    response = await box.request("POST", "/sync/v1/batches", body, **options)
    return response.status_code, msgspec.msgpack.decode(response.content, type=Trouble).code


async def test_a_zip_bomb_is_never_unpacked(box):
    bomb = gzip.compress(b"\0" * (BATCH_BYTES_MAX + 1))
    assert len(bomb) < 10_000
    assert await posted(box, bomb) == (413, "too_large")


async def test_too_much_is_refused_packed_or_not(box):
    assert await posted(box, b"\x1f" * (COMPRESSED_BYTES_MAX + 1)) == (413, "too_large")
    assert await posted(box, b"\0" * (BATCH_BYTES_MAX + 1), encoding="") == (413, "too_large")


async def test_garbage_and_cut_off_bodies_are_refused(box, some):
    batch = Batch(incarnation="", sent_ms=0, segments=(box.segment(some),), unsent=0)
    packed = gzip.compress(msgspec.msgpack.encode(batch))
    assert await posted(box, b"garbage") == (400, "unreadable")
    assert await posted(box, packed[:-20]) == (400, "unreadable")
    assert await posted(box, packed + b"more") == (400, "unreadable")
    assert await posted(box, gzip.compress(b"\xc1garbage")) == (422, "unreadable")
    assert await posted(box, gzip.compress(msgspec.msgpack.encode(batch)[:-9])) == (
        422,
        "unreadable",
    )
    assert await posted(box, gzip.compress(b"\x91" * 100_000)) == (422, "unreadable")
    assert await posted(box, packed, encoding="br") == (415, "encoding")


async def test_plain_bodies_are_read_too(world, tenant, box, some):
    batch = Batch(incarnation=box.incarnation, sent_ms=0, segments=(box.segment(some),), unsent=0)
    response = await box.request(
        "POST", "/sync/v1/batches", msgspec.msgpack.encode(batch), encoding=""
    )
    assert response.status_code == 200
    assert len(await ledger(world, tenant)) == 6


async def test_an_ordinary_batch_makes_five_statements_and_a_transaction(world, box, some):
    await box.send(*some[:1])
    said = []
    for holder in world.hq.database._pool._holders:
        if holder._con is not None:
            holder._con.add_query_logger(lambda record: said.append(record.query.split()[0]))
    await box.send(*some[1:])
    until_committed = said[: said.index("COMMIT")]
    assert until_committed == ["BEGIN;", "SELECT", "SELECT", "INSERT", "INSERT", "UPDATE"]

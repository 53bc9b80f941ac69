"""Entries go up to HQ in batches and stay until HQ confirmed them: the box's half, on a real disk."""

import pytest

from edge import replication as module
from edge.replication import Replication, oldest_unsent_ms
from edge.uplink import HqSaysHello
from protocol.ids import StreamId
from protocol.journal import CHAIN_START, chain_over
from protocol.replication import Ack, KnownStream, Receipt, Welcome


@pytest.fixture
async def three_streams(make_heart, menu, guest):
    """A box that was started three times and took three orders each time."""
    for start in range(3):
        heart = await make_heart(menu=menu if start == 0 else None)
        for _ in range(3):
            await heart.taking.take(guest.asks(guest.place()))
        if start < 2:
            await heart.stop()
    return heart


@pytest.fixture
def line(three_streams, clock):
    """Its line to HQ, with nobody at the other end."""
    heart = three_streams
    found = Replication(None, heart.journal, heart.database, clock, product="test")
    found.incarnation = "hq-1"
    return found


async def states(line):
    return await line.database.read(module._stream_states)


def welcome(*streams, incarnation="hq-1"):
    known = tuple(KnownStream(s.stream, last, chain, 0) for s, last, chain in streams)
    return Welcome(protocol=1, incarnation=incarnation, role="primary", server_ms=0, streams=known)


async def greet(line, *streams):
    await line._compare(await states(line), welcome(*streams))
    line.sent_through = await line.database.read(module._sent_through)


def receipt_for(batch, verdict="ok", short=0):
    acks = tuple(
        Ack(s.stream, s.first_seq + len(s.entries) - 1 - short, verdict) for s in batch.segments
    )
    return Receipt(incarnation=batch.incarnation, server_ms=0, acks=acks)


async def send(line, **receipt):
    batch, last = await line._next_batch()
    await line._take_receipt(batch, receipt_for(batch, **receipt), last)
    return batch


async def acked(line):
    rows = await line.database.read(
        lambda db: db.execute("SELECT acked_seq FROM streams ORDER BY id").fetchall()
    )
    return [a for (a,) in rows]


async def test_a_batch_holds_every_entry_once_in_runs_that_hq_can_verify(line):
    batch, last = await line._next_batch()
    assert last == line.journal.position
    assert (batch.unsent, batch.incarnation) == (0, "hq-1")
    stored = await line.journal.read_after(0, 1_000)
    assert [e for s in batch.segments for e in s.entries] == [f.entry for f in stored]
    chains = {(f.at.stream, f.at.seq): f.at.chain for f in stored}
    assert len(batch.segments) == 3
    for segment in batch.segments:
        assert (segment.first_seq, segment.previous_chain) == (1, CHAIN_START)
        end = chain_over(segment.previous_chain, segment.entries)[-1]
        assert end == chains[segment.stream, len(segment.entries)]


async def test_small_batches_continue_each_other_and_their_chain(line):
    line._size = 4
    sent = []
    while line.unsent:
        line._size = 4
        batch = await send(line)
        assert sum(len(s.entries) for s in batch.segments) <= 4
        sent += batch.segments
    ends = {}
    for segment in sent:
        first, chain = ends.get(segment.stream, (1, CHAIN_START))
        assert (segment.first_seq, segment.previous_chain) == (first, chain)
        ends[segment.stream] = (
            segment.first_seq + len(segment.entries), chain_over(chain, segment.entries)[-1],
        )  # fmt: skip
    assert sum(len(s.entries) for s in sent) == line.journal.position
    assert await acked(line) == [s.last for s in await states(line)]


async def test_a_batch_is_bounded_in_bytes(line, monkeypatch):
    monkeypatch.setattr(module, "BYTES_MAX", 3_000)
    batch, last = await line._next_batch()
    assert 0 < last < line.journal.position
    assert batch.unsent == line.journal.position - last
    assert sum(len(e.body) for s in batch.segments for e in s.entries) < 6_000


@pytest.mark.parametrize("trouble", [{"verdict": "gap"}, {"verdict": "diverged"}, {"short": 1}])
async def test_what_hq_did_not_confirm_whole_ends_in_a_hello_and_stays_unsent(line, trouble):
    with pytest.raises(HqSaysHello):
        await send(line, **trouble)
    assert line.sent_through == 0
    if "verdict" in trouble:
        assert await acked(line) == [0, 0, 0]


async def test_a_receipt_of_another_hq_confirms_nothing(line):
    batch, last = await line._next_batch()
    receipt = Receipt(incarnation="hq-2", server_ms=0, acks=receipt_for(batch).acks)
    with pytest.raises(HqSaysHello):
        await line._take_receipt(batch, receipt, last)
    assert await acked(line) == [0, 0, 0]


async def test_an_acknowledgement_never_moves_back(line):
    await send(line)
    before = await acked(line)
    streams = await states(line)
    old = [Ack(s.stream, 1, "ok") for s in streams]
    await line.database.write(lambda db: module._mark_acked(db, old))
    assert await acked(line) == before


async def test_after_a_restart_it_goes_on_where_hq_confirmed(line):
    line._size = 7
    await send(line)
    confirmed = line.sent_through
    assert await line.database.read(module._sent_through) == confirmed == 7
    oldest = await line.database.read(lambda db: oldest_unsent_ms(db, confirmed))
    assert oldest == line.platform.wall_ms()
    line._size = 1_000
    await send(line)
    assert await line.database.read(module._sent_through) == line.journal.position
    head = line.journal.position
    assert await line.database.read(lambda db: oldest_unsent_ms(db, head)) is None


async def test_hello_an_hq_that_knows_nothing_gets_everything(line):
    await greet(line)
    assert (line.alarms, line.unsent) == ([], line.journal.position)


async def test_hello_a_proven_prefix_is_not_sent_again(line):
    first, second, _ = await states(line)
    second_chain = await line._chain_at(second.stream, 2)
    await greet(line, (first, first.last, first.chain_last), (second, 2, second_chain))
    assert line.alarms == []
    assert await acked(line) == [first.last, 2, 0]
    batch, _ = await line._next_batch()
    first = batch.segments[0]
    assert (first.stream, first.first_seq) == (second.stream, 3)


async def test_hello_an_hq_that_lost_what_it_had_confirmed_gets_it_again_and_alarms(line):
    await send(line)
    first, second, third = await states(line)
    chain = await line._chain_at(third.stream, 1)
    await greet(
        line,
        (first, first.last, first.chain_last),
        (second, second.last, second.chain_last),
        (third, 1, chain),
    )
    assert len(line.alarms) == 1
    assert "lost" in line.alarms[0]
    batch, _ = await line._next_batch()
    assert [(s.stream, s.first_seq) for s in batch.segments] == [(third.stream, 2)]


async def test_hello_another_past_is_an_alarm_and_holds_up_no_other_stream(line):
    first, second, third = await states(line)
    await greet(line, (first, first.last, b"\1" * 16), (second, second.last, second.chain_last))
    assert len(line.alarms) == 1
    assert first.stream[:8] in line.alarms[0]
    assert (await acked(line))[:2] == [0, second.last], "nothing of it counts as confirmed"
    sent = set()
    while line.unsent:
        before = line.sent_through
        batch, last = await line._next_batch()
        if not batch.segments:
            line.sent_through = last
            continue
        await line._take_receipt(batch, receipt_for(batch), last)
        sent |= {s.stream for s in batch.segments}
        assert line.sent_through > before
    assert third.stream in sent
    assert first.stream not in sent


async def test_hello_a_box_restored_from_a_backup_is_told_what_it_lacks(line):
    first, _, third = await states(line)
    await greet(
        line,
        (first, first.last, first.chain_last),
        (third, third.last + 5, b"\2" * 16),
    )
    assert len(line.alarms) == 1
    assert "5 entries" in line.alarms[0]
    assert (await acked(line))[2] == 0, "a longer stream at HQ proves nothing about this one"


async def test_hello_streams_only_hq_knows_are_an_alarm(line):
    stranger = module.StreamState(StreamId("ff" * 16), 1, 4, b"", 0)
    await greet(line, (stranger, 4, b"\3" * 16))
    assert ["1 streams" in a for a in line.alarms] == [True]

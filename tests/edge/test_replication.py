"""Entries go up to HQ in batches and stay until HQ confirmed them: the box's half, on a real disk."""

import asyncio

import pytest

from edge import batches as module
from edge import pace as pacing
from edge.follower import Fault
from edge.journal import BUILT_MS
from edge.replication import oldest_unsent_ms
from edge.uplink import HqBusy, HqRefused, HqSaysHello, HqUnreadable, NoLine
from protocol.box_events import ClockAnchored
from protocol.clock import AHEAD_MS_MAX, stamp_at, wall_ms_of
from protocol.events import decode
from protocol.journal import CHAIN_START, chain_over
from protocol.replication import SHIPPED_AS_OPAQUE, Ack, Receipt, Trouble
from tests.edge.scripted_hq import ScriptedHq, Side


@pytest.fixture
def hq(clock):
    return ScriptedHq(clock.now_ms)


@pytest.fixture
async def side(make_heart, menu, guest, hq):
    """A box that was started three times and took three orders each time."""
    for start in range(3):
        heart = await make_heart(menu=menu if start == 0 else None)
        for _ in range(3):
            await heart.taking.take(guest.asks(guest.place()))
        if start < 2:
            await heart.stop()
    found = await Side(heart, hq).start()
    found.line.incarnation = hq.incarnation
    return found


@pytest.fixture
async def running(side, monkeypatch):
    monkeypatch.setattr(pacing, "BACK_OFF_FIRST_S", 0.01)
    await side.line.start()
    yield side
    await side.line.stop()


async def next_batch(side, entries=1_000, size=1_000_000):
    line = side.line
    return await line.batches.next(line.sent_through, entries, size, line.incarnation)


def receipt_for(batch, verdict="ok", short=0, **more):
    acks = tuple(
        Ack(s.stream, s.first_seq + len(s.entries) - 1 - short, verdict) for s in batch.segments
    )
    said = {"incarnation": batch.incarnation, "server_ms": 0, "acks": acks}
    return Receipt(**(said | more))


async def test_a_batch_holds_every_entry_once_in_runs_that_hq_can_verify(side):
    batch, last = await next_batch(side)
    assert last == side.journal.position
    assert batch.unsent == 0
    stored = await side.journal.read_after(0, 1_000)
    assert [e for s in batch.segments for e in s.entries] == [f.entry for f in stored]
    chains = {(f.at.stream, f.at.seq): f.at.chain for f in stored}
    assert len(batch.segments) == 3
    for segment in batch.segments:
        assert (segment.first_seq, segment.previous_chain) == (1, CHAIN_START)
        end = chain_over(segment.previous_chain, segment.entries)[-1]
        assert end == chains[segment.stream, len(segment.entries)]


async def test_small_batches_continue_each_other_and_their_chain(side):
    await side.greet()
    sent = []
    while side.line.unsent:
        batch, last = await next_batch(side, entries=4)
        assert sum(len(s.entries) for s in batch.segments) <= 4
        await side.line._take_receipt(batch, receipt_for(batch), last)
        sent += batch.segments
    ends = {}
    for segment in sent:
        first, chain = ends.get(segment.stream, (1, CHAIN_START))
        assert (segment.first_seq, segment.previous_chain) == (first, chain)
        ends[segment.stream] = (
            segment.first_seq + len(segment.entries), chain_over(chain, segment.entries)[-1],
        )  # fmt: skip
    assert sum(len(s.entries) for s in sent) == side.journal.position
    assert {s: first - 1 for s, (first, _) in ends.items()} == await side.acked()


async def test_a_batch_is_bounded_in_bytes_but_never_empty(side):
    batch, last = await next_batch(side, size=3_000)
    assert 0 < last < side.journal.position
    assert batch.unsent == side.journal.position - last
    entries = [e for s in batch.segments for e in s.entries]
    assert sum(len(e.body) + module.ENVELOPE_BYTES for e in entries) <= 3_000
    least, last = await next_batch(side, size=1)
    assert (len(least.segments), last) == (1, 1)


@pytest.mark.parametrize("trouble", [{"verdict": "gap"}, {"verdict": "diverged"}, {"short": 1}])
async def test_what_hq_did_not_confirm_whole_ends_in_a_hello_and_stays_unsent(side, trouble):
    batch, last = await next_batch(side)
    with pytest.raises(HqSaysHello):
        await side.line._take_receipt(batch, receipt_for(batch, **trouble), last)
    assert side.line.sent_through == 0
    ends = [s.first_seq + len(s.entries) - 1 for s in batch.segments]
    confirmed = [0, 0, 0] if "verdict" in trouble else [end - 1 for end in ends]
    assert list((await side.acked()).values()) == confirmed


async def test_a_receipt_of_another_hq_confirms_nothing(side):
    batch, last = await next_batch(side)
    with pytest.raises(HqSaysHello):
        await side.line._take_receipt(batch, receipt_for(batch, incarnation="other"), last)
    assert set((await side.acked()).values()) == {0}


async def test_an_acknowledgement_beyond_what_was_sent_confirms_only_that(side):
    """HQ's high-water mark says nothing about these entries: a copy of this box may have sent it."""
    batch, last = await next_batch(side, entries=2)
    await side.line._take_receipt(batch, receipt_for(batch, short=-100), last)
    assert list((await side.acked()).values()) == [2, 0, 0]
    other = Receipt(
        incarnation=side.line.incarnation,
        server_ms=0,
        acks=(Ack(list(await side.acked())[2], 4, "ok"),),
    )
    batch, last = await next_batch(side, entries=1)
    with pytest.raises(HqSaysHello):
        await side.line._take_receipt(batch, other, last)
    assert list((await side.acked()).values()) == [2, 0, 0]


async def test_an_acknowledgement_never_moves_back(side):
    await side.send_all()
    before = await side.acked()
    old = [Ack(s, 1, "ok") for s in before]
    batch = side.hq.batches[-1]
    await side.line.batches.take(batch, old[-1:])
    assert await side.acked() == before


async def test_after_a_restart_it_goes_on_where_hq_confirmed(side, make_heart):
    batch, last = await next_batch(side, entries=7)
    await side.line._take_receipt(batch, receipt_for(batch), last)
    confirmed = side.line.replicated
    await side.heart.stop()
    again = await Side(await make_heart(), side.hq).start()
    assert again.line.replicated == confirmed == 7, "known before HQ is heard"
    oldest = await again.database.read(lambda db: oldest_unsent_ms(db, confirmed))
    assert oldest == again.heart.clock.wall_ms()
    head = again.journal.position
    assert await again.database.read(lambda db: oldest_unsent_ms(db, head)) is None


async def test_a_hello_says_all_there_is_to_say(side, clock):
    await side.role.take_over()
    await side.alarms.tell("disk_filling", percent="91", stopped="nothing")
    side.hq.role = "standby"
    head = side.journal.position
    await side.greet()
    (hello,) = side.hq.hellos
    assert (hello.instance, hello.succeeds, hello.take_over) == (clock.instance, "", True)
    assert [a.code for a in hello.alarms] == ["disk_filling"]
    assert hello.acknowledged == 9
    assert len(hello.streams) == 3
    assert hello.unsent == head
    assert hello.oldest_unsent_ms == clock.now_ms
    await side.greet()
    assert side.hq.hellos[1].stamp > hello.stamp, "a late copy of the first is known by its stamp"


async def test_hq_hears_that_the_clock_is_wrong_for_as_long_as_it_is(side, clock):
    right, clock.now_ms = clock.now_ms, 0
    await side.greet()
    clock.now_ms = right
    await side.greet()
    assert [[a.code for a in h.alarms] for h in side.hq.hellos] == [["clock_unsure"], []]


async def test_the_next_start_names_the_one_before(side, make_heart, clock):
    before = clock.instance
    await side.heart.stop()
    clock.instance = "next"
    again = await Side(await make_heart(), side.hq).start()
    await again.greet()
    assert (again.hq.hellos[0].instance, again.hq.hellos[0].succeeds) == ("next", before)


async def test_hq_says_the_time_once_a_boot_and_later_stamps_follow_its(side, clock):
    side.hq.now_ms = clock.now_ms + 90_000
    side.hq.stamp = stamp_at(side.hq.now_ms) + 3
    await side.greet()
    await side.greet()
    anchors = [
        e
        for f in await side.heart.entries()
        if isinstance(e := decode(f.entry.body), ClockAnchored)
    ]
    (anchor,) = anchors
    assert (anchor.server_ms, anchor.boot) == (side.hq.now_ms, clock.boot)
    assert anchor.mono_ms <= clock.mono_ms()
    entry = next(f.entry for f in await side.heart.entries() if f.entry.type == "clock.anchored")
    assert entry.stamp > side.hq.stamp
    assert not clock.clock_synced, "it is a minute and a half off"


async def test_an_hq_whose_clock_is_beyond_belief_dates_nothing(side, clock):
    side.hq.now_ms = BUILT_MS + AHEAD_MS_MAX + 1
    side.hq.stamp = stamp_at(side.hq.now_ms)
    await side.greet()
    types = [f.entry.type for f in await side.heart.entries()]
    assert "clock.anchored" not in types
    assert wall_ms_of(side.journal.stamp()) < clock.now_ms + 60_000


async def test_what_hq_cannot_read_goes_in_a_plain_envelope_and_holds_up_nothing(running, until):
    guilty = (await running.heart.entries())[5].entry
    real = running.hq._take

    def unreadable(batch):
        if any(e.event_id == guilty.event_id and e.type == guilty.type
               for s in batch.segments for e in s.entries):  # fmt: skip
            raise HqUnreadable("HQ says no: it cannot be read", Trouble(code="x", sentence="x"))
        acks = tuple(real(s) for s in batch.segments)
        return Receipt(incarnation=running.hq.incarnation, server_ms=0, acks=acks)

    running.hq.answers["send"] = unreadable
    await until(lambda: running.line.unsent == 0)
    await until(lambda: running.alarm("entry_unreadable"))
    assert running.alarm("entry_unreadable").params == {"entries": "1"}
    sent = {e.event_id: e for run in running.hq.ledger.values() for e, _ in run}
    assert set(sent) == await running.events()
    shipped = sent[guilty.event_id]
    assert (shipped.type, shipped.aggregate_id) == (SHIPPED_AS_OPAQUE, guilty.type)
    assert shipped.body == guilty.body
    plain = [e for e in sent.values() if e.type != SHIPPED_AS_OPAQUE]
    assert len(plain) == len(sent) - 1


async def test_an_hq_that_reads_nothing_at_all_is_not_hammered(running, hq, until):
    def no(_):
        raise HqUnreadable("HQ says no: nothing", Trouble(code="x", sentence="x"))

    hq.answers["send"] = no
    await until(lambda: running.line.fault)
    asked = len(hq.batches)
    await asyncio.sleep(0.2)
    assert running.line.unsent == running.journal.position
    assert len(hq.batches) - asked < 40


async def test_half_as_much_is_tried_after_trouble_and_more_again_after_success(side):
    await side.greet()
    pace = side.line.pace
    full = pace.size
    batch, _ = await next_batch(side)
    side.hq.faults = [Fault("timeout"), NoLine("no route"), HqBusy("busy")]
    with pytest.raises(Fault):
        await side.line._send(batch)
    half = pace.size
    assert half <= side.journal.position // 2, "half of what was sent, not of what might have been"
    for _ in range(2):
        with pytest.raises(Fault):
            await side.line._send(batch)
    assert pace.size == half, "a line that is down says nothing about size"
    for _ in range(40):
        pace.went_through()
    assert pace.size > full


async def test_hq_says_how_long_to_wait_and_how_much_to_send(side, monkeypatch):
    waited = []

    async def sleep(seconds):
        waited.append(seconds)

    monkeypatch.setattr(pacing.asyncio, "sleep", sleep)
    monkeypatch.setattr(pacing, "BACK_OFF_FIRST_S", 0.001)
    pace = side.line.pace
    await pace.pause(Trouble(code="busy", sentence="", retry_after_s=7.5, entries_max=3))
    assert (waited, pace.size) == ([7.5], 3)
    await pace.pause(Trouble(code="busy", sentence="", retry_after_s=1e9, entries_max=-5))
    assert (waited[1], pace.size) == (pacing.RETRY_AFTER_S_MAX, 1)
    side.hq.welcome = {"entries_max": 2, "bytes_max": 0}
    await side.greet()
    assert (pace.entries_max, pace.bytes_max) == (2, 1)
    pace.size = 2
    pace.went_through()
    assert pace.size == 2


@pytest.mark.parametrize(
    "fault",
    [HqSaysHello("put back"), HqRefused("no"), HqBusy("later"), Fault("cut"), RuntimeError("bug")],
)
async def test_every_kind_of_trouble_ends_in_another_hello_and_nothing_new_is_needed(
    running, hq, until, fault
):
    await until(lambda: running.line.unsent == 0)
    before = hq.backup()
    hq.put_back({})
    hq.faults = [fault] * 3
    running.line.try_now()
    await until(lambda: hq.backup() == before and running.line.unsent == 0)
    await until(lambda: running.line.fault is None)
    assert await running.events() == hq.events()


async def test_hello_is_said_again_after_a_while_though_nothing_happens(
    side, hq, until, monkeypatch
):
    monkeypatch.setattr("edge.replication.HELLO_EVERY_S", 0.1)
    monkeypatch.setattr(pacing, "BACK_OFF_FIRST_S", 0.01)
    await side.line.start()
    await until(lambda: len(hq.hellos) >= 3)

    def no_line(_):
        raise NoLine("no route")

    hq.answers["send"] = no_line
    hq.put_back({})
    await until(lambda: side.alarm("hq_restored"))
    hq.answers.clear()
    await until(lambda: hq.ledger and side.line.unsent == 0)
    # It is over once everything is sent again.
    await until(lambda: side.alarm("hq_restored") is None)
    await side.line.stop()


async def test_a_batch_that_diverges_ends_in_a_fork_and_everything_arrives(running, hq, until):
    await until(lambda: running.line.unsent == 0)
    own = running.journal.stream
    other = running.hq.ledger[own][:2]
    entry = other[1][0]
    hq.add(own, [type(entry)("ee" * 16, *[getattr(entry, n) for n in entry.__struct_fields__[1:]])])
    await running.database.write(
        lambda db: running.journal.append(
            db, [decode(entry.body)], running.journal.reading(), command_id="one more"
        )
    )
    await until(lambda: running.alarm("clone") and running.line.unsent == 0)
    assert await running.events() == hq.events()

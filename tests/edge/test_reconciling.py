"""After a hello both sides are whole, whichever was put back, copied or replaced; nothing is lost."""

import shutil

import pytest

from edge.certifying import uncertified
from edge.days import read_days
from edge.follower import Fault
from edge.reconciling import last_alike
from protocol.box_events import StreamForked
from protocol.commands import ChangeOrderStatus
from protocol.events import decode
from protocol.ids import StreamId
from protocol.journal import CHAIN_START, chain_over
from protocol.replication import ChainAnswer, KnownStream, OwnPage
from protocol.till_commands import CloseDay
from tests.edge.scripted_hq import ScriptedHq, Side


@pytest.fixture
def hq(clock):
    return ScriptedHq(clock.now_ms)


@pytest.fixture
def open_side(make_heart, hq):
    async def open_(folder="heart", menu=None):
        return await Side(await make_heart(folder, menu=menu), hq).start()

    return open_


@pytest.fixture
async def side(open_side, menu):
    return await open_side(menu=menu)


@pytest.fixture
def order(guest):
    async def place(side, count=1):
        return [await side.heart.taking.take(guest.asks(guest.place())) for _ in range(count)]

    return place


def copied(side, folder):
    """The disk as it is now, as another box would get it."""
    shutil.copytree(side.heart.folder, side.heart.folder.with_name(folder))


async def both_whole(*sides):
    """Everything is at HQ, HQ's chains recompute, and every box has what HQ has."""
    hq = sides[0].hq
    for run in hq.ledger.values():
        assert [chain for _, chain in run] == chain_over(CHAIN_START, [e for e, _ in run])
    for side in sides:
        assert await side.events() == hq.events()
        assert side.line.unsent == 0


async def test_what_hq_proves_by_its_chain_is_not_sent_again(side, order):
    await order(side, 3)
    await side.send_all()
    acked = await side.acked()
    side.hq.batches.clear()
    await side.heart.database.write(lambda db: db.execute("UPDATE streams SET acked_seq = 0"))
    await side.greet()
    assert await side.acked() == acked
    assert (side.line.unsent, side.alarms.listed) == (0, ())


async def test_safe_is_kept_and_never_beyond_what_is_confirmed(side, order):
    await order(side, 3)
    await side.send_all()
    stream = side.journal.stream
    side.hq.safe[stream] = 2
    await side.greet()
    assert await side.heart.rows("SELECT safe_seq FROM streams") == [(2,)]
    side.hq.safe[stream] = 10_000
    await side.greet()
    assert await side.heart.rows("SELECT safe_seq = acked_seq FROM streams") == [(1,)]


async def test_an_hq_that_was_put_back_gets_again_what_it_lost_and_people_hear(side, order):
    await order(side, 2)
    await side.send_all()
    backup = side.hq.backup()
    await order(side, 3)
    await side.send_all()
    before = side.hq.events()
    side.hq.put_back(backup)
    await side.greet()
    lost = len(before) - len(side.hq.events())
    assert side.alarm("hq_restored").params == {"entries": str(lost)}
    assert side.line.unsent == lost
    assert side.line.replicated == side.journal.position - lost, "screens keep what is not there"
    await side.send_all()
    await both_whole(side)
    assert side.hq.events() >= before


@pytest.mark.parametrize(("signer", "again"), [("the box before", 1), (None, 0)])
async def test_a_day_that_a_box_hq_may_have_forgotten_signed_is_signed_again(
    side, order, guest, signer, again
):
    """HQ put back to before it knew that box; what this one signed HQ gets again as it was."""
    (placed,) = await order(side)
    order_id, total = placed.order.order_id, placed.order.totals.total
    await side.heart.taking.take(guest.asks(guest.pay(order_id, total)))
    served = ChangeOrderStatus(order_id=order_id, status="served")
    await side.heart.taking.take(guest.asks(served))
    date = side.heart.outlet.moment(side.journal.reading()).business_date
    await side.heart.taking.take(guest.asks(CloseDay(close_id="z1", business_date=date)))
    await side.send_all()
    backup = side.hq.backup()
    (day,) = await side.heart.database.read(read_days)
    await side.certify(day.closed, signer or side.journal.node_id)
    await side.send_all()
    await side.greet()
    assert await side.heart.database.read(uncertified) == [], "HQ has the certificate"
    side.hq.put_back(backup)
    await side.greet()
    assert len(await side.heart.database.read(uncertified)) == again


async def test_an_hq_that_lost_what_came_back_from_it_gets_that_again_too(side, open_side, order):
    await order(side, 2)
    await side.send_all()
    copied(side, "backup")
    backup = side.hq.backup()
    await order(side, 3)
    await side.send_all()
    before = side.hq.events()
    await side.heart.stop()
    restored = await open_side("backup")
    await restored.send_all()
    assert before <= await restored.events()
    restored.hq.put_back(backup)
    await restored.send_all()
    assert before <= restored.hq.events(), "the box that lost them had the last copy"


async def test_a_box_put_back_gets_its_own_entries_and_goes_on_beside_them(side, open_side, order):
    await order(side, 2)
    await side.send_all()
    copied(side, "backup")
    await order(side, 3)
    await side.send_all()
    before, longest = side.hq.events(), side.hq.backup()
    await side.heart.stop()

    restored = await open_side("backup")
    await order(restored, 1)
    await restored.send_all()
    await both_whole(restored)
    assert restored.alarm("box_restored")
    assert before <= restored.hq.events()
    now = restored.hq.backup()
    assert {s: now[s] for s in longest} == longest, "no stream of before was written any further"
    asked = [w for request in restored.hq.asked_own for w in request]
    assert {w.stream for w in asked} == {side.journal.stream}


async def test_a_new_box_gets_all_of_its_outlet(side, open_side, order):
    await order(side, 4)
    await side.send_all()
    await side.heart.stop()
    new = await open_side("new")
    await new.send_all()
    await both_whole(new)
    assert new.alarm("box_replaced")
    sent = new.hq.batches[-1]
    assert {s.stream for s in sent.segments} == {new.journal.stream}, "nothing goes up again"


async def test_the_stream_being_written_is_left_when_hq_has_more_of_it(side, order, clock):
    """A machine put back with its memory, or copied with it: the other one went on where this one
    goes on. HQ would take both for one box if this one kept the name (`make simulate SEED=50`)."""
    await order(side, 2)
    await side.send_all()
    instance = clock.instance
    own, length = side.journal.stream, len(side.hq.ledger[side.journal.stream])
    more = [e for e, _ in side.hq.ledger[own][-2:]]
    side.hq.add(own, [_renamed(e, i) for i, e in enumerate(more)])
    assert await side.greet()
    await order(side, 1)
    await side.send_all()
    assert side.journal.stream != own
    assert side.alarm("clone") is None, "it was left before anything had to be taken apart"
    assert clock.instance != instance
    await side.greet()
    assert (side.hq.hellos[-1].instance, side.hq.hellos[-1].succeeds) == (clock.instance, instance)
    assert len(side.hq.ledger[own]) == length + 2
    await both_whole(side)


async def test_two_boxes_that_wrote_one_stream_are_taken_apart_and_both_kept(
    side, open_side, order, clock
):
    await order(side, 3)
    await side.send_all()
    own, common = side.journal.stream, len(side.hq.ledger[side.journal.stream])
    # The other one was copied while it ran, and was quicker.
    other = [_renamed(e, i) for i, (e, _) in enumerate(side.hq.ledger[own][-2:])]
    side.hq.add(own, other)
    await order(side, 4)
    ours, instance = await side.events(), clock.instance
    await side.greet()

    runs = await side.runs()
    assert len(runs[own]) == common + len(other), "the other's part came back"
    (told,) = [
        event
        for run in runs.values()
        for f in run
        if isinstance(event := decode(f.entry.body), StreamForked)
    ]
    assert (told.stream, told.common_seq) == (own, common)
    assert side.alarm("clone").params == {"stream": own[:8], "moved": str(told.moved)}
    assert clock.instance != instance
    assert ours < await side.events()
    await order(side, 1)
    await side.send_all()
    await both_whole(side)
    assert ours <= side.hq.events()
    assert {e.event_id for e in other} <= await side.events()
    assert side.hq.hellos[-1].instance == clock.instance
    assert side.hq.hellos[-1].succeeds == instance
    forks = await side.heart.rows("SELECT count(*) FROM streams WHERE forked_from IS NOT NULL")
    await side.greet()
    assert (
        forks
        == [(1,)]
        == await side.heart.rows("SELECT count(*) FROM streams WHERE forked_from IS NOT NULL")
    )


async def test_a_tail_forks_also_when_hq_holds_less_but_other_entries(side, order):
    await order(side, 4)
    own = side.journal.stream
    kept = [f.entry for f in (await side.runs())[own]]
    side.hq.add(own, [*kept[:3], _renamed(kept[4], 0)])
    before = await side.events()
    await side.send_all()
    await both_whole(side)
    assert before <= side.hq.events()
    assert (await side.acked())[own] == 4


async def test_the_place_where_two_part_is_found_in_few_requests():
    for length, parts_at in [(1, 0), (2, 1), (70, 3), (100_000, 77_123), (100_000, 0), (9, 8)]:
        asked = []

        async def alike(seqs, parts_at=parts_at, asked=asked):
            asked.append(len(seqs))
            return {seq: seq <= parts_at for seq in seqs}

        assert await last_alike(0, length, alike) == parts_at
        assert len(asked) <= 4
        assert max(asked, default=0) <= 64


@pytest.mark.parametrize("mood", [0, 1, 2, 3])
async def test_looking_for_it_ends_whatever_hq_answers(mood):
    asked = []

    async def alike(seqs):
        asked.append(seqs)
        return {seq: (seq * 2_654_435_761 >> mood) % (mood + 2) == 0 for seq in seqs}

    assert 5 <= await last_alike(5, 1_000_000, alike) < 1_000_000
    assert len(asked) < 30


async def test_an_hq_that_has_less_than_is_kept_here_gets_the_rest_under_another_name(side, order):
    await order(side, 5)
    await side.send_all()
    own = side.journal.stream
    chain = side.hq.chain_at(own, 6)
    await side.heart.database.write(
        lambda db: db.execute("DELETE FROM journal WHERE position <= 6 AND seq <= 6")
    )
    await side.heart.database.write(
        lambda db: db.execute("UPDATE streams SET pruned_seq = 6, pruned_chain = ?", (chain,))
    )
    kept = {f.entry.event_id for f in await side.heart.entries(after=6)}
    for length in (6, 3, 0):
        side.hq.put_back({own: length})
        await side.send_all()
        assert kept <= side.hq.events()
    assert len(side.hq.ledger.get(own, [])) <= 6


@pytest.mark.parametrize("pruned", [3, 6])
async def test_a_pruned_front_is_no_loss(side, order, pruned):
    await order(side, 5)
    await side.send_all()
    own = side.journal.stream
    chain = side.hq.chain_at(own, pruned)
    await side.heart.database.write(
        lambda db: db.execute("DELETE FROM journal WHERE seq <= ?", (pruned,))
    )
    await side.heart.database.write(
        lambda db: db.execute("UPDATE streams SET pruned_seq=?, pruned_chain=?", (pruned, chain))
    )
    await order(side, 1)
    side.hq.batches.clear()
    await side.send_all()
    assert (side.hq.asked_own, side.alarms.listed) == ([], ())
    assert side.hq.batches[0].segments[0].stream == own


async def test_steps_that_fail_are_all_done_again(side, open_side, order):
    await order(side, 3)
    await side.send_all()
    await side.heart.stop()
    new = await open_side("new")
    for number in range(4):
        new.hq.faults = [None] * (number + 1) + [Fault("the line is down")]
        try:
            whole = await new.greet()
        except Fault:
            whole = False
        if whole:
            break
    new.hq.faults = []
    assert await new.greet()
    await new.send_all()
    await both_whole(new)


async def test_what_is_new_goes_up_although_the_old_does_not_come_back(
    side, open_side, order, menu
):
    await order(side, 3)
    await side.send_all()
    await side.heart.stop()
    new = await open_side("new", menu=menu)
    new.hq.answers["own"] = lambda _: OwnPage(segments=())
    (taken,) = await order(new, 1)
    assert not await new.greet()
    assert new.line.not_back
    while new.line.unsent:
        await new._send_one()
    sent = {e.aggregate_id for run in new.hq.ledger.values() for e, _ in run}
    assert taken.order.order_id in sent
    new.hq.answers.clear()
    assert await new.greet()
    assert new.line.not_back is None
    await new.send_all()
    await both_whole(new)


@pytest.mark.parametrize(
    "nonsense",
    [
        KnownStream(StreamId("ff" * 16), -5, b"", 0),
        KnownStream(StreamId("ff" * 16), (1 << 63) - 1, b"x", 0),
        KnownStream(StreamId("no such name!"), 5, b"x", 0),
        KnownStream(StreamId("f" * 5_000), 5, b"x", 0),
    ],
)
async def test_a_stream_that_cannot_be_is_passed_over(side, order, nonsense):
    await order(side, 1)
    side.hq.welcome["streams"] = (nonsense,)
    assert await side.greet()
    assert side.hq.asked_own == []


async def test_an_hq_that_contradicts_itself_changes_nothing(side, order):
    await order(side, 2)
    await side.send_all()
    before = await side.heart.entries()
    own = side.journal.stream
    side.hq.welcome["streams"] = (KnownStream(own, 10_000, b"\1" * 16, 0),)
    side.hq.answers["chains"] = lambda r: ChainAnswer(chains=(b"",) * len(r.seqs))
    for _ in range(3):
        with pytest.raises(Fault, match="contradicts"):
            await side.greet()
    side.hq.answers["chains"] = lambda r: ChainAnswer(chains=())
    with pytest.raises(Fault, match="contradicts"):
        await side.greet()
    assert await side.heart.entries() == before


def _renamed(entry, number):
    """An entry that only the other box wrote."""
    return type(entry)(
        f"{number:02x}" * 16, *[getattr(entry, n) for n in entry.__struct_fields__[1:]]
    )

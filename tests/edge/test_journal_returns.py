"""The journal: entries that came back from HQ, a tail that moves, and time that others have shown."""

import asyncio

import pytest

from edge.journal import BUILT_MS, DoesNotFollow
from edge.journal_table import RETURNED, SUPERSEDED, WRITTEN
from protocol.box_events import StreamForked, StreamOpened
from protocol.clock import AHEAD_MS_MAX, Stamp, stamp_at, wall_ms_of
from protocol.events import ItemEightySixed, decode
from protocol.ids import StreamId
from protocol.journal import CHAIN_START, chain_over

STREAM = StreamId("ab" * 16)


def gone(item="kopi"):
    return ItemEightySixed(item_id=item, at_ms=1, reason="habis")


def appending(heart, *events, command="command-1"):
    return lambda db: heart.journal.append(
        db, events, heart.journal.reading(), command_id=command, actor="till"
    )


async def written(heart, count, prefix="c"):
    for number in range(count):
        await heart.database.write(appending(heart, gone(), command=f"{prefix}{number}"))


@pytest.fixture
async def elsewhere(make_heart):
    """Entries that another life of the outlet wrote: (entry, seq, chain)."""
    other = await make_heart("elsewhere")
    await written(other, 6, "elsewhere")
    return [(f.entry, f.at.seq, f.at.chain) for f in await other.entries()]


def returning(heart, entries, stream=STREAM):
    return lambda db: heart.journal.append_returned(db, stream, entries)


async def by_stream(heart):
    streams = {}
    for f in await heart.entries():
        streams.setdefault(f.at.stream, []).append(f)
    for run in streams.values():
        assert [f.at.seq for f in run] == list(range(1, len(run) + 1))
        assert [f.at.chain for f in run] == chain_over(CHAIN_START, [f.entry for f in run])
    return streams


async def test_what_comes_back_stands_beside_what_is_written_here(make_heart, elsewhere):
    heart = await make_heart()
    await written(heart, 2)
    own = heart.journal.stream
    assert await heart.database.write(returning(heart, elsewhere)) == len(elsewhere)
    await written(heart, 2, "after")

    in_memory = await heart.entries()
    assert [f.at.position for f in in_memory] == list(range(1, heart.journal.position + 1))
    assert [f.standing for f in in_memory] == [WRITTEN] * 3 + [RETURNED] * 7 + [WRITTEN] * 2
    streams = await by_stream(heart)
    assert (len(streams[own]), len(streams[STREAM])) == (5, 7)
    assert await heart.rows("SELECT acked_seq FROM streams ORDER BY id") == [(0,), (7,)]
    await heart.stop()
    again = await make_heart()
    assert await again.entries() == in_memory, "the disk says the same"


async def test_a_page_that_comes_twice_is_taken_once_and_one_that_does_not_follow_never(
    heart, elsewhere
):
    await heart.database.write(returning(heart, elsewhere[:4]))
    assert await heart.database.write(returning(heart, elsewhere[2:])) == len(elsewhere) - 4
    before = heart.journal.position
    assert await heart.database.write(returning(heart, elsewhere)) == 0
    other = StreamId("cd" * 16)
    with pytest.raises(DoesNotFollow):
        await heart.database.write(returning(heart, elsewhere[1:], other))
    broken = [elsewhere[0], (elsewhere[1][0], 2, b"\0" * 16)]
    with pytest.raises(DoesNotFollow):
        await heart.database.write(returning(heart, broken, other))
    assert heart.journal.position == before
    assert (await heart.rows("SELECT count(*) FROM journal"))[0][0] == before


async def test_followers_asleep_hear_of_what_came_back(heart, elsewhere):
    waiting = asyncio.create_task(heart.journal.wait_after(heart.journal.position))
    await asyncio.sleep(0)
    await heart.database.write(returning(heart, elsewhere))
    await asyncio.wait_for(waiting, 5)


async def test_entries_written_a_second_time_are_marked(heart, elsewhere):
    await written(heart, 2)
    ids = [f.entry.event_id for f in await heart.entries()][-2:]
    await heart.database.write(returning(heart, elsewhere))
    returned = elsewhere[-1][0].event_id
    await heart.database.write(lambda db: heart.journal.mark_superseded(db, [ids[0], returned]))
    rows = await heart.rows("SELECT event_id FROM journal WHERE standing = ?", SUPERSEDED)
    assert rows == [(ids[0],)], "what came back is never marked"


@pytest.mark.parametrize("common", [0, 3, 5])
async def test_a_tail_moves_to_a_stream_of_its_own_and_writing_goes_on_in_another(heart, common):
    await written(heart, 6)
    before = await heart.entries()
    own = heart.journal.stream
    length = sum(1 for f in before if f.at.stream == own)
    told = await heart.database.write(lambda db: heart.journal.fork(db, own, common))
    await written(heart, 2, "after")

    assert (told.moved, told.common_seq) == (length - common, common)
    streams = await by_stream(heart)
    assert len(streams.get(own, [])) == common
    assert len(streams[told.moved_to]) == length - common
    assert heart.journal.stream not in (own, told.moved_to)
    opened, forked, *_ = (decode(f.entry.body) for f in streams[heart.journal.stream])
    assert isinstance(opened, StreamOpened)
    assert (opened.parent, opened.parent_seq) == (told.moved_to, told.moved)
    assert isinstance(forked, StreamForked)
    now = await heart.entries()
    assert [f.entry for f in now][: len(before)] == [f.entry for f in before], "ids and order stay"
    assert [f.at.position for f in now] == list(range(1, len(now) + 1))
    assert await heart.rows("SELECT forked_from FROM streams WHERE stream = ?", told.moved_to) == [
        (own,)
    ]


async def test_memory_of_moved_entries_is_not_handed_out(heart):
    await written(heart, 3)
    own = heart.journal.stream
    near_head = heart.journal.position - 2

    async def in_one_group():
        return await asyncio.gather(
            heart.database.write(appending(heart, gone(), command="just before")),
            heart.database.write(lambda db: heart.journal.fork(db, own, 1)),
            heart.database.write(appending(heart, gone(), command="just after")),
        )

    await in_one_group()
    told = await heart.journal.read_after(near_head, 100)
    stored = await heart.rows(
        "SELECT position, stream, seq FROM journal JOIN streams ON streams.id = stream_id"
        " WHERE position > ? ORDER BY position",
        near_head,
    )
    assert [(f.at.position, f.at.stream, f.at.seq) for f in told] == stored


async def test_a_fork_that_is_taken_back_changes_nothing(heart):
    await written(heart, 3)
    own, before = heart.journal.stream, await heart.entries()

    def fails(db):
        heart.journal.fork(db, own, 1)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await heart.database.write(fails)
    assert heart.journal.stream == own
    await written(heart, 1, "after")
    assert (await heart.entries())[: len(before)] == before
    await by_stream(heart)


async def test_stock_moves_counted_by_stream_move_along(heart):
    await written(heart, 4)
    own = heart.journal.stream
    await heart.database.write(
        lambda db: db.executemany(
            "INSERT INTO stock_moves VALUES ('kopi', ?, ?, -1)", [(own, 2), (own, 4)]
        )
    )
    told = await heart.database.write(lambda db: heart.journal.fork(db, own, 3))
    rows = await heart.rows("SELECT stream, seq FROM stock_moves ORDER BY seq")
    assert rows == [(told.moved_to, 1), (own, 2)]


async def test_a_stream_of_which_hq_has_more_is_not_written_any_further(heart):
    await written(heart, 2)
    own = heart.journal.stream
    last = (await heart.entries())[-1].at.seq
    assert not heart.journal.retire(own, last - 1), "it has gone on: compare again"
    assert heart.journal.retire(own, last)
    await written(heart, 1, "after")
    assert heart.journal.stream != own


async def test_what_follows_is_later_than_what_others_have_shown(make_heart, clock):
    heart = await make_heart()
    await written(heart, 1)
    shown = Stamp(stamp_at(clock.now_ms + 3_600_000) + 7)
    await heart.database.write(lambda db: heart.journal.receive(shown, db))
    assert heart.journal.stamp() < heart.journal.stamp()
    await heart.stop()
    again = await make_heart()
    await written(again, 1, "after")
    assert (await again.entries())[-1].entry.stamp > shown, "and a restart does not forget it"


async def test_a_time_beyond_belief_is_not_taken_from_anybody(heart, clock, elsewhere):
    beyond = stamp_at(BUILT_MS + AHEAD_MS_MAX + 1)
    heart.journal.receive(beyond)
    heart.journal.receive(Stamp((1 << 63) - 1))
    await written(heart, 1)
    assert wall_ms_of((await heart.entries())[-1].entry.stamp) < clock.now_ms + 60_000


async def test_a_front_that_was_pruned_is_no_gap_but_a_hole_is(make_heart):
    heart = await make_heart()
    await written(heart, 8)
    await heart.stop()
    heart = await make_heart()
    await heart.database.write(lambda db: db.execute("DELETE FROM journal WHERE position < 4"))
    found = await heart.entries()
    assert [f.at.position for f in found] == list(range(4, 10))
    await heart.database.write(lambda db: db.execute("DELETE FROM journal WHERE position = 6"))
    with pytest.raises(AssertionError):
        await heart.entries(after=5)


async def test_positions_go_on_when_the_whole_journal_was_pruned(make_heart):
    heart = await make_heart()
    await written(heart, 3)
    await heart.database.write(
        lambda db: db.execute("INSERT INTO cursors VALUES ('kitchen', ?)", (4,))
    )
    await heart.database.write(lambda db: db.execute("DELETE FROM journal"))
    await heart.stop()
    heart = await make_heart()
    await written(heart, 1, "after")
    assert heart.journal.position == 6, "after the stream's own first entry"

"""The journal: no gap, an unbroken chain, and nobody sees what was not committed."""

import asyncio
import sqlite3

import pytest

from edge import journal as module
from edge.database import DatabaseBroken, DiskFull
from edge.journal import BUILT_MS, read_rows
from protocol.box_events import StreamOpened
from protocol.clock import Confidence, wall_ms_of
from protocol.events import ItemEightySixed, OrderFired, decode
from protocol.ids import event_id
from protocol.journal import CHAIN_START, Stored, chain_over, find_break

DAY_MS = 24 * 3600 * 1000


def gone(item="kopi"):
    return ItemEightySixed(item_id=item, at_ms=1, reason="habis")


def appending(heart, *events, command="command-1"):
    return lambda db: heart.journal.append(
        db, events, heart.journal.reading(), command_id=command, actor="till"
    )


async def test_positions_have_no_gap_and_begin_with_the_stream_itself(make_heart):
    heart = await make_heart()
    assert heart.journal.position == 0
    last = await heart.database.write(appending(heart, gone("a"), gone("b")))
    found = await heart.entries()
    assert [f.at.position for f in found] == [f.at.seq for f in found] == [1, 2, 3]
    assert last == heart.journal.position == 3
    assert isinstance(decode(found[0].entry.body), StreamOpened)
    assert [f.entry.event_id for f in found[1:]] == [
        event_id("command-1", "item.eighty_sixed", x, i) for i, x in enumerate("ab")
    ]


async def test_the_chain_of_every_stream_can_be_worked_out_again(make_heart):
    for start in range(3):
        heart = await make_heart()
        for number in range(4):
            await heart.database.write(appending(heart, gone(), command=f"{start}.{number}"))
        await heart.stop()
    heart = await make_heart()
    found = await heart.entries()
    streams = {}
    for f in found:
        streams.setdefault(f.at.stream, []).append(f)
    assert [len(s) for s in streams.values()] == [5, 5, 5]
    for run in streams.values():
        assert [f.at.seq for f in run] == [1, 2, 3, 4, 5]
        assert [f.at.chain for f in run] == chain_over(CHAIN_START, [f.entry for f in run])
        stored = [Stored(f.at, f.entry) for f in run]
        assert find_break(CHAIN_START, stored) is None


async def test_a_changed_byte_on_disk_breaks_the_chain_where_it_was_changed(make_heart):
    heart = await make_heart()
    for number in range(4):
        await heart.database.write(appending(heart, gone(), command=f"c{number}"))
    await heart.stop()
    with sqlite3.connect(heart.folder / "box.db") as thief:
        thief.execute("UPDATE journal SET body = CAST(body || ' ' AS BLOB) WHERE position = 3")
        rows = read_rows(thief, 0, 100)
    thief.close()
    broken = find_break(CHAIN_START, [Stored(f.at, f.entry) for f in rows])
    assert broken.at.position == 3


async def test_each_start_opens_a_stream_of_its_own_and_names_the_one_before(make_heart):
    first = await make_heart()
    await first.database.write(appending(first, gone()))
    end = (await first.entries())[-1].at
    await first.stop()
    idle = await make_heart()
    await idle.stop()

    second = await make_heart()
    await second.database.write(appending(second, gone(), command="command-2"))
    opened, _ = await second.entries(after=2)
    told = decode(opened.entry.body)
    assert opened.at.stream != end.stream
    assert (told.parent, told.parent_seq, told.parent_chain) == (
        end.stream, end.seq, end.chain.hex(),
    )  # fmt: skip
    assert (opened.at.position, opened.at.seq) == (3, 1), "a start that wrote nothing has no stream"


async def test_what_was_rolled_back_is_forgotten_by_memory_disk_and_followers(make_heart):
    heart = await make_heart()

    def fails(db):
        appending(heart, gone("never"))(db)
        raise ZeroDivisionError

    woken = asyncio.create_task(heart.journal.wait_after(0))
    with pytest.raises(ZeroDivisionError):
        await heart.database.write(fails)
    await asyncio.sleep(0.02)
    assert not woken.done()
    assert (heart.journal.position, heart.journal.stream) == (0, None)
    assert await heart.entries() == []
    assert await heart.rows("SELECT count(*) FROM journal") == [(0,)]
    assert await heart.rows("SELECT count(*) FROM streams") == [(0,)]

    await heart.database.write(appending(heart, gone("now"), command="command-2"))
    await asyncio.wait_for(woken, 1)
    assert [f.entry.aggregate_id for f in await heart.entries()] == ["alone", "now"]


async def test_a_neighbour_rolled_back_in_the_middle_of_a_group_leaves_no_hole(make_heart):
    heart = await make_heart()

    def fails(db):
        appending(heart, gone("never"), command="bad")(db)
        raise ZeroDivisionError

    works = [appending(heart, gone("a"), command="a"), fails]
    works += [appending(heart, gone("b"), command="b"), fails]
    outcomes = await asyncio.gather(
        *(heart.database.write(w) for w in works), return_exceptions=True
    )
    assert heart.database.groups == 2, "one group after the start's own"
    assert [type(o) for o in outcomes] == [int, ZeroDivisionError, int, ZeroDivisionError]
    in_memory = await heart.entries()
    on_disk = await heart.database.read(lambda db: read_rows(db, 0, 100))
    assert in_memory == on_disk
    assert [f.entry.aggregate_id for f in in_memory] == ["alone", "a", "b"]
    stored = [Stored(f.at, f.entry) for f in on_disk]
    assert find_break(CHAIN_START, stored) is None


async def test_followers_never_see_a_group_whose_commit_failed(make_heart):
    heart = await make_heart()
    await heart.database.write(appending(heart, gone("kept")))

    def unfinished(db):
        appending(heart, gone("never"), command="bad")(db)
        db.execute("PRAGMA defer_foreign_keys=ON")
        db.execute("UPDATE journal SET stream_id = 99 WHERE position = 3")

    with pytest.raises(DatabaseBroken):
        await heart.database.write(unfinished)
    assert heart.journal.position == 2
    assert [f.entry.aggregate_id for f in await heart.entries()] == ["alone", "kept"]


async def test_memory_and_disk_tell_the_same_story(make_heart, monkeypatch):
    monkeypatch.setattr(module, "RECENT_MAX", 10)
    heart = await make_heart()
    for number in range(40):
        await heart.database.write(appending(heart, gone(), command=f"c{number}"))
    whole = await heart.database.read(lambda db: read_rows(db, 0, 1_000))
    assert len(whole) == 41
    for after in range(42):
        for limit in (1, 7, 100):
            assert await heart.journal.read_after(after, limit) == whole[after : after + limit]


async def test_waiting_ends_when_something_was_committed_and_not_before(make_heart):
    heart = await make_heart()
    await heart.database.write(appending(heart, gone()))
    await asyncio.wait_for(heart.journal.wait_after(1), 1)
    waiting = [asyncio.create_task(heart.journal.wait_after(n)) for n in (2, 2, 3)]
    await asyncio.sleep(0.02)
    assert not any(w.done() for w in waiting)
    await heart.database.write(appending(heart, gone(), command="command-2"))
    await asyncio.wait_for(asyncio.gather(*waiting[:2]), 1)
    assert not waiting[2].done()
    waiting[2].cancel()


@pytest.mark.parametrize("wall_ms", [0, BUILT_MS - DAY_MS, BUILT_MS + 40_000 * DAY_MS])
async def test_a_clock_that_cannot_be_is_not_believed_and_time_still_goes_on(
    make_heart, clock, wall_ms
):
    clock.now_ms = wall_ms
    heart = await make_heart()
    first = heart.journal.reading()
    await asyncio.sleep(0.02)
    second = heart.journal.reading()
    assert first.confidence is second.confidence is Confidence.UNCERTAIN
    assert BUILT_MS <= first.wall_ms < second.wall_ms < BUILT_MS + DAY_MS


async def test_stamps_only_rise_whatever_the_clock_does(make_heart, clock):
    now = clock.now_ms
    readings = []
    for wall_ms in (now, 0, now + DAY_MS, now - DAY_MS, now + 60_000 * DAY_MS, now):
        clock.now_ms = wall_ms
        heart = await make_heart()
        await heart.database.write(appending(heart, gone(), command=f"at {wall_ms}"))
        readings.append(heart.journal.reading())
        await heart.stop()
    heart = await make_heart()
    stamps = [f.entry.stamp for f in await heart.entries()]
    assert stamps == sorted(set(stamps))
    assert wall_ms_of(stamps[-1]) < now + 2 * DAY_MS, "a clock at 2190 dates nothing"
    assert [r.wall_ms >= now for r in readings] == [True] * 6


async def test_what_the_clock_really_showed_is_kept_as_evidence(make_heart, clock):
    clock.now_ms = 12_345
    heart = await make_heart()
    await heart.database.write(appending(heart, gone()))
    assert {f.entry.wall_ms for f in await heart.entries()} == {12_345}


async def test_of_a_command_that_cannot_be_written_nothing_is_staged(heart, guest, monkeypatch):
    real = module.body_of

    def breaks(event):
        assert not isinstance(event, OrderFired), "an event that cannot be encoded"
        return real(event)

    monkeypatch.setattr(module, "body_of", breaks)
    asked = [guest.asks(guest.place(hold=hold)) for hold in (True, False)]
    outcomes = await asyncio.gather(*map(heart.taking.take, asked), return_exceptions=True)
    assert isinstance(outcomes[1], AssertionError)
    monkeypatch.undo()
    await heart.taking.take(guest.asks(guest.place()))
    kept = await heart.rows("SELECT position, aggregate_id FROM journal ORDER BY position")
    assert [position for position, _ in kept] == list(range(1, heart.journal.position + 1))
    assert asked[1].command.order_id not in {about for _, about in kept}


async def test_memory_keeps_nothing_of_groups_that_failed(make_heart):
    """A disk may be full for hours, with screens that ask again every few seconds."""
    heart = await make_heart()

    def without_room(db):
        appending(heart, gone("never"))(db)
        db.execute("ROLLBACK")  # as SQLite does by itself
        no = sqlite3.OperationalError("database or disk is full")
        no.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise no

    for _ in range(20):
        with pytest.raises(DiskFull):
            await heart.database.write(without_room)
    assert heart.journal._marks == []
    await heart.database.write(appending(heart, gone("now")))
    assert [f.entry.aggregate_id for f in await heart.entries()] == ["alone", "now"]

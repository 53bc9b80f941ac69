"""The box follows HQ's feed: any trouble with the cursor ends in a working one, and never in a loop."""

import asyncio

import msgspec
import pytest

from edge import resolutions
from edge.feed_rows import FeedRows, cursor
from edge.follower import Fault
from edge.resolutions import ANEW_EVERY_MS, SNAPSHOTS_MAX, FeedDown, TooOften
from protocol.clock import stamp_at
from protocol.digests import digest_of
from protocol.replication import FeedPage, FeedRow
from tests.edge.scripted_hq import ScriptedHq, Side

LATER_MS = ANEW_EVERY_MS + 1


class FeedHq(ScriptedHq):
    """An HQ with a feed of one kind; `lies` replaces its answers, `digest` what it says of itself."""

    def __init__(self):
        super().__init__()
        self.feed_life, self.rows, self.lies, self.digest = "feed-1", [], [], None
        self.polls, self.snapshots = [], 0
        self.news = asyncio.Event()

    def publish(self, key, body, publish_id="p"):
        self.rows.append(FeedRow(len(self.rows) + 1, "shelf", key, 1, body, publish_id))
        self.news.set()

    @property
    def pos(self):
        return len(self.rows)

    async def feed(self, incarnation, pos, *, wait_s=0, **said):
        self._fault()
        self.polls.append({"incarnation": incarnation, "pos": pos, **said})
        if self.lies:
            return self.lies.pop(0)
        if incarnation != self.feed_life or pos > self.pos:
            self.snapshots += 1
            last = {r.key: r for r in self.rows}
            rows = tuple(r for r in last.values() if r.body is not None)
            return self.page(rows, snapshot=True)
        if pos == self.pos and wait_s:
            self.news.clear()
            await self.news.wait()
        return self.page(tuple(r for r in self.rows if r.pos > pos))

    def page(self, rows=(), **more):
        values = {"incarnation": self.feed_life, "pos": self.pos, "role": self.role}
        return FeedPage(**(values | {"rows": rows, "stamp": self.stamp} | more))


class Shelf:
    """A kind that only keeps."""

    def take_row(self, db, row, at):
        db.execute(
            "INSERT OR REPLACE INTO facts VALUES (?,?)", (f"shelf/{row.key}", row.body.decode())
        )

    def withdraw_row(self, db, row, at):
        db.execute("DELETE FROM facts WHERE name = ?", (f"shelf/{row.key}",))


@pytest.fixture
def hq():
    return FeedHq()


@pytest.fixture
async def side(heart, hq):
    heart.mono_ms = 1_000_000
    heart.clock.mono_ms = lambda: heart.mono_ms
    return await Side(heart, hq).start()


@pytest.fixture
def feed(heart, hq, side):
    rows = FeedRows(heart.journal, {"shelf": Shelf(), "menu": heart.menus})
    feed = FeedDown(hq, heart.journal, heart.database, rows, side.line)
    side.line.note_welcome = feed.note_welcome
    return feed


async def at(heart):
    return await heart.database.read(cursor)


async def shelf(heart):
    rows = await heart.rows("SELECT name, value FROM facts WHERE name LIKE 'shelf/%'")
    return {name.removeprefix("shelf/"): value.encode() for name, value in rows}


async def test_a_new_box_gets_everything_then_what_follows(heart, hq, feed):
    hq.publish("a", b"1")
    await feed._poll()
    hq.publish("b", b"2")
    hq.publish("a", None)
    await feed._poll()
    assert (await at(heart), await shelf(heart)) == (("feed-1", 3), {"b": b"2"})
    assert hq.snapshots == feed.snapshots == 1


async def test_a_poll_says_which_life_of_the_box_asks_and_when(heart, hq, feed):
    await feed._poll()
    hq.publish("a", b"1")
    await feed._poll()
    assert {p["instance"] for p in hq.polls} == {heart.clock.instance}
    assert 0 < hq.polls[0]["stamp"] < hq.polls[1]["stamp"]


async def test_a_page_tells_the_role_and_the_time(heart, hq, feed, side):
    hq.role, hq.stamp = "standby", stamp_at(heart.clock.now_ms + 60_000)
    await feed._poll()
    assert side.role.standby
    assert heart.journal.stamp() > hq.stamp


async def test_another_life_of_the_feed_replaces_everything(heart, hq, feed, side):
    hq.publish("a", b"1")
    await feed._poll()
    hq.feed_life, hq.rows = "feed-2", []
    hq.publish("b", b"2")
    assert not side.line._hello_asked
    await feed._poll()
    assert side.line._hello_asked  # what HQ lost is wanted at once
    assert (await at(heart), await shelf(heart)) == (("feed-2", 1), {"b": b"2"})


NONSENSE = {
    "an incarnation of nobody": {"incarnation": ""},
    "another feed without a snapshot": {"incarnation": "x"},
    "backwards": {"pos": 0},
    "a row from before": {"rows": (FeedRow(1, "shelf", "x", 1, b"x", "p"),), "pos": 9},
    "a row beyond the page": {"rows": (FeedRow(9, "shelf", "x", 1, b"x", "p"),), "pos": 8},
    "rows out of order": {
        "rows": (FeedRow(4, "shelf", "x", 1, b"x", "p"), FeedRow(3, "shelf", "x", 1, b"", "p")),
        "pos": 4,
    },
    "a number SQLite cannot hold": {
        "rows": (FeedRow(3, "shelf", "x", 1 << 63, b"x", "p"),),
        "pos": 3,
    },
    "a place SQLite cannot hold": {"pos": 1 << 63},
}


@pytest.mark.parametrize("lie", NONSENSE.values(), ids=NONSENSE.keys())
async def test_a_page_of_nonsense_changes_nothing_and_the_next_good_one_counts(
    heart, hq, feed, side, lie
):
    hq.publish("a", b"1")
    hq.publish("b", b"2")
    await feed._poll()
    before = (await at(heart), await shelf(heart), heart.journal.stamp() >> 16)
    lying = {"stamp": stamp_at(heart.clock.now_ms + 9_000_000), "role": "standby"}
    hq.lies = [hq.page(**(lying | lie))]
    with pytest.raises(Fault):
        await feed._poll()
    assert (await at(heart), await shelf(heart), heart.journal.stamp() >> 16) == before
    assert not side.role.standby
    hq.publish("c", b"3")
    await feed._poll()
    assert (await at(heart), (await shelf(heart))["c"]) == (("feed-1", 3), b"3")


async def test_a_line_that_is_down_is_said_and_healed(heart, hq, feed, until, monkeypatch):
    monkeypatch.setattr(resolutions, "BACK_OFF_S", (0.01,))
    hq.faults = [Fault("no route")] * 1_000
    hq.publish("a", b"1")
    await feed.start()
    try:
        await until(lambda: feed.fault == "no route")
        hq.faults.clear()
        await until(lambda: feed.snapshots and feed.fault is None)
        assert await shelf(heart) == {"a": b"1"}
    finally:
        await feed.stop()


async def test_rows_of_a_newer_hq_take_effect_when_the_newer_build_starts(heart, hq, side, until):
    old = FeedDown(hq, heart.journal, heart.database, FeedRows(heart.journal, {}), side.line)
    hq.publish("a", b"1")
    await old._poll()
    assert await shelf(heart) == {}
    rows = FeedRows(heart.journal, {"shelf": Shelf()})
    new = FeedDown(hq, heart.journal, heart.database, rows, side.line)
    hq.faults = [Fault("the line is down")] * 1_000  # also without a line
    await new.start()
    try:
        assert await shelf(heart) == {"a": b"1"}
    finally:
        await new.stop()


async def test_a_difference_heals_with_everything_taken_anew(heart, hq, feed, side):
    hq.publish("a", b"1")
    hq.publish("b", b"2")
    await feed._poll()
    await heart.database.write(lambda db: db.execute("UPDATE feed_rows SET body = x'00'"))
    await heart.database.write(lambda db: db.execute("DELETE FROM facts WHERE name = 'shelf/b'"))
    hq.welcome = {
        "digests": (digest_of("shelf", [("a", 1, b"1"), ("b", 1, b"2")]),),
        "feed_pos": 2,
    }
    await side.greet()
    assert side.alarm("feed_differs").params == {"kinds": "shelf"}
    await feed._poll()
    assert (hq.snapshots, await shelf(heart)) == (2, {"a": b"1", "b": b"2"})
    await side.greet()
    await asyncio.wait_for(_poll_with_news(hq, feed), 2)
    assert hq.snapshots == 2  # equal now


async def test_digests_of_another_position_are_not_compared(heart, hq, feed, side):
    hq.publish("a", b"1")
    await feed._poll()
    hq.welcome = {"digests": (), "feed_pos": 7}
    await side.greet()
    assert side.alarm("feed_differs") is None


async def test_an_hq_whose_digests_never_fit_is_asked_anew_once_in_ten_minutes(
    heart, hq, feed, side
):
    hq.publish("a", b"1")
    await feed._poll()
    for minute in range(60):
        heart.mono_ms = 1_000_000 + minute * 60_000
        hq.welcome = {"digests": (digest_of("shelf", []),), "feed_pos": hq.pos}
        await side.greet()
        await _poll_with_news(hq, feed)
    assert hq.snapshots == 1 + 6
    assert (await shelf(heart))["a"] == b"1"


async def test_an_hq_that_refuses_the_cursor_it_gave_is_not_believed_for_ever(heart, hq, feed):
    hq.publish("a", b"1")
    taken, refused = 0, 0
    for minute in range(30):
        heart.mono_ms = 1_000_000 + minute * 60_000
        hq.feed_life = f"feed-{minute}"
        try:
            await feed._poll()
            taken += 1
        except TooOften:
            refused += 1
    assert taken <= SNAPSHOTS_MAX * 3
    assert refused >= 20
    heart.mono_ms += LATER_MS
    hq.feed_life, hq.rows = "feed-x", []
    hq.publish("b", b"2")
    await feed._poll()
    assert await shelf(heart) == {"b": b"2"}


async def _poll_with_news(hq, feed):
    """A poll, with something to tell so that it does not wait."""
    hq.publish("news", msgspec.json.encode(hq.pos))
    await feed._poll()

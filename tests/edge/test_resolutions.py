"""What HQ sends down: whole pages with their cursor, and a row nobody can use parks alone."""

import msgspec
import pytest

from edge.feed_rows import FeedRows, cursor, digests
from protocol.clock import Stamp, stamp_at
from protocol.digests import digest_of
from protocol.replication import FeedPage, FeedRow


class Shelf:
    """A kind that keeps its rows' bodies in a table of facts, and cannot use `bad` ones."""

    def take_row(self, db, row, at):
        db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (f"shelf/{row.key}", "x"))
        if row.body == b"bad":
            raise LookupError("a bug in this kind")
        db.execute(
            "INSERT OR REPLACE INTO facts VALUES (?, ?)", (f"shelf/{row.key}", row.body.decode())
        )

    def withdraw_row(self, db, row, at):
        db.execute("DELETE FROM facts WHERE name = ?", (f"shelf/{row.key}",))


@pytest.fixture
async def heart(make_heart):
    return await make_heart()


@pytest.fixture
def rows(heart):
    return FeedRows(heart.journal, {"menu": heart.menus, "shelf": Shelf()})


@pytest.fixture
def take(heart, rows):
    """Takes a page as an answer to the box's cursor."""

    async def take(*found, pos=None, incarnation="hq-1", held=None, **more):
        held = await heart.database.read(cursor) if held is None else held
        pos = max((r.pos for r in found), default=0) if pos is None else pos
        page = FeedPage(incarnation=incarnation, rows=found, pos=pos, **more)
        return await heart.database.write(lambda db: rows.take_page(db, page, held))

    return take


def menu_row(menu, version, pos=1):
    body = menu if isinstance(menu, bytes) else msgspec.json.encode(menu)
    return FeedRow(pos, "menu", "*", version, body, f"publish-{version}")


def thing(key, body, pos=1, kind="shelf"):
    return FeedRow(pos, kind, key, pos, body, f"publish-{pos}")


async def at(heart):
    return await heart.database.read(cursor)


async def in_force(heart):
    return (await heart.database.read(heart.menus.current)).menu.version


async def shelf(heart):
    return dict(await heart.rows("SELECT name, value FROM facts WHERE name LIKE 'shelf/%'"))


async def states(heart):
    return await heart.rows("SELECT kind, key, state FROM feed_rows ORDER BY kind, key")


async def test_a_published_menu_is_in_force_with_the_cursor(heart, take, menu, guest):
    assert await at(heart) == ("", 0)
    await take(menu_row(menu, 3), pos=9)
    assert (await at(heart), await in_force(heart)) == (("hq-1", 9), 3)
    assert (await heart.taking.take(guest.asks(guest.place()))).order.menu_version == 3


async def test_the_same_page_again_changes_nothing(heart, take, menu):
    await take(menu_row(menu, 3))
    position = heart.journal.position
    await take(menu_row(menu, 3))
    assert heart.journal.position == position


async def test_a_page_that_comes_late_changes_nothing(heart, take):
    await take(thing("a", b"new", pos=5))
    await take(thing("a", b"old", pos=4), held=("hq-1", 3))
    assert (await at(heart), await shelf(heart)) == (("hq-1", 5), {"shelf/a": "new"})


@pytest.mark.parametrize("body", [b"{}", b"not json", b"\xff\xfe", b'{"version": 4}'])
async def test_a_menu_that_cannot_be_used_parks_and_the_rest_flows(heart, take, menu, body):
    await take(menu_row(menu, 3))
    parked = await take(menu_row(body, 4, pos=5), thing("siti", b"s", pos=6))
    assert (await at(heart), await in_force(heart)) == (("hq-1", 6), 3)
    assert list(parked) == ["menu/*"]
    assert await states(heart) == [("menu", "*", "parked"), ("shelf", "siti", "applied")]
    assert await take(menu_row(menu, 5, pos=7)) == {}
    assert await in_force(heart) == 5


async def test_nothing_is_left_of_a_row_that_failed_half_way(heart, take):
    """Also when the fault is a bug of ours: one row must not hold up all that follow (FS-17)."""
    parked = await take(thing("a", b"good", pos=1), thing("b", b"bad", pos=2), thing("c", b"c", 3))
    assert await shelf(heart) == {"shelf/a": "good", "shelf/c": "c"}
    assert "a bug in this kind" in parked["shelf/b"]
    assert await at(heart) == ("hq-1", 3)


async def test_what_a_failed_row_wrote_in_the_journal_is_not_there_either(heart, take, menu, rows):
    class Writes(Shelf):
        def take_row(self, db, row, at):
            heart.menus.apply(db, row.body, 3, "publish-3", at.reading)
            raise LookupError

    rows.kinds = {"writes": Writes()}
    await take(FeedRow(1, "writes", "x", 1, msgspec.json.encode(menu), "p"))
    assert (heart.journal.position, await in_force(heart)) == (0, 0)
    await heart.use_menu(menu)
    stored = await heart.entries()
    assert [f.at.seq for f in stored] == [1, 2]


async def test_a_disk_that_says_no_leaves_the_page_for_later(heart, take, rows):
    class Full(Shelf):
        def take_row(self, db, row, at):
            db.execute("SELECT * FROM no_such_table")

    rows.kinds = {"shelf": Shelf(), "full": Full()}
    with pytest.raises(Exception, match="no such table"):
        await take(thing("a", b"a"), thing("b", b"b", pos=2, kind="full"))
    assert (await at(heart), await shelf(heart)) == (("", 0), {})


async def test_kinds_of_a_newer_hq_take_effect_after_the_upgrade(heart, take, rows):
    rows.kinds = {}
    await take(thing("a", b"one", pos=1), thing("b", b"two", pos=2))
    await take(thing("a", b"three", pos=3), thing("b", None, pos=4))
    assert await states(heart) == [("shelf", "a", "unknown")]

    upgraded = FeedRows(heart.journal, {"shelf": Shelf()})
    assert await heart.database.write(upgraded.try_again) == {}

    assert await shelf(heart) == {"shelf/a": "three"}
    assert await states(heart) == [("shelf", "a", "applied")]


async def test_a_snapshot_replaces_everything(heart, take):
    await take(thing("a", b"a", pos=1), thing("b", b"b", pos=2), thing("z", b"?", 3, kind="odd"))
    await take(thing("b", b"b2", pos=1), pos=1, incarnation="hq-2", snapshot=True)
    assert await shelf(heart) == {"shelf/b": "b2"}
    assert await states(heart) == [("shelf", "b", "applied")]
    assert await at(heart) == ("hq-2", 1)


async def test_a_snapshot_without_a_menu_leaves_what_is_sold(heart, take, menu, guest):
    await take(menu_row(menu, 3))
    await take(pos=0, incarnation="hq-2", snapshot=True)
    assert await in_force(heart) == 3
    assert (await heart.taking.take(guest.asks(guest.place()))).order.number == "A001"


async def test_an_hq_put_back_to_an_older_menu_has_it_sold(heart, take, menu):
    for version in (3, 4, 5):
        await take(menu_row(menu, version, pos=version))
    await take(menu_row(menu, 3, pos=3), incarnation="hq-2", snapshot=True)
    assert await in_force(heart) == 3
    events = [f.entry.event_id for f in await heart.entries() if f.entry.type == "menu.applied"]
    assert len(events) == len(set(events)) == 4  # it is in force once more: another event
    await take(menu_row(menu, 4, pos=4), incarnation="hq-2")
    assert await in_force(heart) == 4


async def test_what_the_box_stamps_is_later_than_what_hq_showed(heart, take, menu):
    shown = Stamp(stamp_at(heart.clock.now_ms + 3_600_000) + 7)
    await take(menu_row(menu, 3), stamp=shown)
    assert (await heart.entries())[-1].entry.stamp > shown


async def test_digests_are_of_everything_as_it_came(heart, take):
    await take(thing("a", b"a", 1), thing("b", b"bad", 2), thing("c", b"?", 3, kind="odd"))
    assert await heart.database.read(digests) == (
        digest_of("odd", [("c", 3, b"?")]),
        digest_of("shelf", [("a", 1, b"a"), ("b", 2, b"bad")]),
    )

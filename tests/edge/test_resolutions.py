"""What HQ sends down: whole pages with their cursor, and a row nobody can use parks alone."""

import msgspec
import pytest

from edge.resolutions import FeedDown, _cursor
from protocol.replication import FeedPage, FeedRow


@pytest.fixture
async def heart(make_heart):
    return await make_heart()


@pytest.fixture
def feed_down(heart):
    return FeedDown(None, heart.journal, heart.database, heart.menus, None)


@pytest.fixture
def apply(feed_down):
    async def take(*rows, pos=1, incarnation="hq-1"):
        page = FeedPage(incarnation=incarnation, rows=rows, pos=pos)
        await feed_down.database.write(lambda db: feed_down._apply(db, page))

    return take


def menu_row(menu, version, pos=1):
    body = menu if isinstance(menu, bytes) else msgspec.json.encode(menu)
    return FeedRow(pos, "menu", "all", version, body, f"publish-{version}")


async def cursor(heart):
    return await heart.database.read(_cursor)


async def in_force(heart):
    return (await heart.database.read(heart.menus.current)).menu.version


async def test_a_published_menu_is_in_force_with_the_cursor(heart, apply, menu, guest):
    assert await cursor(heart) == ("", 0)
    await apply(menu_row(menu, 3), pos=9)
    assert (await cursor(heart), await in_force(heart)) == (("hq-1", 9), 3)
    assert (await heart.taking.take(guest.asks(guest.place()))).order.menu_version == 3


async def test_the_same_page_again_changes_nothing(heart, apply, menu):
    await apply(menu_row(menu, 3))
    position = heart.journal.position
    await apply(menu_row(menu, 3))
    assert heart.journal.position == position


@pytest.mark.parametrize("body", [b"{}", b"not json", b"\xff\xfe", b'{"version": 4}'])
async def test_a_menu_that_cannot_be_used_parks_and_the_rest_flows(
    heart, apply, feed_down, menu, body
):
    await apply(menu_row(menu, 3))
    other = FeedRow(6, "people", "siti", 1, b"{}", "publish-x")
    await apply(menu_row(body, 4, pos=5), other, pos=6)
    assert (await cursor(heart), await in_force(heart)) == (("hq-1", 6), 3)
    assert list(feed_down.parked) == ["menu/all"]
    rows = await heart.rows("SELECT kind, key, pos, body FROM unknown_rows ORDER BY pos")
    assert rows == [("menu", "all", 5, body), ("people", "siti", 6, b"{}")]
    await apply(menu_row(menu, 5, pos=7), pos=7)
    assert (feed_down.parked, await in_force(heart)) == ({}, 5)


async def test_kinds_of_a_newer_hq_are_kept_for_a_newer_build(heart, apply):
    await apply(FeedRow(1, "weather", "dago", 1, b'{"rain": true}', "p"), pos=1)
    await apply(FeedRow(2, "weather", "dago", 2, None, "p"), pos=2)
    assert await heart.rows("SELECT kind, key, pos, body FROM unknown_rows") == [
        ("weather", "dago", 2, None)
    ]


async def test_a_page_is_applied_whole_or_not_at_all(heart, apply, feed_down, menu, monkeypatch):
    def breaks(db, row):
        if row.pos == 2:
            raise ZeroDivisionError
        real(db, row)

    real = feed_down._apply_row
    monkeypatch.setattr(feed_down, "_apply_row", breaks)
    with pytest.raises(ZeroDivisionError):
        await apply(menu_row(menu, 3), FeedRow(2, "x", "y", 1, b"{}", "p"), pos=2)
    assert (await cursor(heart), await in_force(heart)) == (("", 0), 0)

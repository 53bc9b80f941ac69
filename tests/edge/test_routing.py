"""The outlet's own word on stations at the box: in force for new lines, never a line without one."""

import msgspec
import pytest
from msgspec.structs import replace

from edge.feed_rows import cursor, parked
from edge.kinds import feed_rows_of
from edge.repricing import Repricing
from protocol.kitchen import tickets_of
from protocol.replication import FeedPage, FeedRow
from protocol.routing import Routing


@pytest.fixture
def hear(heart):
    """HQ says who makes what: a row of one page, as the box hears of it."""
    rows = feed_rows_of(
        *(heart.journal, heart.menus, heart.products, heart.taking),
        Repricing(heart.journal, heart.menus, "unsent", heart.outlet),
        heart.people,
    )

    async def hear(body, *, version=1, snapshot=False):
        held = await heart.database.read(cursor)
        found = ()
        if body != "":
            body = msgspec.json.encode(body) if isinstance(body, Routing) else body
            row = FeedRow(held[1] + 1, "routing", "*", version, body, f"routing-{version}")
            found = (row,)
        page = FeedPage(incarnation="hq", rows=found, pos=held[1] + 1, snapshot=snapshot)
        return await heart.database.write(lambda db: rows.take_page(db, page, held))

    return hear


@pytest.fixture
def stations(heart, guest):
    """Who would make one small fried rice now."""

    async def stations():
        order = (await heart.taking.take(guest.asks(guest.place()))).order
        (line,) = order.lines
        assert [t.station_id for t in tickets_of(order)] == sorted(line.station_ids)
        return line.station_ids

    return stations


async def test_a_routing_is_in_force_at_once_and_moves_no_line(heart, hear, stations, guest):
    before = (await heart.taking.take(guest.asks(guest.place()))).order
    assert before.lines[0].station_ids == ("dapur",)
    assert await hear(Routing(stations={"dapur": ("bar",)})) == {}
    assert await stations() == ("bar",)
    rows = await heart.rows("SELECT body FROM orders WHERE order_id = ?", before.order_id)
    assert msgspec.json.decode(rows[0][0])["lines"][0]["station_ids"] == ["dapur"]


async def test_screens_are_told_that_the_menu_is_another_one(heart, hear, stations):
    await stations()
    before = heart.menus.shown
    await hear(Routing(stations={"dapur": ("bar",)}))
    assert heart.menus.shown != before


async def test_a_routing_holds_with_a_new_menu_and_after_a_restart(
    heart, hear, stations, menu, make_heart, guest
):
    await hear(Routing(stations={"dapur": ("bar",)}))
    await heart.use_menu(menu, version=2)
    assert await stations() == ("bar",)
    await heart.stop()
    again = await make_heart("heart")
    order = (await again.taking.take(guest.asks(guest.place()))).order
    assert order.lines[0].station_ids == ("bar",)


async def test_hq_takes_it_back_by_a_tombstone_or_by_a_snapshot_without_it(hear, stations):
    for gone in ({"body": None}, {"body": "", "snapshot": True}):
        await hear(Routing(stations={"dapur": ("bar",)}))
        assert await stations() == ("bar",)
        await hear(**gone)
        assert await stations() == ("dapur",)


@pytest.mark.parametrize(
    "unfit",
    [b"{", b"[]", b'{"items":{"nasi":"bar"}}', msgspec.json.encode(Routing(targets_s={"bar": 0}))],
)
async def test_a_routing_nobody_can_cook_by_leaves_the_good_one(heart, hear, stations, unfit):
    await hear(Routing(stations={"dapur": ("bar",)}))
    assert set(await hear(unfit, version=2)) == {"routing/*"}
    assert await stations() == ("bar",)
    assert await hear(Routing(), version=3) == {}
    assert await heart.database.read(parked) == {}
    assert await stations() == ("dapur",)


async def test_fs41_a_routing_to_a_station_that_is_not_there_loses_no_line(hear, stations, menu):
    await hear(Routing(stations={"dapur": ("roof",)}, categories={"makanan": ("cellar",)}))
    assert await stations() == (menu.fallback_station,)


async def test_fs41_what_names_a_station_that_is_not_there_is_said_on_every_screen(
    make_box, menu, guest
):
    """It is made by another station, and nobody has to wonder why it comes out there."""
    rice, *others = menu.items
    lost = replace(rice, station_ids=("wok",))
    box = await make_box(menu=replace(menu, items=(lost, *others)))
    (notice,) = [n for n in box.health.notices() if n.code == "menu.stations"]
    assert "Nasi (en)" in notice.en
    assert "Nasi" in notice.id
    order = (await box.taking.take(guest.asks(guest.place("nasi-kecil")))).order
    assert [x.station_ids for x in order.lines] == [(menu.fallback_station,)]
    well = await make_box("well", menu=menu)
    assert not [n for n in well.health.notices() if n.code == "menu.stations"]

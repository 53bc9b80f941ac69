"""Product fields at the box: what is written here shows at once, and HQ's word decides."""

import msgspec
import pytest

from edge.feed_rows import FeedRows, cursor
from protocol import commands as c
from protocol.clock import Stamp, stamp_at, wall_ms_of
from protocol.events import decode
from protocol.replication import FeedPage, FeedRow
from protocol.rules.product_fields import Written

FIELD = "name:id"


@pytest.fixture
def write(heart, guest):
    """Writes a field at this box; returns the stamp it got."""

    async def write(value, item="nasi", field=FIELD):
        edit = c.EditProduct(item_id=item, field=field, value=value)
        await heart.taking.take(guest.asks(edit))
        return (await heart.entries())[-1].entry.stamp

    return write


@pytest.fixture
def hear(heart):
    """HQ's word on an item."""
    rows = FeedRows(heart.journal, {"product": heart.products, "menu": heart.menus})
    rows.after.append(heart.products.settle)

    async def hear(fields, item="nasi", stamp=None):
        held = await heart.database.read(cursor)
        body = None if fields is None else msgspec.json.encode(fields)
        now = stamp_at(heart.clock.now_ms) if stamp is None else stamp
        row = FeedRow(held[1] + 1, "product", item, 1, body, f"p{held[1]}")
        page = FeedPage(incarnation="hq", rows=(row,), pos=row.pos, stamp=now)
        assert await heart.database.write(lambda db: rows.take_page(db, page, held)) == {}

    return hear


async def name(heart, item="nasi"):
    return (await heart.database.read(heart.menus.current)).items[item].names["id"]


def by_hq(value, stamp, origin="hq"):
    return {FIELD: Written(Stamp(stamp), origin, value)}


async def test_what_is_written_here_shows_at_once_and_is_sold(heart, write, guest):
    await write("Nasi Goreng Kampung")
    assert await name(heart) == "Nasi Goreng Kampung"
    order = (await heart.taking.take(guest.asks(guest.place()))).order
    assert order.lines[0].names["id"] == "Nasi Goreng Kampung"


async def test_a_line_keeps_the_name_it_was_sold_under(heart, write, hear, guest):
    order = (await heart.taking.take(guest.asks(guest.place(hold=True)))).order
    await hear(by_hq("Nasi Baru", stamp_at(heart.clock.now_ms)))
    added = c.AddLines(order_id=order.order_id, lines=(guest.line(),))
    lines = (await heart.taking.take(guest.asks(added))).order.lines
    assert [x.names["id"] for x in lines] == ["Nasi", "Nasi Baru"]


async def test_the_later_writer_wins_whoever_is_heard_first(heart, write, hear):
    own = await write("ours")
    await hear(by_hq("theirs, before", own - 1))
    assert await name(heart) == "ours"
    await hear(by_hq("theirs, after", own + 1))
    assert await name(heart) == "theirs, after"
    assert await heart.rows("SELECT * FROM product_edits") == []


async def test_an_edit_made_after_seeing_a_value_beats_it_with_the_clock_at_1970(
    heart, write, hear
):
    await hear(by_hq("seen", stamp_at(heart.clock.now_ms + 300_000)))
    heart.clock.now_ms = 0
    await write("after seeing it")
    assert await name(heart) == "after seeing it"


async def test_a_clock_ahead_does_not_win_for_ever(heart, write, hear):
    """HQ stamps an edit of the future anew; what is accepted after it must show here too."""
    true_ms = heart.clock.now_ms
    heart.clock.now_ms += 365 * 24 * 3600 * 1000
    ahead = await write("from next year")
    assert wall_ms_of(ahead) > true_ms + 1000
    (entry,) = [f for f in await heart.entries() if f.entry.type == "product.edited"]
    assert decode(entry.entry.body).value == "from next year"
    hq = stamp_at(true_ms)
    # Not sent yet: ours shows, whatever HQ says.
    await hear(by_hq("meanwhile", hq, "hq"), stamp=hq)
    assert await name(heart) == "from next year"
    await heart.database.write(
        lambda db: db.execute("UPDATE streams SET acked_seq = ?", (entry.at.seq,))
    )
    await hear(by_hq("from next year", hq + 1, heart.outlet.outlet_id), stamp=hq + 2)
    assert await name(heart) == "from next year"
    await hear(by_hq("a year too late otherwise", hq + 3), stamp=hq + 4)
    assert await name(heart) == "a year too late otherwise"


async def test_what_hq_takes_back_shows_as_the_menu_says(heart, hear):
    await hear(by_hq("for a week", 1))
    await hear(None)
    assert await name(heart) == "Nasi"


async def test_fields_of_a_newer_hq_are_kept_and_change_nothing(heart, hear):
    await hear({"calories": Written(Stamp(1), "hq", "900"), **by_hq("Nasi 2", 1)})
    assert await name(heart) == "Nasi 2"
    assert len(await heart.rows("SELECT field FROM product_fields")) == 2


async def test_what_is_written_survives_a_new_menu(heart, write, menu):
    await write("Nasi Kampung")
    await heart.use_menu(menu, version=2)
    assert await name(heart) == "Nasi Kampung"

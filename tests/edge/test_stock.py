"""Stock at the box: HQ's level and what this box did since, exact at every step of either way."""

import asyncio

import msgspec
import pytest

from edge.feed_rows import FeedRows, cursor
from edge.stock import StockKeeping, shown_stock, tracked
from protocol import commands as c
from protocol.events import StockCounted, decode
from protocol.orders import OrderStatus
from protocol.replication import FeedPage, FeedRow
from protocol.stock import StockLevel


@pytest.fixture
def ask(heart, guest):
    async def ask(command):
        return await heart.taking.take(guest.asks(command))

    return ask


@pytest.fixture
def level(heart):
    """A level from HQ, with how far it has counted."""
    rows = FeedRows(heart.journal, {"stock": StockKeeping()})

    async def level(quantity, as_of, item="nasi", **more):
        held = await heart.database.read(cursor)
        body = msgspec.json.encode(StockLevel(item_id=item, quantity=quantity, as_of=as_of, **more))
        row = FeedRow(held[1] + 1, "stock", item, 1, body, "p")
        page = FeedPage(incarnation="hq", rows=(row,), pos=row.pos)
        return await heart.database.write(lambda db: rows.take_page(db, page, held))

    return level


async def shown(heart):
    found = await heart.database.read(shown_stock)
    return {s.item_id: s.quantity for s in found}


async def seqs(heart, kind="stock.moved"):
    return [(f.at.stream, f.at.seq) for f in await heart.entries() if f.entry.type == kind]


async def test_nothing_is_counted_until_somebody_counts(heart, guest, ask):
    await ask(guest.place())
    assert await shown(heart) == {}
    assert await seqs(heart) == []


async def test_a_count_shows_at_once_and_sales_come_off_it(heart, guest, ask):
    await ask(c.CountStock(item_id="nasi", quantity=10))
    assert await shown(heart) == {"nasi": 10}
    await ask(guest.place(guest.line(quantity=3)))
    await ask(c.MoveStock(item_id="nasi", delta=5))
    assert await shown(heart) == {"nasi": 12}


async def test_a_count_has_seen_what_was_sold_in_the_same_breath(heart, guest, ask):
    """Commands that share a commit: the count must not take off again what it has seen."""
    await ask(c.CountStock(item_id="nasi", quantity=10))
    group = [guest.asks(guest.place()), guest.asks(c.CountStock(item_id="nasi", quantity=7))]
    await asyncio.gather(*(heart.taking.take(e) for e in group))
    (_, count) = [
        decode(f.entry.body) for f in await heart.entries() if f.entry.type == "stock.counted"
    ]
    assert isinstance(count, StockCounted)
    (sold,) = await seqs(heart)
    assert count.as_of[sold[0]] >= sold[1]
    assert await shown(heart) == {"nasi": 7}


async def test_what_is_shown_is_exact_whatever_hq_has_counted_so_far(heart, guest, ask, level):
    """Sold, sent, acknowledged, projected, published: at no step is a sale missing or there twice."""
    await level(20, {})
    await ask(guest.place(guest.line(quantity=2)))
    await ask(guest.place(guest.line(quantity=3)))
    assert await shown(heart) == {"nasi": 15}
    (stream, first), (_, second) = await seqs(heart)
    # Acknowledged, but HQ has not counted yet: an acknowledgement changes nothing here.
    await heart.database.write(lambda db: db.execute("UPDATE streams SET acked_seq = ?", (second,)))
    assert await shown(heart) == {"nasi": 15}
    await level(18, {stream: first})
    assert await shown(heart) == {"nasi": 15}
    await level(15, {stream: second})
    assert await shown(heart) == {"nasi": 15}
    assert await heart.rows("SELECT * FROM stock_moves") == []


async def test_a_level_that_does_not_know_our_count_yet_does_not_undo_it(heart, ask, level):
    await level(20, {})
    await ask(c.CountStock(item_id="nasi", quantity=4))
    await level(19, {"another": 7})
    assert await shown(heart) == {"nasi": 4}
    ((stream, seq),) = await seqs(heart, "stock.counted")
    await level(4, {stream: seq})
    assert await shown(heart) == {"nasi": 4}
    assert await heart.rows("SELECT * FROM stock_counts") == []


async def test_a_void_brings_back_and_a_sale_is_never_refused_for_a_number(
    heart, guest, ask, level
):
    await level(1, {})
    order = (await ask(guest.place(guest.line(quantity=3), hold=True))).order
    assert await shown(heart) == {"nasi": -2}
    status = c.ChangeOrderStatus(
        order_id=order.order_id, status=OrderStatus.CANCELLED, reason="left"
    )
    await ask(status)
    assert await shown(heart) == {"nasi": 1}


async def test_what_hq_counts_no_more_is_not_tracked(heart, level):
    await level(1, {})
    assert await heart.database.read(tracked) == {"nasi"}
    rows = FeedRows(heart.journal, {"stock": StockKeeping()})
    page = FeedPage(incarnation="hq", rows=(FeedRow(9, "stock", "nasi", 1, None, "p"),), pos=9)
    held = await heart.database.read(cursor)
    await heart.database.write(lambda db: rows.take_page(db, page, held))
    assert await heart.database.read(tracked) == frozenset()


async def test_a_level_filed_under_another_item_parks(heart, level):
    rows = FeedRows(heart.journal, {"stock": StockKeeping()})
    body = msgspec.json.encode(StockLevel(item_id="kopi", quantity=1, as_of={}))
    page = FeedPage(incarnation="hq", rows=(FeedRow(1, "stock", "nasi", 1, body, "p"),), pos=1)
    parked = await heart.database.write(lambda db: rows.take_page(db, page, ("", 0)))
    assert "is about 'kopi'" in parked["stock/nasi"]

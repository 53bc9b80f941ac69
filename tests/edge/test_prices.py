"""The price book at the box: taken over whole, kept by its dates without HQ, unpaid lines follow it."""

import msgspec
import pytest

from edge.feed_rows import cursor
from edge.kinds import feed_rows_of
from edge.repricing import TOLD_MS, Repricing
from protocol import commands as c
from protocol.box_events import PricesApplied
from protocol.events import LineRepriced, decode
from protocol.floor_events import PromotionsApplied
from protocol.house import House, Promotion
from protocol.orders import Order, OrderStatus
from protocol.prices import Price, PriceBook
from protocol.replication import FeedPage, FeedRow

HOUR_MS = 3_600_000


@pytest.fixture
def repricing(heart):
    return Repricing(heart.journal, heart.menus, "unsent", heart.outlet)


@pytest.fixture
def hear(heart, repricing):
    """HQ publishes: rows of one page, as the box hears of them."""
    kept = (heart.journal, heart.menus, heart.products, heart.taking)

    async def hear(*things, incarnation="hq", snapshot=False, policy=None):
        if policy is not None:
            repricing.policy = policy
        rows = feed_rows_of(*kept, repricing, heart.people)
        held = await heart.database.read(cursor)
        first = 1 if snapshot else held[1] + 1
        found = tuple(
            FeedRow(n, kind, "*", version, body, f"{kind}-{version}")
            for n, (kind, version, body) in enumerate(things, first)
        )
        page = FeedPage(
            incarnation=incarnation, rows=found, pos=first + len(things), snapshot=snapshot
        )
        return await heart.database.write(lambda db: rows.take_page(db, page, held))

    return hear


def book(*prices, version=1, **changes):
    value = PriceBook(version=version, currency="IDR", prices=prices, **changes)
    return "prices", version, msgspec.json.encode(value)


@pytest.fixture
def take(heart, guest):
    async def take(command):
        return (await heart.taking.take(guest.asks(command))).order

    return take


async def events(heart, kind):
    found = [f for f in await heart.entries() if isinstance(decode(f.entry.body), kind)]
    return [(f.entry.event_id, decode(f.entry.body)) for f in found]


async def price(heart, variant="nasi-kecil"):
    return (await heart.database.read(heart.menus.current)).variants[variant][1].price


async def test_a_book_is_in_force_at_once_and_said_in_the_journal(heart, hear, take, guest):
    assert await hear(book(Price(id="nasi-kecil", amount=27_000), version=4)) == {}
    assert await price(heart) == 27_000
    ((_, told),) = await events(heart, PricesApplied)
    assert (told.version, told.prices) == (4, 1)
    line = (await take(guest.place())).lines[0]
    assert (line.amount, line.price_version) == (27_000, 4)


async def test_dates_hold_without_hq_and_the_revision_tells_screens(heart, hear, take, guest):
    now = heart.clock.now_ms
    happy = Price(id="nasi-kecil", amount=20_000, from_ms=now + HOUR_MS, until_ms=now + 2 * HOUR_MS)
    await hear(book(happy))
    amounts, revisions = [], []
    for hour in range(3):
        heart.clock.now_ms = now + hour * HOUR_MS
        amounts.append((await take(guest.place())).totals.total)
        revisions.append(heart.menus.shown)
    assert amounts == [25_000, 20_000, 25_000]
    assert len(set(revisions)) == 3


@pytest.mark.parametrize(
    ("unfit", "why"),
    [
        (book(Price(id="", amount=1)), "names nothing"),
        (book(Price(id="kopi", amount=1, from_ms=5, until_ms=5)), "before it begins"),
        (("prices", 1, b"{}"), "version"),
        (("prices", 0, msgspec.json.encode(PriceBook(version=0))), "above zero"),
        (("prices", 1, msgspec.json.encode(PriceBook(version=1, currency="USD"))), "USD"),
    ],
)
async def test_a_book_nobody_can_sell_by_leaves_the_good_one(heart, hear, unfit, why):
    await hear(book(Price(id="nasi-kecil", amount=27_000), version=3))
    assert why in (await hear(unfit))["prices/*"]
    assert await price(heart) == 27_000


async def test_without_a_book_the_menus_own_prices_hold(heart, hear):
    await hear(book(Price(id="nasi-kecil", amount=27_000)))
    await hear(("prices", 1, None))
    assert await price(heart) == 25_000
    assert [told.version for _, told in await events(heart, PricesApplied)] == [1, 0]


async def test_a_box_goes_by_what_is_for_its_own_outlet(heart, hear, take, guest):
    mine = Price(id="nasi-kecil", amount=27_000, outlets=(heart.outlet.outlet_id, "another"))
    others = Price(id="nasi-besar", amount=99_000, outlets=("another",))
    await hear(book(for_some=(mine, others)))
    assert await price(heart) == 27_000
    assert await price(heart, "nasi-besar") == 32_000
    assert (await take(guest.place())).totals.total == 27_000


async def test_an_hq_put_back_to_an_older_book_has_it_sold_by(heart, hear):
    old = book(Price(id="nasi-kecil", amount=26_000), version=3)
    await hear(old)
    await hear(book(Price(id="nasi-kecil", amount=28_000), version=4))
    await hear(old, incarnation="hq-2", snapshot=True)
    assert await price(heart) == 26_000
    ids = [event_id for event_id, _ in await events(heart, PricesApplied)]
    assert len(set(ids)) == 3


async def test_what_is_unpaid_and_not_in_the_kitchen_takes_the_new_price(
    heart, hear, take, guest, repricing
):
    held = await take(guest.place(hold=True))
    fired = await take(guest.place())
    paid = await take(guest.place(hold=True))
    await take(guest.pay(paid.order_id, 25_000))
    await hear(book(Price(id="nasi-kecil", amount=27_000)))
    ((_, told),) = await events(heart, LineRepriced)
    assert (told.order_id, told.was, told.totals.total) == (held.order_id, 25_000, 27_000)
    assert (await take(guest.pay(held.order_id, 27_000))).due == 0
    assert (await take(guest.pay(fired.order_id, 25_000))).due == 0
    (notice,) = repricing.notices()
    assert f"{held.number} Rp 25.000 → Rp 27.000" in notice.en
    ticking = heart.clock.mono_ms() + TOLD_MS + 1
    heart.clock.mono_ms = lambda: ticking
    assert repricing.notices() == []


@pytest.mark.parametrize(("policy", "repriced"), [("never", 0), ("unsent", 1), ("all_unpaid", 2)])
async def test_the_outlet_says_how_far_a_new_price_reaches(
    heart, hear, take, guest, policy, repriced
):
    await take(guest.place(hold=True))
    await take(guest.place())
    await hear(book(Price(id="nasi-kecil", amount=27_000)), policy=policy)
    assert len(await events(heart, LineRepriced)) == repriced


async def test_offers_follow_new_prices(heart, hear, take, guest):
    """One of two is free: at the new price, not at the one of before."""
    two = Promotion(id="two", names={"id": "Beli 1 gratis 1"}, buy=1, get=1, ids=("nasi-kecil",))
    await hear(("house", 1, msgspec.json.encode(House(promotions=(two,)))))
    order = await take(guest.place(guest.line(quantity=2), hold=True))
    assert order.totals.total == 25_000
    await hear(book(Price(id="nasi-kecil", amount=27_000)))
    ((_, told), *_) = (await events(heart, PromotionsApplied))[::-1]
    assert (told.order_id, told.totals.total) == (order.order_id, 27_000)
    ((body,),) = await heart.rows("SELECT body FROM orders")
    now = msgspec.json.decode(body, type=Order)
    assert (now.totals.total, now.adjustments[0].given) == (27_000, 27_000)


async def test_a_menu_with_new_prices_reaches_unpaid_lines_too(heart, hear, take, guest, menu):
    order = await take(guest.place(hold=True))
    items = [
        msgspec.structs.replace(
            i, variants=tuple(msgspec.structs.replace(v, price=v.price * 2) for v in i.variants)
        )
        for i in menu.items
    ]
    dear = msgspec.structs.replace(menu, items=tuple(items))
    await hear(("menu", 2, msgspec.json.encode(dear)))
    ((_, told),) = await events(heart, LineRepriced)
    assert (told.order_id, told.totals.total) == (order.order_id, 50_000)


async def test_pricing_anew_happens_once_however_often_the_page_comes(
    heart, hear, take, guest, repricing
):
    await take(guest.place(hold=True))
    one = book(Price(id="nasi-kecil", amount=27_000))
    for _ in range(3):
        await hear(one)
    await hear(one, incarnation="hq-2", snapshot=True)
    assert len(await events(heart, LineRepriced)) == 1
    assert len(await events(heart, PricesApplied)) == 1


async def test_a_box_put_back_prices_anew_with_the_same_event(make_heart, menu, guest, clock):
    """The order's line, priced twice by two lives of one box, is one event at HQ."""
    order_id, line = guest.new_id(), guest.line()
    ids = []
    for folder in ("before", "after"):
        heart = await make_heart(folder, menu=menu)
        place = guest.place(line, order_id=order_id, hold=True)
        await heart.taking.take(guest.asks(place, command_id="the-same"))
        kept = (heart.journal, heart.menus, heart.products, heart.taking)
        repricing = Repricing(heart.journal, heart.menus, "unsent", heart.outlet)
        rows = feed_rows_of(*kept, repricing, heart.people)
        kind, version, body = book(Price(id="nasi-kecil", amount=27_000))
        row = FeedRow(1, kind, "*", version, body, "p")
        page = FeedPage(incarnation="hq", rows=(row,), pos=1)
        await heart.database.write(lambda db: rows.take_page(db, page, ("", 0)))  # noqa: B023
        ((event_id, _),) = await events(heart, LineRepriced)
        ids.append(event_id)
    assert ids[0] == ids[1]


async def test_screens_and_kitchen_get_the_order_as_it_now_is(heart, hear, take, guest):
    order = await take(guest.place(hold=True))
    await hear(book(Price(id="nasi-kecil", amount=27_000)))
    last = (await heart.entries())[-1]
    assert last.order.totals.total == 27_000
    stored = await take(c.RecallOrder(order_id=order.order_id))
    assert (stored.status, stored.totals.total) == (OrderStatus.OPEN, 27_000)

"""Prices at HQ: what was paid is a fact, and every deviation is recorded exactly once, with a reason."""

import itertools
import random

import msgspec
import pytest

from cloud.distribution import EVERYWHERE, Publication, publish
from cloud.follower import Place
from protocol import events as e
from protocol.bill import Refund
from protocol.cart import Cart, CartLine, Tally
from protocol.clock import Confidence
from protocol.floor_events import LinesMovedTwice, PaymentRefunded
from protocol.menu import Variant
from protocol.orders import Source, Totals
from protocol.prices import Price, PriceBook
from protocol.rules import price_verdicts

pytestmark = pytest.mark.postgres

LATER_MS = 3_600_000


@pytest.fixture
def at(tenant, box):
    return Place(tenant.tenant_id, box.enrolled.outlet_id)


@pytest.fixture
def at_price(world, browser, menu):
    """Publishes a menu with this price for the coffee; returns when."""

    async def publish_menu(price):
        variant = Variant(id="kopi-l", names={"id": "Besar"}, price=price, plu="1001", size="L")
        items = tuple(msgspec.structs.replace(i, variants=(variant,)) for i in menu().items)
        answer = await browser.post("/api/menus/publish", menu(items=items))
        assert answer.status_code == 200, answer.text
        return world.clock.now_ms

    return publish_menu


@pytest.fixture
async def raised(world, at_price):
    """25,000 until an hour after noon, 27,000 from then on; it is two hours after noon."""
    await at_price(25_000)
    world.clock.now_ms += LATER_MS
    raised_ms = await at_price(27_000)
    world.clock.now_ms += LATER_MS
    return raised_ms


@pytest.fixture
def decisions(world, browser):
    async def read():
        await world.project()
        cards = (await browser.read("/api/conflicts"))["decisions"]
        return cards + (await browser.read("/api/conflicts/decisions"))["decisions"]

    return read


@pytest.fixture
def variances(decisions):
    """The records of single lines; the cards that stand for many of them are beside these."""

    async def read():
        return [d for d in await decisions() if d["kind"] == "price_variance"]

    return read


def sold(till, amount, at_ms, *, pay=True, line=None, **changes):
    """Events of an order of one coffee, charged `amount` at a moment."""
    placed = till.placed(amount, at_ms=at_ms, **changes)
    lines = tuple(msgspec.structs.replace(x, **(line or {})) for x in placed.lines)
    placed = msgspec.structs.replace(placed, lines=lines)
    return [placed, till.paid(placed)] if pay else [placed]


async def test_hqs_price_of_the_moment_needs_no_word(box, till, raised, decisions):
    before, after = raised - 1, raised
    await box.send(*till.entries(*sold(till, 25_000, before), *sold(till, 27_000, after)))
    assert await decisions() == []


async def test_an_old_price_is_recorded_once_when_it_is_paid(
    world, box, till, raised, decisions, at
):
    placed, paid = sold(till, 25_000, raised + 1)
    await box.send(till.entry(placed))
    assert await decisions() == []  # the box may still price it anew
    await box.send(till.entry(paid))
    (variance,) = await decisions()
    assert (variance["kind"], variance["money"]) == ("price_variance", -2_000)
    assert variance["params"]["reason"] == "stale_feed"
    assert variance["automatic"] is True  # the guest has lost nothing
    assert variance["order_number"] == placed.number
    await box.send(till.entry(e.OrderServed(order_id=placed.order_id, at_ms=1)))
    assert await decisions() == [variance]
    await world.hq.sales.rebuild(at)
    assert await decisions() == [variance]


async def test_guests_who_paid_too_much_are_one_card_with_the_sum(
    browser, box, till, raised, decisions
):
    await box.send(*till.entries(*sold(till, 30_000, raised), *sold(till, 28_000, raised)))
    card, *records = await decisions()
    assert (card["kind"], card["automatic"]) == ("sold_at_old_prices", False)
    assert (card["money"], card["params"]["lines"]) == (4_000, "2")
    assert "4.000" in card["why"]["en"]
    assert sorted((r["kind"], r["automatic"], r["money"]) for r in records) == [
        ("price_variance", True, 1_000),
        ("price_variance", True, 3_000),
    ]
    assert (await browser.read("/api/conflicts", open="true"))["open"] == 1


@pytest.mark.parametrize(
    ("line", "order", "reason"),
    [
        ({"price_reason": "friend of the house"}, {}, "override"),
        ({"menu_version": 9}, {}, "unknown_version"),
        ({"variant_id": "teh"}, {}, "unknown_version"),
        ({"menu_version": 1}, {"confidence": Confidence.UNCERTAIN}, "clock_uncertain"),
    ],
)
async def test_each_deviation_has_its_reason(box, till, raised, variances, line, order, reason):
    changes = {"menu_version": 1} | line
    await box.send(*till.entries(*sold(till, 20_000, raised + 9, line=changes, **order)))
    (variance,) = await variances()
    assert variance["params"]["reason"] == reason


async def test_what_is_off_the_menu_is_judged_by_what_hq_last_asked_for_it(
    world, box, browser, menu, till, at_price, variances
):
    await at_price(25_000)
    world.clock.now_ms += LATER_MS
    other = Variant(id="teh-l", names={"id": "Besar"}, price=9_000, plu="1002", size="L")
    items = tuple(msgspec.structs.replace(i, variants=(other,)) for i in menu().items)
    await browser.post("/api/menus/publish", menu(items=items))
    after = world.clock.now_ms + 1
    line = {"menu_version": 1}
    asked = sold(till, 25_000, after, line=line)
    more = sold(till, 26_000, after, line=line)
    await box.send(*till.entries(*asked, *more))
    (variance,) = await variances()
    assert (variance["order_id"], variance["money"]) == (more[0].order_id, 1_000)
    assert variance["params"]["reason"] == "stale_feed"


async def test_a_box_that_did_not_know_the_time_may_have_been_right(box, till, raised, decisions):
    line = {"menu_version": 1}
    unsure = sold(till, 25_000, raised + 9, line=line, confidence=Confidence.UNCERTAIN)
    sure = sold(till, 25_000, raised + 9, line=line)
    await box.send(*till.entries(*unsure, *sure))
    (variance,) = await decisions()
    assert variance["order_id"] == sure[0].order_id


async def test_an_import_is_history_and_no_conflict(box, till, raised, decisions):
    await box.send(*till.entries(*sold(till, 1_000, raised, source=Source.IMPORT)))
    assert await decisions() == []


async def test_a_dated_price_holds_from_its_own_begin_to_its_own_end(
    world, tenant, box, till, raised, variances
):
    happy = Price(id="kopi-l", amount=15_000, from_ms=raised + 100, until_ms=raised + 200)
    book = PriceBook(version=1, currency="IDR", prices=(happy,))
    async with world.hq.database.transaction(tenant.tenant_id) as tx:
        row = Publication(kind="prices", key=EVERYWHERE, version=1, body=msgspec.json.encode(book))
        await publish(tx, tenant.tenant_id, [row], publish_id="p", now_ms=raised + 50)
    within = sold(till, 15_000, raised + 150)
    missed = sold(till, 27_000, raised + 150)
    after = sold(till, 27_000, raised + 200)
    await box.send(*till.entries(*within, *missed, *after))
    (card,) = await variances()
    assert (card["order_id"], card["money"]) == (missed[0].order_id, 12_000)


async def test_what_the_feed_has_forgotten_is_still_known_here(
    world, tenant, box, till, raised, decisions
):
    async with world.hq.database.transaction(tenant.tenant_id) as tx:
        await tx.execute("UPDATE feed_heads SET floor_pos = pos")
        await tx.execute("DELETE FROM feed_rows WHERE version = 1")
    await box.send(*till.entries(*sold(till, 25_000, raised - 1)))
    assert await decisions() == []


async def test_a_card_for_many_lines_follows_them_and_stays_settled(
    world, browser, box, till, raised, decisions, variances, at, monkeypatch
):
    async def waiting():
        return [d for d in await decisions() if not d["automatic"] and d["settled_ms"] is None]

    events = [sold(till, amount, raised) for amount in (30_000, 40_000, 50_000)]
    await box.send(*till.entries(*itertools.chain(*events[:2])))
    (card,) = await waiting()
    assert card["money"] == 3_000 + 13_000
    await browser.post(f"/api/conflicts/{card['decision_id']}/settle", {"note": "paid back"})
    assert await waiting() == []
    monkeypatch.setattr("cloud.follower.TICK_ROWS", 1)
    await world.hq.sales.rebuild(at)
    assert await waiting() == [], "nothing is new, whatever it added up to on the way"
    await box.send(*till.entries(*events[2]))
    (again,) = await waiting()
    assert (again["decision_id"], again["money"]) == (card["decision_id"], 39_000)
    await box.send(till.entry(till.voided(events[2][0])))
    assert {c["kind"] for c in await waiting()} == {"overpaid"}, "a void leaves money to return"
    await box.send(*till.entries(*(till.voided(placed) for placed, _ in events[:2])))
    assert await variances() == []
    settled = next(d for d in await decisions() if d["kind"] == "sold_at_old_prices")
    assert settled["note"] == "paid back"


async def test_a_publish_that_hq_lost_is_one_card_and_not_one_for_each_line(
    browser, box, till, raised, decisions
):
    lines = [{"menu_version": 9}] * 3 + [{"menu_version": 1, "price_version": 4}] * 2
    orders = [sold(till, 20_000 + n, raised + 9, line=line) for n, line in enumerate(lines)]
    await box.send(*till.entries(*itertools.chain(*orders)))
    found = await decisions()
    cards = {c["subject"]: c for c in found if not c["automatic"]}
    counted = {subject: c["params"]["lines"] for subject, c in cards.items()}
    assert counted == {"prices_lost/menu/9/IDR": "3", "prices_lost/prices/4/IDR": "2"}
    assert "Rp 60.003 by menu 9" in cards["prices_lost/menu/9/IDR"]["why"]["en"]
    assert [c["automatic"] for c in found if c["kind"] == "price_variance"] == [True] * 5
    await box.send(*till.entries(*(till.voided(placed) for placed, _ in orders[:3])))
    left = [c["subject"] for c in await decisions() if c["kind"] == "prices_lost"]
    assert left == ["prices_lost/prices/4/IDR"]


async def test_what_two_boxes_were_paid_is_seen_and_never_merged_away(
    box, till, at_price, decisions
):
    await at_price(25_000)
    placed, paid = sold(till, 25_000, 0)
    await box.send(*till.entries(placed, paid, till.paid(placed, "qris")))
    card = next(c for c in await decisions() if c["kind"] == "overpaid")
    assert (card["automatic"], card["money"]) == (False, 25_000)
    assert "Give" in card["suggestion"]["en"]


async def test_new_prices_and_late_edits_are_told(box, till, at_price, decisions):
    await at_price(25_000)
    placed = till.placed(20_000, 25_000)
    line = placed.lines[0]
    repriced = e.LineRepriced(
        order_id=placed.order_id,
        at_ms=9,
        lines=(
            e.Repriced(
                line_id=line.line_id,
                unit_price=25_000,
                choice_prices=(),
                amount=25_000,
                menu_version=1,
            ),
        ),
        was=45_000,
        totals=Totals(lines=50_000, total=50_000),
        why="HQ's prices changed.",
    )
    fired = e.OrderFired(order_id=placed.order_id, at_ms=10, line_ids=(line.line_id,))
    cart = Cart(lines={line.line_id: CartLine(variant_id="kopi-l", tallies={"a": Tally(added=3)})})
    merged = e.CartMerged(
        order_id=placed.order_id,
        at_ms=11,
        cart=cart,
        lines=placed.lines[1:],
        totals=Totals(lines=50_000, total=50_000),
        late=(line.line_id,),
    )
    await box.send(*till.entries(placed, repriced, fired, merged))
    found = {d["kind"]: d for d in await decisions()}
    assert found.keys() == {"repriced", "late_cart_edit"}
    assert found["repriced"]["automatic"] is True
    assert found["late_cart_edit"]["params"]["wanted"] == "3"


async def test_money_that_two_boxes_each_gave_back_is_a_card(box, till, raised, decisions):
    placed, paid = sold(till, 25_000, raised - 1)
    gone = [
        PaymentRefunded(
            order_id=placed.order_id,
            refund=Refund(refund_id=x, amount=25_000, tender="cash", at_ms=9),
            business_date=placed.business_date,
            hour=12,
            due_after=25_000,
        )
        for x in ("r1", "r2")
    ]
    await box.send(*till.entries(placed, paid, gone[0]))
    assert await decisions() == []
    await box.send(till.entry(gone[1]))
    (card,) = await decisions()
    assert (card["kind"], card["money"]) == ("refunded_twice", -25_000)


async def test_a_line_that_two_boxes_moved_apart_is_a_card(box, till, raised, decisions):
    placed = till.placed(25_000, at_ms=raised - 1)
    line = placed.lines[0]
    said = LinesMovedTwice(
        order_id=placed.order_id,
        at_ms=9,
        line_ids=(line.line_id,),
        kept_order_id="o-2",
        kept_number="A099",
        from_number="A098",
    )
    await box.send(*till.entries(placed, said))
    (card,) = await decisions()
    assert (card["kind"], card["automatic"], card["money"]) == ("moved_twice", False, 0)
    assert "struck from" in card["why"]["en"]
    assert "A099" in card["why"]["id"]


async def test_what_sets_off_a_bug_delays_only_its_own_order(
    box, till, raised, decisions, monkeypatch, browser
):
    whole = price_verdicts.verdict

    def touchy(line, *arguments, **options):
        assert line.amount != 13_000, "thirteen"
        return whole(line, *arguments, **options)

    monkeypatch.setattr("cloud.projections.prices.verdict", touchy)
    good, bad = sold(till, 25_000, raised), sold(till, 13_000, raised)
    await box.send(*till.entries(*bad, *good))
    cards = {c["order_id"]: c["kind"] for c in await decisions() if c["order_id"]}
    assert cards == {good[0].order_id: "price_variance", bad[0].order_id: "parked"}
    sales = await browser.read("/api/orders")
    assert len(sales["orders"]) == 2
    monkeypatch.setattr("cloud.projections.prices.verdict", whole)
    await box.send(till.entry(e.OrderServed(order_id=bad[0].order_id, at_ms=1)))
    assert {c["kind"] for c in await decisions()} == {"price_variance"}


async def test_decisions_follow_from_the_set_of_events(world, till, menu, raised):
    chance = random.Random(7)
    histories = [
        sold(till, chance.choice((25_000, 27_000, 31_000)), raised + chance.randrange(-9, 9))
        for _ in range(12)
    ]
    for history in histories:
        if chance.random() < 0.4:
            history.append(till.paid(history[0], "qris", 5_000))
        if chance.random() < 0.3:
            history.append(till.voided(history[0]))
    entries = [till.entry(x) for history in histories for x in history]
    results = []
    for number in range(3):
        tenant = await world.tenant(f"Tenant {number}")
        browser = await world.browser(tenant)
        await copy_prices(world, tenant)
        box = await world.box(tenant)
        shuffled = [*entries, *chance.sample(entries, 5)] if number else entries
        chance.shuffle(shuffled) if number else None
        for entry in shuffled:
            await box.send(entry)
            if chance.random() < 0.5:
                await world.project()
        await world.project()
        cards = [
            *(await browser.read("/api/conflicts", limit=500))["decisions"],
            *(await browser.read("/api/conflicts/decisions", limit=500))["decisions"],
        ]
        results.append(
            sorted((c["kind"], c["subject"], c["money"], str(c["params"])) for c in cards)
        )
    assert results[0]
    assert results[0] == results[1] == results[2]


async def copy_prices(world, tenant):
    """The history of the first tenant, for another one."""
    first = (await world.hq.database.lookup("list_tenants"))[0]["tenant_id"]
    async with world.hq.database.transaction(str(first)) as tx:
        rows = await tx.fetch("SELECT * FROM price_history")
    async with world.hq.database.transaction(tenant.tenant_id) as tx:
        for row in rows:
            values = [tenant.tenant_id, *list(row.values())[1:]]
            await tx.execute(
                "INSERT INTO price_history VALUES ($1, $2, $3, $4, $5, $6, $7)", *values
            )

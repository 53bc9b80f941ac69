"""HQ says how bills are made: the next order has the tax, an open one keeps what it was told."""

import asyncio

import msgspec
import pytest

from edge.house import read_house
from protocol.bill import BillRules, RuleBook, Service, Tax
from protocol.commands import AddLines
from protocol.house import House, Promotion, Span

pytestmark = pytest.mark.postgres

PBJT = Tax(id="pbjt", names={"id": "PBJT", "en": "Restaurant tax"}, amount="10")
SERVICE = Service(names={"id": "Layanan", "en": "Service"}, percent="5")
TAXED = BillRules(version=1, taxes=(PBJT,), service=SERVICE)
HAPPY = Promotion(
    id="sore",
    names={"id": "Kopi sore", "en": "Afternoon coffee"},
    ids=("kopi",),
    percent="50",
    spans=(Span(from_time="20:00", until_time="22:00"),),
)
HOUR_MS = 3_600_000


@pytest.fixture
async def shop(scene):
    """The outlet and its HQ, which has published nothing but the menu."""
    place, hq = scene

    async def publish(house, version):
        """HQ publishes; returns when the box goes by it."""
        told = (await hq.send("PUT", "/api/house", house)).json()
        assert told["version"] == version, told
        async with asyncio.timeout(10):
            while (await place.box.database.read(read_house)).version != version:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    return place, publish


async def test_the_next_order_has_the_tax_and_an_open_one_keeps_its_bill(shop):
    place, publish = shop
    before = (await place.ask(place.order(dining_option="dine_in"))).order
    menu_was = place.box.menus.shown
    await publish(House(bill=RuleBook(rules=(TAXED,))), version=1)
    await place.price()
    assert place.box.menus.shown != menu_was  # screens ask for the rules again
    said = next(s.en for s in place.box.health.sentences() if s.code == "menu")
    assert said == "Menu version 1 is in force, house rules 1."

    after = (await place.ask(place.order(dining_option="dine_in"))).order
    assert (after.totals.service, after.totals.total) == (1_250, 28_875)
    assert [(t.tax_id, t.amount) for t in after.totals.taxes] == [("pbjt", 2_625)]
    away = (await place.ask(place.order(dining_option="takeaway"))).order
    assert (away.totals.service, away.totals.total) == (0, 27_500)

    more = AddLines(order_id=before.order_id, lines=(place.new_line(),))
    grown = (await place.ask(more)).order
    assert (grown.totals.taxes, grown.totals.total) == ((), 50_000)


async def test_rules_of_next_year_wait_for_it_with_hq_away(shop):
    place, publish = shop
    later = msgspec.structs.replace(TAXED, version=2, from_date="2026-11-23")
    await publish(House(bill=RuleBook(rules=(later,))), version=1)
    place.wire.cut.set()
    today = (await place.ask(place.order())).order
    place.clock.now_ms += 12 * HOUR_MS
    tomorrow = (await place.ask(place.order())).order
    assert (today.business_date, today.totals.taxes) == ("2026-11-22", ())
    assert (tomorrow.business_date, len(tomorrow.totals.taxes)) == ("2026-11-23", 1)


async def test_happy_hour_begins_and_ends_by_the_clock_without_anybody_doing_anything(shop):
    place, publish = shop
    await publish(House(promotions=(HAPPY,)), version=1)
    place.wire.cut.set()
    totals = []
    for _ in range(4):  # 19:14, 20:14, 21:14, 22:14
        totals.append((await place.ask(place.order("kopi-tubruk"))).order.totals.total)
        place.clock.now_ms += HOUR_MS
    assert totals == [9_000, 4_500, 4_500, 9_000]

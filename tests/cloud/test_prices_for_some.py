"""Prices for guests who eat so and for single outlets: HQ publishes them once and asks each for its own."""

import msgspec
import pytest

from protocol.menu import Variant
from protocol.orders import DiningOption
from protocol.prices import Price, PriceBook

pytestmark = pytest.mark.postgres

HERE, AWAY = 27_000, 30_000


@pytest.fixture
async def published(world, browser, box, menu):
    """A coffee of 25.000: dearer at this outlet, and dearer still when it is taken along."""
    variant = Variant(id="kopi-l", names={"id": "Besar"}, price=25_000, plu="1001", size="L")
    items = tuple(msgspec.structs.replace(i, variants=(variant,)) for i in menu().items)
    answer = await browser.post("/api/menus/publish", menu(items=items))
    assert answer.status_code == 200, answer.text
    mine = (str(box.enrolled.outlet_id),)
    book = PriceBook(
        version=0,
        for_some=(
            Price(id="kopi-l", amount=HERE, outlets=mine),
            Price(id="kopi-l", amount=AWAY, outlets=mine, dining_options=("takeaway",)),
        ),
    )
    answer = await browser.post("/api/prices", book)
    assert answer.status_code == 200, answer.text
    world.clock.now_ms += 3_600_000
    return world.clock.now_ms - 1


def sold(till, amount, at_ms, **changes):
    placed = till.placed(amount, at_ms=at_ms, **changes)
    return [placed, till.paid(placed)]


async def test_each_is_charged_what_is_for_them(world, browser, box, till, published):
    away = DiningOption.TAKEAWAY
    await box.send(
        *till.entries(
            *sold(till, HERE, published),
            *sold(till, AWAY, published, dining_option=away),
            *sold(till, 25_000, published),
        )
    )
    await world.project()
    found = (await browser.read("/api/conflicts/decisions"))["decisions"]
    assert [(d["kind"], d["money"]) for d in found] == [("price_variance", 25_000 - HERE)]


async def test_a_price_for_an_outlet_that_is_not_there_is_not_published(browser, published):
    book = PriceBook(version=0, for_some=(Price(id="kopi-l", amount=1, outlets=("nowhere",)),))
    answer = await browser.post("/api/prices", book)
    assert answer.status_code == 422
    assert "nowhere" in answer.text

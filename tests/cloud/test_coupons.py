"""Coupons for so many orders: what outlets that cannot know of each other used too often is a card."""

import pytest

from protocol import events as e
from protocol.bill import Adjustment, AdjustmentKind
from protocol.floor_events import PromotionsApplied
from protocol.house import House, Promotion
from protocol.orders import Totals

pytestmark = pytest.mark.postgres

GIFT = Promotion(id="gift", names={"en": "Gift"}, percent="20", code="GIFT", uses=2)


def with_coupon(till):
    """An order of 25.000 on which a guest showed the coupon."""
    placed = till.placed(25_000)
    coupon = Adjustment(
        adjustment_id="gift",
        kind=AdjustmentKind.COUPON,
        names={"en": "Gift"},
        percent="20",
        promotion_id="gift",
        code="GIFT",
        given=5_000,
    )
    shown = PromotionsApplied(
        order_id=placed.order_id,
        at_ms=2,
        promotions=(coupon,),
        totals=Totals(lines=25_000, discounts=5_000, total=20_000),
    )
    return placed, shown


@pytest.fixture
async def elsewhere(world, tenant, browser):
    """The house has two of the coupon, and the tenant a second outlet."""
    await browser.send("PUT", "/api/house", House(promotions=(GIFT,)))
    return await world.box(tenant, "Cabang", stream="cd" * 16)


@pytest.fixture
def cards(world, browser):
    async def read():
        await world.project()
        found = (await browser.read("/api/conflicts"))["decisions"]
        return [card for card in found if card["kind"] == "coupon_overused"]

    return read


async def test_too_many_of_all_outlets_together_are_a_card(box, elsewhere, till, cards):
    other = type(till)()
    await box.send(*till.entries(*with_coupon(till), *with_coupon(till)))
    assert await cards() == []
    await elsewhere.send(*other.entries(*with_coupon(other)))
    (card,) = await cards()
    assert card["outlet_name"] == "Cabang", "the outlet that gave one too many"
    assert (card["params"]["uses"], card["params"]["used"]) == ("2", "3")
    assert "GIFT" in card["why"]["en"]


async def test_the_card_goes_when_one_is_called_off(box, elsewhere, till, cards):
    other = type(till)()
    await box.send(*till.entries(*with_coupon(till), *with_coupon(till)))
    late = with_coupon(other)
    await elsewhere.send(*other.entries(*late))
    assert len(await cards()) == 1
    gone = e.OrderCancelled(order_id=late[0].order_id, at_ms=3, reason="left")
    await elsewhere.send(other.entry(gone))
    assert await cards() == []


async def test_a_coupon_without_a_limit_is_nobodys_concern(box, browser, till, cards):
    house = House(promotions=(Promotion(id="gift", names={}, percent="20", code="GIFT"),))
    await browser.send("PUT", "/api/house", house)
    await box.send(*till.entries(*(x for _ in range(4) for x in with_coupon(till))))
    assert await cards() == []

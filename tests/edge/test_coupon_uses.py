"""A coupon for so many orders: the box counts those it knows of, and says no in words after the last."""

import asyncio

import msgspec
import pytest

from edge.audit import audit_of
from protocol import commands as c
from protocol import floor_commands as f
from protocol.bill import AdjustmentKind
from protocol.house import House, Promotion
from protocol.refusals import Refusal
from tests.edge.returning import Hq, recover_with

GIFT = Promotion(id="gift", names={"id": "Hadiah", "en": "Gift"}, percent="20", code="GIFT", uses=2)
ALWAYS = Promotion(id="any", names={"en": "Any"}, percent="10", code="ANY", rank=1)


async def with_coupons(heart, *coupons):
    body = msgspec.json.encode(House(version=1, promotions=coupons))
    await heart.database.write(
        lambda db: db.execute("INSERT INTO house (digest, body) VALUES ('d', ?)", (body,))
    )


@pytest.fixture
async def shop(heart, guest):
    await with_coupons(heart, GIFT, ALWAYS)
    return Shop(heart, guest)


class Shop:
    """Guests who show a coupon."""

    def __init__(self, heart, guest):
        self.heart, self.guest = heart, guest

    async def ask(self, command):
        return await self.heart.taking.take(self.guest.asks(command))

    async def order(self, *codes):
        return await self.ask(self.guest.place(codes=codes))

    async def show(self, order, code="GIFT"):
        kind = AdjustmentKind.COUPON
        return await self.ask(
            f.Adjust(order_id=order.order_id, adjustment_id="c", kind=kind, code=code)
        )


def refused(answer):
    return answer.code if isinstance(answer, Refusal) else None


async def test_who_gave_a_coupon_is_in_the_trail(shop):
    """Also who took it off again: a bill is shown to the guest with it and charged without, or the reverse."""
    order = (await shop.order("gift")).order
    await shop.ask(f.RemoveAdjustment(order_id=order.order_id, adjustment_id="gift"))
    date = shop.heart.outlet.moment(shop.heart.journal.reading()).business_date
    page = await shop.heart.database.read(lambda db: audit_of(db, date, shop.heart.outlet, {}))
    off, given = page.rows
    number = order.number
    assert given.what["en"] == f"Gave coupon GIFT on {number}: Rp 5.000 off"
    assert given.what["id"] == f"Memberi kupon GIFT di {number}: potongan Rp 5.000"
    assert (given.kind, given.amount, off.amount) == ("discount", 5_000, None)
    assert off.what["en"] == f"Took coupon GIFT off {number}"


async def test_after_the_last_one_it_is_refused_in_words(shop):
    for _ in range(2):
        assert (await shop.order("gift")).order.totals.discounts == 5_000
    no = await shop.order("gift")
    assert (no.code, no.params) == ("coupon_used_up", {"coupon": "GIFT", "uses": "2"})
    plain = (await shop.order()).order
    assert refused(await shop.show(plain)) == "coupon_used_up"
    assert (await shop.order("any")).order.totals.discounts == 2_500, "others go on"


async def test_what_is_called_off_or_given_back_may_be_used_again(shop):
    first = (await shop.order("gift")).order
    second = (await shop.order("gift")).order
    assert refused(await shop.order("gift")) == "coupon_used_up"
    await shop.ask(c.ChangeOrderStatus(order_id=first.order_id, status="cancelled", reason="pergi"))
    third = (await shop.order("gift")).order
    assert third.totals.discounts == 5_000
    await shop.ask(f.RemoveAdjustment(order_id=second.order_id, adjustment_id="gift"))
    assert (await shop.order("gift")).order.totals.discounts == 5_000


async def test_one_that_is_on_the_bill_already_is_not_used_once_more(shop):
    order = (await shop.order("gift")).order
    await shop.order("gift")
    assert refused(await shop.show(order)) is None
    added = c.AddLines(order_id=order.order_id, lines=(shop.guest.line(),))
    assert (await shop.ask(added)).order.totals.discounts == 10_000


async def test_of_several_who_show_it_in_one_breath_only_so_many_get_it(shop):
    answers = await asyncio.gather(*(shop.order("gift") for _ in range(5)))
    assert [refused(a) for a in answers].count(None) == 2


async def test_what_came_back_from_hq_counts(shop, make_heart, menu, guest):
    await shop.order("gift")
    await shop.order("gift")
    hq = Hq()
    await hq.hold(shop.heart)
    blank = await make_heart("blank", menu=menu)
    await with_coupons(blank, GIFT)
    await recover_with(hq, blank)
    assert refused(await Shop(blank, guest).order("gift")) == "coupon_used_up"


async def test_the_count_goes_by_an_index(shop):
    plan = await shop.heart.rows(
        "EXPLAIN QUERY PLAN SELECT count(*) FROM orders WHERE"
        """ instr(body, CAST('"kind":"coupon"' AS BLOB)) > 0 AND status <> 'cancelled'"""
    )
    assert "orders_with_coupons" in plan[0][-1]

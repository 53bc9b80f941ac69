"""Sold out means sold out, by every way an order can come (FS-32), and works without HQ."""

import msgspec
import pytest

from protocol import commands as c
from protocol.orders import OrderStatus
from protocol.refusals import Refusal


@pytest.fixture
def take(heart, guest):
    async def take(command):
        return await heart.taking.take(guest.asks(command))

    return take


@pytest.fixture
async def begun(take, guest):
    """A held order and an open draft, both with coffee, begun while there was some."""
    held = (await take(guest.place("kopi", hold=True))).order
    draft = (await take(guest.place("nasi-kecil", "kopi", hold=True))).order
    await take(c.RecallOrder(order_id=draft.order_id))
    await take(c.EightySixItem(item_id="kopi", reason="the beans are gone"))
    return {"held": held, "draft": draft}


def a_tap(guest, _):
    return guest.place("kopi")


def a_kiosk_with_it_in_the_cart(guest, _):
    return guest.place("nasi-kecil", "kopi", source="kiosk", menu_version=1, expected_total=43_000)


def a_second_round(guest, begun):
    return c.AddLines(order_id=begun["draft"].order_id, lines=(guest.line("kopi"),))


def a_held_order_sent(_, begun):
    return c.FireOrder(order_id=begun["held"].order_id)


def a_draft_sent_by_hand(_, begun):
    return c.ChangeOrderStatus(order_id=begun["draft"].order_id, status=OrderStatus.FIRED)


WAYS = (a_tap, a_kiosk_with_it_in_the_cart, a_second_round, a_held_order_sent, a_draft_sent_by_hand)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_every_way_is_refused_by_name(take, guest, begun, way):
    refused = await take(way(guest, begun))
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.params["item_id"]) == ("item_unavailable", "kopi")


async def test_the_guest_can_have_the_rest(take, guest, begun):
    draft = begun["draft"]
    coffee = next(x for x in draft.lines if x.item_id == "kopi")
    await take(c.VoidLine(order_id=draft.order_id, line_id=coffee.line_id, reason="sold out"))
    assert (await take(c.FireOrder(order_id=draft.order_id))).order.status == "fired"


async def test_it_comes_back_as_fast(take, guest, begun):
    await take(c.RestoreItem(item_id="kopi"))
    assert (await take(c.FireOrder(order_id=begun["held"].order_id))).order.status == "fired"
    assert (await take(guest.place("kopi"))).order.status == "fired"


async def test_what_hq_no_longer_offers_is_not_sent_either(take, heart, guest, menu):
    held = (await take(guest.place("kopi", hold=True))).order
    items = tuple(
        msgspec.structs.replace(i, available=i.available and i.id != "kopi") for i in menu.items
    )
    await heart.use_menu(msgspec.structs.replace(menu, items=items), version=2)
    assert (await take(c.FireOrder(order_id=held.order_id))).code == "item_unavailable"

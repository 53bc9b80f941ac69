"""Which box is in charge: the other one stands by, says so, and finishes what it has begun."""

import pytest

from edge.alarms import KEPT_MS
from protocol.refusals import Refusal
from tests.edge.scripted_hq import ScriptedHq, Side


@pytest.fixture
def hq(clock):
    return ScriptedHq(clock.now_ms)


@pytest.fixture
def open_side(make_heart, hq, menu):
    async def open_():
        side = await Side(await make_heart(), hq).start()
        side.heart.taking.guards.append(side.role.guard)
        return side

    return open_


@pytest.fixture
async def side(open_side, menu):
    side = await open_side()
    await side.heart.use_menu(menu)
    return side


async def test_a_standby_takes_no_new_order_and_finishes_what_it_has(side, guest):
    taken = await side.heart.taking.take(guest.asks(guest.place()))
    side.hq.role = "standby"
    await side.greet()
    assert (side.line.role, side.alarm("two_boxes").code) == ("standby", "two_boxes")
    asked = guest.asks(guest.place())
    assert await side.heart.taking.take(asked) == Refusal("standby")
    paid = await side.heart.taking.take(guest.asks(guest.pay(taken.order.order_id, 100_000)))
    assert paid.order.due == 0
    await side.send_all()
    assert await side.events() == side.hq.events(), "everything a standby has is sent"

    side.hq.role = "primary"
    await side.greet()
    assert side.alarm("two_boxes") is None
    assert await side.heart.taking.take(asked) == Refusal("standby"), "staff were told no"
    assert (await side.heart.taking.take(guest.asks(guest.place()))).order


async def test_a_standby_that_boots_without_a_line_stands_by(side, open_side, guest):
    side.hq.role = "standby"
    await side.greet()
    await side.heart.stop()
    again = await open_side()
    assert again.role.standby
    assert again.alarm("two_boxes")
    assert await again.heart.taking.take(guest.asks(guest.place())) == Refusal("standby")


async def test_a_take_over_is_asked_until_hq_says_yes(side, open_side):
    side.hq.role = "standby"
    await side.greet()
    await side.line.take_over()
    await side.greet()
    await side.heart.stop()
    again = await open_side()
    again.hq.role = "primary"
    await again.greet()
    await again.greet()
    assert [h.take_over for h in again.hq.hellos] == [False, True, True, False]
    assert not again.role.standby


async def test_a_person_puts_a_box_in_charge_while_hq_is_away(side, open_side, guest):
    """The other box died and the line is down: the outlet must be able to sell."""
    side.hq.role = "standby"
    await side.greet()
    await side.line.take_over()
    assert side.alarm("two_boxes") is None
    assert (await side.heart.taking.take(guest.asks(guest.place()))).order
    await side.line.take_role("standby")
    assert not side.role.standby, "HQ has not heard of it yet"
    await side.heart.stop()
    again = await open_side()
    assert (await again.heart.taking.take(guest.asks(guest.place()))).order, "nor after a restart"

    again.hq.role = "primary"
    await again.line.take_role("primary")
    assert again.role.wanted, "that was no answer to it"
    await again.greet()
    assert not again.role.wanted
    again.hq.role = "standby"
    await again.greet()
    assert again.role.standby, "now HQ's word counts again"


async def test_a_take_over_is_told_at_once(side, until):
    side.hq.role = "standby"
    await side.line.start()
    await until(lambda: side.line.greeted and side.line.unsent == 0)
    await side.line.take_over()
    await until(lambda: side.hq.hellos[-1].take_over, within_s=2)
    await side.line.stop()


async def test_a_role_of_a_newer_hq_changes_nothing(side):
    side.hq.role = "observer"
    await side.greet()
    assert side.line.role == "primary"
    await side.line.take_role("standby")
    assert side.role.standby, "the feed says it as well"


async def test_alarms_survive_a_restart_and_go_when_they_are_over(side, open_side, clock):
    await side.alarms.tell("clone", stream="ab", moved="3")
    await side.alarms.tell("two_boxes")
    await side.alarms.tell("clone", stream="ab", moved="4")
    await side.heart.stop()
    again = await open_side()
    assert [(a.code, a.params.get("moved")) for a in again.alarms.listed] == [
        ("clone", "4"),
        ("two_boxes", None),
    ]
    clock.now_ms += KEPT_MS + 1
    await again.alarms.forget_old()
    assert [a.code for a in again.alarms.listed] == ["two_boxes"], "a state is never out of date"
    await again.alarms.clear("two_boxes", "no such alarm")
    assert again.alarms.listed == ()


async def test_people_read_alarms_in_their_language(box):
    await box.alarms.tell("clone", stream="ab12", moved="3")
    (notice,) = [n for n in box.health.notices() if n.code == "alarm.clone"]
    assert "Two boxes have written" in notice.en
    assert "Dua perangkat" in notice.id
    assert "3" in notice.en
    assert "(moved)" not in notice.en

"""Courses: what is to wait waits and is not forgotten, and is fired when somebody says so."""

import pytest
from msgspec.structs import replace

from protocol import commands as c
from protocol.events import OrderFired
from protocol.orders import OrderStatus
from protocol.refusals import Refusal, sentence
from protocol.rules import carts
from protocol.rules.coursing import waiting_courses


def statuses(counter):
    return [x.status.value for x in counter.order.lines]


def fired(decision):
    """How many lines went to the kitchen."""
    assert not isinstance(decision, Refusal), decision
    return sum(len(e.line_ids) for e in decision if isinstance(e, OrderFired))


def fire(counter, *courses):
    return counter.take(c.FireOrder(order_id=counter.order_id, courses=courses))


@pytest.fixture
def dinner(counter):
    """A starter in the kitchen, a main course and a dessert that wait."""
    lines = (counter.line(course=1), counter.line(course=2), counter.line(course=3))
    counter.place(*lines, fire_courses=(1,))
    return counter


def test_only_the_courses_asked_for_go_to_the_kitchen(dinner):
    assert statuses(dinner) == ["fired", "waiting", "waiting"]
    assert dinner.order.status is OrderStatus.FIRED
    assert waiting_courses(dinner.order) == (2, 3)


def test_without_courses_everything_goes(counter):
    counter.place(counter.line(course=1), counter.line(course=2))
    assert statuses(counter) == ["fired", "fired"]


def test_a_held_order_fires_nothing_whatever_courses_it_names(counter):
    counter.place(counter.line(course=1), hold=True, fire_courses=(1,))
    assert statuses(counter) == ["waiting"]


def test_an_order_whose_courses_all_wait_is_open(counter):
    assert fired(counter.place(counter.line(course=2), fire_courses=())) == 0
    assert counter.order.status is OrderStatus.OPEN


def test_a_course_is_fired_by_itself_and_the_rest_at_once(dinner):
    fire(dinner, 2)
    assert statuses(dinner) == ["fired", "fired", "waiting"]
    assert fire(dinner, 2).code == "nothing_to_fire"
    fire(dinner)
    assert statuses(dinner) == ["fired"] * 3


def test_an_order_with_a_waiting_course_is_not_ready_served_or_closed(dinner):
    dinner.pay(dinner.order.due)
    dinner.bump("kitchen")
    assert statuses(dinner)[0] == "ready"
    assert dinner.order.status is OrderStatus.FIRED
    for wanted in ("ready", "served"):
        refusal = dinner.move(wanted)
        assert refusal == Refusal("courses_waiting", {"number": "A042", "courses": "2, 3"})
        for language in ("en", "id"):
            assert "2, 3" in sentence(refusal, language)[0]
    fire(dinner)
    dinner.move("ready")
    dinner.move("served")
    assert dinner.order.status is OrderStatus.CLOSED


def test_a_cancelled_order_takes_its_waiting_courses_with_it(dinner):
    dinner.move("cancelled", "guest left")
    assert statuses(dinner) == ["voided"] * 3
    assert waiting_courses(dinner.order) == ()


def test_a_waiting_line_can_be_voided_and_the_rest_is_ready(dinner):
    dinner.bump("kitchen")
    dinner.void(1)
    assert dinner.order.status is OrderStatus.FIRED
    dinner.void(2)
    assert dinner.order.status is OrderStatus.READY
    assert dinner.order.ready_ms == dinner.now_ms


def test_what_is_added_waits_with_its_course_or_behind_an_earlier_one(dinner):
    fire(dinner, 2)
    for course, went in ((1, 1), (2, 1), (3, 0), (4, 0)):
        assert fired(dinner.add(dinner.line(course=course))) == went, course
    assert fired(fire(dinner)) == 3


def test_a_course_that_the_kitchen_has_begun_waits_for_no_earlier_one(counter):
    counter.place(counter.line(course=1), counter.line(course=3), fire_courses=(3,))
    assert fired(counter.add(counter.line(course=3))) == 1
    assert fired(counter.add(counter.line(course=2))) == 0


def test_a_cart_leaves_waiting_courses_alone_and_sends_what_is_new(dinner):
    cart = carts.cart_of(dinner.order)
    main = dinner.order.lines[1].line_id
    cart = carts.add(cart, "counter-2", main, 2)
    for variant in ("latte-s", "rice-1"):  # of course 1, and of course 2
        new = dinner.line(variant)
        cart = carts.add(cart, "counter-2", new.line_id, 1, cart_line(new))
    assert fired(dinner.merge(cart)) == 1
    assert [(x.item_id, x.quantity, x.status.value) for x in dinner.order.lines[1:]] == [
        ("rice", 3, "waiting"),
        ("rice", 1, "waiting"),
        *[("latte", 1, "fired"), ("rice", 1, "waiting")],
    ]
    assert fired(fire(dinner, 2)) == 2


def cart_line(new):
    choices = tuple(carts.CartChoice(modifier_id=x.modifier_id) for x in new.choices)
    return carts.CartLine(variant_id=new.variant_id, choices=choices)


def test_a_cart_that_was_emptied_of_a_waiting_line_does_not_fire_it_when_it_comes_back(dinner):
    main = dinner.order.lines[1].line_id
    dinner.merge(carts.remove(carts.cart_of(dinner.order), main))
    assert statuses(dinner)[1] == "voided"
    assert fired(dinner.merge(carts.add(dinner.order.cart, "c2", main, 1))) == 1
    assert statuses(dinner) == ["fired", "fired", "waiting"]


def test_an_item_that_sold_out_meanwhile_is_not_fired_and_the_rest_can_be(counter):
    counter.place(
        counter.line("latte-s"), counter.line(), counter.line("set-1", course=3), fire_courses=(1,)
    )
    counter.eighty_six = frozenset({"rice"})
    refusal = fire(counter, 2)
    assert (refusal.code, refusal.params["item"]) == ("item_unavailable", "Fried rice")
    assert fire(counter).code == "item_unavailable"
    assert fired(fire(counter, 3)) == 1
    counter.eighty_six = frozenset()
    assert fired(fire(counter, 2)) == 1


def test_firing_a_held_order_by_course_leaves_the_others(counter):
    counter.place(counter.line(course=1), counter.line(course=2), hold=True)
    fire(counter, 2)
    assert statuses(counter) == ["waiting", "fired"]


# ---------------------------------------------------------------- offered again


def again(counter, command, accepted):
    """The command at a box that lost what came of it, with the first answer."""
    counter.accepted = accepted
    try:
        return counter.take(command)
    finally:
        counter.accepted = None


def test_an_order_offered_again_fires_what_it_fired_at_first(counter, new_counter):
    lines = (counter.line(course=1), counter.line(course=2))
    placed = c.PlaceOrder(order_id=counter.order_id, lines=lines, fire_courses=(1,))
    first = counter.take(placed)
    box = new_counter(now_ms=counter.now_ms - counter.step_ms)
    assert again(box, placed, counter.order) == first


def test_an_order_that_a_box_of_before_courses_fired_whole_is_fired_whole(counter, new_counter):
    lines = (counter.line(course=1), counter.line(course=2))
    placed = c.PlaceOrder(order_id=counter.order_id, lines=lines)
    counter.take(placed)
    box = new_counter()
    assert fired(again(box, replace(placed, fire_courses=(1,)), counter.order)) == 2


def test_firing_offered_again_does_not_take_later_lines_along(dinner, new_counter):
    """The box lost the firing; another screen's lines of a later course are there already."""
    command = c.FireOrder(order_id=dinner.order_id)
    before, told = dinner.order, len(dinner.history)
    first = dinner.take(command)
    accepted = dinner.order
    box = new_counter(order=before, history=dinner.history[:told], now_ms=dinner.now_ms)
    box.add(box.line(course=5, line_id="0190c7d2-0000-7000-8000-00000000ffff"))
    assert again(box, command, accepted) == first
    assert statuses(box) == ["fired", "fired", "fired", "waiting"]


def test_firing_that_another_has_done_meanwhile_is_the_same_event_and_fires_nothing_twice(
    dinner, new_counter
):
    """The box lost the firing, and somebody fired everything before the screen offers it again."""
    before = dinner.order
    command = c.FireOrder(order_id=before.order_id, courses=(2,))
    first = dinner.take(command)
    box = new_counter(order=before, now_ms=dinner.now_ms + 600_000)
    fire(box)
    box.move("ready")
    now = box.order
    assert again(box, command, dinner.order) == first
    assert box.order == now


def test_lines_that_waited_for_their_course_wait_again_unless_it_went_meanwhile(
    dinner, new_counter
):
    before = dinner.order
    command = c.AddLines(order_id=dinner.order_id, lines=(dinner.line(course=2),))
    assert fired(dinner.take(command)) == 0
    accepted = dinner.order
    box = new_counter(order=before)
    assert fired(again(box, command, accepted)) == 0
    late = new_counter(order=before)
    fire(late, 2)
    assert fired(again(late, command, accepted)) == 1, "in doubt the kitchen has it"


def test_lines_that_went_at_once_go_again_although_their_course_waits_here(counter, new_counter):
    counter.place(counter.line(course=1))
    command = c.AddLines(order_id=counter.order_id, lines=(counter.line(course=2),))
    counter.take(command)
    accepted = counter.order
    box = new_counter()
    box.place(box.line(course=1), box.line(course=2), fire_courses=(1,), order_id=counter.order_id)
    assert fired(again(box, command, accepted)) == 1


def test_a_cart_offered_again_sends_what_it_sent(dinner, new_counter):
    before = dinner.order
    new = dinner.line("latte-s")
    cart = carts.add(carts.cart_of(before), "c2", new.line_id, 1, cart_line(new))
    command = c.MergeCart(order_id=before.order_id, cart=cart)
    first = dinner.take(command)
    box = new_counter(order=before, now_ms=dinner.now_ms - dinner.step_ms)
    assert again(box, command, dinner.order) == first
    assert fired(first) == 1

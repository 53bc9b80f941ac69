"""Rules of stations, courses and tickets switched off."""

from typing import Any

import msgspec
from simulation.mutation import Undo, mutant, replace

from edge import menu as box_menu
from protocol import kitchen
from protocol.menu import MenuIndex
from protocol.routing import NO_ROUTING
from protocol.rules import firing, folding, merging, offering, taking

COURSES = "protocol/test_courses.py"
STATIONS = "protocol/test_stations.py"
TICKETS = "protocol/test_tickets.py"


@mutant(23, f"{STATIONS}::test_fs41_a_station_that_was_deleted_is_replaced_and_not_left_out")
def a_deleted_station_takes_its_part_along() -> Undo:
    """Of several stations of an item the one that does not exist is left out, not replaced."""
    real = MenuIndex._living

    def living(self: Any, wanted: Any, **given: Any) -> Any:
        return real(self, [s for s in wanted if s in self.stations], **given)

    return replace(MenuIndex, "_living", living)


@mutant(
    23,
    f"{STATIONS}::test_fs41_an_item_goes_where_it_says_else_with_its_category_else_to_the_fallback",
)
def categories_have_no_station() -> Undo:
    """An item that names no station goes to the fallback, whoever makes its category."""
    return replace(
        MenuIndex,
        "named_for",
        lambda self, item: self.routing.items.get(item.id) or item.station_ids,
    )


@mutant(23, "edge/test_routing.py::test_a_routing_is_in_force_at_once_and_moves_no_line")
def the_outlets_own_word_is_not_heard() -> Undo:
    """The box sends lines where the menu says, whatever HQ says about this outlet."""
    return replace(box_menu, "read_routing", lambda db: NO_ROUTING)


@mutant(
    23, f"{TICKETS}::test_an_order_is_ready_without_the_expo_and_stays_on_its_view_until_handed_out"
)
def orders_wait_for_the_pass() -> Undo:
    """A station that assembles has to bump a line before it is ready."""
    real = MenuIndex.route_of

    def route_of(self: Any, item: Any) -> Any:
        route = real(self, item)
        return route._replace(station_ids=(*route.station_ids, *route.expo_ids), expo_ids=())

    return replace(MenuIndex, "route_of", route_of)


@mutant(23, f"{COURSES}::test_only_the_courses_asked_for_go_to_the_kitchen")
def every_course_goes_at_once() -> Undo:
    """An order's later courses go to the kitchen with the first."""
    return replace(taking, "of_courses", lambda lines, courses: tuple(lines))


@mutant(23, f"{COURSES}::test_what_is_added_waits_with_its_course_or_behind_an_earlier_one")
def added_lines_overtake_their_course() -> Undo:
    """What is added to a course that waits goes to the kitchen at once."""
    return replace(taking, "goes_at_once", lambda order, lines: tuple(lines))


@mutant(23, f"{COURSES}::test_a_cart_leaves_waiting_courses_alone_and_sends_what_is_new")
def a_cart_fires_what_waits() -> Undo:
    """What a screen's cart brings goes to the kitchen although its course waits."""
    return replace(merging, "goes_at_once", lambda order, lines, accepted: tuple(lines))


@mutant(23, f"{COURSES}::test_an_order_with_a_waiting_course_is_not_ready_served_or_closed")
def an_order_is_served_before_its_courses() -> Undo:
    """An order with lines that the kitchen never got can be served and closed."""
    return replace(firing, "ensure_all_fired", lambda order: None)


@mutant(23, f"{COURSES}::test_an_item_that_sold_out_meanwhile_is_not_fired_and_the_rest_can_be")
def sold_out_courses_are_fired() -> Undo:
    """A course is sent to the kitchen although an item of it has sold out since."""
    return replace(firing, "_sold_out", lambda state, order, lines: None)


@mutant(23, f"{COURSES}::test_firing_offered_again_does_not_take_later_lines_along")
def firing_again_fires_more() -> Undo:
    """A firing that a screen offers again takes along whatever waits by then."""

    def all_that_waits(lines: Any, accepted: Any, at_ms: int) -> Any:
        return tuple(x for x in lines if x.status == "waiting"), at_ms

    return replace(firing, "_as_fired_at_first", all_that_waits)


@mutant(
    23,
    f"{COURSES}::test_firing_that_another_has_done_meanwhile_is_the_same_event_and_fires_nothing_twice",
)
def a_firing_again_makes_ready_orders_unready() -> Undo:
    """A firing of lines that the kitchen has already counts from its own time."""
    return replace(folding, "IN_THE_KITCHEN", ())


@mutant(23, f"{COURSES}::test_an_order_offered_again_fires_what_it_fired_at_first")
def an_order_offered_again_goes_whole() -> Undo:
    """An order that a screen offers again goes to the kitchen with all its courses."""
    return replace(offering, "_fired_with", lambda command, order, lines: lines)


@mutant(23, f"{TICKETS}::test_a_rush_is_on_every_ticket_and_can_be_taken_back")
def a_rush_stays_at_the_counter() -> Undo:
    """Tickets do not say that their order is to be made before others."""
    real = kitchen._ticket
    return replace(
        kitchen, "_ticket", lambda *given: msgspec.structs.replace(real(*given), rush=False)
    )


@mutant(23, f"{TICKETS}::test_fs43_a_second_round_is_one_addition_and_repeats_nothing")
def a_second_round_looks_like_the_first() -> Undo:
    """Tickets do not say which lines were added."""
    real = kitchen._line
    return replace(
        kitchen, "_line", lambda *given: msgspec.structs.replace(real(*given), added=False)
    )


@mutant(23, f"{TICKETS}::test_fs45_fewer_of_a_line_is_charged_and_the_cook_sees_how_many_went")
def fewer_goes_unsaid() -> Undo:
    """The kitchen sees a smaller number and not that it was larger."""
    real = folding._reduced

    def reduced(order: Any, event: Any) -> Any:
        after = real(order, event)
        lines = tuple(msgspec.structs.replace(x, reduced=0) for x in after.lines)
        return msgspec.structs.replace(after, lines=lines)

    return replace(folding, "_reduced", reduced)

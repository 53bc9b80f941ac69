"""Tickets: each station sees its part of an order, as long as there is something to do or to see."""

from protocol.kitchen import TicketStatus, ticket_id, tickets_of


def shown(counter, station):
    """A station's ticket: open or done, and the status of each of its lines."""
    (ticket,) = [t for t in tickets_of(counter.order) if t.station_id == station]
    return ticket.status, [x.status for x in ticket.lines]


OPEN, DONE = TicketStatus.OPEN, TicketStatus.DONE


def test_nothing_is_shown_before_it_is_fired(counter):
    counter.place(hold=True)
    assert tickets_of(counter.order) == []


def test_each_station_sees_its_part(counter):
    counter.place(counter.line("set-1"), counter.line("latte-s"), counter.line(), table="7")
    bar, kitchen = tickets_of(counter.order, position=12)
    assert bar.ticket_id == ticket_id(counter.order_id, "bar") == f"{counter.order_id}.bar"
    assert [x.names["en"] for x in bar.lines] == ["Breakfast set", "Latte"]
    assert [x.names["en"] for x in kitchen.lines] == ["Breakfast set", "Fried rice"]
    assert (bar.position, bar.table, bar.number, bar.status) == (12, "7", "A042", OPEN)
    assert [c.names["en"] for c in bar.lines[1].choices] == ["Dairy"]


def test_a_ticket_is_done_when_its_own_part_is(counter):
    counter.place(counter.line("set-1"))
    counter.bump("bar")
    assert shown(counter, "bar") == (DONE, ["done"])
    assert shown(counter, "kitchen") == (OPEN, ["fired"])
    counter.unbump("bar")
    assert shown(counter, "bar") == (OPEN, ["fired"])


def test_a_struck_line_stays_until_the_cook_has_bumped_it(counter):
    counter.place(counter.line("latte-s"), counter.line())
    counter.void(1)
    assert shown(counter, "kitchen") == (OPEN, ["voided"])
    counter.bump("bar")
    assert shown(counter, "kitchen") == (OPEN, ["voided"])
    counter.bump("kitchen")
    assert shown(counter, "kitchen") == (DONE, ["done"])


def test_a_cancelled_order_stays_struck_where_it_was_not_finished(counter):
    counter.place(counter.line("latte-s"), counter.line())
    counter.bump("bar")
    counter.move("cancelled")
    assert shown(counter, "bar") == (DONE, ["done"])
    assert shown(counter, "kitchen") == (OPEN, ["voided"])
    counter.bump("kitchen")
    assert shown(counter, "kitchen") == (DONE, ["done"])


def test_a_line_voided_before_it_was_fired_is_never_shown(counter):
    counter.place(counter.line(), counter.line("latte-s"), hold=True)
    counter.void(1)
    counter.move("fired")
    assert [t.station_id for t in tickets_of(counter.order)] == ["kitchen"]


def test_what_is_served_is_off_every_display(counter):
    counter.place(counter.line("set-1"), counter.line())
    counter.void(1)
    counter.move("served")
    assert {t.status for t in tickets_of(counter.order)} == {DONE}


def test_an_item_without_a_station_is_seen_at_the_fallback(counter):
    counter.place(counter.line("water-1"))
    assert shown(counter, "kitchen") == (OPEN, ["fired"])


def test_what_is_added_late_is_not_late_at_once(counter):
    counter.place()
    first = counter.now_ms
    counter.add(counter.line())
    assert tickets_of(counter.order)[0].fired_ms == first
    counter.bump("kitchen", 0)
    counter.bump("kitchen", 1)
    counter.add(counter.line())
    assert tickets_of(counter.order)[0].fired_ms == counter.now_ms > first

"""Folding events: what HQ makes of a history is what the box keeps, and nothing counts twice."""

import pytest

from protocol import events as e
from protocol.orders import LineStatus, OrderStatus
from protocol.rules.folding import OutOfPlace, apply, fold


@pytest.fixture
def finished(counter):
    """A whole life: held, fired, half voided, made, paid in two parts, served."""
    counter.place(counter.line("set-1"), counter.line("latte-s"), hold=True)
    counter.move("fired")
    counter.add(counter.line())
    counter.void(1)
    counter.bump("bar")
    counter.bump("kitchen")
    counter.pay(50_000, amount=40_000)
    counter.pay(25_000, "card")
    counter.move("served")
    return counter


def test_a_history_folds_to_the_state_the_box_keeps(finished):
    assert finished.order.status is OrderStatus.CLOSED
    assert fold(finished.history) == finished.order
    assert fold([e.decode(e.encode(event)) for event in finished.history]) == finished.order


def test_every_step_changes_the_order(finished):
    order = None
    for event in finished.history:
        after = apply(order, event)
        assert after != order
        order = after


def test_a_payment_that_arrives_twice_counts_once(finished):
    (first, *_) = [x for x in finished.history if isinstance(x, e.PaymentTaken)]
    assert apply(finished.order, first) == finished.order
    twice = [y for x in finished.history for y in ((x, x) if x is first else (x,))]
    assert fold(twice) == finished.order


def test_two_payments_that_crossed_show_as_overpaid(counter):
    counter.place()
    before = counter.order
    counter.pay(25_000)
    (there,) = [x for x in counter.history if isinstance(x, e.PaymentTaken)]
    counter.order = before
    counter.pay(25_000, "card")
    both = apply(counter.order, there)
    assert (both.paid, both.due) == (50_000, -25_000)


def test_an_order_begins_with_being_placed_and_only_once(finished):
    placed, fired = finished.history[0], finished.history[1]
    with pytest.raises(OutOfPlace, match=r"order\.fired before"):
        apply(None, fired)
    with pytest.raises(OutOfPlace, match="placed already"):
        apply(finished.order, placed)
    assert fold([]) is None


def test_what_is_no_event_of_an_order_cannot_follow(finished):
    paper = e.PaperPrinted(
        order_id=finished.order_id, kind="receipt", printer="p", job_id="0" * 32, at_ms=0
    )
    with pytest.raises(OutOfPlace, match=r"paper\.printed"):
        apply(finished.order, paper)


def test_a_bump_from_a_station_that_has_no_part_in_a_line_changes_nothing(counter):
    counter.place()
    ids = tuple(x.line_id for x in counter.order.lines)
    stray = e.TicketBumped(order_id=counter.order_id, station_id="bar", at_ms=0, line_ids=ids)
    assert apply(counter.order, stray) == counter.order


def test_lines_keep_the_moment_they_were_first_fired(counter):
    counter.place()
    first = counter.order.fired_ms
    counter.add(counter.line())
    assert [x.fired_ms for x in counter.order.lines] == [first, counter.now_ms]
    assert counter.order.fired_ms == first


def test_cancelling_strikes_every_line(counter):
    counter.place(counter.line(), counter.line("latte-s"))
    counter.bump("bar")
    counter.move("cancelled")
    assert {x.status for x in counter.order.lines} == {LineStatus.VOIDED}
    assert fold(counter.history) == counter.order

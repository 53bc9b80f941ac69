"""One line on two orders: it counts where it came first, whoever is asked, and nobody voided it."""

import itertools

import pytest
from msgspec.structs import replace

from protocol import floor_commands as f
from protocol.bill import AdjustmentKind, RefundLine
from protocol.bill_sums import order_sums
from protocol.day_figures import figures_of
from protocol.floor_events import LinesCame
from protocol.kitchen import tickets_of
from protocol.orders import MOVED_TWICE, OrderStatus
from protocol.rules.folding import apply
from protocol.rules.moved_twice import Arrival, moved_twice


@pytest.fixture
def apart(new_counter):
    """A party with rice and a latte, and two others: at one box the rice went to one of them, at
    the other to the other."""
    home, one, two = new_counter(), new_counter(), new_counter()
    for n, counter in enumerate((home, one, two)):
        counter._ids = iter(range(n * 100, n * 100 + 99))
        counter.place(counter.line("latte-l"), *([counter.line()] if counter is home else []))
    rice = home.order.lines[1]
    arrivals = []
    for stamp, counter in ((5, one), (7, two)):
        came = LinesCame(
            order_id=counter.order_id,
            at_ms=stamp,
            lines=(rice,),
            from_order_id=home.order_id,
            from_number="A041",
            totals=counter.order.totals,
        )
        counter.keep(came)
        arrivals.append(Arrival((stamp, f"event-{stamp}"), came))
    return one, two, rice, arrivals


def told(apart, **more):
    one, two, _, arrivals = apart
    orders = {x.order_id: x.order for x in (one, two)}
    return moved_twice(more.get("arrivals", arrivals), orders, more.get("stands", ()))


def test_first_come_keeps_it(apart):
    one, two, rice, _ = apart
    (event,) = told(apart)
    assert (event.order_id, event.kept_order_id, event.line_ids) == (
        two.order_id,
        one.order_id,
        (rice.line_id,),
    )
    assert event.struck
    two.keep(event)
    assert [x.void_reason for x in two.order.lines] == [None, MOVED_TWICE]
    assert two.order.totals.total == 20_000
    assert told(apart) == [], "then there is nothing more to say"


@pytest.mark.parametrize("heard", list(itertools.permutations((0, 1, 0))))
def test_the_order_in_which_they_are_heard_of_changes_nothing(apart, heard):
    assert told(apart, arrivals=[apart[3][n] for n in heard]) == told(apart)


def test_an_order_that_it_never_came_to_has_no_say(apart, new_counter):
    """Where the home order is known only in part, the line seems to be on it still."""
    one, _, rice, arrivals = apart
    home = new_counter()
    home.place(home.line(line_id=rice.line_id), order_id=arrivals[0].event.from_order_id)
    orders = {x.order_id: x.order for x in (home, one)}
    assert moved_twice(arrivals[:1], orders, ()) == []


def test_nobody_voided_it_and_the_cook_sees_it_struck(apart):
    _, two, rice, _ = apart
    sums = order_sums(two.order)
    assert (sums["voids"], sums["void_amount"]) == (0, 0)
    (event,) = told(apart)
    two.keep(event)
    after = order_sums(two.order)
    assert (after["voids"], after["gross"]) == (0, sums["gross"] - rice.amount)
    day = figures_of("2026-05-28", [two.order], [], [])
    assert (day.voids, day.gross) == (0, 20_000)
    lines = [x for t in tickets_of(two.order) for x in t.lines if x.line_id == rice.line_id]
    assert {x.status for x in lines} == {"voided"}


def test_what_was_taken_off_it_goes_with_it(apart):
    _, two, rice, _ = apart
    two.take(
        f.Adjust(
            order_id=two.order_id,
            adjustment_id="d",
            kind=AdjustmentKind.COMP,
            line_id=rice.line_id,
            reason="late",
        )
    )
    (event,) = told(apart)
    two.keep(event)
    assert (two.order.adjustments, two.order.totals.total) == ((), 20_000)


def test_where_a_z_report_or_a_refund_counts_on_it_it_is_only_told(apart):
    _, two, rice, _ = apart
    (event,) = told(apart, stands={two.order_id})
    assert not event.struck
    assert apply(two.order, event) == two.order
    two.pay(45_000)
    two.refund(RefundLine(line_id=rice.line_id, quantity=1))
    (again,) = told(apart)
    assert not again.struck


def test_an_order_that_is_left_with_nothing_goes_on_as_the_other(apart):
    one, two, _, _ = apart
    (event,) = told(apart)
    latte = two.order.lines[0].line_id
    whole = replace(event, line_ids=(latte, *event.line_ids))
    two.keep(whole)
    assert (two.order.status, two.order.merged_into) == (OrderStatus.CANCELLED, one.order_id)


def test_who_paid_for_it_there_gets_money_back(apart):
    _, two, _, _ = apart
    two.pay(45_000)
    (event,) = told(apart)
    two.keep(event)
    assert two.order.due == -25_000

"""Where a party sits and what stands beside a line: changed without touching the food."""

import pytest

from protocol import commands as c
from protocol import floor_commands as f
from protocol.bill import BillRules, RuleBook, Service
from protocol.house import House
from protocol.kitchen import tickets_of
from protocol.orders import DiningOption
from protocol.refusals import Refusal
from protocol.rules.carts import add, cart_of, write_note

SERVICE = House(
    bill=RuleBook(rules=(BillRules(version=1, service=Service(names={"en": "S"}, percent="10")),))
)


def code(decision):
    assert isinstance(decision, Refusal), decision
    return decision.code


@pytest.fixture
def party(counter):
    counter.place(counter.line(), counter.line("latte-s"), table="4")
    return counter


def change(counter, at=0, **given):
    line = counter.order.lines[at]
    wanted = {"note": line.note, "seat": line.seat, "course": line.course, **given}
    return counter.take(f.ChangeLine(order_id=counter.order_id, line_id=line.line_id, **wanted))


def test_another_table_is_on_every_ticket(party):
    party.take(f.ChangeDetails(order_id=party.order_id, table="12", tab_name="Ani", covers=4))
    assert {(t.table, t.tab_name, t.covers) for t in tickets_of(party.order)} == {("12", "Ani", 4)}
    same = f.ChangeDetails(order_id=party.order_id, table="12", tab_name="Ani", covers=4)
    assert party.take(same) == []


def test_the_bill_follows_how_they_eat(counter):
    counter.more["house"] = SERVICE
    counter.place()
    assert counter.order.totals.total == 27_500
    away = f.ChangeDetails(order_id=counter.order_id, dining_option=DiningOption.TAKEAWAY)
    counter.take(away)
    assert counter.order.totals.total == 25_000
    counter.take(f.ChangeDetails(order_id=counter.order_id))
    counter.pay(27_500)
    assert code(counter.take(away)) == "paid_order"


def test_before_it_is_fired_all_of_a_line_may_change_and_then_only_the_seat(counter):
    counter.place(counter.line(), hold=True)
    change(counter, note="no chilli", seat=2, course=3)
    line = counter.order.lines[0]
    assert (line.note, line.seat, line.course) == ("no chilli", 2, 3)
    counter.take(c.FireOrder(order_id=counter.order_id))
    assert code(change(counter, note="with chilli")) == "line_made"
    assert code(change(counter, course=1)) == "line_made"
    change(counter, seat=5)
    assert counter.order.lines[0].seat == 5
    assert change(counter, seat=5) == []


def test_a_cart_that_comes_later_does_not_write_an_old_note_back(counter):
    counter.place(counter.line(), hold=True)
    rice = counter.order.lines[0].line_id
    seen = write_note(cart_of(counter.order), "one", rice, "spicy", 7)
    counter.merge(seen)
    change(counter, note="mild")
    counter.merge(add(seen, "one", rice, 1))
    assert [(x.quantity, x.note) for x in counter.order.lines] == [(2, "mild")]


def test_what_is_over_stays_as_it_was(party):
    party.move("cancelled")
    assert code(party.take(f.ChangeDetails(order_id=party.order_id, table="1"))) == "order_closed"
    assert code(change(party, note="x")) == "order_closed"


def test_a_line_that_is_not_there_is_not_changed(party):
    wrong = f.ChangeLine(order_id=party.order_id, line_id=party.new_id())
    assert code(party.take(wrong)) == "unknown_line"
    party.void(0)
    assert code(change(party, seat=1)) == "unknown_line"

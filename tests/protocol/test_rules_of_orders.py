"""An order and the rules of its bill: those of the day it was placed, wherever it is worked out."""

import pytest
from msgspec.structs import replace

from protocol import commands as c
from protocol import floor_commands as f
from protocol.bill import BillRules, RuleBook, Service, Tax
from protocol.events import LineVoided, OrderPlaced
from protocol.house import House
from protocol.orders import DiningOption, Totals
from protocol.rules import apply
from protocol.rules.offering import believed

OLD = BillRules(version=1, taxes=(Tax(id="pbjt", names={"id": "PBJT"}, amount="10"),),
                service=Service(names={"id": "Layanan"}, percent="5"))  # fmt: skip
NEW = BillRules(version=2, from_date="2026-05-29",
                taxes=(Tax(id="pbjt", names={"id": "PBJT"}, amount="8"),))  # fmt: skip
UNSOUND = BillRules(version=9, taxes=(Tax(id="x", names={}, amount="-100", included=True),))


def house_of(*rules):
    return House(bill=RuleBook(rules=rules))


@pytest.fixture
def house(counter):
    counter.more["house"] = house_of(OLD, NEW)
    return counter


def test_an_order_gets_the_rules_of_its_business_date(house):
    """The café's date is 28 May, whatever the calendar says by now: new rules begin tomorrow."""
    house.place()
    assert house.order.rules == OLD
    assert house.order.totals.total == 28_875
    assert house.order.totals.rules_version == 1


def test_what_hq_changes_later_changes_no_bill_that_was_placed(house):
    house.place()
    house.more["house"] = house_of(NEW)
    house.add(house.line("rice-1"))
    assert house.order.rules == OLD
    assert house.order.totals.total == 57_750


def test_a_first_answer_brings_its_taxes_along(house, new_counter):
    """FS-11: paid while HQ was away, it does not come back with another tax."""
    place = c.PlaceOrder(order_id=house.new_id(), lines=(house.line(),))
    house.take(place)
    other = new_counter(accepted=house.order)
    other.more.update(house=house_of(NEW), offered=True)
    other.take(place)
    assert other.order.rules == OLD
    assert other.order.totals == house.order.totals


def test_an_import_is_history_with_the_prices_it_had(house):
    house.imported()
    assert house.order.rules is None
    assert house.order.totals.total == 25_000


def test_a_screen_that_forgot_the_taxes_is_told_the_total(house):
    answer = house.place(expected_total=25_000, menu_version=7)
    assert (answer.code, answer.params["now"]) == ("total_differs", "Rp 28.875")
    assert house.order is None
    assert not hasattr(house.place(expected_total=28_875, menu_version=7), "code")


def test_who_takes_it_along_pays_no_service(house):
    house.place()
    away = f.ChangeDetails(order_id=house.order_id, dining_option=DiningOption.TAKEAWAY)
    house.take(away)
    assert (house.order.totals.service, house.order.totals.total) == (0, 27_500)


def test_a_party_that_grows_pays_service_from_then_on(counter):
    party = Service(names={"id": "Layanan"}, percent="10", min_covers=6)
    counter.more["house"] = house_of(BillRules(version=1, service=party))
    counter.place(covers=4)
    assert counter.order.totals.service == 0
    counter.take(f.ChangeDetails(order_id=counter.order_id, covers=6))
    assert counter.order.totals.service == 2_500


def test_struck_lines_take_their_service_and_tax_with_them(house):
    house.place(house.line("rice-1"), house.line("latte-l"))
    house.void(1)
    assert house.order.totals.total == 28_875
    house.move("cancelled", "left")
    assert house.order.totals.total == 0


def test_two_boxes_that_each_changed_an_order_bill_what_is_on_it_now(house):
    """Each event knows its own lines only; the bill is worked out anew by the order's own rules."""
    house.place(house.line("rice-1"), house.line("latte-l"))
    strayed = LineVoided(
        order_id=house.order_id,
        line_id=house.order.lines[0].line_id,
        at_ms=1,
        reason="on the other box",
        totals=Totals(lines=1, total=1, rules_version=1),
    )
    assert apply(house.order, strayed).totals.total == 23_100


def test_an_answer_with_rules_that_no_bill_can_go_by_is_not_believed(house):
    placed = house.place()[0]
    assert isinstance(placed, OrderPlaced)
    command = c.PlaceOrder(order_id=house.order_id, lines=(
        c.NewLine(line_id=placed.lines[0].line_id, variant_id="rice-1"),))  # fmt: skip
    told = {"currency": "IDR", "since_ms": 0, "until_ms": 1 << 50}
    assert believed(command, house.order, **told) == house.order
    broken = replace(house.order, rules=UNSOUND)
    assert believed(command, broken, **told) is None

"""Prices for guests who eat so: what is taken along may cost another sum, also within a happy hour."""

import pytest

from protocol import floor_commands as f
from protocol.orders import DiningOption
from protocol.prices import DINING_OPTIONS, Price, PriceBook, book_for, faults_of, price_at
from protocol.rules.price_verdicts import Verdict, expected_at, verdict

AWAY = ("takeaway", "delivery")


def book_of(*prices):
    return PriceBook(
        version=3,
        currency="IDR",
        prices=tuple(p for p in prices if not (p.dining_options or p.outlets)),
        for_some=tuple(p for p in prices if p.dining_options or p.outlets),
    )


@pytest.fixture
def dearer_away(counter):
    counter.prices = book_of(
        Price(id="rice-1", amount=28_000, dining_options=AWAY),
        Price(id="oat", amount=6_000, dining_options=("delivery",)),
        Price(id="latte-l", amount=12_000, from_ms=1, names={"en": "Happy hour"}),
    )
    return counter


def test_an_outlet_may_ask_another_price_before_what_is_for_everybody():
    book = book_of(
        Price(id="rice-1", amount=20_000, from_ms=5),
        Price(id="rice-1", amount=30_000, outlets=("airport",)),
        Price(id="rice-1", amount=28_000, dining_options=AWAY),
        Price(id="rice-1", amount=35_000, dining_options=AWAY, outlets=("airport", "station")),
    )
    asked = {
        (outlet, eats): price_at(book_for(book, outlet), "rice-1", 9, 0, eats)
        for outlet in ("airport", "station", "dago")
        for eats in ("dine_in", "takeaway")
    }
    assert asked == {
        ("airport", "dine_in"): 30_000,
        ("airport", "takeaway"): 35_000,
        ("station", "dine_in"): 20_000,
        ("station", "takeaway"): 35_000,
        ("dago", "dine_in"): 20_000,
        ("dago", "takeaway"): 28_000,
    }
    assert price_at(book, "rice-1", 9, 0) == 20_000, "before that it is nobody's"


def test_every_dining_option_has_its_price():
    assert set(DiningOption) == DINING_OPTIONS


@pytest.mark.parametrize(
    ("option", "rice", "latte"),
    [("dine_in", 25_000, 17_000), ("takeaway", 28_000, 17_000), ("delivery", 28_000, 18_000)],
)
def test_how_guests_eat_decides(dearer_away, option, rice, latte):
    lines = (dearer_away.line("rice-1"), dearer_away.line("latte-l", "oat"))
    dearer_away.place(*lines, dining_option=DiningOption(option))
    assert [line.amount for line in dearer_away.order.lines] == [rice, latte]


def test_a_price_for_some_goes_before_one_for_everybody(counter):
    both = book_of(
        Price(id="rice-1", amount=20_000, from_ms=100),
        Price(id="rice-1", amount=28_000, from_ms=5, until_ms=200, dining_options=AWAY),
    )
    assert price_at(both, "rice-1", 150, 25_000) == 20_000
    assert price_at(both, "rice-1", 150, 25_000, "delivery") == 28_000
    assert price_at(both, "rice-1", 250, 25_000, "delivery") == 20_000


def test_who_changes_their_mind_pays_what_the_others_pay(dearer_away):
    dearer_away.place(dearer_away.line("rice-1", quantity=2))
    away = f.ChangeDetails(
        order_id=dearer_away.order_id, dining_option=DiningOption.TAKEAWAY, table="7"
    )
    dearer_away.take(away)
    assert dearer_away.order.totals.total == 56_000
    back = f.ChangeDetails(order_id=dearer_away.order_id)
    dearer_away.take(back)
    assert dearer_away.order.totals.total == 50_000


def test_a_paid_line_keeps_its_price_however_it_is_eaten(dearer_away):
    dearer_away.place()
    dearer_away.pay(5_000)
    away = f.ChangeDetails(order_id=dearer_away.order_id, dining_option=DiningOption.TAKEAWAY)
    dearer_away.take(away)
    assert dearer_away.order.totals.total == 25_000


def test_further_lines_are_priced_for_the_same_guests(dearer_away):
    dearer_away.place(dining_option=DiningOption.DELIVERY)
    dearer_away.add(dearer_away.line("rice-1"))
    assert dearer_away.order.totals.total == 56_000


def test_hq_asks_for_the_same(dearer_away):
    dearer_away.place(dining_option=DiningOption.DELIVERY)
    (line,) = dearer_away.order.lines
    book = dearer_away.prices
    asked = expected_at(line, dearer_away.menu, book, line.priced_ms, "delivery")
    assert verdict(line, asked, paid=True).verdict is Verdict.OK
    assert expected_at(line, dearer_away.menu, book, line.priced_ms) == 25_000


def test_the_menu_says_what_it_costs_who_eats_otherwise(dearer_away):
    menu = dearer_away.menu.priced_at(dearer_away.prices, 50)
    assert menu.variants["rice-1"][1].dining_prices == {"takeaway": 28_000, "delivery": 28_000}
    oat = next(m for m in menu.groups["milk"].modifiers if m.id == "oat")
    assert (oat.price, oat.dining_prices) == (5_000, {"delivery": 6_000})
    assert menu.variants["latte-l"][1].dining_prices == {}


def test_a_book_names_only_ways_to_eat_that_there_are():
    strange = book_of(Price(id="a", amount=1, dining_options=("standing",)))
    assert any("standing" in fault for fault in faults_of(strange))
    two = book_of(Price(id="a", amount=1), Price(id="a", amount=2, dining_options=AWAY))
    assert faults_of(two) == []


def test_a_box_that_does_not_know_them_asks_nobody_for_them():
    """An older box reads `prices` alone, so those for some guests must not stand there."""
    away = Price(id="a", amount=2, dining_options=AWAY)
    for misplaced in (PriceBook(version=1, prices=(away,)),
                      PriceBook(version=1, for_some=(Price(id="a", amount=1),))):  # fmt: skip
        assert any("stands among" in fault for fault in faults_of(misplaced))
    assert faults_of(PriceBook(version=1, for_some=(away,))) == []


def test_a_price_below_what_a_modifier_takes_off_sells_nothing(counter):
    """The menu's own price bears it; one that holds for an hour may not."""
    counter.prices = book_of(
        Price(id="latte-l", amount=5_000),
        Price(id="oat", amount=-6_000),
        Price(id="shot", amount=0),
    )
    assert counter.place(counter.line("latte-l", "oat")).code == "wrong_amount"
    counter.place(counter.line("latte-s", "oat"))
    assert counter.order.totals.total == 9_000
    counter.prices = book_of(Price(id="latte-s", amount=5_000), Price(id="oat", amount=-6_000))
    assert counter.reprice("all_unpaid") is None
    assert counter.order.totals.total == 9_000, "nor is it brought there later"

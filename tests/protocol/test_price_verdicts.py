"""Verdicts on prices: what is paid stays and is recorded once, what is unpaid follows HQ."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from protocol.events import LineRepriced
from protocol.menu import Menu, MenuIndex
from protocol.orders import LineStatus, OrderStatus
from protocol.prices import Price, PriceBook
from protocol.rules.price_verdicts import (
    Reason,
    Verdict,
    amounts_between,
    expected_at,
    verdict,
)
from tests.examples import examples


@pytest.fixture
def line(counter):
    """One fried rice at 25,000 that waits."""
    counter.place(hold=True)
    return counter.order.lines[0]


def ruled(line, expected, **given):
    ruling = verdict(line, expected, **{"paid": True, **given})
    return ruling.verdict, ruling.reason, ruling.money


def test_the_table(line):
    cooked = replace(line, status=LineStatus.FIRED)
    by_hand = replace(line, amount=20_000, price_reason="regular guest")
    ok, variance = (Verdict.OK, None, 0), Verdict.VARIANCE
    assert ruled(line, 25_000) == ok
    assert ruled(line, 25_000, paid=False) == ok
    assert ruled(line, 27_000) == (variance, Reason.STALE_FEED, -2_000)
    assert ruled(line, 27_000, certain=False) == (variance, Reason.CLOCK_UNCERTAIN, -2_000)
    assert ruled(line, 27_000, known_version=False)[:2] == (variance, Reason.UNKNOWN_VERSION)
    assert ruled(line, None) == (variance, Reason.UNKNOWN_VERSION, 0)
    assert ruled(line, 27_000, paid=False) == (Verdict.REPRICE, None, 0)
    assert ruled(cooked, 27_000, paid=False) == (Verdict.KEEP, None, 0)
    assert ruled(cooked, 27_000) == (variance, Reason.STALE_FEED, -2_000)
    assert ruled(by_hand, 25_000) == (variance, Reason.OVERRIDE, -5_000)
    assert ruled(by_hand, 25_000, paid=False) == (Verdict.KEEP, None, 0)
    assert ruled(by_hand, 20_000) == ok


def test_a_price_that_was_right_at_some_moment_of_the_doubt_is_right(line):
    assert ruled(line, 27_000, certain=False, possible=frozenset({25_000, 27_000}))[0] is Verdict.OK


def test_history_and_struck_lines_are_not_judged(line):
    imported = replace(line, amount=1, price_reason="imported")
    assert ruled(imported, 25_000)[0] is Verdict.OK
    assert ruled(replace(line, status=LineStatus.VOIDED), 1)[0] is Verdict.OK


def test_what_a_line_should_cost_is_worked_out_anew(counter):
    counter.place(counter.line("latte-s", "oat", quantity=3))
    (latte,) = counter.order.lines
    oat = Price(id="oat", amount=6_000, from_ms=100, until_ms=200)
    book = PriceBook(version=1, prices=(oat,))
    assert expected_at(latte, counter.menu, book, 99) == (15_000 + 5_000) * 3 == latte.amount
    assert expected_at(latte, counter.menu, book, 100) == (15_000 + 6_000) * 3
    assert amounts_between(latte, counter.menu, book, 0, 99) == {60_000}
    assert amounts_between(latte, counter.menu, book, 50, 150) == {60_000, 63_000}
    assert amounts_between(latte, counter.menu, book, 0, 10**9) == {60_000, 63_000}
    gone = replace(latte, variant_id="gone")
    assert expected_at(gone, counter.menu, book, 0) is None
    assert amounts_between(gone, counter.menu, book, 0, 9) == frozenset()


def dearer(menu: Menu) -> MenuIndex:
    """The next menu: everything costs 1,000 more."""
    items = tuple(
        replace(i, variants=tuple(replace(v, price=v.price + 1_000) for v in i.variants))
        for i in menu.items
    )
    return MenuIndex(replace(menu, version=menu.version + 1, items=items))


def test_new_prices_reach_what_waits_and_is_not_paid(counter, cafe_menu):
    counter.place(counter.line(quantity=2), counter.line("latte-s", "oat"), hold=True)
    counter.menu = dearer(cafe_menu)
    event = counter.reprice()
    assert (event.was, event.totals.total) == (70_000, 73_000)
    assert [x.amount for x in counter.order.lines] == [52_000, 21_000]
    assert counter.order.totals.total == 73_000
    assert {x.menu_version for x in counter.order.lines} == {8}
    assert counter.reprice() is None, "a second time changes nothing"


@pytest.mark.parametrize(
    ("policy", "fired", "changes"),
    [
        ("never", False, False),
        ("unsent", False, True),
        ("unsent", True, False),
        ("all_unpaid", False, True),
        ("all_unpaid", True, True),
    ],
)
def test_the_outlet_chooses_what_is_priced_anew(counter, cafe_menu, policy, fired, changes):
    counter.place(hold=not fired)
    counter.menu = dearer(cafe_menu)
    assert (counter.reprice(policy) is not None) is changes
    assert counter.order.totals.total == (26_000 if changes else 25_000)


def test_what_has_a_payment_is_history_or_by_hand_stays(counter, new_counter, cafe_menu):
    counter.place(hold=True)
    counter.pay(10_000)
    history = new_counter()
    history.imported(hold=True)
    by_hand = new_counter()
    by_hand.place(hold=True)
    (line,) = by_hand.order.lines
    kept = replace(line, amount=20_000, price_reason="regular guest")
    by_hand.order = replace(by_hand.order, lines=(kept,))
    over = new_counter()
    over.place(hold=True)
    over.move("cancelled")
    for one in (counter, history, by_hand, over):
        before = one.order
        one.menu = dearer(cafe_menu)
        assert one.reprice("all_unpaid") is None
        assert one.order is before
    assert over.order.status is OrderStatus.CANCELLED


def test_a_late_price_reaches_what_was_added_after_it_began(counter):
    """HQ's price began at opening, the box hears of it after the line was added."""
    began = counter.now_ms
    counter.place(hold=True)
    counter.prices = PriceBook(
        version=3, prices=(Price(id="rice-1", amount=24_000, from_ms=began),)
    )
    assert isinstance(counter.reprice(), LineRepriced)
    assert counter.order.lines[0].price_version == 3
    later = Price(id="rice-1", amount=30_000, from_ms=counter.now_ms + 1)
    counter.prices = PriceBook(version=4, prices=(*counter.prices.prices, later))
    counter.now_ms += 60_000
    assert counter.reprice() is None, "what begins after a line was added is not for it"


@examples(300)
@given(
    charged=st.integers(0, 5),
    expected=st.none() | st.integers(0, 5),
    paid=st.booleans(),
    certain=st.booleans(),
    known=st.booleans(),
    status=st.sampled_from(LineStatus),
)
def test_a_difference_is_never_silent_and_never_made_up(
    new_counter, charged, expected, paid, certain, known, status
):
    counter = new_counter()
    counter.place(hold=True)
    line = replace(counter.order.lines[0], amount=charged, status=status)
    ruling = verdict(line, expected, paid=paid, certain=certain, known_version=known)
    assert verdict(line, expected, paid=paid, certain=certain, known_version=known) == ruling
    if charged == expected or status is LineStatus.VOIDED:
        assert ruling.verdict is Verdict.OK
    elif paid:
        assert ruling.verdict is Verdict.VARIANCE
        assert ruling.reason is not None
        assert ruling.money == (0 if expected is None else charged - expected)
    else:
        assert ruling.verdict in (Verdict.KEEP, Verdict.REPRICE)

"""Dated prices: each line costs what the store's time says when it is added, with or without HQ."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.menu import MenuIndex, faults_with
from protocol.prices import (
    NO_PRICES,
    Price,
    PriceBook,
    daily_prices,
    faults_of,
    next_change,
    price_at,
    prices_at,
    span_of,
)
from protocol.trading_day import instant
from tests.examples import examples

PRICES = st.builds(
    lambda i, amount, start, length: Price(
        id=i, amount=amount, from_ms=start, until_ms=None if length == 0 else start + length
    ),
    st.sampled_from(("rice-1", "latte-s", "oat")),
    st.integers(0, 50_000),
    st.integers(0, 60),
    st.integers(0, 20),
)
BOOKS = st.builds(
    lambda prices: PriceBook(version=1, prices=tuple(prices)), st.lists(PRICES, max_size=8)
)


@examples(300)
@given(BOOKS, st.integers(0, 90), st.randoms(use_true_random=False))
def test_a_price_holds_until_the_next_change(book, at_ms, chance):
    until_ms = next_change(book, at_ms)
    assert until_ms is None or until_ms > at_ms
    for ms in range(at_ms, min(90, until_ms or 90)):
        assert prices_at(book, ms) == prices_at(book, at_ms)
    from_ms, to_ms = span_of(book, at_ms)
    assert from_ms <= at_ms < to_ms
    assert until_ms is None or to_ms == until_ms
    shuffled = list(book.prices)
    chance.shuffle(shuffled)
    again = PriceBook(version=1, prices=tuple(shuffled))
    for thing in ("rice-1", "latte-s", "oat"):
        price = price_at(book, thing, at_ms, -1)
        assert price == price_at(again, thing, at_ms, -1), "the order of rows decides nothing"
        found = prices_at(book, at_ms).get(thing)
        assert price == (-1 if found is None else found.amount)


@examples(200)
@given(BOOKS, st.lists(st.integers(0, 90), min_size=1, max_size=12))
def test_a_menu_at_its_prices_is_never_stale(cafe_menu, book, moments):
    index = MenuIndex(cafe_menu)
    for at_ms in moments:
        priced = index.priced_at(book, at_ms)
        assert priced.priced_at(book, at_ms) is priced, "kept until the next change"
        for item, variant in priced.variants.values():
            own = index.variants[variant.id][1]
            assert variant.price == price_at(book, variant.id, at_ms, own.price)
            assert item.id == index.variants[variant.id][0].id
        for group in priced.groups.values():
            for modifier, own in zip(
                group.modifiers, index.groups[group.id].modifiers, strict=True
            ):
                assert modifier.price == price_at(book, modifier.id, at_ms, own.price)
    assert index.priced_at(NO_PRICES, 5) is index


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Asia/Jakarta", date(2026, 5, 28)),
        ("Europe/Berlin", date(2026, 3, 28)),
        ("Europe/Berlin", date(2026, 3, 29)),
        ("Europe/Berlin", date(2026, 10, 25)),
    ],
)
def test_happy_hour_begins_and_ends_by_the_clock_on_the_wall(counter, zone, day):
    """FS-30: opened at 18:58, a second round at 19:01, paid at 19:20; nobody reloads anything."""
    zone = ZoneInfo(zone)
    happy = daily_prices(
        {"rice-1": 18_000},
        (date(2026, 3, 1), date(2026, 11, 1)),
        (time(17), time(19)),
        zone,
        {"en": "Happy hour", "id": "Happy hour"},
    )
    counter.prices = PriceBook(version=4, prices=happy)
    counter.step_ms = 0

    def at(hour, minute):
        counter.now_ms = instant(datetime.combine(day, time(hour, minute)), zone)

    at(16, 59)
    before = type(counter)(prices=counter.prices, step_ms=0, now_ms=counter.now_ms)
    before.place()
    assert before.order.totals.total == 25_000
    at(18, 58)
    counter.place(hold=True)
    at(19, 1)
    counter.add(counter.line())
    first, second = counter.order.lines
    assert (first.amount, second.amount) == (18_000, 25_000)
    assert (first.price_names.get("en"), second.price_names) == ("Happy hour", {})
    assert first.price_version == second.price_version == 4
    assert counter.reprice() is None, "what was added in the happy hour is not taken back"
    at(19, 20)
    counter.pay(43_000)
    assert counter.order.due == 0
    local = datetime.fromtimestamp(first.priced_ms / 1000, UTC).astimezone(zone)
    assert (local.hour, local.minute) == (18, 58)


def test_a_happy_hour_may_end_after_midnight():
    zone = ZoneInfo("Asia/Jakarta")
    (price,) = daily_prices(
        {"rice-1": 1}, (date(2026, 5, 28), date(2026, 5, 28)), (time(22), time(2)), zone
    )
    assert price.until_ms - price.from_ms == 4 * 3_600_000


def test_the_inner_price_wins():
    base = Price(id="rice-1", amount=24_000)
    season = Price(id="rice-1", amount=23_000, from_ms=10, until_ms=100)
    happy = Price(id="rice-1", amount=18_000, from_ms=50, until_ms=60)
    short = Price(id="rice-1", amount=17_000, from_ms=50, until_ms=55)
    book = PriceBook(version=1, prices=(happy, base, short, season))
    found = [price_at(book, "rice-1", ms, 0) for ms in (0, 10, 50, 55, 60, 100)]
    assert found == [24_000, 23_000, 17_000, 18_000, 23_000, 24_000]


@pytest.mark.parametrize(
    ("price", "fault"),
    [
        (Price(id="rice-1", amount=-1), "cannot be -1"),
        (Price(id="rice-1", amount=1, from_ms=5, until_ms=5), "ends before it begins"),
        (Price(id="", amount=1), "names nothing"),
        (Price(id="rice-1", amount=10**13), "cannot be"),
        (Price(id="syrup", amount=-30_000), "below zero by its modifiers"),
    ],
)
def test_what_makes_a_book_unfit_is_said(cafe_menu, price, fault):
    said = faults_with(cafe_menu, PriceBook(version=1, prices=(price,)))
    assert said
    assert all(fault in x for x in said)


def test_a_sound_book_has_no_faults(cafe_menu):
    twice = Price(id="oat", amount=-500)
    assert faults_with(cafe_menu, PriceBook(version=1, currency="IDR", prices=(twice,))) == []
    assert "there twice" in faults_of(PriceBook(version=1, prices=(twice, twice)))[0]
    assert "USD" in faults_with(cafe_menu, PriceBook(version=1, currency="USD"))[0]


def test_a_screen_that_showed_the_price_of_before_is_told_the_new_one(counter):
    counter.prices = PriceBook(version=2, prices=(Price(id="rice-1", amount=27_000),))
    refusal = counter.place(menu_version=7, expected_total=25_000)
    assert (refusal.code, refusal.params["total"]) == ("stale_menu", "27000")
    assert counter.place(menu_version=7, expected_total=27_000)[0].lines[0].amount == 27_000


def test_history_is_compared_with_the_prices_of_its_time(counter):
    counter.prices = PriceBook(
        version=2, prices=(Price(id="rice-1", amount=27_000, from_ms=counter.now_ms),)
    )
    counter.happened_ms = counter.now_ms - 1
    counter.imported(counter.line(amount=24_000))
    (line,) = counter.order.lines
    assert (line.expected, line.amount, line.price_reason) == (25_000, 24_000, "imported")

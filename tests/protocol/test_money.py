"""Money: nothing is lost in a split, roundings do what their names say, texts come back equal."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.money import (
    CURRENCIES,
    Rounding,
    allocate,
    decimal_text,
    format_amount,
    parse_amount,
    round_to,
)

AMOUNTS = st.integers(-(10**12), 10**12)
WEIGHTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any)


@given(AMOUNTS, WEIGHTS)
def test_a_split_loses_nothing_and_is_fair_to_one_unit(amount, weights):
    parts = allocate(amount, weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(amount * weight, sum(weights))) < 1


def test_the_odd_unit_goes_to_the_largest_remainder_and_then_to_the_first():
    assert allocate(100, [1, 1, 1]) == [34, 33, 33]
    assert allocate(10, [1, 2, 2]) == [2, 4, 4]
    assert allocate(5, [1, 3]) == [1, 4]
    assert allocate(-100, [1, 1, 1]) == [-34, -33, -33]


def test_weights_that_are_all_nothing_count_alike():
    assert allocate(10, [0, 0]) == [5, 5]
    assert allocate(-11, [0, 0, 0]) == [-4, -4, -3]


@pytest.mark.parametrize("weights", [[], [2, -1]])
def test_a_split_needs_weights(weights):
    with pytest.raises(ValueError, match="weights"):
        allocate(100, weights)


@pytest.mark.parametrize(
    ("value", "half_up", "half_even", "down", "up", "towards_plus"),
    [
        ("0", 0, 0, 0, 0, 0),
        ("2.5", 3, 2, 2, 3, 3),
        ("3.5", 4, 4, 3, 4, 4),
        ("2.4", 2, 2, 2, 3, 2),
        ("2.6", 3, 3, 2, 3, 3),
        ("-2.5", -3, -2, -2, -3, -2),
        ("-3.5", -4, -4, -3, -4, -3),
        ("-2.4", -2, -2, -2, -3, -2),
    ],
)
def test_every_way_to_round(value, half_up, half_even, down, up, towards_plus):
    wanted = dict(zip(Rounding, (half_up, half_even, down, up, towards_plus), strict=True))
    assert {mode: round_to(Fraction(value), mode) for mode in Rounding} == wanted


def test_cash_is_rounded_to_its_smallest_coin():
    assert round_to(Fraction(12_345), Rounding.HALF_UP, 100) == 12_300
    assert round_to(Fraction(12_350), Rounding.HALF_UP, 100) == 12_400
    assert round_to(Fraction(12_350), Rounding.HALF_EVEN, 100) == 12_400
    assert round_to(Fraction(12_250), Rounding.HALF_EVEN, 100) == 12_200
    assert round_to(Fraction(1_003), Rounding.UP, 5) == 1_005


@given(st.fractions(), st.sampled_from(Rounding), st.sampled_from([1, 5, 25, 100]))
def test_rounding_moves_less_than_a_step_and_twice_is_once(value, mode, step):
    rounded = round_to(value, mode, step)
    assert rounded % step == 0
    assert abs(rounded - value) < step
    assert round_to(Fraction(rounded), mode, step) == rounded
    if mode is not Rounding.HALF_TOWARDS_PLUS_INFINITY:
        assert round_to(-value, mode, step) == -rounded


@pytest.mark.parametrize("currency", CURRENCIES.values(), ids=CURRENCIES)
@given(minor=AMOUNTS)
def test_a_written_amount_is_read_back_equal(currency, minor):
    assert parse_amount(decimal_text(minor, currency), currency) == minor
    shown = format_amount(minor, currency)
    plain = shown.replace(currency.symbol, "").replace(" ", "").replace(currency.group, "")
    assert parse_amount(plain.replace(currency.point, "."), currency) == minor


def test_amounts_of_files_are_read():
    idr, usd = CURRENCIES["IDR"], CURRENCIES["USD"]
    assert parse_amount(" 12.75 ", usd) == 1275
    assert parse_amount("12.7", usd) == 1270
    assert parse_amount("12.7000", usd) == 1270
    assert parse_amount("+3", usd) == 300
    assert parse_amount("-0.05", usd) == -5
    assert parse_amount("25000.00", idr) == 25_000


@pytest.mark.parametrize("code", CURRENCIES)
def test_an_amount_finer_than_the_currency_is_kept_is_not_rounded_in_silence(code):
    currency = CURRENCIES[code]
    with pytest.raises(ValueError, match="finer"):
        parse_amount("1." + "0" * currency.scale + "1", currency)


@pytest.mark.parametrize(
    "text", ["", "-", ".5", "--5", "+-5", "1,000", "1e3", "1_000", "12.7.5", "12.x", "١٢", "Rp 5"]
)
def test_what_is_no_plain_decimal_is_no_amount(text):
    with pytest.raises(ValueError, match="not an amount"):
        parse_amount(text, CURRENCIES["USD"])

"""Money: integer minor units of one currency, one rounding function, a split that loses nothing."""

import re
from enum import Enum
from fractions import Fraction

import msgspec


class Currency(msgspec.Struct, frozen=True):
    """How one currency is kept, shown and paid in cash.

    `scale`: digits of the minor unit kept in the ledger (rupiah is kept whole, DESIGN.md §8).
    `display`: digits shown to people. `cash_step`: smallest cash amount, in minor units.
    """

    code: str
    scale: int
    display: int
    cash_step: int
    symbol: str
    group: str
    point: str


CURRENCIES: dict[str, Currency] = {
    c.code: c
    for c in (
        Currency("IDR", 0, 0, 100, "Rp", ".", ","),
        Currency("USD", 2, 2, 1, "$", ",", "."),
        Currency("EUR", 2, 2, 1, "€", ".", ","),
        Currency("SGD", 2, 2, 5, "S$", ",", "."),
        Currency("THB", 2, 2, 25, "฿", ",", "."),
        Currency("JPY", 0, 0, 1, "¥", ",", "."),
    )
}


class Rounding(Enum):
    """Named ways to round an exact fraction to a whole number of units."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    DOWN = "down"
    UP = "up"


def round_to(value: Fraction, mode: Rounding, step: int = 1) -> int:
    """`value` rounded to a multiple of `step`; halves go away from zero under HALF_UP."""
    scaled = value / step
    sign = -1 if scaled < 0 else 1
    whole, rest = divmod(abs(scaled), 1)
    up = False
    match mode:
        case Rounding.DOWN:
            pass
        case Rounding.UP:
            up = rest > 0
        case Rounding.HALF_UP:
            up = rest * 2 >= 1
        case Rounding.HALF_EVEN:
            up = rest * 2 > 1 or (rest * 2 == 1 and whole % 2 == 1)
    return sign * (int(whole) + up) * step


def allocate(amount: int, weights: list[int]) -> list[int]:
    """`amount` split by `weights` (largest remainder); the parts always sum to `amount`.

    Raises ValueError when a weight is negative or all are zero.
    """
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights must be zero or more, and not all zero")
    sign = -1 if amount < 0 else 1
    shares = [divmod(abs(amount) * w, total) for w in weights]
    parts = [whole for whole, _ in shares]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-shares[i][1], i))
    for i in by_remainder[: abs(amount) - sum(parts)]:
        parts[i] += 1
    return [sign * part for part in parts]


_DECIMAL = re.compile(r"(?P<sign>[+-]?)(?P<whole>[0-9]+)(\.(?P<part>[0-9]*))?")


def parse_amount(text: str, currency: Currency) -> int:
    """Minor units of a plain decimal such as `12.75`.

    Raises ValueError for anything else, or when it is finer than the currency is kept.
    """
    found = _DECIMAL.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not an amount")
    sign = -1 if found["sign"] == "-" else 1
    whole, part = found["whole"], (found["part"] or "").rstrip("0")
    if len(part) > currency.scale:
        raise ValueError(
            f"{text!r} is finer than {currency.code} is kept ({currency.scale} digits)"
        )
    return sign * int(whole + part.ljust(currency.scale, "0"))


def decimal_text(minor: int, currency: Currency) -> str:
    """The plain decimal of an amount, as files and reports carry it: `817860.05`, `392905000`."""
    digits = str(abs(minor)).rjust(currency.scale + 1, "0")
    sign = "-" if minor < 0 else ""
    if currency.scale == 0:
        return sign + digits
    return f"{sign}{digits[: -currency.scale]}.{digits[-currency.scale :]}"


def format_amount(minor: int, currency: Currency) -> str:
    """An amount for people: `Rp 25.000`, `$ 12.75`, with the currency's own separators."""
    whole, _, part = decimal_text(abs(minor), currency).partition(".")
    groups = [whole[max(0, i - 3) : i] for i in range(len(whole), 0, -3)][::-1]
    number = currency.group.join(groups) + (currency.point + part if part else "")
    return f"{'-' if minor < 0 else ''}{currency.symbol} {number}"

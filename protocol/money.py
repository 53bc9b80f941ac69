"""Money: integer minor units of one currency, one rounding function, a split that loses nothing."""

import re
from enum import Enum
from fractions import Fraction

import msgspec


class Currency(msgspec.Struct, frozen=True):
    """How one currency is kept, shown and paid in cash.

    `scale`: digits of the minor unit kept in the ledger (rupiah is kept whole, DESIGN.md §8).
    `display`: digits shown to people. `cash_step`: smallest cash amount, in minor units.
    `iso_digits` is ISO 4217's, `cash_digits` the one of cash (CLDR 45), `stripe` what a major unit is
    multiplied by on that gateway's wire (None: not known). The four disagree: each has its use.
    """

    code: str
    scale: int
    display: int
    cash_step: int
    symbol: str
    group: str
    point: str
    iso_digits: int = 2
    cash_digits: int = 2
    stripe: int | None = 100


CURRENCIES: dict[str, Currency] = {
    c.code: c
    for c in (
        Currency("IDR", 0, 0, 100, "Rp", ".", ",", cash_digits=0),
        Currency("USD", 2, 2, 1, "$", ",", "."),
        Currency("EUR", 2, 2, 1, "€", ".", ","),
        Currency("SGD", 2, 2, 5, "S$", ",", "."),
        Currency("THB", 2, 2, 25, "฿", ",", "."),
        Currency("JPY", 0, 0, 1, "¥", ",", ".", iso_digits=0, cash_digits=0, stripe=1),
        Currency("VND", 0, 0, 1000, "₫", ".", ",", iso_digits=0, cash_digits=0, stripe=1),
        Currency("CHF", 2, 2, 5, "CHF", "’", "."),
        Currency("KWD", 3, 3, 5, "KD", ",", ".", iso_digits=3, cash_digits=3, stripe=None),
    )
}


class Rounding(Enum):
    """Named ways to round an exact fraction to a whole number of units.

    Names lie elsewhere: some libraries call the last one "half up". Here a refund mirrors its sale
    under every mode but that one.
    """

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    DOWN = "down"
    UP = "up"
    HALF_TOWARDS_PLUS_INFINITY = "half_towards_plus_infinity"


def round_to(value: Fraction, mode: Rounding, step: int = 1) -> int:
    """`value` rounded to a multiple of `step`; halves go away from zero under HALF_UP."""
    return round_ratio(value.numerator, value.denominator, mode, step)


def round_ratio(over: int, under: int, mode: Rounding, step: int = 1) -> int:
    """`over / under` rounded to a multiple of `step`: `round_to` without a fraction to build.

    Both are whole numbers, `under` above zero.
    """
    under *= step
    whole, rest = divmod(abs(over), under)
    up = False
    match mode:
        case Rounding.HALF_UP:
            up = rest * 2 >= under
        case Rounding.DOWN:
            pass
        case Rounding.UP:
            up = rest > 0
        case Rounding.HALF_EVEN:
            up = rest * 2 > under or (rest * 2 == under and whole % 2 == 1)
        case Rounding.HALF_TOWARDS_PLUS_INFINITY:
            up = rest * 2 > under or (rest * 2 == under and over > 0)
    rounded = (whole + up) * step
    return -rounded if over < 0 else rounded


def allocate(amount: int, weights: list[int]) -> list[int]:
    """`amount` split by `weights` (largest remainder); the parts always sum to `amount`.

    An odd unit goes to the largest remainder, of equal ones to the first. Weights that are all zero
    count alike. Raises ValueError when there is none, or a negative one.
    """
    if not weights or min(weights) < 0:
        raise ValueError("weights must be zero or more, and at least one")
    if not any(weights):
        weights = [1] * len(weights)
    total = sum(weights)
    sign = -1 if amount < 0 else 1
    shares = [divmod(abs(amount) * w, total) for w in weights]
    parts = [whole for whole, _ in shares]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-shares[i][1], i))
    for i in by_remainder[: abs(amount) - sum(parts)]:
        parts[i] += 1
    return [sign * part for part in parts]


def allocate_by_ratio(amount: int, weights: list[int]) -> list[int]:
    """`amount` split by `weights`, odd units to the largest weights first.

    The rule of another library, for figures that must agree with it: bills use `allocate`, which is
    fairer (a remainder of nearly a whole unit gets it). Raises ValueError as `allocate` does.
    """
    if not weights or min(weights) < 0 or not any(weights):
        raise ValueError("weights must be zero or more, and not all zero")
    total, sign = sum(weights), -1 if amount < 0 else 1
    parts = [abs(amount) * w // total for w in weights]
    by_weight = sorted(range(len(weights)), key=lambda i: (-weights[i], i))
    for i in by_weight[: abs(amount) - sum(parts)]:
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


def gateway_amount(minor: int, currency: Currency, gateway: str) -> str:
    """An amount as a payment gateway writes it: Stripe in its own smallest unit, Midtrans' notes with
    two decimals, others as a plain decimal.

    Raises ValueError when the gateway cannot say it exactly, or nobody knows how it says it.
    """
    if gateway == "stripe":
        if currency.stripe is None:
            raise ValueError(f"how Stripe writes {currency.code} is not known")
        units = Fraction(minor * currency.stripe, 10**currency.scale)
        if units.denominator != 1:
            raise ValueError(f"{decimal_text(minor, currency)} is finer than Stripe writes")
        return str(units.numerator)
    text = decimal_text(minor, currency)
    if gateway != "midtrans_notification":
        return text
    whole, _, part = text.partition(".")
    if len(part.rstrip("0")) > 2:
        raise ValueError(f"{text} is finer than Midtrans writes")
    return f"{whole}.{part[:2].ljust(2, '0')}"


def format_amount(minor: int, currency: Currency) -> str:
    """An amount for people: `Rp 25.000`, `$ 12.75`, with the currency's own separators."""
    whole, _, part = decimal_text(abs(minor), currency).partition(".")
    groups = [whole[max(0, i - 3) : i] for i in range(len(whole), 0, -3)][::-1]
    number = currency.group.join(groups) + (currency.point + part if part else "")
    return f"{'-' if minor < 0 else ''}{currency.symbol} {number}"

"""Prices with dates: a book that HQ publishes ahead of time, so that a box without HQ changes them too.

HQ owns prices; a box only looks them up. What the book does not name costs what the menu says.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta, tzinfo

import msgspec
from msgspec.structs import replace

from protocol.trading_day import instant

Names = dict[str, str]
"""What a rule is called, by language code."""

FOREVER_MS = 1 << 62
"""Later than any instant: where a price without an end ends."""
AMOUNT_MAX = 10**12
DINING_OPTIONS = frozenset({"dine_in", "takeaway", "delivery"})
"""`orders.DiningOption`, which cannot be asked from here: orders know menus, and menus prices."""
PRICES_MAX = 20_000
"""Most prices of one book: a menu of 500 things with a happy hour every day of a month fits."""


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """What a variant or a modifier costs (minor units) from `from_ms` until before `until_ms`.

    Unix milliseconds; `until_ms` None is open. Of several that hold at one moment the one that
    began last wins, then the one that ends first: a happy hour inside a season inside a base price.
    `names` is what the guest's bill calls the rule; empty for an ordinary price. `dining_options`:
    only for guests who eat so; `outlets`: only there. For those it goes before prices that are
    for everybody, the outlet's before the dining option's.
    """

    id: str
    amount: int
    from_ms: int = 0
    until_ms: int | None = None
    names: Names = {}
    dining_options: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()

    @property
    def end_ms(self) -> int:
        """Where it ends."""
        return FOREVER_MS if self.until_ms is None else self.until_ms


class PriceBook(msgspec.Struct, frozen=True, kw_only=True):
    """All dated prices of an outlet, published whole by HQ; `version` rises with each publish."""

    version: int
    currency: str = ""
    prices: tuple[Price, ...] = ()
    for_some: tuple[Price, ...] = ()
    """Those with dining options or outlets: apart, so that a box that does not know such prices asks
    nobody for them."""

    @property
    def all(self) -> tuple[Price, ...]:
        """All of its prices."""
        return (*self.prices, *self.for_some) if self.for_some else self.prices


HERE = ("*",)
"""Outlets of a price in a book that was made ready for one of them."""
_HERE = ((), HERE)
NO_PRICES = PriceBook(version=0)
"""What a box has before HQ publishes a book: the menu's own prices hold."""


def price_at(book: PriceBook, id_: str, at_ms: int, default: int, eats: str = "") -> int:
    """What a variant or modifier costs at a moment; `default` is the menu's own price.

    `eats` is the guest's dining option; without one, prices for some options only do not count.
    """
    found = [p for p in book.all if p.id == id_ and _holds(p, at_ms, eats)]
    return max(found, key=_rank).amount if found else default


def prices_at(book: PriceBook, at_ms: int, eats: str = "") -> dict[str, Price]:
    """Everything the book prices at a moment for guests who eat so, by variant or modifier id."""
    return {p.id: p for p in sorted(book.all, key=_rank) if _holds(p, at_ms, eats)}


def options_of(book: PriceBook) -> tuple[str, ...]:
    """The dining options for which something costs another sum."""
    here = (p for p in book.all if p.outlets in _HERE)
    return tuple(sorted({option for p in here for option in p.dining_options}))


def book_for(book: PriceBook, outlet_id: str) -> PriceBook:
    """The book as one outlet goes by it; before that, what is for some outlets holds nowhere."""
    if not any(p.outlets for p in book.for_some):
        return book
    mine = (p for p in book.for_some if not p.outlets or outlet_id in p.outlets)
    here = tuple(replace(p, outlets=HERE) if p.outlets else p for p in mine)
    return replace(book, for_some=here)


def next_change(book: PriceBook, after_ms: int) -> int | None:
    """The first moment after this one at which any price begins or ends; None when none does."""
    later = (ms for ms in _edges(book) if ms > after_ms)
    return min(later, default=None)


def span_of(book: PriceBook, at_ms: int) -> tuple[int, int]:
    """The stretch around a moment in which no price changes: from, and until before."""
    earlier = (ms for ms in _edges(book) if ms <= at_ms)
    until_ms = next_change(book, at_ms)
    return max(earlier, default=-FOREVER_MS), FOREVER_MS if until_ms is None else until_ms


def faults_of(book: PriceBook, variants: Iterable[str] = ()) -> list[str]:
    """What makes a book unfit to publish, each in one sentence; empty when it is sound.

    `variants` are the ids of which a price below zero is a fault; a modifier may take off.
    """
    faults: list[str] = []
    if len(book.all) > PRICES_MAX:
        faults.append(f"{len(book.all)} prices are more than the {PRICES_MAX} a book may have")
    seen: set[tuple[object, ...]] = set()
    sold = frozenset(variants)
    faults.extend(
        f"the price of {p.id!r} is for some only, and stands among those for everybody"
        for p in book.prices
        if p.dining_options or p.outlets
    )
    faults.extend(
        f"the price of {p.id!r} is for everybody, and stands among those for some"
        for p in book.for_some
        if not p.dining_options and not p.outlets
    )
    for price in book.all:
        where = f"the price of {price.id!r} from {price.from_ms}"
        if not price.id:
            faults.append("a price names nothing")
        if price.from_ms < 0 or price.end_ms <= price.from_ms:
            faults.append(f"{where} ends before it begins")
        if abs(price.amount) > AMOUNT_MAX or (price.id in sold and price.amount < 0):
            faults.append(f"{where} cannot be {price.amount}")
        strange = sorted(set(price.dining_options) - DINING_OPTIONS)
        faults.extend(f"{where} is for {option!r}, which no guest asks for" for option in strange)
        some = (tuple(sorted(price.dining_options)), tuple(sorted(price.outlets)))
        key = (price.id, price.from_ms, price.end_ms, *some)
        if key in seen:
            faults.append(f"{where} is there twice")
        seen.add(key)
    return faults


def daily_prices(
    amounts: Mapping[str, int],
    days: tuple[date, date],
    hours: tuple[time, time],
    zone: tzinfo,
    names: Names | None = None,
) -> tuple[Price, ...]:
    """A happy hour: these amounts (by id) from `hours[0]` to before `hours[1]`, both local, on each
    day from `days[0]` to `days[1]`. Worked out day by day, so it moves with summer time; an end
    that is not after the begin is on the next day.
    """
    first, last = days
    prices: list[Price] = []
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        ends = day if hours[1] > hours[0] else day + timedelta(days=1)
        from_ms = instant(datetime.combine(day, hours[0]), zone)
        until_ms = instant(datetime.combine(ends, hours[1]), zone)
        prices.extend(
            Price(id=i, amount=a, from_ms=from_ms, until_ms=until_ms, names=names or {})
            for i, a in sorted(amounts.items())
        )
    return tuple(prices)


def _holds(price: Price, at_ms: int, eats: str) -> bool:
    timely = price.from_ms <= at_ms < price.end_ms and price.outlets in _HERE
    return timely and (not price.dining_options or eats in price.dining_options)


def _rank(price: Price) -> tuple[bool, bool, int, int, int]:
    for_some = bool(price.outlets), bool(price.dining_options)
    return *for_some, price.from_ms, -price.end_ms, price.amount


def _edges(book: PriceBook) -> Iterable[int]:
    for price in book.all:
        yield price.from_ms
        if price.until_ms is not None:
            yield price.until_ms

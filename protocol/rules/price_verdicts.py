"""Whether a line was charged what HQ asked for, and new prices for what nobody has paid on yet.

HQ owns prices. A paid amount is a fact and never changes: where it differs there is exactly one
record that says so. What is unpaid and not in the kitchen yet is priced anew by the box.
"""

from enum import StrEnum
from typing import Literal

import msgspec
from msgspec.structs import replace

from protocol.events import LineRepriced, Repriced
from protocol.menu import MenuIndex
from protocol.orders import Line, LineStatus, Order, OrderStatus, Source
from protocol.prices import PriceBook, price_at, span_of
from protocol.pricing import terms_of, totals_of
from protocol.rules.folding import repriced

Policy = Literal["never", "unsent", "all_unpaid"]
"""What the box prices anew when menu or prices change: nothing; what the kitchen has not been told
of; or everything that is unpaid."""

IMPORTED = "imported"
"""Price reason of another system's line: its price is that system's, and history."""
SPANS_MAX = 64


class Verdict(StrEnum):
    """What follows from a line's price."""

    OK = "ok"
    VARIANCE = "variance"
    """The money is taken: record the difference."""
    REPRICE = "reprice"
    """The box will price it anew by itself, if its policy says so."""
    KEEP = "keep"
    """Promised by being sent to the kitchen: a difference is recorded when it is paid."""


class Reason(StrEnum):
    """Why a paid line differs from what HQ asked for."""

    STALE_FEED = "stale_feed"
    """The box did not have HQ's price yet."""
    OVERRIDE = "override"
    """A person set the price and said why."""
    UNKNOWN_VERSION = "unknown_version"
    """HQ does not know the prices that the box used."""
    CLOCK_UNCERTAIN = "clock_uncertain"
    """Nobody knows for sure when it was, so it may have been right."""


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict on a line; `money` is charged − expected, in minor units."""

    verdict: Verdict
    reason: Reason | None = None
    money: int = 0


OK = Ruling(verdict=Verdict.OK)


def verdict(
    line: Line,
    expected: int | None,
    *,
    paid: bool,
    certain: bool = True,
    known_version: bool = True,
    possible: frozenset[int] = frozenset(),
) -> Ruling:
    """The ruling on a line that HQ asked `expected` for (minor units; None when it cannot say).

    `possible` are all amounts that were right at some moment within the entry's interval
    (`amounts_between`); `certain` says whether that interval is of one price only.
    """
    if line.status is LineStatus.VOIDED or line.price_reason == IMPORTED:
        return OK
    if line.price_reason is None and (line.amount == expected or line.amount in possible):
        return OK
    if line.price_reason is not None and line.amount == expected:
        return OK
    if not paid:
        fixed = line.price_reason is not None or line.status is not LineStatus.WAITING
        return Ruling(verdict=Verdict.KEEP if fixed else Verdict.REPRICE)
    money = 0 if expected is None else line.amount - expected
    return Ruling(
        verdict=Verdict.VARIANCE,
        reason=_reason(line, expected, certain, known_version),
        money=money,
    )


def expected_at(
    line: Line, menu: MenuIndex, book: PriceBook, at_ms: int, eats: str = ""
) -> int | None:
    """What the line costs at a moment by this menu and book; None when the menu lacks any of it.

    `eats` is how its guests eat: some things cost another sum when they are taken along.
    """
    prices = _prices(line, menu, book, at_ms, eats)
    if prices is None:
        return None
    unit_price, choice_prices = prices
    each = sum(p * x.quantity for p, x in zip(choice_prices, line.choices, strict=True))
    return (unit_price + each) * line.quantity


def amounts_between(
    line: Line, menu: MenuIndex, book: PriceBook, from_ms: int, to_ms: int, eats: str = ""
) -> frozenset[int]:
    """Every amount that was right at some moment of an interval, both ends included.

    More than one means that the clock decides; an interval of very many changes is cut short.
    """
    amounts: set[int] = set()
    at_ms = from_ms
    for _ in range(SPANS_MAX):
        amount = expected_at(line, menu, book, at_ms, eats)
        if amount is not None:
            amounts.add(amount)
        at_ms = span_of(book, at_ms)[1]
        if at_ms > to_ms:
            break
    return frozenset(amounts)


def reprice(
    order: Order, index: MenuIndex, policy: Policy, at_ms: int, why: str = ""
) -> LineRepriced | None:
    """The event by which a box's unpaid lines take the prices of a new menu or book; None if none.

    `index` is the new menu with its book (`MenuIndex.priced_at`). Each line takes the price in
    force when it was added, so that a happy hour that ended meanwhile is not taken back. Lines that
    a person priced stay; so do orders with any payment, and imports, which are history.
    """
    if policy == "never" or order.payments or order.source is Source.IMPORT:
        return None
    if order.status in (OrderStatus.CLOSED, OrderStatus.CANCELLED):
        return None
    changed: list[Repriced] = []
    for line in order.live_lines:
        if policy == "unsent" and line.status is not LineStatus.WAITING:
            continue
        new = _new_price(line, index, at_ms, order.dining_option)
        if new is not None:
            changed.append(new)
    if not changed:
        return None
    draft = LineRepriced(
        order_id=order.order_id,
        at_ms=at_ms,
        lines=tuple(changed),
        was=order.totals.total,
        totals=order.totals,
        why=why or f"HQ's prices changed (menu {index.menu.version}, prices {index.book.version}).",
    )
    return replace(draft, totals=totals_of(repriced(order.lines, draft), terms_of(order)))


def _reason(line: Line, expected: int | None, certain: bool, known_version: bool) -> Reason:
    if line.price_reason is not None:
        return Reason.OVERRIDE
    if expected is None or not known_version:
        return Reason.UNKNOWN_VERSION
    return Reason.STALE_FEED if certain else Reason.CLOCK_UNCERTAIN


def _new_price(line: Line, index: MenuIndex, at_ms: int, eats: str) -> Repriced | None:
    if line.price_reason is not None:
        return None
    prices = _prices(line, index, index.book, line.priced_ms or at_ms, eats)
    if prices is None or prices == (line.unit_price, tuple(x.price for x in line.choices)):
        return None
    unit_price, choice_prices = prices
    each = unit_price + sum(
        p * x.quantity for p, x in zip(choice_prices, line.choices, strict=True)
    )
    if each < 0:
        return None  # nothing is sold below zero: the line keeps the price it had
    return Repriced(
        line_id=line.line_id,
        unit_price=unit_price,
        choice_prices=choice_prices,
        amount=each * line.quantity,
        menu_version=index.menu.version,
        price_version=index.book.version,
    )


def _prices(
    line: Line, index: MenuIndex, book: PriceBook, at_ms: int, eats: str
) -> tuple[int, tuple[int, ...]] | None:
    """Unit price and choice prices of a line at a moment."""
    menu = index.own
    found = menu.variants.get(line.variant_id)
    if found is None:
        return None
    item, variant = found
    offered = {
        m.id: m.price
        for g in item.modifier_group_ids
        if g in menu.groups
        for m in menu.groups[g].modifiers
    }
    if any(x.modifier_id not in offered for x in line.choices):
        return None
    return price_at(book, variant.id, at_ms, variant.price, eats), tuple(
        price_at(book, x.modifier_id, at_ms, offered[x.modifier_id], eats) for x in line.choices
    )

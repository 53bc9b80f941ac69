"""Paid lines that are one question for a person: sold by prices HQ lost, or by prices HQ had left.

Each deviating line has its own record (`resolving.price_variance`). An outlet that was offline while
prices changed has thousands; a card for each would be a flood that nobody reads.
"""

from typing import NamedTuple

import msgspec

from protocol.conflicts import Decision, Side, decision_id
from protocol.ids import OutletId
from protocol.money import CURRENCIES, format_amount
from protocol.orders import Line, Order
from protocol.rules.price_verdicts import Reason, Ruling

LOST = "prices_lost"
OLD = "sold_at_old_prices"
CARDS = (LOST, OLD)
NUMBERS_MAX = 8
"""Order numbers that a card names; the records have them all."""
WHAT = {"menu": ("menu", "menu"), "prices": ("price book", "daftar harga")}


class Lost(NamedTuple):
    """The publish HQ does not know although a line was priced by it: `menu` or `prices`, and number."""

    what: str
    version: int


class Sold(msgspec.Struct, frozen=True, kw_only=True):
    """The lines of one card together; amounts in minor units, times in Unix milliseconds.

    `too_much` is charged − asked; 0 when HQ cannot say.
    """

    lines: int
    orders: int
    charged: int
    too_much: int
    first_ms: int
    last_ms: int
    numbers: tuple[str, ...]


def part_of(order: Order, line: Line, ruling: Ruling, lost: Lost | None) -> str:
    """The card that a deviating line belongs to; empty when it is no part of any.

    One per outlet and lost publish, and one per outlet and the prices it sold by while HQ asked less.
    """
    currency = order.currency if order.currency in CURRENCIES else ""
    if ruling.reason is Reason.UNKNOWN_VERSION and lost is not None:
        return f"{LOST}/{lost.what}/{lost.version}/{currency}"
    if ruling.reason in (Reason.STALE_FEED, Reason.CLOCK_UNCERTAIN) and ruling.money > 0:
        menu_version = line.menu_version or order.menu_version
        return f"{OLD}/{menu_version}/{line.price_version}/{currency}"
    return ""


def price_card(outlet_id: OutletId, part: str, sold: Sold) -> Decision:
    """The card for all lines of a `part_of`."""
    kind, *_, currency = part.split("/")
    make = _lost if kind == LOST else _old
    sides, params = make(part, sold)
    return Decision(
        decision_id=decision_id(kind, outlet_id, part),
        kind=kind,
        outlet_id=outlet_id,
        subject=part,
        automatic=False,
        sides=sides,
        at_ms=sold.last_ms,
        money=sold.too_much if kind == OLD else 0,
        currency=currency,
        params={"lines": str(sold.lines), "orders": str(sold.orders), **params},
    )


def _lost(part: str, sold: Sold) -> tuple[tuple[Side, Side], dict[str, str]]:
    _, what, version, currency = part.split("/")
    charged = _money(currency, sold.charged)
    english, indonesian = WHAT[what]
    theirs = Side(
        who="HQ",
        what=f"does not have {english} {version} any more",
        what_id=f"tidak punya {indonesian} {version} lagi",
    )
    params = {
        "version": version,
        "charged": charged,
        "what_en": english,
        "what_id": indonesian,
    }
    return (_box(sold, charged), theirs), params


def _old(part: str, sold: Sold) -> tuple[tuple[Side, Side], dict[str, str]]:
    _, menu, book, currency = part.split("/")
    asked = _money(currency, sold.charged - sold.too_much)
    more = ", …" if len(sold.numbers) > NUMBERS_MAX else ""
    params = {
        "menu": menu,
        "book": book,
        "too_much": _money(currency, sold.too_much),
        "numbers": ", ".join(sold.numbers[:NUMBERS_MAX]) + more,
    }
    theirs = Side(who="HQ", what=f"asked {asked}", what_id=f"meminta {asked}")
    return (_box(sold, _money(currency, sold.charged)), theirs), params


def _box(sold: Sold, charged: str) -> Side:
    return Side(
        who="box",
        what=f"{sold.lines} lines for {charged}",
        what_id=f"{sold.lines} baris seharga {charged}",
        at_ms=sold.first_ms,
    )


def _money(currency: str, minor: int) -> str:
    known = CURRENCIES.get(currency)
    return str(minor) if known is None else format_amount(minor, known)

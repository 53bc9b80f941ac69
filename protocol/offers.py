"""Offers of the house worked out on a bill: which promotions it earns, and what each takes off.

Offers are asked by rank; what one has taken a unit for, another does not take again. An offer with
hours counts what was ordered within them, so a happy hour neither ends for what is on the table nor
begins for it. Where the time of day is not known, offers with hours rest.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from protocol.bill import Adjustment, AdjustmentKind
from protocol.dayparts import holds
from protocol.discounts import amount_off
from protocol.house import Bundle, Promotion
from protocol.money import Rounding, allocate
from protocol.orders import Line

ROUNDING = Rounding.HALF_UP
BUNDLES_MAX = 1_000
"""Most times one combo counts on one bill: no party eats more."""


class Party(NamedTuple):
    """Whom offers are worked out for: how they eat, the coupons they showed, what is on the house.

    `local` is the outlet's time of day at `at_ms` (`2026-05-28T09:05`); empty: not known.
    """

    local: str
    at_ms: int
    dining_option: str
    codes: frozenset[str] = frozenset()
    comped: frozenset[str] = frozenset()


def code_key(code: str) -> str:
    """A coupon's code as it is compared: people type it in small letters and with spaces."""
    return "".join(code.split()).lower()


def offers_on(
    promotions: Iterable[Promotion], lines: Sequence[Line], party: Party
) -> tuple[Adjustment, ...]:
    """The offers that these live lines earn. A coupon that earns nothing yet stays on the bill."""
    desk = _Desk(lines, party)
    in_turn = sorted(promotions, key=lambda p: (p.rank, p.id))
    found: list[Adjustment] = []
    for promotion in in_turn:
        if not desk.asks_for(promotion) or (promotion.alone and found):
            continue
        mine = desk.earned(promotion)
        found += mine
        if mine and promotion.alone:
            break
    earned = {adjustment.promotion_id for adjustment in found}
    waiting = [p for p in in_turn if p.code and p.id not in earned and desk.asks_for(p)]
    return (*found, *(offer_of(p, None, None, 0) for p in waiting))


class _Desk:
    """The lines of one bill while offers are given on them: `free` is what none has taken yet."""

    def __init__(self, lines: Sequence[Line], party: Party) -> None:
        self.party = party
        self.lines = [x for x in lines if x.line_id not in party.comped and x.amount > 0]
        self.free: dict[str, int] = {line.line_id: line.quantity for line in self.lines}

    def asks_for(self, promotion: Promotion) -> bool:
        """Whether the offer is for this party at all."""
        if promotion.code and code_key(promotion.code) not in self.party.codes:
            return False
        return not promotion.dining_options or self.party.dining_option in promotion.dining_options

    def earned(self, promotion: Promotion) -> list[Adjustment]:
        """What the offer takes off; the units it is given for are taken."""
        timely = [line for line in self.lines if self._is_timely(promotion, line)]
        mine = [line for line in timely if _is_about(promotion.ids, line)]
        if not mine or sum(line.amount for line in timely) < promotion.min_spend:
            return []
        if promotion.bundle:
            return self._bundles(promotion, timely)
        if promotion.get:
            return self._cheapest_free(promotion, mine)
        if promotion.ids:
            return self._on_lines(promotion, mine, takes=True)
        if promotion.amount is not None:
            return [offer_of(promotion, None, None, promotion.amount)]
        if all(self.free[line.line_id] == line.quantity for line in self.lines) and len(
            mine
        ) == len(self.lines):
            return [offer_of(promotion, None, promotion.percent, None)]
        return self._on_lines(promotion, mine, takes=False)

    def _is_timely(self, promotion: Promotion, line: Line) -> bool:
        if not promotion.spans:
            return True
        if not self.party.local:
            return False
        ago = timedelta(milliseconds=self.party.at_ms - (line.priced_ms or self.party.at_ms))
        local = (datetime.fromisoformat(self.party.local) - ago).isoformat(timespec="minutes")
        return holds(promotion.spans, local)

    def _worth(self, line: Line, units: int) -> int:
        """What so many units of a line cost, in minor units."""
        return line.amount * units // line.quantity

    def _on_lines(
        self, promotion: Promotion, lines: list[Line], *, takes: bool
    ) -> list[Adjustment]:
        """A percentage of the lines, or an amount off each unit of them."""
        found = []
        for line in lines:
            units = self.free[line.line_id]
            worth = self._worth(line, units)
            each = None if promotion.amount is None else promotion.amount * units
            off = amount_off(worth, promotion.percent, each, ROUNDING)
            if not off:
                continue
            if promotion.percent is not None and units == line.quantity:
                found.append(offer_of(promotion, line.line_id, promotion.percent, None))
            else:
                found.append(offer_of(promotion, line.line_id, None, off))
            if takes:
                self.free[line.line_id] = 0
        return found

    def _cheapest_free(self, promotion: Promotion, lines: list[Line]) -> list[Adjustment]:
        """Of so many bought the cheapest are free; the dearest are those that were bought for it."""
        units = sum(self.free[line.line_id] for line in lines)
        times = units // (promotion.buy + promotion.get)
        by_price = sorted(lines, key=lambda x: (x.amount / x.quantity, x.line_id))
        gifts = self._take(by_price, times * promotion.get)
        self._take(by_price[::-1], times * promotion.buy)
        worth = ((line, self._worth(line, count)) for line, count in gifts)
        return [offer_of(promotion, line.line_id, None, off) for line, off in worth if off]

    def _take(self, lines: list[Line], wanted: int) -> list[tuple[Line, int]]:
        taken = []
        for line in lines:
            count = min(wanted, self.free[line.line_id])
            if count:
                self.free[line.line_id] -= count
                wanted -= count
                taken.append((line, count))
        return taken

    def _bundles(self, promotion: Promotion, lines: list[Line]) -> list[Adjustment]:
        """Every combo that can be put together, each at the combo's price; the dearest go first."""
        by_price = sorted(lines, key=lambda x: (-x.amount / x.quantity, x.line_id))
        off: dict[str, int] = {}
        for _ in range(BUNDLES_MAX):
            chosen = _put_together(promotion.bundle, by_price, self.free)
            if chosen is None:
                break
            worth = {
                line_id: self._worth(_by_id(lines, line_id), n) for line_id, n in chosen.items()
            }
            saved = sum(worth.values()) - (promotion.bundle_price or 0)
            if saved <= 0:
                break
            for line_id, count in chosen.items():
                self.free[line_id] -= count
            shares = allocate(saved, list(worth.values()))
            for line_id, share in zip(worth, shares, strict=True):
                off[line_id] = off.get(line_id, 0) + share
        return [offer_of(promotion, key, None, share) for key, share in off.items() if share]


def _put_together(
    places: Iterable[Bundle], by_price: list[Line], free: dict[str, int]
) -> dict[str, int] | None:
    """Units of lines that fill every place of a combo, by line id; None when they cannot.

    A unit that fits two places is moved to the other one when only it fits the first.
    """
    slots = [place.ids for place in places for _ in range(place.quantity)]
    held: list[str | None] = [None] * len(slots)

    def used(line_id: str) -> int:
        return sum(1 for each in held if each == line_id)

    def fill(slot: int, tried: set[str]) -> bool:
        for line in by_price:
            key = line.line_id
            if key in tried or not free[key] or not _is_about(slots[slot], line):
                continue
            tried.add(key)
            if used(key) < free[key] or any(
                fill(other, tried) for other, mine in enumerate(held) if mine == key
            ):
                held[slot] = key
                return True
        return False

    if not slots or not all(fill(slot, set()) for slot in range(len(slots))):
        return None
    return {key: used(key) for key in dict.fromkeys(k for k in held if k is not None)}


def _by_id(lines: Iterable[Line], line_id: str) -> Line:
    """The line with this id, which is there."""
    return next(line for line in lines if line.line_id == line_id)


def _is_about(ids: tuple[str, ...], line: Line) -> bool:
    return not ids or not {line.item_id, line.variant_id, line.category_id}.isdisjoint(ids)


def offer_of(
    promotion: Promotion, line_id: str | None, percent: str | None, amount: int | None
) -> Adjustment:
    """What a promotion takes off a line, or off the whole, as it stands on the bill."""
    return Adjustment(
        adjustment_id=promotion.id if line_id is None else f"{promotion.id}:{line_id}",
        kind=AdjustmentKind.COUPON if promotion.code else AdjustmentKind.PROMOTION,
        names=promotion.names,
        line_id=line_id,
        percent=percent,
        amount=amount,
        promotion_id=promotion.id,
        code=promotion.code,
    )

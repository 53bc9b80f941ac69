"""What is wrong with rules of the house before they are published: every fault one sentence."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from fractions import Fraction

from protocol.bill import AdjustmentKind, BillRules, Names, Tax, TaxKind
from protocol.bill_plan import fault_of
from protocol.house import DiscountPreset, House, KioskPlan, Promotion, Section, Span
from protocol.menu import Menu
from protocol.money import Rounding
from protocol.orders import DiningOption

NO_TAX = "exempt"
"""The tax class that is always there: nothing is taxed that has it."""
_DECIMAL = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")
_FRACTION = re.compile(r"[0-9]{1,9}/[1-9][0-9]{0,8}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_OPTIONS = {o.value for o in DiningOption}
_ROUNDINGS = {r.value for r in Rounding}
_IDLE_S = (10, 3600)
BUNDLE_MOST = 50
"""Things in one combo: a box puts each together anew whenever the order changes."""


def faults_of(house: House, menu: Menu | None = None) -> list[str]:
    """What makes rules of the house unfit to publish; empty when they are sound.

    Without a menu nothing is said about ids of items and tax classes: the rules may come first.
    """
    classes = None if menu is None else {i.tax_class for i in menu.items} | {NO_TAX, "standard"}
    known = None if menu is None else _ids_of(menu)
    return [
        *_book_faults(house.bill.rules, classes),
        *_twice("promotion", (p.id for p in house.promotions)),
        *_twice("coupon code", (p.code.upper() for p in house.promotions if p.code)),
        *(fault for p in house.promotions for fault in _promotion_faults(p, known)),
        *_twice("discount", (d.id for d in house.discounts)),
        *(fault for d in house.discounts for fault in _preset_faults(d)),
        *_limit_faults(house),
        *_floor_faults(house.sections),
        *_twice("till", (t.id for t in house.tills)),
        *(f"till {t.id!r} has no name" for t in house.tills if not t.name.strip()),
        *_tip_faults(house.tips),
        *_kiosk_faults(house.kiosk, known),
        *_offered_faults(house, known),
        *_strangers("the favourites name", house.favourites, known),
    ]


def percent_of(text: str) -> Fraction | None:
    """A percentage as text (`10`, `7.5`); None when it is no plain decimal."""
    return Fraction(text) if _DECIMAL.fullmatch(text) else None


def factor_of(text: str) -> Fraction | None:
    """A part as text (`1`, `0.7`, `11/12`); None when it is neither decimal nor fraction."""
    return Fraction(text) if _FRACTION.fullmatch(text) else percent_of(text)


# ---------------------------------------------------------------- the bill


def _book_faults(book: tuple[BillRules, ...], classes: set[str] | None) -> Iterator[str]:
    yield from _twice("first day of bill rules", (r.from_date or "ever" for r in book))
    yield from _twice("version of bill rules", (str(r.version) for r in book))
    for rules in book:
        where = f"bill rules from {rules.from_date or 'the beginning'}"
        if rules.from_date and not _is_date(rules.from_date):
            yield f"{where}: that is no date; write it as 2027-01-31"
        yield from _twice(f"{where}: tax", (t.id for t in rules.taxes))
        of_taxes = [fault for tax in rules.taxes for fault in _tax_faults(tax, classes)]
        yield from (f"{where}: {fault}" for fault in of_taxes)
        if rules.service is not None:
            service = rules.service
            yield from _named(f"{where}: the service charge", service.names)
            yield from _percent(f"{where}: the service charge", service.percent)
            yield from _options(f"{where}: the service charge", service.dining_options)
            if service.min_covers < 0:
                yield f"{where}: the service charge is for parties of {service.min_covers}"
        for what, how in (("bill", rules.rounding), ("cash", rules.cash_rounding)):
            if how not in _ROUNDINGS:
                yield f"{where}: the {what} is rounded {how!r}, which is not one of the ways"
        for what, step in (("bill", rules.total_step), ("cash", rules.cash_step or 1)):
            if step < 1:
                yield f"{where}: the {what} is rounded to {step}; that is less than nothing"
        fault = fault_of(rules)
        is_said = bool(of_taxes) or not {rules.rounding, rules.cash_rounding} <= _ROUNDINGS
        if fault is not None and not is_said:
            yield f"{where}: no bill can be worked out by them: {fault}"
        if rules.cash_step == 0:
            yield f"{where}: cash is rounded to 0; leave it empty for the currency's own step"


def _tax_faults(tax: Tax, classes: set[str] | None) -> Iterator[str]:
    where = f"tax {tax.id!r}"
    yield from _named(where, tax.names)
    amount = percent_of(tax.amount)
    if amount is None:
        yield f"{where} comes to {tax.amount!r}, which is no number; write it as 10 or 7.5"
    elif tax.kind is TaxKind.DIVISION and amount >= 100:
        yield f"{where} takes {tax.amount} % of what the guest pays, which leaves nothing"
    elif tax.kind is TaxKind.PERCENT and amount > 100:
        yield f"{where} is {tax.amount} %, more than the price itself"
    factor = factor_of(tax.base_factor)
    if factor is None or factor <= 0:
        yield f"{where} is on {tax.base_factor!r} of the price; write it as 1, 0.7 or 11/12"
    elif factor > 1:
        yield f"{where} is on {tax.base_factor} of the price, which is more than all of it"
    yield from _options(where, tax.dining_options)
    if classes is not None:
        for name in sorted(set(tax.classes) - classes):
            yield f"{where} is on tax class {name!r}, which no item of the menu has"


# ---------------------------------------------------------------- what is taken off


def _promotion_faults(promotion: Promotion, known: set[str] | None) -> Iterator[str]:
    where = f"promotion {promotion.id!r}"
    yield from _named(where, promotion.names)
    offers = {
        "a percentage": promotion.percent is not None,
        "an amount": promotion.amount is not None,
        "buy and get": bool(promotion.buy or promotion.get),
        "a combo": bool(promotion.bundle) or promotion.bundle_price is not None,
    }
    said = [name for name, is_said in offers.items() if is_said]
    if len(said) != 1:
        yield f"{where} offers {' and '.join(said) or 'nothing'}; it must offer exactly one thing"
    if promotion.percent is not None:
        yield from _percent(where, promotion.percent)
    if promotion.amount is not None and promotion.amount < 1:
        yield f"{where} takes {promotion.amount} off"
    if (promotion.buy or promotion.get) and (promotion.buy < 1 or promotion.get < 1):
        yield f"{where} gives {promotion.get} free for {promotion.buy} bought"
    yield from _bundle_faults(where, promotion, known)
    if promotion.min_spend < 0:
        yield f"{where} needs a bill of {promotion.min_spend}"
    if promotion.code != promotion.code.strip():
        yield f"{where}: the coupon code {promotion.code!r} begins or ends with a space"
    if promotion.uses is not None and (promotion.uses < 1 or not promotion.code):
        yield f"{where} may be used {promotion.uses} times, which is for coupons, and at least once"
    yield from _options(where, promotion.dining_options)
    yield from _strangers(f"{where} is about", promotion.ids, known)
    yield from _span_faults(where, promotion.spans)


def _bundle_faults(where: str, promotion: Promotion, known: set[str] | None) -> Iterator[str]:
    if promotion.bundle and promotion.bundle_price is None:
        yield f"{where} is a combo without a price"
    if promotion.bundle_price is not None and not promotion.bundle:
        yield f"{where} has the price of a combo, and nothing in it"
    if promotion.bundle_price is not None and promotion.bundle_price < 0:
        yield f"{where} has a price below zero"
    if sum(max(0, place.quantity) for place in promotion.bundle) > BUNDLE_MOST:
        yield f"{where} is a combo of more than {BUNDLE_MOST} things"
    for place in promotion.bundle:
        if not place.ids or place.quantity < 1:
            yield f"{where} has a place in its combo that holds nothing"
        yield from _strangers(f"{where} is made of", place.ids, known)


def _preset_faults(preset: DiscountPreset) -> Iterator[str]:
    where = f"discount {preset.id!r}"
    yield from _named(where, preset.names)
    if (preset.percent is None) == (preset.amount is None):
        yield f"{where} must be either a percentage or an amount"
    if preset.percent is not None:
        yield from _percent(where, preset.percent)
    if preset.amount is not None and preset.amount < 1:
        yield f"{where} takes {preset.amount} off"
    if preset.kind not in (AdjustmentKind.DISCOUNT, AdjustmentKind.COMP):
        yield f"{where} is a {preset.kind.value}, which staff cannot give"


def _limit_faults(house: House) -> Iterator[str]:
    percent = percent_of(house.limits.discount_percent)
    if percent is None or percent > 100:
        yield f"a cashier may give {house.limits.discount_percent!r} %; write a number up to 100"
    if house.limits.paid_out < 0:
        yield "what a cashier may take from the drawer is below zero"
    if house.limits.over_short < 0:
        yield "what a drawer may differ by is below zero"
    for what, reasons in (
        ("void", house.reasons.void),
        ("comp", house.reasons.comp),
        ("discount", house.reasons.discount),
        ("refund", house.reasons.refund),
        ("cash", house.reasons.cash),
        ("explain a difference", house.reasons.over_short),
    ):
        if any(not _has_name(names) for names in reasons):
            yield f"one of the reasons to {what} has no words"


# ---------------------------------------------------------------- the room


def _floor_faults(sections: tuple[Section, ...]) -> Iterator[str]:
    tables = [t for s in sections for t in s.tables]
    yield from _twice("section", (s.id for s in sections))
    yield from _twice("table", (t.id for t in tables))
    yield from _twice("table name", (t.name.strip() for t in tables if t.name.strip()))
    for section in sections:
        yield from _named(f"section {section.id!r}", section.names)
    for table in tables:
        where = f"table {table.id!r}"
        if not table.id or not table.name.strip():
            yield f"{where} has no name"
        if table.width < 1 or table.height < 1:
            yield f"{where} has no size"
        elif not (0 <= table.x <= 100 - table.width and 0 <= table.y <= 100 - table.height):
            yield f"{where} stands outside of its section"
        if table.seats < 0:
            yield f"{where} has {table.seats} seats"


def _tip_faults(tips: tuple[str, ...]) -> Iterator[str]:
    for tip in tips:
        yield from _percent("a tip", tip)
    yield from _twice("tip", tips)


def _kiosk_faults(kiosk: KioskPlan, known: set[str] | None) -> Iterator[str]:
    yield from _span_faults("the kiosk's hours", kiosk.hours)
    yield from _strangers("the kiosk offers", kiosk.upsell, known)
    yield from _options("the kiosk", kiosk.dining_options)
    if not kiosk.dining_options:
        yield "the kiosk offers no way to eat: dine in, takeaway or delivery"
    if not any(t.strip() for t in kiosk.tenders):
        yield "the kiosk has no way to pay; `counter` lets guests pay there"
    if not _IDLE_S[0] <= kiosk.idle_s <= _IDLE_S[1]:
        yield f"the kiosk starts over after {kiosk.idle_s} seconds; 10 to 3600 make sense"


def _offered_faults(house: House, known: set[str] | None) -> Iterator[str]:
    for offered in house.dayparts:
        where = f"the hours of {', '.join(offered.ids) or 'nothing'}"
        if not offered.ids or not offered.spans:
            yield f"{where} must name what is to be had, and when"
        yield from _strangers(where + " name", offered.ids, known)
        yield from _span_faults(where, offered.spans)


# ---------------------------------------------------------------- words for the faults


def _ids_of(menu: Menu) -> set[str]:
    items = {i.id for i in menu.items} | {v.id for i in menu.items for v in i.variants}
    return {str(i) for i in items} | {c.id for c in menu.categories}


def _strangers(who: str, ids: Iterable[str], known: set[str] | None) -> Iterator[str]:
    if known is not None:
        for one in dict.fromkeys(ids):
            if one not in known:
                yield f"{who} {one!r}, which the menu has not"


def _span_faults(where: str, spans: tuple[Span, ...]) -> Iterator[str]:
    for span in spans:
        if any(not 1 <= day <= 7 for day in span.weekdays):
            yield f"{where}: weekdays go from 1 (Monday) to 7 (Sunday)"
        for time in (span.from_time, span.until_time):
            if time and not _TIME.fullmatch(time):
                yield f"{where}: {time!r} is no time of day; write it as 17:30"
        dates = [d for d in (span.from_date, span.until_date) if d]
        wrong = [d for d in dates if not _is_date(d)]
        yield from (f"{where}: {d!r} is no date; write it as 2027-01-31" for d in wrong)
        if len(dates) == 2 and not wrong and dates[0] > dates[1]:
            yield f"{where}: it ends on {dates[1]}, before it begins on {dates[0]}"


def _percent(where: str, text: str) -> Iterator[str]:
    percent = percent_of(text)
    if percent is None:
        yield f"{where} is {text!r} %, which is no number; write it as 10 or 7.5"
    elif not 0 < percent <= 100:
        yield f"{where} is {text} %; it must be above 0 and at most 100"


def _options(where: str, options: tuple[str, ...]) -> Iterator[str]:
    for option in options:
        if option not in _OPTIONS:
            yield f"{where} is for {option!r}, which is no way to eat"


def _named(where: str, names: Names) -> Iterator[str]:
    if not _has_name(names):
        yield f"{where} has no name"


def _has_name(names: Names) -> bool:
    return any(name.strip() for name in names.values())


def _twice(what: str, values: Iterable[str]) -> Iterator[str]:
    for value, times in Counter(values).items():
        if not value:
            yield f"a {what} has no id"
        elif times > 1:
            yield f"{what} {value!r} is there twice"


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False

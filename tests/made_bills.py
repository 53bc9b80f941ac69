"""Writes `protocol/web/bills.json`: bills of every kind as Python works them out, for the browser's half.

PYTHONPATH=tests python -m made_bills > protocol/web/bills.json
"""

import random
import sys
from dataclasses import dataclass
from typing import Any

import msgspec

from protocol.bill import (
    Adjustment,
    AdjustmentKind,
    BillRules,
    Per,
    Service,
    ServiceBase,
    Tax,
    TaxKind,
)
from protocol.discounts import with_given
from protocol.house import Bundle, Promotion, Span
from protocol.ids import ItemId, LineId, VariantId
from protocol.money import CURRENCIES, Rounding
from protocol.offers import Party, offers_on
from protocol.orders import DiningOption, Line
from protocol.pricing import Terms, bill_of, cash_due

BILLS = 120
AT_MS = 1_780_000_000_000
LOCAL = "2026-05-29T17:40"
"""A Friday."""
HOUR_MS = 3_600_000
ITEMS = {"espresso": "coffee", "latte": "coffee", "rice": "food", "noodles": "food", "book": "shop"}
CLASSES = {"coffee": "standard", "food": "standard", "shop": "goods"}
LINE_FIELDS = (
    *("line_id", "item_id", "variant_id", "category_id", "quantity", "amount", "tax_class"),
    *("status", "priced_ms"),
)
EVENING = (Span(weekdays=(5,), from_time="17:00", until_time="19:00"),)
PROMOTIONS = [
    Promotion(id="happy", names={"en": "Happy hour"}, percent="20", ids=("coffee",),
              spans=EVENING),
    Promotion(id="lunch", names={}, percent="10", spans=(Span(until_time="17:00"),)),
    Promotion(id="three", names={}, buy=2, get=1, ids=("latte", "espresso-1"), rank=1),
    Promotion(id="combo", names={}, bundle=(Bundle(ids=("coffee",)),
              Bundle(ids=("food", "latte"), quantity=2)), bundle_price=50_000, rank=-1),
    Promotion(id="five", names={}, amount=5_000, min_spend=100_000, rank=5),
    Promotion(id="each", names={}, amount=1_500, ids=("rice",), rank=2),
    Promotion(id="gift", names={}, percent="15", code="GIFT 15", alone=True, rank=-5),
    Promotion(id="away", names={}, percent="5", dining_options=("takeaway",), rank=9),
]  # fmt: skip


@dataclass
class Maker:
    """Makes bills that differ in everything a bill depends on."""

    chance: random.Random

    def lines(self) -> list[Line]:
        """One to six lines, odd prices and even ones."""
        return [self.line(n) for n in range(self.chance.randint(1, 6))]

    def line(self, n: int) -> Line:
        """A line of the small menu."""
        item = self.chance.choice(list(ITEMS))
        quantity = self.chance.choice([1, 1, 1, 2, 3, 7])
        each = self.chance.choice([0, 999, 15_000, 12_345, 27_250, 33_333, 100_000])
        category = ITEMS[item]
        return Line(
            line_id=LineId(f"line-{n}"),
            item_id=ItemId(item),
            variant_id=VariantId(f"{item}-1"),
            plu="",
            names={},
            variant_names={},
            category_id=category,
            size=None,
            quantity=quantity,
            unit_price=each,
            expected=each * quantity,
            amount=each * quantity,
            tax_class=self.chance.choice([CLASSES[category]] * 5 + ["exempt"]),
            priced_ms=AT_MS - self.chance.choice([0, 0, HOUR_MS]),
        )

    def rules(self) -> BillRules | None:
        """Taxes, a service charge and rounding, or none."""
        if self.chance.random() < 0.1:
            return None
        included = self.chance.random() < 0.35
        return BillRules(
            version=self.chance.randint(1, 9),
            taxes=tuple(self.taxes(included=included)),
            service=self.service(included=included) if self.chance.random() < 0.7 else None,
            per=self.chance.choice(list(Per)),
            rounding=self.chance.choice(list(Rounding)).value,
            total_step=self.chance.choice([1, 1, 1, 100]),
            cash_step=self.chance.choice([None, 100, 500]),
            cash_rounding=self.chance.choice(list(Rounding)).value,
        )

    def taxes(self, *, included: bool) -> list[Tax]:
        """PBJT and PPN as in Indonesia, now and then others beside them."""
        taxes = [Tax(id="pbjt", names={"id": "PBJT"}, amount="10", classes=("standard",),
                     included=included)]  # fmt: skip
        if self.chance.random() < 0.5:
            taxes.append(Tax(id="ppn", names={"id": "PPN", "en": "VAT"}, amount="12",
                             base_factor="11/12", classes=("goods",), included=included))  # fmt: skip
        if self.chance.random() < 0.3:
            taxes.append(Tax(id="bag", names={}, amount="200.5", kind=TaxKind.FIXED,
                             dining_options=("takeaway",)))  # fmt: skip
        if self.chance.random() < 0.25:
            taxes.append(Tax(id="bottle", names={}, amount=self.chance.choice(["150", "9000.5"]),
                             kind=TaxKind.FIXED, included=included))  # fmt: skip
        if self.chance.random() < 0.3:
            taxes.insert(0, Tax(id="city", names={"id": "Kota"}, amount="2.5", include_base=True,
                                included=included))  # fmt: skip
        if self.chance.random() < 0.2:
            taxes.append(Tax(id="part", names={}, amount="5", kind=TaxKind.DIVISION,
                             affected=False))  # fmt: skip
        return taxes

    def service(self, *, included: bool) -> Service:
        """A charge of either base, taxed or not."""
        return Service(
            names={"id": "Layanan"},
            percent=self.chance.choice(["5", "7.5", "10"]),
            base=self.chance.choice(list(ServiceBase)),
            taxed=self.chance.random() < 0.8,
            included=included and self.chance.random() < 0.5,
            dining_options=self.chance.choice([(), ("dine_in",)]),
            min_covers=self.chance.choice([0, 0, 6]),
        )

    def adjustments(self, lines: list[Line]) -> list[Adjustment]:
        """What staff took off, in any order."""
        found = []
        for n in range(self.chance.choice([0, 0, 1, 2, 3])):
            comp = self.chance.random() < 0.3
            on_line = comp or self.chance.random() < 0.5
            percent = "100" if comp else self.chance.choice(["10", "33.3", "100", None])
            found.append(
                Adjustment(
                    adjustment_id=f"off-{n}",
                    kind=AdjustmentKind.COMP if comp else AdjustmentKind.DISCOUNT,
                    names={"en": "Off"},
                    line_id=self.chance.choice(lines).line_id if on_line else None,
                    percent=percent,
                    amount=self.chance.choice([1, 7_500, 1_000_000]) if percent is None else None,
                )
            )
        return found

    def promotions(self) -> list[Promotion]:
        """Some of the house's offers."""
        return self.chance.sample(PROMOTIONS, self.chance.choice([0, 1, 2, 3, 8]))

    def bill(self) -> dict[str, Any]:
        """One bill with everything that it depends on."""
        lines, rules = self.lines(), self.rules()
        own = self.adjustments(lines)
        eats = self.chance.choice(list(DiningOption))
        comped = frozenset(
            a.line_id for a in own if a.kind is AdjustmentKind.COMP and a.line_id is not None
        )
        codes = frozenset({"gift15"}) if self.chance.random() < 0.4 else frozenset[str]()
        promotions = self.promotions()
        party = Party(LOCAL, AT_MS, eats, codes, comped)
        offers = offers_on(promotions, lines, party)
        covers = self.chance.choice([None, 2, 8])
        terms = Terms(rules, (*own, *offers), eats, covers)
        bill = bill_of(lines, terms)
        rounding = Rounding(rules.rounding) if rules else Rounding.HALF_UP
        cash, cash_rounding = cash_due(bill.totals.total, rules, CURRENCIES["IDR"])
        return {
            "lines": [{name: getattr(x, name) for name in LINE_FIELDS} for x in lines],
            "rules": rules,
            "adjustments": own,
            "promotions": [p.id for p in promotions],
            "dining_option": eats,
            "covers": covers,
            "codes": sorted(codes),
            "offers": with_given(lines, (*own, *offers), rounding)[len(own) :],
            "totals": bill.totals,
            "given": bill.given,
            "contributions": {x.line_id: str(x.contribution) for x in bill.shares},
            "cash": [cash, cash_rounding],
        }


def bills_json() -> str:
    """The whole file: the same every time."""
    maker = Maker(random.Random(20_260_529))
    bills = [maker.bill() for _ in range(BILLS)]
    rows = (msgspec.json.encode(bill).decode() for bill in bills)
    promotions = msgspec.json.encode(PROMOTIONS).decode()
    head = f'{{"local": "{LOCAL}", "at_ms": {AT_MS},\n"promotions": {promotions},\n"bills": [\n'
    return head + ",\n".join(rows) + "\n]}\n"


if __name__ == "__main__":
    sys.stdout.write(bills_json())

"""Known answers of tax engines, authorities and money libraries: ours gives every one of them.

The same file runs against the browser's half (`protocol/web/tax_vectors.test.ts`). It lies beside the
repository; where it is not, `tests/protocol/test_bills.py` and the pairs in
`protocol/web/bills.json` cover the same ground.
"""

import json
import os
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

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
from protocol.money import (
    CURRENCIES,
    Rounding,
    allocate,
    allocate_by_ratio,
    gateway_amount,
    parse_amount,
    round_ratio,
    round_to,
)
from protocol.pricing import Terms, bill_of, cash_due
from protocol.tax import compute_taxes, round_unit, sum_document

PATH = Path(
    os.environ.get("KEDAI_TEST_VECTORS")
    or Path(__file__).parent.parent.parent.parent / "shared" / "vectors"
)
FILE = PATH / "tax.json"
VECTORS = json.loads(FILE.read_text("utf-8"))["vectors"] if FILE.is_file() else []
CENT = Fraction("0.01")
PER = {"per_line": Per.LINE, "globally": Per.ORDER}


def test_each_known_answer_is_asked():
    if not FILE.is_file():
        pytest.skip(f"no known answers of others: {FILE.name} does not lie beside the repository")
    assert len({v["id"] for v in VECTORS}) == len(VECTORS) >= 100
    assert {v["input"]["op"] for v in VECTORS} == OPERATIONS.keys()


@pytest.mark.parametrize("vector", VECTORS, ids=[v["id"] for v in VECTORS])
def test_a_known_answer(vector, sold):
    asked = vector["input"]
    ours = OPERATIONS[asked["op"]](asked, sold)
    for key, expected in vector["expected"].items():
        assert same(ours[key], expected), (key, ours[key], expected)


def same(ours, expected) -> bool:
    """Equal; what is no whole number of the document's unit to six decimals."""
    if isinstance(expected, list):
        return len(ours) == len(expected) and all(map(same, ours, expected))
    if isinstance(expected, dict):
        return all(same(ours[key], value) for key, value in expected.items())
    if isinstance(expected, str) and isinstance(ours, str):
        return ours == expected
    return round(Fraction(ours), 6) == round(Fraction(str(expected)), 6)


def tax_of(told, at=0):
    return Tax(
        id=str(at),
        names={},
        amount=str(told["amount"]),
        kind=TaxKind(told["type"]),
        included=told.get("included", False),
        include_base=told.get("include_base", False),
        affected=told.get("affected", True),
    )


def percent(amount, *, included=False, at=0):
    return Tax(id=str(at), names={}, amount=str(amount), included=included)


def on_a_line(asked, sold):
    taxes = [tax_of(t, at) for at, t in enumerate(asked["taxes"])]
    taxed = compute_taxes(
        Fraction(asked["price_unit"]),
        asked["quantity"],
        taxes,
        per=PER[asked["rounding"]],
        unit=Fraction(asked["precision"]),
    )
    parts = [{"base": part.base, "amount": part.amount} for part in taxed.parts]
    return {"total_excluded": taxed.untaxed, "total_included": taxed.total, "taxes": parts}


def on_a_document(asked, sold):
    taxes = [tax_of(t, at) for at, t in enumerate(asked["taxes"])]
    lines = [(Fraction(x["price_unit"]), x["quantity"], taxes) for x in asked["lines"]]
    per, unit = PER[asked["rounding"]], Fraction(asked["precision"])
    document = sum_document(lines, per=per, unit=unit)
    return {
        "untaxed": document.untaxed,
        "taxes": list(document.taxes.values()),
        "tax_total": document.total - document.untaxed,
        "total": document.total,
    }


def off_the_total(asked, sold):
    kept = Fraction(asked["total_before"]) * (100 - asked["percent"]) / 100
    return {"total": round_unit(kept, Fraction(asked["precision"]), Rounding.HALF_UP)}


def cash_for_the_rest(asked, sold):
    usd, step = CURRENCIES["USD"], parse_amount(asked["cash_step"], CURRENCIES["USD"])
    other = parse_amount(asked["non_cash_paid"], usd)
    due = parse_amount(asked["total"], usd) - other
    rules = BillRules(version=1, cash_step=step, cash_rounding=asked["mode"])
    cash, difference = cash_due(due, rules, usd)
    return {
        "cash_due": cash * CENT,
        "paid_total": (cash + other) * CENT,
        "rounding_difference": difference * CENT,
    }


def an_order(asked, sold):
    """ERPNext's and Medusa's: lines at rates, each with taxes of its own in columns."""
    if "discount" in asked:
        return _discounted_order(asked, sold)
    unit = Fraction("0.000001") if asked.get("rounding") == "none" else CENT
    lines = []
    for line in asked["lines"]:
        included = line.get("tax_included", False)
        rates = line.get("tax_percents", [line.get("tax_percent")])
        taxes = [percent(rate, included=included, at=at) for at, rate in enumerate(rates)]
        lines.append((Fraction(line["rate"]), line["qty"], taxes))
    document = sum_document(lines, unit=unit)
    rounded = round_to(document.total, Rounding.HALF_UP)
    return {
        "net_total": document.untaxed,
        "taxes": list(document.taxes.values()),
        "tax": document.total - document.untaxed,
        "grand_total": document.total,
        "rounded_total": rounded,
        "rounding_adjustment": rounded - document.total,
    }


def _discounted_order(asked, sold):
    lines = [sold(x["qty"] * int(x["rate"]) * 100) for x in asked["lines"]]
    off = Adjustment(
        adjustment_id="off",
        kind=AdjustmentKind.DISCOUNT,
        names={},
        amount=int(asked["discount"]["amount"]) * 100,
    )
    rules = BillRules(version=1, taxes=(percent(asked["tax_percent"]),))
    totals = bill_of(lines, Terms(rules, (off,))).totals
    return {
        "total": totals.lines * CENT,
        "net_total": (totals.lines - totals.discounts) * CENT,
        "tax": totals.taxes[0].amount * CENT,
        "grand_total": totals.total * CENT,
    }


def a_vendure_order(asked, sold):
    """Minor units; every tax rounded on its line; discounts shared out over the lines first."""
    included = asked["prices_include_tax"]
    lines, taxes, off = [], {}, []
    charges = [{"price": x["amount"], "qty": 1, **x} for x in asked.get("surcharges", ())]
    for told in (*asked["lines"], *charges):
        rates = told.get("tax_percents", [told.get("tax_percent")])
        tax_class = "+".join(map(str, rates))
        line = sold(told["price"] * told["qty"], quantity=told["qty"], tax_class=tax_class)
        lines.append(line)
        for at, rate in enumerate(rates):
            taxes[tax_class, at] = Tax(
                id=f"{tax_class}/{at}",
                names={},
                amount=str(rate),
                included=included,
                classes=(tax_class,),
            )
        if "discount_percent" in told:
            off.append(_off(len(off), told["discount_percent"], None, line.line_id))
    for told in (*asked.get("order_discounts", ()), *filter(None, [asked.get("order_discount")])):
        off.append(_off(len(off), told.get("percent"), told.get("amount"), None))
    rules = BillRules(version=1, taxes=tuple(taxes.values()), per=Per.LINE)
    totals = bill_of(lines, Terms(rules, tuple(off))).totals
    tax = sum(t.amount for t in totals.taxes)
    return {
        "gross": totals.total,
        "net": totals.total - tax,
        "taxes": [t.amount for t in totals.taxes],
    }


def _off(at, share, amount, line_id):
    return Adjustment(
        adjustment_id=str(at),
        kind=AdjustmentKind.DISCOUNT,
        names={},
        line_id=line_id,
        percent=None if share is None else str(share),
        amount=amount,
    )


def a_charge(asked, sold):
    order = {
        "prices_include_tax": asked["includes_tax"],
        "lines": [{"price": asked["amount"], "qty": 1, "tax_percent": asked["tax_percent"]}],
    }
    return a_vendure_order(order, sold)


def a_flat_rate_order(asked, sold):
    lines = [
        (Fraction(x["amount"]), 1, [percent(x["rate"], included=asked["included"])])
        for x in asked["parts"]
    ]
    document = sum_document(lines, per=Per.LINE, unit=CENT)
    return {"net": document.untaxed, "gross": document.total}


def a_weighted_charge(asked, sold):
    """A charge over mixed rates: each line's own rate on its share of it."""
    parts = [sold(int(x["net"]) * 100, tax_class=x["rate"]) for x in asked["parts"]]
    taxes = tuple(
        Tax(id=x["rate"], names={}, amount=x["rate"], classes=(x["rate"],)) for x in asked["parts"]
    )
    net = sum(part.amount for part in parts)
    share = Fraction(int(asked["charge"]) * 100 * 100, net)
    service = Service(names={}, percent=str(share), dining_options=())
    with_charge = bill_of(parts, Terms(BillRules(version=1, taxes=taxes, service=service)))
    rate = sum(
        x.service / with_charge.totals.service * Fraction(line.tax_class) / 100
        for x, line in zip(with_charge.shares, parts, strict=True)
    )
    return {
        "charge_rate": round(rate, 4),
        "charge_net": with_charge.totals.service * CENT,
        "charge_gross": round_unit(with_charge.totals.service * (1 + rate) * CENT, CENT,
                                   Rounding.HALF_UP),
        "order_gross": with_charge.totals.total * CENT,
    }  # fmt: skip


def an_indonesian_bill(asked, sold):
    off = ()
    if asked["discount_percent"]:
        off = (_off(0, asked["discount_percent"], None, None),)
    rules = BillRules(
        version=1,
        taxes=(percent(asked["pbjt_percent"]),),
        service=Service(
            names={},
            percent=str(asked["service_percent"]),
            base=ServiceBase(asked["service_base"]),
        ),
    )
    totals = bill_of([sold(x["amount"]) for x in asked["items"]], Terms(rules, off)).totals
    return {
        "subtotal": totals.lines,
        "discount": totals.discounts,
        "after_discount": totals.lines - totals.discounts,
        "service": totals.service,
        "pbjt_base": totals.taxes[0].base,
        "pbjt": totals.taxes[0].amount,
        "total": totals.total,
    }


def an_inclusive_bill(asked, sold):
    rules = BillRules(
        version=1,
        taxes=(percent(asked["pbjt_percent"], included=True),),
        service=Service(names={}, percent=asked["service_percent"], included=True),
    )
    totals = bill_of([sold(asked["gross"])], Terms(rules)).totals
    pbjt = totals.taxes[0].amount
    return {
        "base": totals.lines - totals.service_included - pbjt,
        "service": totals.service_included,
        "pbjt": pbjt,
        "gross": totals.total,
    }


def ppn_since_2025(asked, sold):
    part = "1" if asked["luxury"] else "11/12"
    ppn = Tax(id="ppn", names={}, amount="12", base_factor=part)
    taxed = compute_taxes(Fraction(asked["price"]), 1, [ppn])
    effective = taxed.parts[0].amount / asked["price"] * 100
    return {"dpp": taxed.parts[0].base, "ppn": taxed.parts[0].amount,
            "effective_percent": effective}  # fmt: skip


def a_split(asked, sold):
    split = {"largest_remainder": allocate, "largest_ratio_first": allocate_by_ratio}
    return {"shares": split[asked["method"]](asked["amount"], asked["weights"])}


def a_rounding(asked, sold):
    return {"result": round_ratio(asked["amount"], asked["by"], Rounding(asked["mode"]))}


def a_cash_rounding(asked, sold):
    rules = BillRules(version=1, cash_step=asked["step"], cash_rounding=asked["mode"])
    due, difference = cash_due(asked["total"], rules, CURRENCIES["IDR"])
    return {"due": due, "difference": difference}


def a_currency(asked, sold):
    currency = CURRENCIES[asked["code"]]
    return {
        "iso_minor_digits": currency.iso_digits,
        "cash_digits": currency.cash_digits,
        "stripe_multiplier": currency.stripe,
        "cash_rounding": Decimal(currency.cash_step) / 10**currency.scale,
    }


def at_a_gateway(asked, sold):
    currency = CURRENCIES[asked["currency"]]
    minor = parse_amount(asked["amount"], currency)
    return {"wire": gateway_amount(minor, currency, asked["gateway"])}


OPERATIONS = {
    "compute_taxes": on_a_line,
    "compute_document": on_a_document,
    "global_discount_total": off_the_total,
    "cash_due_mixed": cash_for_the_rest,
    "order": an_order,
    "order_minor": a_vendure_order,
    "charge_minor": a_charge,
    "flat_rate_order": a_flat_rate_order,
    "weighted_charge": a_weighted_charge,
    "id_bill": an_indonesian_bill,
    "id_inclusive": an_inclusive_bill,
    "ppn_2025": ppn_since_2025,
    "allocate": a_split,
    "divide_round": a_rounding,
    "cash_round": a_cash_rounding,
    "currency": a_currency,
    "to_gateway": at_a_gateway,
}

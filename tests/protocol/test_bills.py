"""Bills: totals always tie out, nothing goes below zero, and what lines contribute makes the total."""

import itertools
import json
import random
from fractions import Fraction
from pathlib import Path

import made_bills
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from protocol.bill import (
    Adjustment,
    AdjustmentKind,
    BillRules,
    Per,
    RuleBook,
    Service,
    ServiceBase,
    Tax,
    TaxKind,
)
from protocol.bill_plan import fault_of
from protocol.money import CURRENCIES
from protocol.orders import DiningOption, LineStatus
from protocol.pricing import Terms, bill_of, cash_due, line_contributions, totals_of

PBJT = Tax(id="pbjt", names={"id": "PBJT 10%"}, amount="10")
SERVICE = Service(names={"id": "Layanan", "en": "Service"}, percent="5")
HOUSE = BillRules(version=3, taxes=(PBJT,), service=SERVICE)


def off(percent=None, amount=None, line_id=None, kind="discount", at=0):
    return Adjustment(
        adjustment_id=f"off-{at}",
        kind=AdjustmentKind(kind),
        names={"en": "Off"},
        line_id=line_id,
        percent=percent,
        amount=amount,
    )


# ------------------------------------------------------------------ any bill


@st.composite
def bills(draw):
    """Lines and terms that differ in everything; made by the maker of the browser's bills."""
    maker = made_bills.Maker(draw(st.randoms(use_true_random=False)))
    lines = maker.lines()
    adjustments = tuple(maker.adjustments(lines))
    eats = draw(st.sampled_from(DiningOption))
    covers = draw(st.sampled_from([None, 2, 8]))
    return lines, Terms(maker.rules(), adjustments, eats, covers)


@given(bills())
@settings(max_examples=300)
def test_a_bill_ties_out_whatever_is_on_it(asked):
    lines, terms = asked
    totals = totals_of(lines, terms)
    added = sum(tax.amount for tax in totals.taxes if not tax.inclusive)
    assert totals.lines == sum(line.amount for line in lines)
    assert totals.lines - totals.discounts + totals.service + added + totals.rounding == (
        totals.total
    )
    assert 0 <= totals.discounts <= totals.lines
    assert min(totals.total, totals.service, totals.service_included) >= 0
    assert all(tax.amount >= 0 for tax in totals.taxes)
    inside = sum(tax.amount for tax in totals.taxes if tax.inclusive) + totals.service_included
    assert inside <= totals.lines - totals.discounts + totals.service, "it holds what is inside it"
    assert all(tax.base >= 0 for tax in totals.taxes)


@given(bills())
@settings(max_examples=300)
def test_what_lines_contribute_adds_up_to_the_total(asked):
    lines, terms = asked
    bill = bill_of(lines, terms)
    assert bill.totals == totals_of(lines, terms)
    assert sum(line_contributions(lines, terms).values()) == bill.totals.total
    assert [share.line_id for share in bill.shares] == [line.line_id for line in lines]
    assert sum(share.discounts for share in bill.shares) == bill.totals.discounts
    assert sum(share.service for share in bill.shares) == bill.totals.service
    assert sum(bill.given.values()) == bill.totals.discounts
    assert all(share.contribution >= 0 for share in bill.shares)


@given(bills(), st.randoms(use_true_random=False))
def test_the_order_of_lines_matters_no_more_than_rounding(asked, chance):
    lines, terms = asked
    mixed = list(lines)
    chance.shuffle(mixed)
    one, other = totals_of(lines, terms), totals_of(mixed, terms)
    assert one.discounts == other.discounts
    # An odd unit of an amount off the whole goes to another line, which may be of another tax class.
    near = len(lines) * (len(one.taxes) + 1)
    if not terms.adjustments and (terms.rules is None or terms.rules.per is Per.ORDER):
        assert one == other
    elif terms.rules is not None and terms.rules.total_step == 1:
        assert abs(one.total - other.total) <= near


@given(bills())
def test_lines_that_were_struck_are_not_on_the_bill(asked):
    lines, terms = asked
    struck = [replace(x, line_id=f"{x.line_id}-struck",
                                                 status=LineStatus.VOIDED) for x in lines]  # fmt: skip
    assert totals_of([*lines, *struck], terms) == totals_of(lines, terms)
    assert line_contributions([*struck, *lines], terms) == line_contributions(lines, terms)


@given(bills())
def test_a_bill_that_is_all_given_away_costs_nothing(asked):
    lines, terms = asked
    comps = tuple(off("100", None, x.line_id, "comp", n) for n, x in enumerate(lines))
    totals = totals_of(lines, terms._replace(adjustments=comps))
    assert (totals.total, totals.service, totals.taxes) == (0, 0, ())
    assert totals.discounts == totals.lines


# ------------------------------------------------------------------ single rules


def test_service_comes_first_and_tax_is_on_both(sold):
    totals = totals_of([sold(60_000), sold(40_000)], Terms(HOUSE))
    assert (totals.service, totals.taxes[0].base, totals.taxes[0].amount) == (
        5_000,
        105_000,
        10_500,
    )
    assert totals.total == 115_500
    assert totals.rules_version == 3


def test_service_that_is_not_taxed_is_outside_the_base(sold):
    service = Service(names={}, percent="5", taxed=False)
    totals = totals_of([sold(100_000)], Terms(BillRules(version=1, taxes=(PBJT,), service=service)))
    assert (totals.taxes[0].amount, totals.total) == (10_000, 115_000)


def test_service_before_discounts_is_no_service_on_what_is_on_the_house(sold):
    service = Service(names={}, percent="10", base=ServiceBase.BEFORE_DISCOUNT)
    rules = BillRules(version=1, service=service)
    lines = [sold(80_000), sold(20_000)]
    half = Terms(rules, (off("50"),))
    comped = Terms(rules, (off("100", line_id=lines[0].line_id, kind="comp"),))
    assert totals_of(lines, half).service == 10_000
    assert totals_of(lines, comped).service == 2_000


@pytest.mark.parametrize(
    ("option", "covers", "charged"),
    [("dine_in", 8, 5_000), ("dine_in", 7, 0), ("dine_in", None, 0), ("takeaway", 8, 0)],
)
def test_who_pays_service(sold, option, covers, charged):
    service = Service(names={}, percent="5", min_covers=8)
    terms = Terms(BillRules(version=1, service=service), (), DiningOption(option), covers)
    assert totals_of([sold(100_000)], terms).service == charged


def test_prices_that_include_all_of_it_stay_as_they_are(sold):
    service = Service(names={}, percent="5", included=True)
    tax = Tax(id="pbjt", names={}, amount="10", included=True)
    totals = totals_of([sold(115_500)], Terms(BillRules(version=1, taxes=(tax,), service=service)))
    assert (totals.total, totals.service, totals.service_included) == (115_500, 0, 5_000)
    assert (totals.taxes[0].base, totals.taxes[0].amount) == (105_000, 10_500)


def test_goods_pay_ppn_food_pays_pbjt_and_stamps_pay_nothing(sold):
    ppn = Tax(id="ppn", names={}, amount="12", base_factor="11/12", classes=("goods",))
    pbjt = Tax(id="pbjt", names={}, amount="10", classes=("standard",))
    lines = [sold(50_000), sold(120_000, tax_class="goods"), sold(10_000, tax_class="exempt")]
    taxes = totals_of(lines, Terms(BillRules(version=1, taxes=(pbjt, ppn)))).taxes
    assert [(t.tax_id, t.base, t.amount) for t in taxes] == [
        ("pbjt", 50_000, 5_000),
        ("ppn", 110_000, 13_200),
    ]


def test_a_tax_on_takeaway_only(sold):
    bag = Tax(id="bag", names={}, amount="500", kind=TaxKind.FIXED, dining_options=("takeaway",))
    rules = BillRules(version=1, taxes=(bag,))
    line = sold(20_000, quantity=2)
    assert totals_of([line], Terms(rules)).total == 20_000
    assert totals_of([line], Terms(rules, (), DiningOption.TAKEAWAY)).total == 21_000


DEPOSIT = Tax(id="bottle", names={"en": "Bottle"}, amount="2000", kind=TaxKind.FIXED, included=True)
VAT = Tax(id="vat", names={"en": "VAT"}, amount="10")


@pytest.mark.parametrize("per", Per)
def test_a_fixed_tax_inside_a_price_is_never_more_than_that_price(sold, per):
    """A bottle with 2.000 inside it is sold for 500: all of it is that tax, and none is below zero."""
    rules = BillRules(version=1, taxes=(DEPOSIT, VAT), per=per)
    bottle, other = sold(10_000, quantity=2), sold(10_000)
    terms = Terms(rules, (off(amount=9_500, line_id=bottle.line_id),))
    bill = bill_of([bottle, other], terms)
    told = {tax.name: (tax.base, tax.amount) for tax in bill.totals.taxes}
    assert told == {"Bottle": (8_000, 2_500), "VAT": (8_000, 800)}
    assert bill.totals.total == 500 + 10_800
    assert [share.contribution for share in bill.shares] == [500, 10_800]


@pytest.mark.parametrize("per", Per)
def test_a_price_that_is_all_tax_still_says_so(sold, per):
    totals = totals_of([sold(1_500)], Terms(BillRules(version=1, taxes=(DEPOSIT, VAT), per=per)))
    assert [(tax.name, tax.amount) for tax in totals.taxes] == [("Bottle", 1_500)]
    assert totals.total == 1_500


def test_two_that_are_rounded_up_are_not_more_than_they_are_inside_of(sold):
    halves = tuple(
        Tax(id=x, names={"en": x}, amount="0.5", kind=TaxKind.FIXED, included=True) for x in "ab"
    )
    for per in Per:
        totals = totals_of([sold(1)], Terms(BillRules(version=1, taxes=halves, per=per)))
        assert sum(tax.amount for tax in totals.taxes) == 1


def test_one_on_top_that_enlarges_one_inside_leaves_nothing_below_zero(sold):
    bag = Tax(id="bag", names={"en": "Bag"}, amount="900", kind=TaxKind.FIXED, include_base=True)
    vat = Tax(id="vat", names={"en": "VAT"}, amount="50", included=True)
    totals = totals_of([sold(100)], Terms(BillRules(version=1, taxes=(bag, vat))))
    assert [(tax.name, tax.base, tax.amount) for tax in totals.taxes] == [
        ("Bag", 0, 200),
        ("VAT", 200, 100),
    ]
    assert totals.total == 300


def test_where_taxes_are_rounded_makes_a_difference_of_its_own(sold):
    lines = [sold(15), sold(15), sold(15)]
    per_order = BillRules(version=1, taxes=(PBJT,))
    per_line = BillRules(version=1, taxes=(PBJT,), per=Per.LINE)
    assert totals_of(lines, Terms(per_order)).taxes[0].amount == 5
    assert totals_of(lines, Terms(per_line)).taxes[0].amount == 6


def test_the_whole_bill_is_rounded_to_a_step_and_says_so(sold):
    totals = totals_of([sold(12_345)], Terms(BillRules(version=1, taxes=(PBJT,), total_step=500)))
    assert (totals.total, totals.rounding) == (13_500, 13_500 - 12_345 - 1_235)


def test_comps_come_before_offers_and_offers_before_what_staff_give(sold):
    lines = [sold(100_000), sold(50_000)]
    entered = (
        off("10", at=1),
        off("50", line_id=lines[0].line_id, kind="promotion", at=2),
        off("100", line_id=lines[1].line_id, kind="comp", at=3),
        off(amount=10_000, line_id=lines[0].line_id, at=4),
    )
    for shuffled in itertools.permutations(entered):
        given = bill_of(lines, Terms(None, shuffled)).given
        assert given == {"off-3": 50_000, "off-2": 50_000, "off-4": 10_000, "off-1": 4_000}


def test_an_amount_off_the_whole_is_shared_out_by_what_is_left(sold):
    lines = [sold(30_000), sold(20_000), sold(10_001)]
    bill = bill_of(lines, Terms(None, (off(amount=10_000),)))
    assert [share.discounts for share in bill.shares] == [5_000, 3_333, 1_667]
    assert bill.totals.total == 50_001


def test_a_discount_is_never_more_than_the_bill(sold):
    totals = totals_of([sold(5_000)], Terms(HOUSE, (off(amount=9_000), off("50", at=1))))
    assert (totals.discounts, totals.total) == (5_000, 0)


def test_a_line_that_costs_nothing_changes_no_ones_share(sold):
    lines = [sold(0), sold(10_000)]
    assert line_contributions(lines, Terms(HOUSE)) == {
        lines[0].line_id: Fraction(0),
        lines[1].line_id: Fraction(11_550),
    }


def test_tax_that_rounding_gave_is_shared_by_all():
    maker_lines = [made_bills.Maker(random.Random(1)).line(n) for n in range(3)]
    lines = [replace(x, amount=3_333, quantity=1, tax_class="standard") for x in maker_lines]
    shares = line_contributions(lines, Terms(HOUSE))
    assert set(shares.values()) == {Fraction(totals_of(lines, Terms(HOUSE)).total, 3)}


# ------------------------------------------------------------------ cash


def test_cash_is_rounded_where_the_house_says_so_and_exact_elsewhere():
    idr = CURRENCIES["IDR"]
    assert cash_due(92_449, BillRules(version=1), idr) == (92_400, -49)
    assert cash_due(92_437, BillRules(version=1, cash_step=500), idr) == (92_500, 63)
    assert cash_due(92_437, BillRules(version=1, cash_step=1), idr) == (92_437, 0)
    assert cash_due(92_437, BillRules(version=1, cash_rounding="down"), idr) == (92_400, -37)
    assert cash_due(92_437, None, idr) == (92_437, 0)


@given(st.integers(-(10**9), 10**9), st.sampled_from([None, 1, 100, 500]))
def test_money_back_is_rounded_as_the_sale_was(due, step):
    rules = BillRules(version=1, cash_step=step)
    cash, difference = cash_due(due, rules, CURRENCIES["IDR"])
    assert cash == due + difference
    assert cash_due(-due, rules, CURRENCIES["IDR"]) == (-cash, -difference)


# ------------------------------------------------------------------ rules and their dates


def test_the_rules_of_a_date_are_those_that_began_last():
    old, new = BillRules(version=1), BillRules(version=2, from_date="2027-01-01")
    book = RuleBook(rules=(new, old))
    assert book.on("2026-12-31") is old
    assert book.on("2027-01-01") is new
    assert RuleBook(rules=(new,)).on("2026-12-31") is None


def test_the_browser_has_todays_bills():
    """`bill.test.ts` works out the same ones."""
    written = (Path(made_bills.__file__).parent.parent / "protocol/web/bills.json").read_text(
        "utf-8"
    )
    assert json.loads(written) == json.loads(made_bills.bills_json()), (
        "run `PYTHONPATH=tests python -m made_bills > protocol/web/bills.json`"
    )


@pytest.mark.parametrize(
    "rules",
    [
        BillRules(version=1, rounding="sideways"),
        BillRules(version=1, cash_rounding="sideways"),
        BillRules(version=1, taxes=(Tax(id="a", names={}, amount="ten"),)),
        BillRules(version=1, taxes=(Tax(id="a", names={}, amount="10", base_factor="1/0"),)),
        BillRules(version=1, taxes=(Tax(id="a", names={}, amount="-100", included=True),)),
        BillRules(version=1, service=Service(names={}, percent="five")),
        BillRules(
            version=1,
            taxes=tuple(
                Tax(id=i, names={}, amount="50", kind=TaxKind.DIVISION, classes=("goods",))
                for i in "ab"
            ),
        ),
    ],
)
def test_rules_that_no_bill_can_go_by_say_why(rules):
    assert fault_of(rules)
    assert fault_of(HOUSE) is None

"""What HQ may not publish as rules of the house: every fault is said in a sentence."""

import ast
import re
from pathlib import Path

import msgspec
import pytest

from protocol import house_checks
from protocol.bill import AdjustmentKind, BillRules, RuleBook, Service, Tax, TaxKind
from protocol.bill_plan import fault_of
from protocol.house import (
    NO_HOUSE,
    Bundle,
    DiscountPreset,
    House,
    KioskPlan,
    Limits,
    Offered,
    Promotion,
    Reasons,
    Section,
    Span,
    Table,
    TillPlan,
)
from protocol.house_checks import faults_of
from protocol.house_indonesian import fault_in_indonesian
from protocol.menu import Category, Item, Menu, Station, Variant

PBJT = Tax(id="pbjt", names={"id": "PBJT"}, amount="10")
SERVICE = Service(names={"id": "Layanan"}, percent="5")
NAMES = {"id": "Kopi sore"}


def item(item_id, category, variant):
    variants = (Variant(id=variant, names={}, price=20_000, plu=variant),)
    return Item(id=item_id, category_id=category, names={"id": item_id}, variants=variants)


@pytest.fixture
def menu():
    return Menu(
        version=1,
        currency="IDR",
        items=(item("kopi", "minuman", "kopi-kecil"), item("nasi", "makanan", "nasi-kecil")),
        categories=(Category(id="minuman", names={}), Category(id="makanan", names={})),
        stations=(Station(id="dapur", names={}),),
        fallback_station="dapur",
    )


def rules(**changes):
    values = {"version": 1, "taxes": (PBJT,), "service": SERVICE}
    return House(bill=RuleBook(rules=(BillRules(**values | changes),)))


def taxed(**changes):
    return rules(taxes=(msgspec.structs.replace(PBJT, **changes),))


def promoted(**changes):
    values = {"id": "sore", "names": NAMES, "percent": "20"}
    return House(promotions=(Promotion(**values | changes),))


def seated(*tables):
    return House(sections=(Section(id="dalam", names={"id": "Dalam"}, tables=tables),))


def table(**changes):
    return Table(**{"id": "t1", "name": "1", "x": 0, "y": 0} | changes)


def test_what_a_restaurant_says_is_sound(menu):
    """No house, and one with a bit of everything."""
    evening = Span(weekdays=(1, 5), from_time="17:00", until_time="02:00")
    ppn = Tax(id="ppn", names={"id": "PPN"}, amount="12", base_factor="11/12", classes=("exempt",))
    house = House(
        bill=RuleBook(rules=(BillRules(version=1, taxes=(PBJT, ppn), service=SERVICE),)),
        promotions=(
            Promotion(id="a", names=NAMES, percent="20", ids=("minuman",), spans=(evening,)),
            Promotion(id="b", names=NAMES, bundle=(Bundle(ids=("kopi",)),), bundle_price=30_000),
            Promotion(id="c", names=NAMES, buy=2, get=1, ids=("nasi-kecil",), code="TIGA"),
        ),
        discounts=(DiscountPreset(id="staf", names=NAMES, percent="100", kind=COMP),),
        sections=(Section(id="dalam", names=NAMES, tables=(table(), table(id="t2", name="2"))),),
        tills=(TillPlan(id="laci", name="Laci depan"),),
        tips=("5", "7.5"),
        kiosk=KioskPlan(upsell=("kopi",)),
        dayparts=(Offered(ids=("makanan",), spans=(evening,)),),
        favourites=("nasi-kecil",),
    )
    assert faults_of(house, menu) == faults_of(house) == []
    assert faults_of(NO_HOUSE, menu) == []


COMP = AdjustmentKind.COMP
ENGLISH = {"the", "is", "has", "of", "which", "from", "bill", "tax", "table", "combo", "no"}
"""Words that no Indonesian sentence has: one of them was only half translated."""
PLACE = Bundle(ids=("kopi",))
CROWD = (Bundle(ids=("kopi",), quantity=26), Bundle(ids=("nasi",), quantity=25))
DAY = BillRules(version=1, from_date="2027-01-01")


@pytest.mark.parametrize(
    ("house", "fault"),
    [
        (taxed(amount="ten"), "tax 'pbjt' comes to 'ten', which is no number"),
        (taxed(amount="-5"), "comes to '-5', which is no number"),
        (taxed(amount="110"), "is 110 %, more than the price itself"),
        (taxed(amount="100", kind=TaxKind.DIVISION), "which leaves nothing"),
        (taxed(base_factor="11/0"), "is on '11/0' of the price"),
        (taxed(base_factor="0"), "is on '0' of the price"),
        (taxed(base_factor="12/11"), "more than all of it"),
        (taxed(names={"id": " "}), "tax 'pbjt' has no name"),
        (taxed(classes=("alcohol",)), "tax class 'alcohol', which no item of the menu has"),
        (taxed(dining_options=("drive_in",)), "'drive_in', which is no way to eat"),
        (rules(taxes=(PBJT, PBJT)), "tax 'pbjt' is there twice"),
        (rules(from_date="2027-02-30"), "that is no date"),
        (House(bill=RuleBook(rules=(DAY, DAY))), "first day of bill rules '2027-01-01' is there"),
        (rules(service=Service(names=NAMES, percent="0")), "above 0 and at most 100"),
        (rules(rounding="sideways"), "the bill is rounded 'sideways'"),
        (rules(total_step=0), "the bill is rounded to 0"),
        (rules(cash_step=0), "cash is rounded to 0"),
        (promoted(percent="120"), "promotion 'sore' is 120 %"),
        (promoted(percent="a lot"), "'a lot' %, which is no number"),
        (promoted(percent=None), "offers nothing; it must offer exactly one thing"),
        (promoted(amount=5), "offers a percentage and an amount"),
        (promoted(percent=None, amount=-5), "takes -5 off"),
        (promoted(percent=None, buy=2), "gives 0 free for 2 bought"),
        (promoted(percent=None, bundle=(PLACE,)), "a combo without a price"),
        (promoted(percent=None, bundle_price=9), "the price of a combo, and nothing in it"),
        (promoted(percent=None, bundle=(Bundle(ids=()),), bundle_price=9), "that holds nothing"),
        (promoted(percent=None, bundle=CROWD, bundle_price=9), "a combo of more than 50 things"),
        (promoted(ids=("teh",)), "is about 'teh', which the menu has not"),
        (promoted(min_spend=-1), "needs a bill of -1"),
        (promoted(uses=5), "may be used 5 times, which is for coupons"),
        (promoted(uses=0, code="TIGA"), "may be used 0 times"),
        (promoted(spans=(Span(weekdays=(0,)),)), "weekdays go from 1"),
        (promoted(spans=(Span(from_time="25:00"),)), "'25:00' is no time of day"),
        (promoted(spans=(Span(from_date="1 May"),)), "'1 May' is no date"),
        (
            promoted(spans=(Span(from_date="2027-02-01", until_date="2027-01-01"),)),
            "ends on 2027-01-01, before it begins",
        ),
        (House(discounts=(DiscountPreset(id="x", names=NAMES),)), "either a percentage or an"),
        (House(discounts=(DiscountPreset(id="x", names=NAMES, percent="101"),)), "is 101 %"),
        (House(limits=Limits(discount_percent="200")), "a cashier may give '200' %"),
        (House(limits=Limits(over_short=-1)), "differ by is below zero"),
        (House(reasons=Reasons(void=({},))), "one of the reasons to void has no words"),
        (
            House(reasons=Reasons(over_short=({},))),
            "one of the reasons to explain a difference has no words",
        ),
        (seated(table(), table(name="2")), "table 't1' is there twice"),
        (seated(table(), table(id="t2")), "table name '1' is there twice"),
        (seated(table(x=95)), "stands outside of its section"),
        (seated(table(name="")), "table 't1' has no name"),
        (House(tills=(TillPlan(id="a", name=""),)), "till 'a' has no name"),
        (House(tips=("0",)), "a tip is 0 %"),
        (House(kiosk=KioskPlan(idle_s=1)), "starts over after 1 seconds"),
        (House(kiosk=KioskPlan(dining_options=())), "offers no way to eat"),
        (House(kiosk=KioskPlan(upsell=("teh",))), "the kiosk offers 'teh'"),
        (House(dayparts=(Offered(ids=("teh",), spans=()),)), "must name what is to be had"),
        (House(favourites=("teh",)), "the favourites name 'teh'"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(menu, house, fault):
    said = faults_of(house, menu)
    assert any(fault in sentence for sentence in said), said
    assert "\n" not in "".join(said)
    for sentence in said:
        translated = fault_in_indonesian(sentence)
        assert translated, sentence
        assert not ENGLISH & set(re.findall(r"[a-z]+", translated)), translated


STANDS_FOR = {"where": "promotion '7'", "what": "bill", "who": "promotion '7' is about"}


def said_by(node):
    """What a piece of a sentence comes to, with something in the place of what varies."""
    match node:
        case ast.Constant():
            return str(node.value)
        case ast.FormattedValue(conversion=conversion, value=value):
            name = value.id if isinstance(value, ast.Name) else ""
            return "'7'" if conversion == ord("r") else STANDS_FOR.get(name, "7")
    return "7"


def sentences():
    """Every sentence in the source of the checks."""
    for node in ast.walk(ast.parse(Path(house_checks.__file__).read_text())):
        match node:
            case ast.Yield(value=ast.JoinedStr(values=parts)):
                yield "".join(map(said_by, parts))
            case ast.Yield(value=ast.Constant(value=str(text))):
                yield text


@pytest.mark.parametrize("english", sorted(set(sentences())))
def test_every_sentence_is_said_in_indonesian(english):
    english = english.replace("offers 7;", "offers nothing;")
    assert fault_in_indonesian(english), english


def test_enough_sentences_were_found_to_judge_by():
    assert len(set(sentences())) > 40


def test_ids_are_only_compared_with_a_menu_that_is_there():
    assert faults_of(House(favourites=("teh",))) == []


@pytest.mark.parametrize("number", ["1e999999999", "-5", "nan", "١٠", "9" * 13, "1/0", ""])
def test_a_number_is_looked_at_before_it_is_worked_out(number):
    """A screen may bring rules, too: none may keep a box busy for hours with one number."""
    for house in (taxed(amount=number), taxed(base_factor=number)):
        (book,) = house.bill.rules
        assert fault_of(book) == f"{number!r} is no number"
        assert faults_of(house)
    (book,) = rules(service=msgspec.structs.replace(SERVICE, percent=number)).bill.rules
    assert fault_of(book) == f"{number!r} is no number"


def test_a_tax_above_the_price_is_said_once():
    assert len(faults_of(taxed(amount="101"))) == 1
    assert fault_of(taxed(amount="101").bill.rules[0]) == "tax 'pbjt' is more than the price itself"
    assert fault_of(taxed(amount="100").bill.rules[0]) is None
    fixed = {"amount": "5000", "kind": TaxKind.FIXED}
    assert fault_of(taxed(**fixed).bill.rules[0]) is None, "so much for each, whatever it costs"

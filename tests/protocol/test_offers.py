"""Offers of the house: what a bill earns, who may not have it, and when it goes again."""

from collections import Counter

import made_bills
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from protocol import commands as c
from protocol import floor_commands as f
from protocol.bill import AdjustmentKind, BillRules, RuleBook, Tax
from protocol.cart import Cart, CartLine
from protocol.floor_events import CouponGiven, PromotionsApplied
from protocol.house import Bundle, House, Promotion, Span
from protocol.offers import Party, offers_on
from protocol.orders import DiningOption, Source
from protocol.refusals import Refusal
from protocol.rules.carts import add

HAPPY = (Span(weekdays=(4, 5), from_time="17:00", until_time="19:00"),)
"""Thursdays and Fridays; the café's day is a Thursday."""
TEN_PERCENT = Promotion(id="ten", names={"id": "Diskon", "en": "Ten off"}, percent="10")


def with_offers(counter, *promotions, **house):
    counter.more["house"] = House(promotions=promotions, **house)
    return counter


def given_of(order):
    given = Counter()
    for adjustment in order.adjustments:
        given[adjustment.adjustment_id.partition(":")[0]] += adjustment.given
    return given


def names_of(decision):
    return [type(event).__name__ for event in decision]


# ------------------------------------------------------------------ what is offered


def test_a_percentage_of_everything(counter):
    with_offers(counter, TEN_PERCENT).place(counter.line("latte-s"), counter.line("rice-1"))
    assert counter.order.totals.discounts == 4_000
    assert counter.order.totals.total == 36_000
    (offer,) = counter.order.adjustments
    assert (offer.kind, offer.given, offer.names["en"]) == ("promotion", 4_000, "Ten off")


def test_a_percentage_of_a_category_and_an_amount_off_each_of_an_item(counter):
    coffee = Promotion(id="coffee", names={}, percent="20", ids=("coffee",))
    rice = Promotion(id="rice", names={}, amount=2_000, ids=("rice",))
    with_offers(counter, coffee, rice)
    counter.place(counter.line("latte-s", quantity=2), counter.line("rice-1", quantity=3))
    assert given_of(counter.order) == {"coffee": 6_000, "rice": 6_000}


def test_of_three_the_cheapest_is_free(counter):
    three = Promotion(id="three", names={}, buy=2, get=1, ids=("coffee",))
    with_offers(counter, three)
    counter.place(counter.line("latte-l", quantity=2), counter.line("latte-s"))
    assert given_of(counter.order) == {"three": 15_000}
    (offer,) = counter.order.adjustments
    assert offer.line_id == counter.order.lines[1].line_id


def test_two_are_not_three(counter):
    three = Promotion(id="three", names={}, buy=2, get=1)
    with_offers(counter, three).place(counter.line("latte-l", quantity=2))
    assert counter.order.adjustments == ()


def test_a_combo_costs_what_it_says_as_often_as_it_fits(counter):
    combo = Promotion(
        id="combo",
        names={},
        bundle=(Bundle(ids=("coffee",)), Bundle(ids=("rice-1",))),
        bundle_price=35_000,
    )
    with_offers(counter, combo)
    counter.place(counter.line("latte-l", quantity=3), counter.line("rice-1", quantity=2))
    assert counter.order.totals.total == 2 * 35_000 + 20_000


def test_a_combo_finds_the_place_that_only_one_line_fits(sold):
    """Greedy hands would give the latte to the first place and have nothing for the second."""
    lines = [sold(20_000, item_id="latte"), sold(9_000, item_id="tea")]
    combo = Promotion(
        id="combo",
        names={},
        bundle=(Bundle(ids=("latte", "tea")), Bundle(ids=("latte",))),
        bundle_price=25_000,
    )
    offers = offers_on([combo], lines, Party("", 0, "dine_in"))
    assert sum(offer.amount for offer in offers) == 4_000


def test_a_combo_that_is_dearer_than_its_parts_is_nobodys_gain(counter):
    combo = Promotion(id="combo", names={}, bundle=(Bundle(ids=("rice",)),), bundle_price=90_000)
    with_offers(counter, combo).place()
    assert counter.order.adjustments == ()


def test_so_much_must_be_spent(counter):
    five = Promotion(id="five", names={}, amount=5_000, min_spend=50_000)
    with_offers(counter, five).place(counter.line("rice-1"))
    assert counter.order.adjustments == ()
    assert names_of(counter.add(counter.line("rice-1")))[-1] == "PromotionsApplied"
    assert counter.order.totals.total == 45_000
    counter.void()
    assert counter.order.totals.total == 25_000


def test_only_where_guests_eat_as_it_says(counter):
    away = Promotion(id="away", names={}, percent="10", dining_options=("takeaway",))
    with_offers(counter, away).place()
    assert counter.order.totals.total == 25_000
    changed = f.ChangeDetails(order_id=counter.order_id, dining_option=DiningOption.TAKEAWAY)
    assert not isinstance(counter.take(changed), Refusal)
    assert counter.order.totals.total == 22_500


def test_what_one_offer_has_taken_another_does_not_take_again(counter):
    first = Promotion(id="first", names={}, percent="50", ids=("rice",))
    second = Promotion(id="second", names={}, percent="50", ids=("food",), rank=1)
    with_offers(counter, first, second).place(counter.line("rice-1"), counter.line("set-1"))
    assert given_of(counter.order) == {"first": 12_500, "second": 20_000}


def test_an_offer_that_stands_alone(counter):
    alone = Promotion(id="alone", names={}, percent="30", alone=True, rank=-1)
    with_offers(counter, alone, TEN_PERCENT).place()
    assert given_of(counter.order) == {"alone": 7_500}


def test_an_offer_that_stands_alone_waits_for_those_before_it(counter):
    alone = Promotion(id="alone", names={}, percent="30", alone=True, rank=1)
    with_offers(counter, alone, TEN_PERCENT).place()
    assert given_of(counter.order) == {"ten": 2_500}


def test_nothing_is_offered_on_what_is_on_the_house(counter):
    three = Promotion(id="three", names={}, buy=1, get=1, ids=("rice",))
    with_offers(counter, three).place(counter.line("rice-1"), counter.line("rice-1"))
    assert given_of(counter.order) == {"three": 25_000}
    comp = f.Adjust(
        order_id=counter.order_id,
        adjustment_id="comp-1",
        kind=AdjustmentKind.COMP,
        line_id=counter.order.lines[0].line_id,
        reason="cold",
    )
    assert names_of(counter.take(comp)) == ["BillAdjusted", "PromotionsApplied"]
    assert given_of(counter.order) == {"comp-1": 25_000}
    assert counter.order.totals.total == 25_000


def test_offers_come_before_tax(counter):
    taxed = BillRules(version=1, taxes=(Tax(id="pbjt", names={}, amount="10"),))
    with_offers(counter, TEN_PERCENT, bill=RuleBook(rules=(taxed,))).place()
    assert counter.order.totals.taxes[0].base == 22_500
    assert counter.order.totals.total == 24_750


# ------------------------------------------------------------------ hours


def test_a_happy_hour_begins_and_ends_by_itself(counter):
    happy = Promotion(id="happy", names={}, percent="50", ids=("coffee",), spans=HAPPY)
    with_offers(counter, happy)
    counter.local = "2026-05-28T16:59"
    counter.place(counter.line("latte-l"))
    counter.local = "2026-05-28T17:00"
    counter.add(counter.line("latte-l"))
    assert counter.order.totals.total == 30_000


def test_a_happy_hour_does_not_end_for_what_is_on_the_table(counter):
    """FS-30: lines keep the price of when they were ordered, whatever is added later."""
    happy = Promotion(id="happy", names={}, percent="50", ids=("coffee",), spans=HAPPY)
    with_offers(counter, happy)
    counter.local = "2026-05-28T18:59"
    counter.place(counter.line("latte-l"))
    assert counter.order.totals.total == 10_000
    counter.now_ms += 30 * 60_000
    counter.local = "2026-05-28T19:30"
    counter.add(counter.line("latte-l"))
    assert counter.order.totals.total == 30_000


def test_where_nobody_knows_the_time_of_day_offers_with_hours_rest(counter):
    happy = Promotion(id="happy", names={}, percent="50", spans=HAPPY)
    with_offers(counter, happy).place()
    assert counter.order.adjustments == ()


# ------------------------------------------------------------------ following the bill


def test_the_guest_is_asked_for_what_the_screen_showed(counter):
    with_offers(counter, TEN_PERCENT)
    assert counter.place(expected_total=25_000, menu_version=7).code == "total_differs"
    assert names_of(counter.place(expected_total=22_500, menu_version=7)) == [
        "OrderPlaced",
        "OrderFired",
        "PromotionsApplied",
    ]


def test_a_cart_of_several_screens_earns_offers_too(counter):
    three = Promotion(id="three", names={}, buy=2, get=1, ids=("rice",))
    with_offers(counter, three).place(counter.line("rice-1", quantity=2), hold=True)
    cart = add(Cart(), "screen-1", counter.new_id(), 1, CartLine(variant_id="rice-1"))
    decided = counter.merge(cart)
    assert names_of(decided) == ["CartMerged", "PromotionsApplied"]
    assert counter.order.totals.total == 50_000


def test_an_offer_that_hq_took_back_goes_with_the_next_change(counter):
    with_offers(counter, TEN_PERCENT).place()
    counter.more["house"] = House(version=2)
    counter.add(counter.line("rice-1"))
    assert counter.order.totals.total == 50_000
    assert counter.order.adjustments == ()


def test_the_same_bill_says_nothing_twice(counter):
    with_offers(counter, TEN_PERCENT).place(counter.line("rice-1"))
    assert names_of(counter.add(counter.line("rice-1"))) == ["LinesAdded", "OrderFired"]
    assert given_of(counter.order) == {"ten": 5_000}


def test_imports_are_history_and_earn_nothing(counter):
    with_offers(counter, TEN_PERCENT)
    counter.imported()
    assert counter.order.totals.total == 25_000


def test_a_first_answer_keeps_its_offers(counter, new_counter):
    """An order that a box lost comes back with the price that its guest was told."""
    with_offers(counter, TEN_PERCENT)
    line = counter.line("rice-1")
    place = c.PlaceOrder(order_id=counter.new_id(), lines=(line,))
    counter.take(place)
    other = new_counter(accepted=counter.order)
    now_dearer = Promotion(id="ten", names={}, percent="5")
    other.more.update(house=House(promotions=(now_dearer,)), offered=True)
    other.take(place)
    assert other.order.totals.total == counter.order.totals.total == 22_500


def test_a_box_that_has_heard_nothing_from_hq_yet_keeps_what_another_has_promised(
    counter, new_counter
):
    """Blank, it hears from its screens first: the guest pays what the guest was told."""
    with_offers(counter, TEN_PERCENT)
    place = c.PlaceOrder(order_id=counter.new_id(), lines=(counter.line("rice-1"),))
    counter.take(place)
    blank = new_counter(accepted=counter.order)
    blank.more.update(house=House(), offered=True, proven=True)
    assert "PromotionsApplied" in names_of(blank.take(place))
    assert blank.order.totals.total == counter.order.totals.total == 22_500
    more = c.AddLines(order_id=place.order_id, lines=(counter.line("rice-1"),))
    counter.more["house"] = House(version=2, promotions=(replace(TEN_PERCENT, percent="20"),))
    counter.take(more)
    blank.accepted = counter.order
    blank.take(more)
    assert given_of(blank.order) == given_of(counter.order) == {"ten": 10_000}
    blank.accepted, blank.more["offered"] = None, False
    blank.add(blank.line("rice-1"))
    assert blank.order.totals.discounts == 15_000, "and what comes later takes nothing away"


# ------------------------------------------------------------------ coupons

GIFT = Promotion(id="gift", names={"en": "Gift"}, percent="20", code="GIFT 20", min_spend=50_000)


def test_a_coupon_is_asked_for_by_its_code_however_it_is_typed(counter):
    with_offers(counter, GIFT).place(counter.line("rice-1", quantity=2), codes=("gift20 ",))
    (coupon,) = counter.order.adjustments
    assert (coupon.kind, coupon.code, coupon.given) == ("coupon", "GIFT 20", 10_000)


def test_without_its_code_a_coupon_is_nobodys(counter):
    with_offers(counter, GIFT).place(counter.line("rice-1", quantity=2))
    assert counter.order.adjustments == ()


def test_a_code_that_nobody_gave_out_is_refused(counter):
    with_offers(counter, GIFT)
    assert counter.place(codes=("GIFT 99",)).code == "unknown_coupon"
    counter.place()
    assert show(counter, "GIFT 99").code == "unknown_coupon"


def show(counter, code):
    coupon = f.Adjust(
        order_id=counter.order_id, adjustment_id="any", kind=AdjustmentKind.COUPON, code=code
    )
    return counter.take(coupon)


def test_a_coupon_waits_until_the_bill_earns_it(counter):
    with_offers(counter, GIFT).place()
    applied, given = show(counter, "gift 20")
    assert isinstance(applied, PromotionsApplied)
    assert (given.code, given.given) == ("GIFT 20", 0)
    assert counter.order.totals.total == 25_000
    assert show(counter, "gift 20") == []
    counter.add(counter.line("rice-1"))
    assert counter.order.totals.total == 40_000


def test_who_gives_a_coupon_at_the_counter_is_told_and_a_guest_at_the_kiosk_is_not(new_counter):
    """A cashier who asks for the whole and charges what the coupon leaves keeps the rest."""
    told = {}
    for source in (Source.COUNTER, Source.KIOSK):
        counter = with_offers(new_counter(), GIFT)
        line = counter.line("rice-1", quantity=2)
        events = counter.place(line, codes=("gift20",), source=source)
        told[source] = [(e.code, e.given, e.back) for e in events if isinstance(e, CouponGiven)]
        taken_off = counter.take(
            f.RemoveAdjustment(order_id=counter.order_id, adjustment_id="gift")
        )
        told[source] += [(e.code, e.given, e.back) for e in taken_off if isinstance(e, CouponGiven)]
    given, back = ("GIFT 20", 10_000, False), ("GIFT 20", 10_000, True)
    assert told == {Source.COUNTER: [given, back], Source.KIOSK: [back]}


def test_a_coupon_can_be_given_back(counter):
    with_offers(counter, GIFT, Promotion(id="ten", names={}, percent="10", rank=1))
    counter.place(counter.line("rice-1", quantity=2), codes=("GIFT20",))
    assert given_of(counter.order) == {"gift": 10_000, "ten": 4_000}
    counter.take(f.RemoveAdjustment(order_id=counter.order_id, adjustment_id="gift"))
    assert given_of(counter.order) == {"ten": 5_000}
    counter.add(counter.line("rice-1"))
    assert "gift" not in given_of(counter.order)


def test_a_coupon_that_is_for_others_says_so(counter):
    away = Promotion(id="away", names={"en": "Away"}, percent="5", code="AWAY",
                     dining_options=("takeaway",))  # fmt: skip
    with_offers(counter, away).place()
    assert show(counter, "away").code == "coupon_not_now"


def test_an_offer_of_the_house_is_not_taken_off_by_hand(counter):
    with_offers(counter, TEN_PERCENT).place()
    gone = counter.take(f.RemoveAdjustment(order_id=counter.order_id, adjustment_id="ten"))
    assert gone.code == "offer_stays"


# ------------------------------------------------------------------ any offers


@given(st.randoms(use_true_random=False))
def test_offers_never_take_more_than_a_line_costs(chance):
    maker = made_bills.Maker(chance)
    lines = maker.lines()
    party = Party(made_bills.LOCAL, made_bills.AT_MS, "dine_in", frozenset({"gift15"}))
    offers = offers_on(made_bills.PROMOTIONS, lines, party)
    for line in lines:
        off = sum(a.amount or 0 for a in offers if a.line_id == line.line_id)
        assert 0 <= off <= line.amount
    assert offers == offers_on(list(reversed(made_bills.PROMOTIONS)), lines, party)


@pytest.mark.parametrize(
    "wrong",
    [
        {"percent": "five"},
        {"percent": "101"},
        {"percent": None, "amount": -5},
        {"percent": None, "amount": None},
        {"promotion_id": "unheard-of"},
        {"line_id": "of somebody else"},
    ],
)
def test_offers_that_no_box_gave_are_not_believed(counter, new_counter, wrong):
    """They are worked out anew then, as for any other command."""
    with_offers(counter, TEN_PERCENT)
    place = c.PlaceOrder(order_id=counter.new_id(), lines=(counter.line("rice-1"),))
    counter.take(place)
    (offer,) = counter.order.adjustments
    told = replace(counter.order, adjustments=(replace(offer, **wrong),))
    other = new_counter(accepted=told)
    other.more.update(house=counter.more["house"], offered=True)
    other.take(place)
    assert other.order.totals.total == 22_500
    assert other.order.adjustments == counter.order.adjustments

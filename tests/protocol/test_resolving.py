"""Decisions: every kind says why and what to do, in two languages, with nothing left to fill in."""

import re
import string

import pytest
from msgspec.structs import replace

from protocol.bill import Refund
from protocol.box_events import BoxRecovered, CommandOvertaken, StreamForked
from protocol.cart import Cart, CartLine, Tally
from protocol.conflicts import KINDS, Side
from protocol.events import CartMerged, LineRepriced
from protocol.floor_events import LinesMovedTwice
from protocol.house import Promotion
from protocol.orders import LineStatus, Payment, Totals
from protocol.rules import resolving
from protocol.rules.coupon_cards import coupon_overused
from protocol.rules.moved_twice import moved_twice_card
from protocol.rules.overtaking import overtaken
from protocol.rules.price_cards import CARDS, Lost, Sold, price_card
from protocol.rules.price_verdicts import Reason, Ruling, Verdict
from protocol.rules.product_fields import Written
from protocol.rules.refund_cards import refunded_twice

OUTLET = "outlet-1"


@pytest.fixture
def order(counter):
    counter.place()
    counter.pay(25_000, label="drawer 1")
    return counter.order


def variance(order, reason, money=2_000, lost=None, **changes):
    ruling = Ruling(verdict=Verdict.VARIANCE, reason=reason, money=money)
    line = replace(order.lines[0], **changes)
    return resolving.price_variance(OUTLET, order, line, ruling, 5, lost)


SOLD = Sold(
    lines=12,
    orders=9,
    charged=300_000,
    too_much=24_000,
    first_ms=4,
    last_ms=9,
    numbers=tuple(f"A{n:03}" for n in range(9)),
)


def twice(order):
    again = Payment(
        payment_id="p-2", tender="card", amount=25_000, tendered=25_000, change=0, at_ms=9
    )
    return replace(order, payments=(*order.payments, again))


def late(order):
    line = order.lines[0]
    cart = Cart(
        lines={line.line_id: CartLine(variant_id=line.variant_id, tallies={"a": Tally(added=3)})}
    )
    event = CartMerged(
        order_id=order.order_id,
        at_ms=7,
        cart=cart,
        lines=(),
        totals=order.totals,
        late=(line.line_id,),
    )
    return resolving.late_cart_edits(OUTLET, order, event, "Ayu")


TOO_LATE = CommandOvertaken(
    subject="o-1",
    of_order=True,
    command="lines.add",
    reason="order_closed",
    asked="{}",
    at_ms=9,
    amount=25_000,
    currency="IDR",
)


TILL_TOO_LATE = replace(
    TOO_LATE, subject="depan", of_order=False, command="shift.open", reason="till_open"
)
BACK = Refund(refund_id="r1", amount=25_000, tender="cash", at_ms=7)
GIFT = Promotion(id="gift", names={"en": "Gift"}, percent="20", code="GIFT 20", uses=5)
MOVED = LinesMovedTwice(
    order_id="o-2",
    at_ms=9,
    line_ids=("line-1",),
    kept_order_id="o-3",
    kept_number="A043",
    from_number="A041",
)


def made(order):
    """One decision of every function."""
    repriced = LineRepriced(
        order_id=order.order_id, at_ms=3, lines=(), was=25_000, totals=Totals(total=27_000), why="w"
    )
    forked = StreamForked(
        node_id="node-1", stream="s", common_seq=41, moved_to="t", moved=7, at_ms=9
    )
    recovered = BoxRecovered(
        node_id="node-1",
        entries=812,
        orders=120,
        open_orders=4,
        last_number="A120",
        series="B",
        at_ms=9,
    )
    kept, lost = Written(5 << 16, "outlet-2", "Hangat"), Written(4 << 16, "hq", "Panas")
    return (
        *(variance(order, reason) for reason in Reason),
        price_card(OUTLET, "prices_lost/menu/7/IDR", SOLD),
        price_card(OUTLET, "sold_at_old_prices/6/2/IDR", SOLD),
        resolving.repriced(OUTLET, order, repriced, "e1"),
        resolving.product_field_lost(
            OUTLET, ("rice", "Fried rice"), "name:id", ("Ayu", kept), ("HQ", lost), 8
        ),
        resolving.oversold(OUTLET, ("rice", "Fried rice"), -3, "count-1", 8),
        resolving.overpaid(OUTLET, twice(order), 8),
        *late(order),
        coupon_overused(OUTLET, GIFT, 7, 3, 8),
        refunded_twice(OUTLET, replace(order, refunds=(BACK, replace(BACK, refund_id="r2")))),
        moved_twice_card(OUTLET, order, replace(MOVED, line_ids=(order.lines[0].line_id,))),
        resolving.event_differs(
            OUTLET, "e2", "order.placed", Side(who="a", what="x"), Side(who="b", what="y"), 8
        ),
        resolving.clone(OUTLET, forked),
        resolving.two_boxes(OUTLET, "Box by the till", "Box in the office", 8),
        resolving.box_restored(OUTLET, recovered, "e3"),
        resolving.hq_restored(OUTLET, "inc-2", "node-1", 40, 8),
        overtaken(OUTLET, TOO_LATE, "e4", order.number),
        overtaken(OUTLET, TILL_TOO_LATE, "e5", ""),
        resolving.parked(OUTLET, "o-1", "order.teleported", "it is new", by="sales", at_ms=8),
    )


TOLD = {"oversold", "clone", "two_boxes", "box_restored", "hq_restored", *CARDS}
"""Kinds whose sides are sentences; those of the others are amounts, names and what people wrote."""


def test_every_kind_is_made_and_every_kind_that_is_made_has_words(order):
    assert {d.kind for d in made(order)} == set(KINDS)


@pytest.mark.parametrize("language", ["en", "id"])
def test_no_sentence_is_left_with_a_hole(order, language):
    for decision in made(order):
        text = KINDS[decision.kind]
        for sentence in (getattr(text, f"why_{language}"), getattr(text, f"todo_{language}")):
            filled = sentence.format(**decision.params)  # a missing param raises KeyError
            assert "()" not in filled, filled
            assert "  " not in filled
            assert filled.endswith(".")
            assert len(re.findall(r"[.?!](?= |$)", filled)) <= 2, filled


@pytest.mark.parametrize("kind", KINDS)
def test_both_languages_speak_of_the_same_things(kind):
    text = KINDS[kind]
    english, indonesian = (
        {name for s in said for _, name, _, _ in string.Formatter().parse(s) if name}
        for said in ((text.why_en, text.todo_en), (text.why_id, text.todo_id))
    )
    assert {n.removesuffix("_en") for n in english} == {n.removesuffix("_id") for n in indonesian}
    assert text.why_en != text.why_id


def test_what_a_side_did_is_said_in_both_languages_where_it_is_a_sentence(order):
    for decision in made(order):
        for side in decision.sides:
            if decision.kind in TOLD:
                assert side.what_id not in ("", side.what), f"{decision.kind}: {side.what}"


def test_nothing_people_read_is_an_id_or_a_wire_tag(order):
    for decision in made(order):
        text = KINDS[decision.kind]
        for said in (text.why_en, text.why_id, text.todo_en, text.todo_id):
            assert "order." not in said.format(**decision.params), said


def test_working_it_out_again_is_the_same_decision(order):
    ids = [d.decision_id for d in made(order)]
    assert ids == [d.decision_id for d in made(order)]
    variances, rest = ids[: len(Reason)], ids[len(Reason) :]
    assert len(set(variances)) == 1, "one record a line, whatever the reason is found to be"
    assert len(set(rest)) == len(rest)


def test_a_person_looks_where_the_guest_paid_too_much_or_nobody_can_say(order):
    assert variance(order, Reason.STALE_FEED, -2_000).automatic
    assert not variance(order, Reason.UNKNOWN_VERSION, 0).automatic
    by_hand = variance(order, Reason.OVERRIDE, 2_000, price_reason="birthday")
    assert by_hand.automatic
    assert by_hand.params["reason_en"] == "Somebody set the price by hand: birthday."
    assert variance(order, Reason.STALE_FEED, 2_000).money == 2_000


def test_lines_that_deviate_alike_are_records_of_one_card(order):
    told = variance(order, Reason.STALE_FEED, 2_000, menu_version=6, price_version=2)
    assert (told.automatic, told.part_of) == (True, "sold_at_old_prices/6/2/IDR")
    lost = variance(order, Reason.UNKNOWN_VERSION, 0, Lost("menu", 7))
    assert (lost.automatic, lost.part_of) == (True, "prices_lost/menu/7/IDR")
    by_hand = variance(order, Reason.OVERRIDE, 2_000, Lost("menu", 7), price_reason="birthday")
    assert (by_hand.automatic, by_hand.part_of) == (True, "")
    assert variance(order, Reason.STALE_FEED, -2_000).part_of == ""
    card = price_card(OUTLET, told.part_of, SOLD)
    assert (card.subject, card.automatic, card.money) == (told.part_of, False, 24_000)
    assert card.params["numbers"].endswith("A007, …")
    assert price_card(OUTLET, lost.part_of, SOLD).money == 0, "HQ cannot say"


def test_what_is_in_order_makes_no_card(order):
    ok = Ruling(verdict=Verdict.OK)
    assert resolving.price_variance(OUTLET, order, order.lines[0], ok, 1) is None
    assert resolving.overpaid(OUTLET, order, 1) is None
    assert resolving.oversold(OUTLET, ("rice", "Fried rice"), 0, "", 1) is None
    same = Written(1, "hq", "x")
    lost = resolving.product_field_lost(OUTLET, ("r", "R"), "photo", ("A", same), ("B", same), 1)
    assert lost is None


def test_an_overpaid_order_says_what_to_give_back(order):
    card = resolving.overpaid(OUTLET, twice(order), 8)
    assert (card.money, card.automatic) == (25_000, False)
    assert "Give Rp 25.000 back" in KINDS["overpaid"].todo_en.format(**card.params)


def test_a_late_edit_says_what_was_wanted_and_what_is_there(order):
    (card,) = late(order)
    assert (card.params["wanted"], card.params["there"]) == ("3", "1")
    assert order.lines[0].status is LineStatus.FIRED
    assert card.sides[1].who == "kitchen"


def test_new_prices_tell_the_old_and_the_new_total(order):
    repriced = next(d for d in made(order) if d.kind == "repriced")
    assert (repriced.params["was"], repriced.params["now"]) == ("Rp 25.000", "Rp 27.000")

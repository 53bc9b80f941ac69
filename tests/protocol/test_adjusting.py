"""Discounts and comps by staff: what is taken off, who is told no, and what it does to the bill."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import floor_commands as f
from protocol.bill import AdjustmentKind, BillRules, RuleBook, Service, Tax
from protocol.floor_events import AdjustmentRemoved, BillAdjusted
from protocol.house import DiscountPreset, House, Reasons
from protocol.refusals import Refusal
from protocol.staff import Actor, Given, May

RULES = BillRules(
    version=1,
    taxes=(Tax(id="pbjt", names={"id": "PBJT"}, amount="10"),),
    service=Service(names={"id": "Layanan"}, percent="5"),
)
HOUSE = House(
    bill=RuleBook(rules=(RULES,)),
    discounts=(
        DiscountPreset(id="staff", names={"en": "Staff meal"}, percent="50"),
        DiscountPreset(id="cold", names={"en": "Cold food"}, kind=AdjustmentKind.COMP),
    ),
)


def adjust(counter, line=None, **asked):
    line_id = None if line is None else counter.order.lines[line].line_id
    told = {"adjustment_id": counter.new_id(), "line_id": line_id, **asked}
    return counter.take(f.Adjust(order_id=counter.order_id, **told))


def remove(counter, adjustment_id):
    asked = f.RemoveAdjustment(order_id=counter.order_id, adjustment_id=adjustment_id)
    return counter.take(asked)


@pytest.fixture
def served(counter):
    """Two rices and a latte at the table: 70.000 before service and tax, 80.850 with both."""
    counter.more["house"] = HOUSE
    counter.place(counter.line("rice-1", quantity=2), counter.line("latte-l"))
    assert counter.order.totals.total == 80_850
    return counter


# ------------------------------------------------------------------ taking off


def test_a_percentage_off_the_bill_lowers_service_and_tax(served):
    (event,) = adjust(served, percent="10")
    assert isinstance(event, BillAdjusted)
    assert (event.adjustment.given, event.totals.discounts) == (7_000, 7_000)
    assert served.order.totals.total == 72_765


def test_a_percentage_off_a_line_is_of_that_line(served):
    adjust(served, line=0, percent="12.5")
    assert served.order.adjustments[0].given == 6_250


def test_an_amount_off_the_bill(served):
    adjust(served, amount=20_000)
    assert served.order.totals.total == 57_750


def test_a_discount_of_the_house_needs_no_typing(served):
    adjust(served, preset_id="staff")
    assert served.order.adjustments[0].names == {"en": "Staff meal"}
    assert served.order.totals.discounts == 35_000


def test_a_comp_is_all_of_a_line(served):
    adjust(served, line=0, kind=AdjustmentKind.COMP, reason="burnt")
    (comp,) = served.order.adjustments
    assert (comp.kind, comp.percent, comp.given, comp.reason) == ("comp", "100", 50_000, "burnt")
    assert served.order.totals.total == 23_100


def test_a_preset_can_be_a_comp(served):
    adjust(served, line=1, preset_id="cold", reason="cold")
    assert served.order.adjustments[0].kind == "comp"
    assert served.order.totals.discounts == 20_000


def test_who_gave_it_and_who_allowed_it_is_on_the_bill(served):
    served.more["actor"] = Actor(staff_id="ayu", name="Ayu", may=frozenset({May.DISCOUNT}))
    served.more["approval"] = Given(
        approval_id="yes-1", by="budi", action=May.DISCOUNT_OVER, subject=served.order_id,
        expires_ms=served.now_ms * 2,
    )  # fmt: skip
    (event,) = adjust(served, percent="50", approval_id="yes-1")
    assert (event.adjustment.staff, event.adjustment.approved_by) == ("ayu", "budi")
    assert event.approval_id == "yes-1"


def test_what_it_comes_to_follows_the_lines(served):
    adjust(served, percent="10")
    served.add(served.line("rice-1"))
    assert served.order.adjustments[0].given == 9_500
    served.void(2)
    assert served.order.adjustments[0].given == 7_000


def test_a_second_percentage_is_of_what_is_left(served):
    adjust(served, percent="50")
    adjust(served, percent="10")
    assert [a.given for a in served.order.adjustments] == [35_000, 3_500]


# ------------------------------------------------------------------ charging again


def test_what_was_taken_off_can_be_charged_again(served):
    (event,) = adjust(served, percent="10")
    (gone,) = remove(served, event.adjustment.adjustment_id)
    assert isinstance(gone, AdjustmentRemoved)
    assert (served.order.adjustments, served.order.totals.total) == ((), 80_850)


def test_what_is_not_there_cannot_be_charged_again(served):
    assert remove(served, "nothing").code == "unknown_adjustment"


# ------------------------------------------------------------------ no


@pytest.mark.parametrize(
    "asked",
    [
        {"percent": "100.01"},
        {"percent": "0"},
        {"percent": "-5"},
        {"percent": "1e1"},
        {"percent": "1/2"},
        {"percent": "nan"},
        {"percent": "5."},
        {"percent": "１０"},
        {"amount": 0},
        {"amount": -1},
        {"amount": 10**12 + 1},
        {"percent": "5", "amount": 5},
        {},
        {"kind": AdjustmentKind.PROMOTION, "percent": "5"},
    ],
)
def test_no_discount_is_over_a_hundred_percent_or_below_nothing(served, asked):
    assert adjust(served, **asked).code == "bad_discount"
    assert served.order.totals.total == 80_850


def test_no_more_is_taken_off_than_is_charged(served):
    answer = adjust(served, amount=70_001)
    assert (answer.code, answer.params["left"]) == ("more_than_bill", "Rp 70.000")
    assert adjust(served, line=1, amount=20_001).code == "more_than_bill"
    assert not isinstance(adjust(served, amount=70_000), Refusal)
    assert served.order.totals.total == 0


def test_nothing_is_left_to_take_off(served):
    adjust(served, percent="100")
    assert adjust(served, percent="10").code == "nothing_to_take_off"


def test_a_comp_is_for_a_line_and_has_a_reason(served):
    assert adjust(served, kind=AdjustmentKind.COMP, reason="nice").code == "comp_needs_line"
    assert adjust(served, line=0, kind=AdjustmentKind.COMP, reason=" ").code == "reason_needed"


def test_a_typed_discount_has_a_reason_where_the_house_lists_some(served):
    served.more["house"] = House(reasons=Reasons(discount=({"en": "Regular guest"},)))
    assert adjust(served, percent="5").code == "reason_needed"
    assert not isinstance(adjust(served, percent="5", reason="Regular guest"), Refusal)


def test_a_discount_nobody_made(served):
    assert adjust(served, preset_id="friends").code == "unknown_discount"


def test_a_line_that_is_gone_has_nothing_to_take_off(served):
    served.void(1)
    assert adjust(served, line=1, percent="5").code == "unknown_line"


def test_never_below_what_was_paid(served):
    served.pay(60_000)
    assert adjust(served, percent="50").code == "paid_order"
    assert not isinstance(adjust(served, percent="10"), Refusal)
    assert served.order.due == 12_765


def test_not_on_an_order_that_is_over(served):
    served.pay(80_850)
    served.move("served")
    assert served.order.status == "closed"
    assert adjust(served, percent="10").code == "order_closed"


def test_the_same_adjustment_counts_once(served):
    adjust(served, percent="10", adjustment_id="once")
    assert adjust(served, percent="10", adjustment_id="once").code == "duplicate_id"
    served.more["offered"] = True
    assert adjust(served, percent="10", adjustment_id="once") == []
    assert served.order.totals.discounts == 7_000


# ------------------------------------------------------------------ any of it


@given(st.data())
def test_whatever_is_taken_off_the_bill_ties_out(new_counter, data):
    counter = new_counter()
    counter.more["house"] = HOUSE
    counter.place(counter.line("rice-1", quantity=3), counter.line("latte-l"))
    for _ in range(data.draw(st.integers(1, 5))):
        line = data.draw(st.sampled_from([None, 0, 1]))
        percent = data.draw(st.sampled_from([None, "5", "33.3", "100"]))
        amount = data.draw(st.integers(1, 60_000)) if percent is None else None
        kind = data.draw(st.sampled_from([AdjustmentKind.DISCOUNT, AdjustmentKind.COMP]))
        answer = adjust(counter, line=line, percent=percent, amount=amount, kind=kind, reason="so")
        if isinstance(answer, Refusal):
            assert answer.code in ("more_than_bill", "nothing_to_take_off", "comp_needs_line")
    order = counter.order
    totals = order.totals
    assert sum(a.given for a in order.adjustments) == totals.discounts
    assert (
        totals.lines - totals.discounts + totals.service + sum(tax.amount for tax in totals.taxes)
        == totals.total
    )
    assert totals.total >= 0

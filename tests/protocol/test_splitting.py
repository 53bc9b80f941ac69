"""Checks: whoever pays what, together it is the order's total; what is paid stays paid."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from protocol import commands as c
from protocol.bill import BillRules, Check, CheckLine, RefundLine, RuleBook, Service, Tax
from protocol.checks import dues
from protocol.house import House
from protocol.orders import OrderStatus
from protocol.refusals import Refusal

RULES = BillRules(
    version=1,
    taxes=(Tax(id="pbjt", names={"id": "PBJT"}, amount="10"),),
    service=Service(names={"en": "Service"}, percent="5"),
)
HOUSE = House(bill=RuleBook(rules=(RULES,)))


def code(decision):
    assert isinstance(decision, Refusal), decision
    return decision.code


def lines(order, *at, parts=1, of=1):
    return tuple(CheckLine(line_id=order.lines[i].line_id, parts=parts, of=of) for i in at)


def totals(counter):
    return [check.total for check in counter.order.checks]


@pytest.fixture
def party(counter):
    """Rice 25.000, a large latte 20.000, a small one 15.000: Rp 60.000."""
    counter.place(counter.line(), counter.line("latte-l"), counter.line("latte-s"))
    return counter


@pytest.fixture
def taxed(party):
    """The same party where 5 % service and 10 % tax come on top."""
    party.more["house"] = HOUSE
    party.order, party.history = None, []
    party.place(party.line(), party.line("latte-l"), party.line("latte-s"))
    return party


def test_by_items_each_pays_what_they_had(party):
    a = Check(check_id="a", lines=lines(party.order, 0))
    b = Check(check_id="b", lines=lines(party.order, 1, 2))
    party.split(a, b)
    assert totals(party) == [25_000, 35_000]
    assert dues(party.order) == {"a": 25_000, "b": 35_000}


def test_a_bottle_that_three_share_costs_each_a_third_of_it(party):
    third = lines(party.order, 0, of=3)
    party.split(
        *(Check(check_id=x, lines=third + lines(party.order, i)) for i, x in ((1, "a"), (2, "b")))
    )
    # What nobody took of it, the first pays.
    assert totals(party) == [20_000 + 16_667, 15_000 + 8_333]


def test_evenly_the_odd_rupiah_is_not_lost(taxed):
    taxed.split(*(Check(check_id=x, parts=1) for x in "abcdefghijklm"))
    total = taxed.order.totals.total
    assert total == 60_000 * 105 * 110 // 10_000
    assert sum(totals(taxed)) == total
    assert max(totals(taxed)) - min(totals(taxed)) <= 1


def test_one_pays_an_amount_and_the_other_the_rest(party):
    party.split(Check(check_id="a", amount=12_345), Check(check_id="b", parts=1))
    assert totals(party) == [12_345, 47_655]


def test_amounts_that_are_all_of_it_leave_no_rest_until_more_is_ordered(party):
    party.split(Check(check_id="a", amount=12_000), Check(check_id="b", amount=48_000))
    assert totals(party) == [12_000, 48_000]
    party.add(party.line("latte-s"))
    assert totals(party) == [12_000, 63_000]
    party.void(1)
    assert totals(party) == [12_000, 43_000]


def test_service_and_tax_follow_the_items(taxed):
    order = taxed.order
    taxed.split(
        Check(check_id="a", lines=lines(order, 0)), Check(check_id="b", lines=lines(order, 1, 2))
    )
    assert totals(taxed) == [28_875, 40_425]
    assert sum(totals(taxed)) == order.totals.total


def test_joined_again_the_order_is_paid_as_one(party):
    party.split(Check(check_id="a", parts=1), Check(check_id="b", parts=1))
    party.split()
    assert party.order.checks == ()
    assert party.split() == []


def test_each_check_is_paid_by_itself_and_then_the_order_is(party):
    party.split(
        Check(check_id="a", lines=lines(party.order, 0)),
        Check(check_id="b", lines=lines(party.order, 1, 2)),
    )
    (taken,) = party.pay(50_000, check_id="b")
    assert (taken.payment.amount, taken.payment.change, taken.due_after) == (35_000, 15_000, 25_000)
    assert dues(party.order) == {"a": 25_000, "b": 0}
    assert code(party.pay(5_000, check_id="b")) == "nothing_due"
    assert code(party.pay(30_000, "card", check_id="a")) == "more_than_due"
    party.pay(25_000, "card", check_id="a")
    party.move("served")
    assert (party.order.due, party.order.status) == (0, OrderStatus.CLOSED)


def test_money_given_without_a_check_counts_for_the_first_that_owes(party):
    party.pay(30_000)
    party.split(Check(check_id="a", parts=1), Check(check_id="b", parts=1))
    assert dues(party.order) == {"a": 0, "b": 30_000}


def test_a_paid_check_is_not_split_anew_until_its_money_is_given_back(party):
    halves = (Check(check_id="a", name="Ani", parts=1), Check(check_id="b", parts=1))
    party.split(*halves)
    party.pay(30_000, check_id="a")
    refusal = party.split(Check(check_id="c", parts=1), Check(check_id="d", parts=1))
    assert (refusal.code, refusal.params["check"]) == ("check_paid", "Ani")
    assert code(party.split()) == "check_paid"
    assert party.split(*halves) == [], "the same again changes nothing"
    paid = party.order.payments[0]
    party.refund(amount=30_000, payment_id=paid.payment_id)
    party.split()
    assert (party.order.checks, party.order.due) == ((), 60_000)


def test_what_is_ordered_later_falls_to_the_first_check_that_is_not_paid(party):
    party.split(
        Check(check_id="a", lines=lines(party.order, 0)),
        Check(check_id="b", lines=lines(party.order, 1, 2)),
    )
    party.pay(25_000, check_id="a")
    party.add(party.line("latte-s"))
    assert totals(party) == [25_000, 50_000]
    assert dues(party.order) == {"a": 0, "b": 50_000}


def test_what_is_struck_is_off_its_check_but_never_below_what_was_paid(party):
    party.split(
        Check(check_id="a", lines=lines(party.order, 0)),
        Check(check_id="b", lines=lines(party.order, 1, 2)),
    )
    party.pay(25_000, check_id="a")
    party.void(0)  # it was not made yet; the money stays, and the other check is the smaller for it
    assert totals(party) == [25_000, 10_000]
    party.void(1)
    assert party.order.totals.total == 35_000, "less than what was paid it cannot be"


WRONG = {
    "nobody takes the rest": ("bad_split", lambda o: [Check(check_id="a", amount=59_999)]),
    "lines and parts at once": (
        "bad_split",
        lambda o: [Check(check_id="a", lines=lines(o, 0), parts=1), Check(check_id="b", parts=1)],
    ),
    "one by lines, the other by parts": (
        "bad_split",
        lambda o: [Check(check_id="a", lines=lines(o, 0)), Check(check_id="b", parts=1)],
    ),
    "amounts beyond the bill": (
        "split_over_total",
        lambda o: [Check(check_id="a", amount=60_001), Check(check_id="b", parts=1)],
    ),
    "an amount below nothing": (
        "wrong_amount",
        lambda o: [Check(check_id="a", amount=-1), Check(check_id="b", parts=1)],
    ),
    "a line on two checks": (
        "line_split_over",
        lambda o: [Check(check_id=x, lines=lines(o, 0)) for x in "ab"],
    ),
    "a line of another order": (
        "unknown_line",
        lambda o: [Check(check_id="a", lines=(CheckLine(line_id="x"),))],
    ),
    "no parts": ("wrong_quantity", lambda o: [Check(check_id="a", parts=0)]),
    "parts of nothing": (
        "wrong_quantity",
        lambda o: [Check(check_id="a", lines=lines(o, 0, of=0))],
    ),
    "more than the whole": (
        "wrong_quantity",
        lambda o: [Check(check_id="a", lines=lines(o, 0, parts=3, of=2))],
    ),
    "two of one id": ("duplicate_id", lambda o: [Check(check_id="a", parts=1)] * 2),
    "no id": ("bad_id", lambda o: [Check(check_id="", parts=1)]),
}


@pytest.mark.parametrize("situation", WRONG)
def test_refused_is(party, situation):
    wanted, checks = WRONG[situation]
    assert code(party.split(*checks(party.order))) == wanted
    assert party.order.checks == ()


def test_a_check_that_is_not_there_takes_no_money(party):
    assert code(party.pay(1_000, check_id="z")) == "unknown_check"


def test_an_order_that_is_over_is_not_split(party):
    party.move("cancelled")
    assert code(party.split(Check(check_id="a", parts=1))) == "order_closed"


HOW = st.sampled_from(("parts", "lines", "shared", "amount", "all amounts"))
STEPS = st.lists(
    st.tuples(
        st.sampled_from(("add", "void", "pay", "pay all", "refund", "split", "reduce", "details")),
        st.integers(0, 999),
    ),
    max_size=12,
)


def checks_for(order, how, many):
    live = [i for i, x in enumerate(order.lines) if x in order.live_lines]
    names = [f"{how}{i}" for i in range(many)]
    match how:
        case "parts":
            return [Check(check_id=x, parts=1 + i) for i, x in enumerate(names)]
        case "lines":
            return [
                Check(check_id=x, lines=lines(order, *live[i::many])) for i, x in enumerate(names)
            ]
        case "shared":
            return [Check(check_id=x, lines=lines(order, *live, of=many)) for x in names]
        case "all amounts":
            first = order.totals.total // 2
            return [
                Check(check_id="a", amount=first),
                Check(check_id="b", amount=order.totals.total - first),
            ]
        case _:
            amount = max(1, order.totals.total // (many + 1))
            return [
                *(Check(check_id=x, amount=amount) for x in names),
                Check(check_id="rest", parts=1),
            ]


@settings(max_examples=150)
@given(taxed=st.booleans(), how=HOW, many=st.integers(1, 4), steps=STEPS)
def test_whatever_happens_checks_add_up_and_what_is_paid_stays_paid(
    new_counter, taxed, how, many, steps
):
    counter = new_counter(more={"house": HOUSE if taxed else House()})
    counter.place(*(counter.line(v, quantity=2) for v in ("rice-1", "latte-s", "latte-l")))
    counter.split(*checks_for(counter.order, how, many))
    for what, n in steps:
        do(counter, what, n)
        ensure_sound(counter.order)


def do(counter, what, n):
    order = counter.order
    check = order.checks[n % len(order.checks)].check_id if order.checks else None
    match what:
        case "add":
            counter.add(counter.line("latte-s"))
        case "void":
            counter.void(n % len(order.lines))
        case "reduce":
            line_id = order.lines[n % len(order.lines)].line_id
            counter.take(c.VoidLine(order_id=order.order_id, line_id=line_id, quantity=1))
        case "pay":
            counter.pay(1 + n * 37, check_id=check)
        case "pay all":
            counter.pay(10**6, check_id=check if n % 2 else None)
        case "refund" if n % 2 and order.payments:
            paid = order.payments[n % len(order.payments)]
            counter.refund(amount=1 + n, payment_id=paid.payment_id)
        case "refund":
            counter.refund(
                RefundLine(line_id=order.lines[n % len(order.lines)].line_id, quantity=1)
            )
        case "split":
            counter.split(*checks_for(order, ("parts", "lines")[n % 2], 2))


def ensure_sound(order):
    if not order.checks:
        return
    assert sum(check.total for check in order.checks) == order.totals.total
    assert sum(dues(order).values()) == order.due
    for check in order.checks:
        paid = {p.payment_id: p.amount for p in order.payments if p.check_id == check.check_id}
        back = sum(r.amount for r in order.refunds if r.payment_id in paid)
        assert check.total >= sum(paid.values()) - back or order.due < 0
        assert check.total >= 0
    assert replace(order, checks=order.checks) == order

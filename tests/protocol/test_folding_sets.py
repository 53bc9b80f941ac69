"""Folding is a function of the set of events: arrival, repetition and a copied box change nothing."""

import itertools
import random

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from protocol import commands as c
from protocol import events as e
from protocol.orders import LineStatus
from protocol.prices import Price, PriceBook
from protocol.rules.carts import add, cart_of, remove, take
from protocol.rules.folding import OutOfPlace, apply, fold_all
from protocol.rules.resolving import overpaid
from protocol.rules.tendering import overpaid_by
from tests.examples import examples

ACTIONS = (
    *("add", "void", "fire", "pay", "part", "bump", "cart", "less", "reprice", "cancel"),
    *("course", "fewer", "rush", "serve"),
)
COURSES = st.sampled_from((None, (), (1,)))
STEPS = st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 1_000)), max_size=6)


class Told(msgspec.Struct):
    """An event as it arrives, with what sorts it."""

    stamp: int
    event_id: str
    event: e.OrderEvent


def told(told_so_far, history, branch):
    """The new events of a history, stamped by a box that had seen the ones before."""
    stamp = max((t.stamp for t in told_so_far), default=0)
    return [
        Told(stamp + 1 + n, f"{branch}{n:04}", event)
        for n, event in enumerate(history[len(told_so_far) :])
    ]


def fold_told(items):
    return fold_all(items, read=lambda t: t.event, when=lambda t: (t.stamp, t.event_id))


def step(counter, what, n, actor):
    order = counter.order
    line_id = order.lines[n % len(order.lines)].line_id
    match what:
        case "add":
            counter.add(counter.line("latte-s", quantity=1 + n % 3))
        case "void":
            counter.void(n % len(order.lines))
        case "pay":
            counter.pay(max(order.due, 1))
        case "part":
            counter.pay(1 + n, "card")
        case "cart":
            counter.merge(add(cart_of(order), actor, line_id, 1 + n % 3))
        case "less":
            cart = cart_of(order)
            less = take(cart, actor, line_id, 1) if n % 2 else remove(cart, line_id)
            counter.merge(less)
        case "reprice":
            prices = (Price(id="rice-1", amount=20_000 + n), Price(id="latte-s", amount=9_000 + n))
            counter.prices = PriceBook(version=n + 1, prices=prices)
            counter.reprice("all_unpaid" if n % 2 else "unsent")
        case "cancel":
            counter.move("cancelled", "nobody came")
        case _:
            kitchen_step(counter, what, n)


def kitchen_step(counter, what, n):
    order = counter.order
    line_id = order.lines[n % len(order.lines)].line_id
    match what:
        case "fire":
            counter.move("fired")
        case "bump":
            counter.bump("bar")
        case "course":
            counter.take(c.FireOrder(order_id=order.order_id, courses=(1 + n % 2,)))
        case "fewer":
            by = 1 + n % 2
            counter.take(c.VoidLine(order_id=order.order_id, line_id=line_id, quantity=by))
        case "rush":
            counter.take(c.RushOrder(order_id=order.order_id, rush=not order.rush))
        case "serve":
            counter.move("served")


def branch_of(new_counter, trunk, number, steps):
    """A copy of the box that goes on with the order by itself."""
    copy = new_counter(
        order=trunk.order, history=list(trunk.history), _ids=itertools.count(1_000 * number)
    )
    for what, n in steps:
        step(copy, what, n, f"screen-{number}")
    return copy


def ensure_adds_up(order):
    live = [x for x in order.lines if x.status is not LineStatus.VOIDED]
    totals = order.totals
    exclusive = sum(t.amount for t in totals.taxes if not t.inclusive)
    assert totals.lines == sum(x.amount for x in live)
    parts = totals.lines - totals.discounts + totals.service + exclusive + totals.rounding
    assert parts == totals.total
    assert order.paid + order.due == totals.total
    assert len({p.payment_id for p in order.payments}) == len(order.payments)
    assert len({x.line_id for x in order.lines}) == len(order.lines)


@examples(300)
@given(STEPS, STEPS, STEPS, st.booleans(), COURSES, st.randoms(use_true_random=False))
def test_any_arrival_of_two_branches_makes_the_same_order(
    new_counter, common, one, other, hold, courses, chance: random.Random
):
    trunk = new_counter()
    trunk.place(trunk.line(quantity=3), trunk.line("set-1"), hold=hold, fire_courses=courses)
    for what, n in common:
        step(trunk, what, n, "screen-0")
    begun = told([], trunk.history, "t")
    branches = [branch_of(new_counter, trunk, n, s) for n, s in ((1, one), (2, other))]
    tails = [told(begun, b.history, f"b{n}") for n, b in enumerate(branches)]
    everything = [*begun, *tails[0], *tails[1]]
    order, stuck = fold_told(everything)
    assert stuck is None
    ensure_adds_up(order)
    for _ in range(3):
        arrived = everything + chance.choices(everything, k=5)
        chance.shuffle(arrived)
        assert fold_told(arrived) == (order, None)
    for branch, tail in zip(branches, tails, strict=True):
        assert fold_told([*tail, *begun])[0] == branch.order, "a branch alone is what its box has"
    every_payment = {
        p.event.payment.payment_id for p in everything if isinstance(p.event, e.PaymentTaken)
    }
    assert {p.payment_id for p in order.payments} == every_payment
    assert overpaid_by(order) == max(0, order.paid - order.totals.total)


@examples(200)
@example(one=[("pay", 0)], other=[("reprice", 0)])
@given(one=STEPS, other=STEPS)
def test_a_paid_line_keeps_its_amount_whatever_prices_come(new_counter, one, other):
    trunk = new_counter()
    trunk.place(hold=True)
    branches = [branch_of(new_counter, trunk, n, s) for n, s in ((1, one), (2, other))]
    begun = told([], trunk.history, "t")
    tails = [told(begun, b.history, f"b{n}") for n, b in enumerate(branches)]
    order = None
    for item in sorted([*begun, *tails[0], *tails[1]], key=lambda t: (t.stamp, t.event_id)):
        after = apply(order, item.event)
        if isinstance(item.event, e.LineRepriced) and order.payments:
            assert after == order
        order = after


def test_a_second_payment_from_a_screen_that_was_away_is_kept_as_a_claim(new_counter):
    """FS-25: settled on B, still payable on A, which has no box; both journals come together."""
    trunk = new_counter()
    trunk.place()
    on_b, on_a = (branch_of(new_counter, trunk, n, [("pay", 0)]) for n in (1, 2))
    again = on_b.pay(25_000, "card")
    assert again.code == "nothing_due", "a screen that is online is told at once"
    begun = told([], trunk.history, "t")
    order, _ = fold_told([*begun, *told(begun, on_a.history, "a"), *told(begun, on_b.history, "b")])
    assert (order.paid, order.totals.total, order.due) == (50_000, 25_000, -25_000)
    assert overpaid_by(order) == 25_000
    assert len(order.lines) == 1, "one sale"
    card = overpaid("outlet-1", order, 9)
    assert card is not None
    assert card.money == 25_000


def test_lines_that_are_delivered_again_are_there_once(new_counter):
    """FS-19: an open check of three lines; each of two devices adds one; both are told twice."""
    trunk = new_counter()
    trunk.place(trunk.line(), trunk.line(), trunk.line())
    branches = [branch_of(new_counter, trunk, n, [("add", 0)]) for n in (1, 2)]
    begun = told([], trunk.history, "t")
    tails = [told(begun, b.history, f"b{n}") for n, b in enumerate(branches)]
    order, _ = fold_told([*begun, *tails[0], *tails[1], *tails[1], *begun])
    assert len(order.lines) == 5
    ensure_adds_up(order)
    again = next(t.event for t in tails[0] if isinstance(t.event, e.LinesAdded))
    assert len(apply(order, again).lines) == 5, "also under another event id"


def test_what_cannot_be_read_stops_only_its_order_and_says_why(counter):
    counter.place()

    def read(item):
        if isinstance(item.event, e.OrderFired):
            raise OutOfPlace("of a newer kind")
        return item.event

    items = told([], counter.history, "t")
    order, stuck = fold_all(items, read=read, when=lambda t: (t.stamp, t.event_id))
    assert order.lines
    assert stuck == (items[1], "of a newer kind")


def test_what_each_of_two_boxes_merged_into_a_cart_is_all_there(new_counter):
    trunk = new_counter()
    trunk.place(hold=True)
    branches = [branch_of(new_counter, trunk, n, [("cart", n)]) for n in (1, 2)]
    assert [b.order.lines[0].quantity for b in branches] == [1 + 2, 1 + 3]
    begun = told([], trunk.history, "t")
    tails = [told(begun, b.history, f"b{n}") for n, b in enumerate(branches)]
    order, _ = fold_told([*begun, *tails[0], *tails[1]])
    (line,) = order.lines
    assert (line.quantity, order.totals.total) == (1 + 2 + 3, 6 * 25_000)

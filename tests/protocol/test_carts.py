"""Carts of several screens: everything anybody added is there once, whoever was away meanwhile."""

import itertools
import json
import random
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import commands as c
from protocol.cart import Cart, CartChoice, CartLine, CartNote, Tally
from protocol.events import CartMerged, OrderFired
from protocol.orders import LineStatus
from protocol.prices import Price, PriceBook
from protocol.refusals import Refusal
from protocol.rules.carts import (
    ORDER,
    add,
    cart_of,
    join,
    quantity,
    remove,
    take,
    write_note,
)
from tests.examples import examples

VECTORS = Path(__file__).parent.parent.parent / "protocol" / "web" / "vectors.json"
WATER = CartLine(variant_id="water-1")
LINE = "0190c7d2-0000-7000-8000-00000000000a"
OTHER = "0190c7d2-0000-7000-8000-00000000000b"

TALLY = st.builds(
    lambda a, t, sa, st_: Tally(added=a, taken=t, seen_added=min(a, sa), seen_taken=min(t, st_)),
    *[st.integers(0, 4)] * 4,
)
CARTS = st.builds(
    lambda lines: Cart(lines=lines),
    st.dictionaries(
        st.sampled_from((LINE, OTHER)),
        st.builds(
            lambda tallies, note: CartLine(variant_id="water-1", tallies=tallies, note=note),
            st.dictionaries(st.sampled_from("abc"), TALLY),
            st.builds(
                lambda s, a, t: CartNote(stamp=s, actor=a, text=t),
                st.integers(0, 2),
                st.sampled_from("ab"),
                st.sampled_from(("", "hot")),
            ),
        ),
    ),
)


@examples(300)
@given(CARTS, CARTS, CARTS)
def test_joining_is_commutative_associative_and_idempotent(a, b, x):
    assert join(a, b) == join(b, a)
    assert join(join(a, b), x) == join(a, join(b, x))
    assert join(a, a) == join(a, Cart()) == join(Cart(), a)


def shows(cart, line=LINE):
    found = cart.lines.get(line)
    return 0 if found is None else quantity(found)


@examples(800)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2),
            st.sampled_from(("add", "take", "remove", "hear")),
            st.integers(0, 2),
            st.integers(1, 3),
        ),
        max_size=30,
    ),
    st.randoms(use_true_random=False),
)
def test_whoever_hears_what_of_whom_all_end_with_the_same(steps, chance: random.Random):
    """Three screens that edit and gossip; carts may come late, twice and out of order."""
    screens = [Cart(), Cart(), Cart()]
    sent: list[Cart] = [Cart()]
    for who, what, whom, n in steps:
        cart, actor = screens[who], f"screen-{who}"
        before = shows(cart)
        match what:
            case "add":
                after = add(cart, actor, LINE, n, WATER)
                assert shows(after) == before + n, "what is added is there"
            case "take":
                after = take(cart, actor, LINE, n)
                assert shows(after) == max(0, before - n), "and no more is taken than is there"
            case "remove":
                after = remove(cart, LINE)
                assert shows(after) == 0
            case _:
                after = join(cart, chance.choice(sent) if n == 3 else screens[whom])
        screens[who] = after
        sent.append(after)
    orders = itertools.permutations(screens)
    ends = {msgspec.json.encode(_joined(o), order="deterministic") for o in orders}
    assert len(ends) == 1
    everything = chance.sample(sent, len(sent)) + sent
    assert _joined(everything) == _joined(screens), "what came late or twice changes nothing"


def _joined(carts):
    joined = Cart()
    for cart in carts:
        joined = join(joined, cart)
    return joined


def test_what_somebody_added_unseen_survives_a_removal():
    start = add(Cart(), "a", LINE, 2, WATER)
    removed, grown = remove(start, LINE), add(start, "b", LINE, 1)
    assert shows(join(removed, grown)) == shows(join(grown, removed)) == 1


def test_taking_the_last_one_twice_leaves_no_debt():
    start = add(Cart(), "a", LINE, 1, WATER)
    both = join(take(start, "a", LINE, 1), take(start, "b", LINE, 1))
    assert shows(both) == 0
    assert shows(add(both, "b", LINE, 1)) == 1, "one more is one, not none"


def test_a_note_is_the_last_one_written():
    cart = add(Cart(), "a", LINE, 1, WATER)
    first = write_note(cart, "a", LINE, "hot", 5)
    assert write_note(first, "b", LINE, "cold", 1).lines[LINE].note.stamp == 6
    assert join(first, write_note(first, "b", LINE, "cold", 1)).lines[LINE].note.text == "cold"
    assert write_note(cart, "a", OTHER, "hot", 1) == cart


def test_the_browser_counts_the_same():
    """`protocol/web/shared_cart.test.ts` reads the same vectors."""
    for vector in json.loads(VECTORS.read_text("utf-8"))["carts"]:
        carts = [Cart() for _ in range(3)]
        for step in vector["steps"]:
            who, what, n = step
            actor = f"screen-{who}"
            match what:
                case "add":
                    carts[who] = add(carts[who], actor, LINE, n, WATER)
                case "take":
                    carts[who] = take(carts[who], actor, LINE, n)
                case "remove":
                    carts[who] = remove(carts[who], LINE)
                case "hear":
                    carts[who] = join(carts[who], carts[n])
        assert [shows(x) for x in carts] == vector["shown"]
        assert json.loads(msgspec.json.encode(_joined(carts))) == vector["joined"]


# ---------------------------------------------------------------- merging into an order


@pytest.fixture
def table(counter):
    """Table 10 with one water, nothing sent to the kitchen yet."""
    counter.place(counter.line("water-1"), hold=True)
    return counter


def wish(variant="rice-1", *choices):
    return CartLine(variant_id=variant, choices=tuple(CartChoice(modifier_id=x) for x in choices))


def bill(order):
    return {x.variant_id: x.quantity for x in order.live_lines}


@pytest.mark.parametrize("order_of_arrival", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("sent_between", [False, True])
def test_three_waiters_and_no_beer_vanishes(table, order_of_arrival, sent_between):
    """FS-20, with one waiter offline for ten minutes and every message delivered twice."""
    base = cart_of(table.order)
    beers = add(base, "w1", table.new_id(), 2, wish("set-1"))
    food = add(base, "w2", table.new_id(), 1, wish("rice-1"))
    latte = add(base, "w3", table.new_id(), 1, wish("latte-s", "dairy"))
    carts = [beers, food, latte]
    for n in order_of_arrival:
        assert not isinstance(table.merge(carts[n]), Refusal)
        if sent_between:
            table.take(c.FireOrder(order_id=table.order_id))
        assert table.merge(carts[n]) == []
    assert bill(table.order) == {"water-1": 1, "set-1": 2, "rice-1": 1, "latte-s": 1}
    fired = [i for x in table.history if isinstance(x, OrderFired) for i in x.line_ids]
    assert len(fired) == len(set(fired)) == (4 if sent_between else 0), "each is cooked once"


def test_an_open_check_on_two_devices_has_five_lines(counter):
    """FS-19: three lines, one more on each side while they could not talk; one starts again."""
    counter.place(counter.line(), counter.line("set-1"), counter.line("water-1"), hold=True)
    base = cart_of(counter.order)
    one = add(base, "a", counter.new_id(), 1, wish("latte-s", "dairy"))
    other = add(base, "b", counter.new_id(), 1, wish("latte-l", "oat"))
    for cart in (
        one,
        other,
        one,
        join(one, other),
        msgspec.json.decode(msgspec.json.encode(other), type=Cart),
    ):
        counter.merge(cart)
    assert len(counter.order.lines) == 5
    assert counter.order.totals.total == 25_000 + 40_000 + 15_000 + 25_000


@examples(200)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2),
            st.sampled_from(("new", "more", "less", "remove", "note", "sync", "send", "fire")),
            st.integers(0, 5),
        ),
        max_size=25,
    )
)
def test_an_order_shows_what_its_cart_says(new_counter, steps):
    """Three devices; `send` only tells the box (its answer is lost), `sync` also hears back."""
    counter = new_counter()
    counter.place(counter.line(), hold=True)
    screens = [cart_of(counter.order) for _ in range(3)]
    for who, what, n in steps:
        cart, actor = screens[who], f"screen-{who}"
        ids = sorted(cart.lines)
        line_id = ids[n % len(ids)]
        match what:
            case "new":
                cart = add(cart, actor, counter.new_id(), 1 + n, wish(("rice-1", "set-1")[n % 2]))
            case "more":
                cart = add(cart, actor, line_id, n)
            case "less":
                cart = take(cart, actor, line_id, n)
            case "remove":
                cart = remove(cart, line_id)
            case "note":
                cart = write_note(cart, actor, line_id, f"note {n}", n)
            case "fire":
                counter.take(c.FireOrder(order_id=counter.order_id))
            case _:
                assert not isinstance(counter.merge(cart), Refusal)
                assert counter.merge(cart) == [], "sent again it changes nothing"
                cart = join(cart, cart_of(counter.order)) if what == "sync" else cart
        screens[who] = cart
        ensure_bill_follows_cart(counter.order)
    for cart in (*screens, *reversed(screens)):
        counter.merge(cart)
    wanted = _joined([*screens, cart_of(counter.order)])
    assert cart_of(counter.order) == wanted, "everybody's edits have arrived"
    ensure_bill_follows_cart(counter.order)


def ensure_bill_follows_cart(order):
    cart = cart_of(order)
    for line in order.lines:
        if line.status is LineStatus.WAITING:
            assert line.quantity == quantity(cart.lines[line.line_id])
            note = cart.lines[line.line_id].note
            assert not note.stamp or line.note == note.text
        elif line.status is LineStatus.VOIDED:
            assert quantity(cart.lines[line.line_id]) == 0
    there = {x.line_id for x in order.lines}
    assert {i for i, x in cart.lines.items() if quantity(x)} <= there, "nothing is hidden"
    assert order.totals.total == sum(x.amount for x in order.live_lines)


def test_a_line_that_was_taken_off_lives_again_when_somebody_added_unseen(table):
    (water,) = table.order.lines
    base = cart_of(table.order)
    grown = add(base, "b", water.line_id, 1)
    table.merge(remove(base, water.line_id))
    assert table.order.lines[0].status is LineStatus.VOIDED
    assert table.order.live_lines == ()
    table.merge(grown)
    (water,) = table.order.live_lines
    assert (water.status, water.quantity) == (LineStatus.WAITING, 1)


def test_an_edit_of_what_is_in_the_kitchen_comes_late_and_is_shown(table):
    (water,) = table.order.lines
    base = cart_of(table.order)
    table.take(c.FireOrder(order_id=table.order_id))
    (merged,) = table.merge(remove(base, water.line_id))
    assert isinstance(merged, CartMerged)
    assert merged.late == (water.line_id,)
    assert bill(table.order) == {"water-1": 1}, "what is fired is voided by a person, not a cart"
    assert table.merge(remove(base, water.line_id)) == [], "told once"
    (merged,) = table.merge(add(base, "b", water.line_id, 2))
    assert merged.late == (water.line_id,)
    assert bill(table.order) == {"water-1": 1}


def test_a_line_that_a_person_struck_stays_struck(counter):
    counter.place(counter.line(), counter.line("set-1"), hold=True)
    base = cart_of(counter.order)
    rice, _ = counter.order.lines
    counter.void(0)
    assert counter.merge(base) == [] or counter.history[-1].late == ()
    counter.merge(add(base, "a", rice.line_id, 1))
    assert counter.history[-1].late == (rice.line_id,)
    assert bill(counter.order) == {"set-1": 1}


def test_new_lines_on_an_order_in_the_kitchen_are_cooked_at_once(counter):
    counter.place()
    line_id = counter.new_id()
    merged, fired = counter.merge(
        add(cart_of(counter.order), "a", line_id, 1, wish("latte-s", "oat"))
    )
    assert merged.late == ()
    assert fired.line_ids == (line_id,)
    assert counter.order.totals.total == 25_000 + 20_000


def test_the_order_begins_the_cart_of_what_it_had(table):
    (water,) = table.order.lines
    assert cart_of(table.order).lines[water.line_id].tallies == {ORDER: Tally(added=1)}
    assert table.merge(cart_of(table.order)) == []
    assert table.order.cart is None


NEW = "0190c7d2-4f00-7a11-8b22-0000000000ff"


@pytest.mark.parametrize(
    ("line_id", "line", "code"),
    [
        ("not-an-id", wish(), "bad_id"),
        (NEW, wish("pizza"), "unknown_item"),
        (NEW, wish("retired-1"), "item_unavailable"),
        (NEW, wish("latte-s"), "modifier_count"),
        (NEW, wish("rice-1", "oat"), "unknown_modifier"),
    ],
)
def test_what_the_menu_has_not_is_refused_and_nothing_is_taken(table, line_id, line, code):
    refusal = table.merge(add(cart_of(table.order), "a", line_id, 1, line))
    assert refusal.code == code
    gone = remove(add(cart_of(table.order), "a", line_id, 1, line), line_id)
    if code != "bad_id":
        assert not isinstance(table.merge(gone), Refusal), "taken off again it hurts nobody"


def test_a_cart_that_cannot_be_is_refused(table):
    (water,) = table.order.lines
    base = cart_of(table.order)
    assert table.merge(add(base, "a", water.line_id, 1_000)).code == "wrong_quantity"
    wrong = {"a": Tally(added=1, seen_added=2)}
    broken = Cart(lines={NEW: CartLine(variant_id="rice-1", tallies=wrong)})
    assert table.merge(broken).code == "bad_request"
    other = Cart(lines={water.line_id: wish("rice-1")})
    assert table.merge(other).code == "duplicate_id"
    many = Cart(lines={f"{n:08}{NEW[8:]}": wish() for n in range(c.LINES_MAX + 1)})
    assert table.merge(many).code == "bad_request"
    table.eighty_six = frozenset({"water"})
    assert table.merge(add(base, "a", water.line_id, 1)).code == "item_unavailable"
    assert not isinstance(table.merge(take(base, "a", water.line_id, 1)), Refusal)


def test_nothing_is_taken_off_below_what_was_paid(counter):
    counter.place(counter.line(), counter.line("set-1"), hold=True)
    rice, _ = counter.order.lines
    counter.pay(65_000)
    assert counter.merge(remove(cart_of(counter.order), rice.line_id)).code == "paid_order"


def test_a_cart_of_an_order_that_is_over_is_told_so(counter):
    counter.place()
    cart = add(cart_of(counter.order), "a", NEW, 1, wish())
    counter.move("cancelled", "nobody came")
    assert counter.merge(cart).code == "order_closed"
    assert counter.take(c.MergeCart(order_id=NEW, cart=cart)).code == "order_closed"


def test_a_cart_that_was_taken_before_a_disk_was_lost_is_taken_as_it_was(new_counter, counter):
    """The screen offers it again with the first answer: prices and sold-out items of now hold not."""
    counter.place(hold=True)
    placed = counter.order
    cart = add(cart_of(placed), "a", NEW, 2, wish("latte-s", "oat"))
    counter.merge(cart)
    again = new_counter(order=placed, history=[], accepted=counter.order)
    again.eighty_six = frozenset({"latte"})
    again.prices = PriceBook(version=9, prices=(Price(id="latte-s", amount=99_000),))
    assert not isinstance(again.merge(cart), Refusal)
    assert again.order.lines == counter.order.lines
    assert again.order.totals == counter.order.totals

"""Stock: any order of arrival gives one level, and what a box shows is right at every step."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from protocol import commands as c
from protocol.events import StockCounted, StockMoved
from protocol.refusals import Refusal
from protocol.rules.carts import add, cart_of, remove
from protocol.rules.stock_keeping import Stock, join, last_count, level, shown
from protocol.stock import Counted, Movement, StockLevel
from tests.examples import examples

STREAMS = st.sampled_from(("s1", "s2"))
MOVEMENT = st.builds(Movement, STREAMS, st.integers(1, 6), st.integers(-3, 3))
COUNT = st.builds(
    Counted,
    st.integers(0, 3),
    st.just(""),
    STREAMS,
    st.integers(1, 6),
    st.integers(0, 9),
    st.dictionaries(STREAMS, st.integers(0, 6)),
)


@st.composite
def views(draw):
    """Three places, each of which has heard a part of the same facts."""
    movements = {i: draw(MOVEMENT) for i in "abcde"}
    counts = {i: replace(draw(COUNT), event_id=i) for i in "uvw"}

    def part():
        return Stock(
            {i: movements[i] for i in draw(st.sets(st.sampled_from("abcde")))},
            {i: counts[i] for i in draw(st.sets(st.sampled_from("uvw")))},
        )

    return part(), part(), part()


@examples(300)
@given(views())
def test_joining_is_commutative_associative_and_idempotent(parts):
    a, b, x = parts
    assert join(a, b) == join(b, a)
    assert join(join(a, b), x) == join(a, join(b, x))
    assert join(a, a) == a
    assert level(join(join(x, b), join(a, b))) == level(join(join(a, b), x))


@examples(300)
@given(views())
def test_the_last_count_and_what_it_had_not_seen_make_the_level(parts):
    stock = join(join(*parts[:2]), parts[2])
    last = last_count(stock)
    by_hand = 0 if last is None else last.quantity
    for m in stock.movements.values():
        if last is None or m.seq > last.as_of.get(m.stream, 0):
            by_hand += m.delta
    assert level(stock) == by_hand


class Outlet:
    """A box that sells and counts, HQ that hears of it in portions, and the way back."""

    def __init__(self):
        self.truth, self.stamp, self.life = 0, 0, 0
        self.own = Stock()
        self.ends: dict[str, int] = {}
        self.log: list[tuple[str, str, int, object]] = []
        self.sent = 0
        self.hq, self.hq_ends = Stock(), {}
        self.published: StockLevel | None = None
        self.at_the_box: StockLevel | None = None

    def happened(self, delta=None, quantity=None):
        """One thing at the box, in the stream of this life."""
        stream = f"life{self.life}"
        self.stamp += 1
        seq = self.ends.get(stream, 0) + 1
        event_id = f"e{self.stamp:04}"
        if quantity is None:
            fact = Movement(stream, seq, delta)
            self.truth += delta
            part = Stock({event_id: fact})
        else:
            fact = Counted(self.stamp, event_id, stream, seq, quantity, dict(self.ends))
            self.truth = quantity
            part = Stock({}, {event_id: fact})
        self.own = join(self.own, part)
        self.ends[stream] = seq
        self.log.append((stream, event_id, seq, part))

    def upload(self, count):
        """The next facts reach HQ; some of them for a second time."""
        for stream, _, seq, part in self.log[max(0, self.sent - 1) : self.sent + count]:
            self.hq = join(self.hq, part)
            self.hq_ends[stream] = max(seq, self.hq_ends.get(stream, 0))
        self.sent = min(len(self.log), self.sent + count)

    def publish(self):
        last = last_count(self.hq)
        self.published = StockLevel(
            item_id="rice",
            quantity=level(self.hq),
            as_of=dict(self.hq_ends),
            stamp=last.stamp if last else 0,
            event_id=last.event_id if last else "",
        )


@examples(500)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(("sell", "void", "count", "upload", "publish", "feed", "restart")),
            st.integers(1, 4),
        ),
        max_size=30,
    )
)
def test_the_box_shows_what_there_is_at_every_step(steps):
    outlet = Outlet()
    for what, n in steps:
        match what:
            case "sell":
                outlet.happened(delta=-n)
            case "void":
                outlet.happened(delta=n)
            case "count":
                outlet.happened(quantity=n * 5)
            case "upload":
                outlet.upload(n)
            case "publish":
                outlet.publish()
            case "feed":
                outlet.at_the_box = outlet.published
            case "restart":
                outlet.life += 1
        assert shown(outlet.at_the_box, outlet.own) == outlet.truth
    outlet.upload(len(steps))
    outlet.publish()
    assert outlet.published.quantity == outlet.truth


def test_between_the_ack_and_the_feed_nothing_is_counted_twice_or_lost():
    """`sell, upload`: HQ has it, the level does not hold it yet. Level − unsent would be wrong."""
    outlet = Outlet()
    outlet.happened(quantity=10)
    outlet.upload(1)
    outlet.publish()
    outlet.at_the_box = outlet.published
    outlet.happened(delta=-1)
    outlet.upload(1)
    assert shown(outlet.at_the_box, outlet.own) == 9


def test_a_count_that_hq_has_not_seen_holds_at_once():
    outlet = Outlet()
    outlet.happened(quantity=10)
    outlet.upload(1)
    outlet.publish()
    outlet.at_the_box = outlet.published
    outlet.happened(quantity=3)
    outlet.happened(delta=-1)
    assert shown(outlet.at_the_box, outlet.own) == 2
    hq_counted = StockLevel(item_id="rice", quantity=50, as_of=dict(outlet.ends), stamp=99)
    assert shown(hq_counted, outlet.own) == 50, "a later count of HQ's staff holds"


# ---------------------------------------------------------------- the rules


@pytest.fixture
def counted(counter):
    """A counter where fried rice is counted, and nothing else."""
    counter.tracked = frozenset({"rice"})
    return counter


def moves(counter):
    return [(m.cause, x.item_id, x.delta) for m in counter.moved for x in m.moves]


def test_a_sale_moves_counted_items_only(counted):
    counted.place(counted.line(quantity=2), counted.line("latte-s"), counted.line(quantity=1))
    assert moves(counted) == [("sale", "rice", -3)]
    assert counted.moved[0].order_id == counted.order_id
    counted.add(counted.line("latte-l"))
    counted.add(counted.line(quantity=4))
    assert moves(counted)[1:] == [("sale", "rice", -4)]


def test_where_nothing_is_counted_nothing_moves(counter):
    counter.place()
    counter.void()
    assert counter.moved == []


def test_what_was_not_made_comes_back_and_what_was_made_does_not(counted):
    counted.place(counted.line(quantity=2), counted.line(quantity=5), counted.line("set-1"))
    counted.void(0)
    assert moves(counted)[1:] == [("void", "rice", 2)]
    counted.bump("kitchen", 1)
    counted.move("cancelled", "guest left")
    assert sum(x for _, _, x in moves(counted)) == -5, "five portions were cooked"


def test_an_order_called_off_before_it_was_made_gives_everything_back(counted):
    counted.place(counted.line(quantity=2), counted.line(quantity=1))
    counted.move("cancelled", "guest left")
    assert sum(x for _, _, x in moves(counted)) == 0


def test_history_takes_nothing_from_todays_shelf(counted):
    counted.imported()
    counted.add(counted.line(amount=1))
    counted.void(0)
    counted.move("cancelled", "wrong file")
    assert counted.moved == []


def test_a_cart_moves_the_difference(counted):
    counted.place(hold=True)
    (line,) = counted.order.lines
    cart = cart_of(counted.order)
    counted.merge(add(cart, "a", line.line_id, 3))
    counted.merge(remove(cart_of(counted.order), line.line_id))
    assert moves(counted) == [("sale", "rice", -1), ("sale", "rice", -3), ("void", "rice", 4)]


@examples(200)
@given(st.lists(st.tuples(st.sampled_from(("add", "void", "more", "less")), st.integers(1, 9))))
def test_the_movements_of_an_order_explain_what_is_on_it(new_counter, steps):
    counter = new_counter(tracked=frozenset({"rice"}))
    counter.place(counter.line(quantity=3), hold=True)
    for what, n in steps:
        line_id = counter.order.lines[n % len(counter.order.lines)].line_id
        match what:
            case "add":
                counter.add(counter.line(quantity=n))
            case "void":
                counter.void(n % len(counter.order.lines))
            case "more":
                counter.merge(add(cart_of(counter.order), "a", line_id, n))
            case "less":
                counter.merge(remove(cart_of(counter.order), line_id))
    there = sum(x.quantity for x in counter.order.live_lines)
    assert -sum(x for _, _, x in moves(counter)) == there


def test_selling_more_than_there_is_is_never_refused(counted):
    counted.stream_ends = {"s": 4}
    (count,) = counted.take(c.CountStock(item_id="rice", quantity=0))
    assert isinstance(count, StockCounted)
    assert count.as_of == {"s": 4}
    assert not isinstance(counted.place(counted.line(quantity=2)), Refusal)
    assert moves(counted) == [("sale", "rice", -2)]


def test_deliveries_and_waste(counted):
    move = c.MoveStock(item_id="rice", delta=20, reason="market")
    (event,) = counted.take(move)
    assert isinstance(event, StockMoved)
    assert (event.cause, event.reason, event.order_id) == ("delivery", "market", None)
    (event,) = counted.take(replace(move, delta=-2))
    assert event.cause == "waste"
    assert counted.take(replace(move, delta=0)) == []
    assert counted.take(replace(move, item_id="latte")).code == "not_counted"
    assert counted.take(replace(move, item_id="pizza")).code == "unknown_item"
    assert counted.take(c.CountStock(item_id="pizza", quantity=1)).code == "unknown_item"


def test_what_is_offered_again_after_a_lost_disk_moves_stock_as_it_did(counted, new_counter):
    first = counted.place(counted.line(quantity=2))
    placed = c.PlaceOrder(
        order_id=counted.order_id,
        lines=(c.NewLine(line_id=counted.order.lines[0].line_id, variant_id="rice-1", quantity=2),),
    )
    # A blank box does not know yet what is counted here; another may count more by now.
    for known in (counted.tracked, frozenset(), counted.tracked | {"latte"}):
        again = new_counter(tracked=known, accepted=counted.order)
        assert again.take(placed)[-1] == first[-1] == counted.moved[0]


def test_what_took_nothing_brings_nothing_back(new_counter):
    counter = new_counter()
    counter.place(counter.line(quantity=2))
    counter.tracked = frozenset({"rice"})  # counted since: the count saw what was sold
    counter.void(0)
    assert moves(counter) == []

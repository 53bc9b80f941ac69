"""A small café for the rules: its menu, and a counter that decides commands and folds the events."""

import itertools
from dataclasses import dataclass, field

import pytest

from protocol import commands as c
from protocol import floor_commands as f
from protocol.bill import Check, RefundLine
from protocol.cart import Cart
from protocol.clock import Confidence
from protocol.events import LineRepriced, OrderEvent, StockMoved, encode
from protocol.ids import mint
from protocol.menu import Category, Item, Menu, MenuIndex, Modifier, ModifierGroup, Station, Variant
from protocol.orders import Line, Order, OrderStatus, Source
from protocol.prices import NO_PRICES, PriceBook
from protocol.refusals import Refusal
from protocol.rules import Moment, State, apply, decide
from protocol.rules.price_verdicts import reprice

OPENING_MS = 1_780_000_000_000
"""Some morning in 2026."""

MENU = Menu(
    version=7,
    currency="IDR",
    categories=(
        Category(id="coffee", names={"id": "Kopi", "en": "Coffee"}),
        Category(id="food", names={"id": "Makanan", "en": "Food"}, rank=1),
    ),
    stations=(
        Station(id="bar", names={"en": "Bar"}, kind="bar"),
        Station(id="kitchen", names={"en": "Kitchen"}),
    ),
    fallback_station="kitchen",
    modifier_groups=(
        ModifierGroup(
            id="milk",
            names={"en": "Milk"},
            min=1,
            max=1,
            modifiers=(
                Modifier(id="dairy", names={"en": "Dairy"}),
                Modifier(id="oat", names={"en": "Oat"}, price=5_000),
            ),
        ),
        ModifierGroup(
            id="extras",
            names={"en": "Extras"},
            max=2,
            modifiers=(
                Modifier(id="shot", names={"en": "Extra shot"}, price=4_000),
                Modifier(id="syrup", names={"en": "Syrup"}, price=3_000),
            ),
        ),
    ),
    items=(
        Item(
            id="latte",
            category_id="coffee",
            names={"id": "Kopi susu", "en": "Latte"},
            variants=(
                Variant(id="latte-s", names={"en": "Small"}, price=15_000, plu="101", size="S"),
                Variant(id="latte-l", names={"en": "Large"}, price=20_000, plu="102", size="L"),
            ),
            modifier_group_ids=("milk", "extras"),
            station_ids=("bar",),
        ),
        Item(
            id="rice",
            category_id="food",
            names={"id": "Nasi goreng", "en": "Fried rice"},
            variants=(Variant(id="rice-1", names={}, price=25_000, plu="201"),),
            station_ids=("kitchen",),
            course=2,
        ),
        Item(
            id="set",
            category_id="food",
            names={"id": "Paket", "en": "Breakfast set"},
            variants=(Variant(id="set-1", names={}, price=40_000, plu="301"),),
            station_ids=("bar", "kitchen"),
        ),
        Item(
            id="water",
            category_id="food",
            names={"en": "Water"},
            variants=(Variant(id="water-1", names={}, price=0, plu="401"),),
            station_ids=("closed-long-ago",),
        ),
        Item(
            id="retired",
            category_id="food",
            names={"en": "Retired soup"},
            variants=(Variant(id="retired-1", names={}, price=9_000, plu="501"),),
            available=False,
        ),
    ),
)
INDEX = MenuIndex(MENU)


@dataclass
class Counter:
    """One order's life at the counter: decides each command, folds what happened, keeps it all."""

    order: Order | None = None
    history: list[OrderEvent] = field(default_factory=list)
    eighty_six: frozenset[str] = frozenset()
    tenders: tuple[str, ...] = ("cash", "card")
    taken_ids: frozenset[str] = frozenset()
    menu: MenuIndex = INDEX
    happened_ms: int | None = None
    now_ms: int = OPENING_MS
    step_ms: int = 60_000
    prices: PriceBook = NO_PRICES
    tracked: frozenset[str] = frozenset()
    stream_ends: dict[str, int] = field(default_factory=dict)
    accepted: Order | None = None
    more: dict[str, object] = field(default_factory=dict)
    """What else the rules may know: the house, an open shift, who asks."""
    local: str = ""
    """The outlet's time of day, when a rule goes by it; it stands still."""
    moved: list[StockMoved] = field(default_factory=list)
    _ids: itertools.count = field(default_factory=itertools.count)

    def new_id(self) -> str:
        """An id as a screen mints it."""
        return mint(OPENING_MS, next(self._ids).to_bytes(10, "big"))

    def line(self, variant: str = "rice-1", *choices: str, **given) -> c.NewLine:
        """A line as asked for; a latte comes with dairy unless told otherwise."""
        wanted = choices or (("dairy",) if variant.startswith("latte") else ())
        chosen = tuple(c.NewChoice(modifier_id=m) for m in wanted)
        return c.NewLine(
            **{
                "line_id": self.new_id(),
                "variant_id": variant,
                "choices": chosen,
                **given,
            }
        )

    def place(self, *lines: c.NewLine, **given) -> list | Refusal:
        """Place the order: one fried rice unless told otherwise."""
        asked = {"order_id": self.new_id(), "lines": lines or (self.line(),), **given}
        return self.take(c.PlaceOrder(**asked))

    def imported(self, *lines: c.NewLine, **given) -> list | Refusal:
        """Place the order as another system's history."""
        return self.place(*lines, source=Source.IMPORT, **given)

    def add(self, *lines: c.NewLine) -> list | Refusal:
        return self.take(c.AddLines(order_id=self.order_id, lines=lines))

    def void(self, at: int = 0) -> list | Refusal:
        line_id = self.order.lines[at].line_id
        return self.take(c.VoidLine(order_id=self.order_id, line_id=line_id, reason="changed"))

    def pay(self, tendered: int, tender: str = "cash", **given) -> list | Refusal:
        asked = {"payment_id": self.new_id(), "tendered": tendered, "tender": tender, **given}
        return self.take(c.TenderPayment(order_id=self.order_id, **asked))

    def bump(self, station: str, *at: int) -> list | Refusal:
        ids = tuple(self.order.lines[i].line_id for i in at)
        return self.take(c.BumpTicket(order_id=self.order_id, station_id=station, line_ids=ids))

    def unbump(self, station: str, *at: int) -> list | Refusal:
        ids = tuple(self.order.lines[i].line_id for i in at)
        return self.take(c.RecallTicket(order_id=self.order_id, station_id=station, line_ids=ids))

    def move(self, status: str, reason: str = "") -> list | Refusal:
        return self.take(
            c.ChangeOrderStatus(order_id=self.order_id, status=OrderStatus(status), reason=reason)
        )

    def merge(self, cart: Cart) -> list | Refusal:
        return self.take(c.MergeCart(order_id=self.order_id, cart=cart))

    def split(self, *checks: Check) -> list | Refusal:
        return self.take(f.SplitChecks(order_id=self.order_id, checks=checks))

    def refund(self, *lines: RefundLine, **given) -> list | Refusal:
        asked = {"refund_id": self.new_id(), "lines": lines, **given}
        return self.take(f.RefundPayment(order_id=self.order_id, **asked))

    def transfer(self, other: "Counter", *at: int) -> list | Refusal:
        """These lines go over to another counter's order, all of them when none are named."""
        ids = tuple(self.order.lines[i].line_id for i in at)
        self.more["other"] = other.order
        decision = self.take(
            f.TransferLines(order_id=self.order_id, to_order_id=other.order_id, line_ids=ids)
        )
        if not isinstance(decision, Refusal):
            for event in decision:
                if event.order_id == other.order_id:
                    other.keep(event)
        return decision

    def reprice(self, policy: str = "unsent") -> LineRepriced | None:
        """What the box does when a menu or a price book arrives."""
        index = self.menu.priced_at(self.prices, self.now_ms)
        event = reprice(self.order, index, policy, self.now_ms)
        if event is not None:
            self.keep(event)
        return event

    @property
    def order_id(self) -> str:
        """The order's id; some id while there is none."""
        return self.order.order_id if self.order else "0190c7d2-0000-7000-8000-000000000000"

    def take(self, command: c.Command) -> list | Refusal:
        """Decide a command twice (the answers must be equal), then fold the first answer."""
        self.now_ms += self.step_ms
        before = self.order
        told = self.now_ms if self.happened_ms is None else self.happened_ms
        moment = Moment(
            at_ms=told,
            business_date="2026-05-28",
            hour=9,
            confidence=Confidence.SYNCED,
            now_ms=self.now_ms,
            local=self.local,
        )
        state = State(
            menu=self.menu,
            eighty_six=self.eighty_six,
            order=self.order,
            order_number="A042",
            tenders=self.tenders,
            taken_ids=self.taken_ids,
            happened_ms=self.happened_ms,
            prices=self.prices,
            tracked=self.tracked,
            stream_ends=self.stream_ends,
            accepted=self.accepted,
            **self.more,
        )
        decision = decide(state, command, moment)
        assert decide(state, command, moment) == decision
        if isinstance(decision, Refusal):
            assert self.order is before
            return decision
        for event in decision:
            if isinstance(event, OrderEvent) and event.order_id == command.order_id:
                self.keep(event)
            elif isinstance(event, StockMoved):
                self.moved.append(event)
        return decision

    def keep(self, event: OrderEvent) -> None:
        """Fold one event, which must survive the wire."""
        assert encode(event)
        self.order = apply(self.order, event)
        self.history.append(event)


@pytest.fixture
def counter() -> Counter:
    """A counter with nothing ordered yet."""
    return Counter()


@pytest.fixture(scope="session")
def new_counter() -> type[Counter]:
    """Counters by the dozen, for property tests."""
    return Counter


@pytest.fixture(scope="session")
def cafe_menu() -> Menu:
    """The café's menu."""
    return MENU


@pytest.fixture(scope="session")
def sold():
    """Make a line as sold: `sold(25_000)`, `sold(9_000, quantity=3, tax_class="exempt")`."""
    numbers = itertools.count(1)

    def make(amount: int, quantity: int = 1, **told) -> Line:
        known = {
            "line_id": f"line-{next(numbers)}",
            "item_id": "rice",
            "variant_id": "rice-1",
            "plu": "201",
            "names": {"en": "Fried rice"},
            "variant_names": {},
            "category_id": "food",
            "size": None,
            "unit_price": amount // quantity,
            "expected": amount,
        }
        return Line(**{**known, "amount": amount, "quantity": quantity, **told})

    return make

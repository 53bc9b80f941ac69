"""A made-up floor: parties that order, move, merge, split, get something off, pay and get money back."""

import random

from protocol import commands as c
from protocol import floor_commands as f
from protocol.bill import (
    AdjustmentKind,
    BillRules,
    Check,
    CheckLine,
    Per,
    RefundLine,
    RuleBook,
    Service,
    ServiceBase,
    Tax,
    TaxKind,
)
from protocol.clock import Confidence
from protocol.events import Event, OrderEvent
from protocol.house import House, Promotion
from protocol.ids import named_uuid
from protocol.menu import Category, Item, Menu, MenuIndex, Station, Variant
from protocol.orders import DiningOption, Order, OrderStatus
from protocol.refusals import Refusal
from protocol.rules import Moment, State, apply, decide

OPENING_MS = 1_780_000_000_000
DAYS = ("2026-05-28", "2026-05-29", "2026-05-30")

MENU = MenuIndex(
    Menu(
        version=1,
        currency="IDR",
        categories=(Category(id="food", names={"en": "Food"}),),
        stations=(Station(id="kitchen", names={"en": "Kitchen"}),),
        fallback_station="kitchen",
        items=tuple(
            Item(
                id=name,
                category_id="food",
                names={"en": name.title()},
                variants=(Variant(id=f"{name}-1", names={}, price=price, plu=name),),
                tax_class=tax_class,
            )
            for name, price, tax_class in (
                ("rice", 24_999, "standard"),
                ("soup", 17_333, "standard"),
                ("water", 5_001, "exempt"),
            )
        ),
    )
)
HOUSES = (
    House(),
    House(
        bill=RuleBook(
            rules=(
                BillRules(
                    version=1,
                    taxes=(Tax(id="pbjt", names={"en": "PBJT"}, amount="10"),),
                    service=Service(names={"en": "Service"}, percent="5"),
                    total_step=100,
                    cash_step=500,
                ),
            )
        ),
        promotions=(
            Promotion(id="soup", names={"en": "Soup day"}, ids=("soup",), percent="15"),
            Promotion(id="regular", names={"en": "Regular"}, percent="3", code="REG"),
        ),
    ),
    House(
        bill=RuleBook(
            rules=(
                BillRules(
                    version=2,
                    taxes=(
                        Tax(id="ppn", names={"en": "PPN"}, amount="11", included=True),
                        Tax(id="fee", names={"en": "Fee"}, amount="1.5"),
                    ),
                ),
            )
        ),
    ),
    House(
        bill=RuleBook(
            rules=(
                BillRules(
                    version=3,
                    per=Per.LINE,
                    taxes=(
                        Tax(id="deposit", names={"en": "Deposit"}, amount="3000", included=True,
                            kind=TaxKind.FIXED),
                        Tax(id="vat", names={"en": "VAT"}, amount="11", included=True),
                    ),
                    service=Service(names={"en": "Service"}, percent="7.5",
                                    base=ServiceBase.BEFORE_DISCOUNT),
                    cash_step=1_000,
                    cash_rounding="up",
                ),
            )
        ),
        promotions=(
            Promotion(id="three", names={}, buy=2, get=1, ids=("rice", "soup")),
            Promotion(id="feast", names={}, amount=20_000, min_spend=60_000, rank=1),
            Promotion(id="regular", names={}, percent="30", code="REG", alone=True, rank=-1),
        ),
    ),
)  # fmt: skip
"""Prices as they are; PBJT with service on top, offers, rounding; PPN inside the prices; a deposit
inside them, and offers that come and go with the lines."""

STEPS = (
    *("place", "place", "add", "add", "void", "reduce", "merge", "move", "details"),
    *("discount", "comp", "coupon", "charge again", "split", "join"),
    *("pay", "pay", "pay all", "serve", "refund lines", "refund", "reopen", "close", "cancel"),
)


class Floor:
    """Some days of a floor, decided by the rules as a box does; `chance` says what people do."""

    def __init__(self, seed: int, house: House) -> None:
        self.name = f"floor {seed}"
        self.chance = random.Random(seed)
        self.house = house
        self.orders: dict[str, Order] = {}
        self.events: list[Event] = []
        self.refused: set[str] = set()
        self.now = 0
        self._ids = 0

    def live(self, steps: int) -> None:
        """So many things happen."""
        for _ in range(steps):
            self.step(self.chance.choice(STEPS))

    def step(self, what: str) -> None:
        """One thing that somebody does, on some order."""
        orders = list(self.orders.values())
        if what == "place" or not orders:
            self._place()
            return
        command = self._command(what, self.chance.choice(orders), orders)
        if command is not None:
            self.take(command)

    def take(self, command: c.Command) -> None:
        """Decide a command and fold what follows."""
        self.now += 1
        state = State(
            menu=MENU,
            order=self.orders.get(command.order_id),
            other=self.orders.get(getattr(command, "to_order_id", "")),
            order_number=f"A{len(self.orders) + 1:03}",
            tenders=("cash", "card"),
            house=self.house,
        )
        day = DAYS[min(self.now // 40, len(DAYS) - 1)]
        at_ms = OPENING_MS + self.now * 60_000
        moment = Moment(
            at_ms=at_ms,
            business_date=day,
            hour=9 + self.now % 12,
            confidence=Confidence.SYNCED,
            now_ms=at_ms,
        )
        decision = decide(state, command, moment)
        if isinstance(decision, Refusal):
            self.refused.add(decision.code)
            return
        for event in decision:
            self.events.append(event)
            if isinstance(event, OrderEvent):
                self.orders[event.order_id] = apply(self.orders.get(event.order_id), event)

    def _id(self) -> str:
        self._ids += 1
        return named_uuid(self.name, str(self._ids))

    def _lines(self) -> tuple[c.NewLine, ...]:
        return tuple(
            c.NewLine(
                line_id=self._id(),
                variant_id=f"{self.chance.choice(('rice', 'soup', 'water'))}-1",
                quantity=self.chance.randint(1, 3),
            )
            for _ in range(self.chance.randint(1, 3))
        )

    def _place(self) -> None:
        eats = self.chance.choice((DiningOption.DINE_IN, DiningOption.TAKEAWAY))
        self.take(
            c.PlaceOrder(
                order_id=self._id(),
                lines=self._lines(),
                dining_option=eats,
                hold=self.chance.random() < 0.3,
            )
        )

    def _command(self, what: str, order: Order, orders: list[Order]) -> c.Command | None:
        pick, of = self.chance, order.order_id
        line = pick.choice(order.lines)
        match what:
            case "add":
                return c.AddLines(order_id=of, lines=self._lines())
            case "void":
                return c.VoidLine(order_id=of, line_id=line.line_id)
            case "reduce":
                return c.VoidLine(order_id=of, line_id=line.line_id, quantity=1)
            case "merge" | "move":
                ids = () if what == "merge" else (line.line_id,)
                other = pick.choice(orders).order_id
                return f.TransferLines(order_id=of, to_order_id=other, line_ids=ids)
            case "details":
                eats = pick.choice(list(DiningOption))
                return f.ChangeDetails(order_id=of, table="7", dining_option=eats, covers=2)
            case "split" | "join":
                return f.SplitChecks(
                    order_id=of, checks=self._checks(order) if what == "split" else ()
                )
            case "serve" | "close" | "cancel":
                status = {"serve": "served", "close": "closed", "cancel": "cancelled"}[what]
                return c.ChangeOrderStatus(order_id=of, status=OrderStatus(status), reason="so")
            case "reopen":
                return f.ReopenOrder(order_id=of)
            case _:
                return self._off(what, order) or self._money(what, order)

    def _off(self, what: str, order: Order) -> c.Command | None:
        pick, of = self.chance, order.order_id
        line_id = pick.choice(order.lines).line_id
        match what:
            case "discount":
                by_percent = pick.random() < 0.5
                return f.Adjust(
                    order_id=of,
                    adjustment_id=self._id(),
                    line_id=pick.choice((None, line_id)),
                    percent=pick.choice(("10", "33.3", "100", "0", "120")) if by_percent else None,
                    amount=None if by_percent else pick.choice((1, 5_000, 50_000, -1)),
                    reason="friends",
                )
            case "comp":
                kind = AdjustmentKind.COMP
                return f.Adjust(
                    order_id=of, adjustment_id=self._id(), kind=kind, line_id=line_id, reason="late"
                )
            case "coupon":
                kind = AdjustmentKind.COUPON
                return f.Adjust(order_id=of, adjustment_id=self._id(), kind=kind, code="REG")
            case "charge again" if order.adjustments:
                gone = pick.choice(order.adjustments).adjustment_id
                return f.RemoveAdjustment(order_id=of, adjustment_id=gone)
        return None

    def _money(self, what: str, order: Order) -> c.Command | None:
        pick, of = self.chance, order.order_id
        check = pick.choice((None, *(x.check_id for x in order.checks)))
        match what:
            case "pay" | "pay all":
                tender = pick.choice(("cash", "card"))
                tip = pick.choice((0, 0, 2_000))
                due = max(1, order.due) if tender == "card" else 10**6
                tendered = due + tip if what == "pay all" else pick.randint(1, 40_000) + tip
                return c.TenderPayment(
                    order_id=of,
                    payment_id=self._id(),
                    tendered=tendered,
                    tender=tender,
                    tip=tip,
                    check_id=check,
                )
            case "refund lines":
                line_id = pick.choice(order.lines).line_id
                back = (RefundLine(line_id=line_id, quantity=pick.randint(1, 2)),)
                return f.RefundPayment(order_id=of, refund_id=self._id(), lines=back)
            case "refund" if order.payments:
                paid = pick.choice(order.payments)
                return f.RefundPayment(
                    order_id=of,
                    refund_id=self._id(),
                    amount=pick.randint(1, paid.amount),
                    payment_id=paid.payment_id,
                    tender=paid.tender,
                    tip=pick.choice((None, None, 0, 500)),
                )
        return None

    def _checks(self, order: Order) -> tuple[Check, ...]:
        if self.chance.random() < 0.5:
            return tuple(Check(check_id=x, parts=1) for x in "abc")
        lines = tuple(CheckLine(line_id=x.line_id, of=2) for x in order.live_lines)
        return (Check(check_id="a", lines=lines), Check(check_id="b", lines=lines[:1]))

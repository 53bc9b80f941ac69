"""The tables that commands read and change: loaded for a group, changed in memory, written at once."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec
from msgspec.structs import replace

from edge.clockings import read_clocked
from edge.database import insert_rows
from edge.days import IN_NO_Z
from edge.house import read_house
from edge.menu import eighty_six_list
from edge.products import keep_edit
from edge.stock import keep_count, keep_moves, tracked
from edge.tills import (
    MoneyEvent,
    keep_money,
    needs_till,
    read_approvals,
    read_shifts,
    use_approval,
)
from protocol.commands import Command, Envelope, TenderPayment
from protocol.day_figures import moved
from protocol.events import (
    Event,
    ItemEightySixed,
    ItemRestored,
    PaymentTaken,
    ProductEdited,
    StockCounted,
    StockMoved,
)
from protocol.floor_commands import RefundPayment
from protocol.floor_events import (
    CashMoved,
    ClockedIn,
    ClockedOut,
    DayClosed,
    DrawerOpened,
    PaymentRefunded,
    ShiftClosed,
    ShiftOpened,
)
from protocol.house import NO_HOUSE, House
from protocol.menu import MenuIndex
from protocol.orders import Order, Source
from protocol.refusals import Refusal
from protocol.rules import Moment
from protocol.rules.cash import CASH
from protocol.staff import Actor, Given
from protocol.till_commands import MoveCash, OpenDrawer
from protocol.tills import Shift

COMMANDS_KEPT_MS = 60 * 24 * 3600 * 1000
"""How long a command's answer is remembered; field failures ask for at least 30 days."""

_encode = msgspec.json.Encoder().encode
_order_decoder = msgspec.json.Decoder(Order)
_refusal_decoder = msgspec.json.Decoder(Refusal)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command was answered, as it is remembered."""

    digest: bytes
    position: int
    order_id: str | None
    refusal: Refusal | None
    done: bool = False
    """Whether what was asked was done by this box: neither refused nor only written down."""


@dataclass(slots=True)
class Held:
    """An order as it now is, with the bytes it is stored as."""

    order: Order
    body: bytes
    position: int = 0
    changed: bool = False


@dataclass(slots=True)
class OrderState:
    """What a group of commands needs from the database, and what it will write there."""

    menu: MenuIndex
    moment: Moment
    eighty_six: frozenset[str]
    series: str
    answers: dict[str, Answer]
    orders: dict[str, Held]
    payments: frozenset[str]
    tracked: frozenset[str] = frozenset()
    """Items whose stock is counted here."""
    house: House = NO_HOUSE
    shifts: dict[str, Shift] = field(default_factory=dict)
    """Open shifts, and those that commands name."""
    approvals: dict[str, Given] = field(default_factory=dict)
    clocked: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    staged: bool = False
    _new_answers: list[tuple[str, Answer]] = field(default_factory=list)
    _items: list[ItemEightySixed | ItemRestored] = field(default_factory=list)
    _money: list[MoneyEvent] = field(default_factory=list)
    _used: list[tuple[str, str]] = field(default_factory=list)
    _own: list[tuple[ProductEdited | StockMoved | StockCounted, int]] = field(default_factory=list)

    @classmethod
    def load(
        cls, db: sqlite3.Connection, envelopes: list[Envelope], menu: MenuIndex, moment: Moment
    ) -> "OrderState":
        """Everything these commands may ask for."""
        commands = [e.command for e in envelopes]
        order_ids = {
            x
            for c in commands
            for name in ("order_id", "to_order_id")
            if (x := getattr(c, name, None)) is not None
        }
        named_ids: list[str] = [c.payment_id for c in commands if isinstance(c, TenderPayment)]
        named_ids += [c.move_id for c in commands if isinstance(c, MoveCash)]
        named_ids += [c.open_id for c in commands if isinstance(c, OpenDrawer)]
        named_ids += [c.refund_id for c in commands if isinstance(c, RefundPayment)]
        series = db.execute("SELECT value FROM facts WHERE name = 'series'").fetchone()
        work = cls(
            menu=menu,
            moment=moment,
            eighty_six=frozenset(eighty_six_list(db)),
            series=series[0] if series else "A",
            answers=_known_answers(db, {e.command_id for e in envelopes}),
            orders={},
            payments=_known_payments(db, named_ids) if named_ids else frozenset(),
            tracked=tracked(db),
            house=read_house(db),
            shifts=read_shifts(db, commands) if any(map(needs_till, commands)) else {},
            approvals=read_approvals(db, commands),
            clocked=read_clocked(db, commands),
        )
        missing = {a.order_id for a in work.answers.values() if a.order_id} - order_ids
        rows = db.execute(
            "SELECT order_id, body FROM orders WHERE order_id IN (SELECT value FROM json_each(?))",
            (_ids(order_ids | missing),),
        )
        for order_id, body in rows:
            work.orders[order_id] = Held(_order_decoder.decode(body), body)
        return work

    def order_of(self, order_id: str) -> Order | None:
        """An order that a command names, as it now is."""
        held = self.orders.get(order_id)
        return None if held is None else held.order

    def shift_for(self, command: Command, actor: Actor | None) -> Shift | None:
        """The shift a command names, or the open one of its till. Cash of somebody who is signed in
        and names no till lies in the only one that is open."""
        shift_id = getattr(command, "shift_id", None)
        if shift_id in self.shifts:
            return self.shifts[shift_id]
        till_id = getattr(command, "till_id", None)
        open_ones = self.open_shifts
        own = next((s for s in open_ones if s.till_id == till_id), None)
        cash = actor is not None and till_id is None and getattr(command, "tender", "") == CASH
        return open_ones[0] if own is None and cash and len(open_ones) == 1 else own

    @property
    def open_shifts(self) -> list[Shift]:
        """Open ones, where a command may need to know them."""
        return [s for s in self.shifts.values() if s.closed_ms is None]

    def use_approval(self, approval: Given, command_id: str) -> None:
        """An approval allows one thing once."""
        self.approvals[approval.approval_id] = replace(approval, used=True)
        self._used.append((approval.approval_id, command_id))

    def last_number(self, db: sqlite3.Connection, business_date: str) -> int:
        """The last order number given out on a business date."""
        if business_date not in self.numbers:
            row = db.execute(
                "SELECT last FROM order_numbers WHERE business_date = ?", (business_date,)
            ).fetchone()
            self.numbers[business_date] = row[0] if row else 0
        return self.numbers[business_date]

    def note_number(self, db: sqlite3.Connection, business_date: str, number: str) -> None:
        """This number is given out; a lower one, or one of another series, moves nothing."""
        rest = number.removeprefix(self.series)
        if rest.isdecimal():
            last = self.last_number(db, business_date)
            self.numbers[business_date] = max(last, int(rest))

    def is_free(self, db: sqlite3.Connection, business_date: str, number: str) -> bool:
        """Whether no order of the date, or one still alive, has this number."""
        held = [h.order for h in self.orders.values()]
        if any(o.number == number and o.business_date == business_date for o in held):
            return False
        found = db.execute(
            "SELECT 1 FROM orders WHERE number = ? AND (business_date = ?"
            " OR status NOT IN ('closed', 'cancelled'))",
            (number, business_date),
        )
        return found.fetchone() is None

    def remember(self, envelope: Envelope, answer: Answer) -> None:
        """The answer stands from now on."""
        self.answers[envelope.command_id] = answer
        self._new_answers.append((envelope.command_id, answer))

    def keep(
        self, events: list[Event], orders: dict[str, Order], body: bytes | None, position: int
    ) -> None:
        """What the events changed; `body` is the first order, encoded."""
        self.staged = True
        for order in orders.values():
            self.orders[order.order_id] = Held(
                order, body or _encode(order), position, changed=True
            )
            body = None
        for place, event in enumerate(events, position - len(events) + 1):
            match event:
                case PaymentTaken():
                    payment_id = event.payment.payment_id
                    self._money.append(event)
                    self.payments |= {payment_id}
                case ItemEightySixed():
                    self.eighty_six |= {event.item_id}
                    self._items.append(event)
                case ItemRestored():
                    self.eighty_six -= {event.item_id}
                    self._items.append(event)
                case StockCounted():
                    self.tracked |= {event.item_id}
                    self._own.append((event, place))
                case StockMoved() | ProductEdited():
                    self._own.append((event, place))
                case PaymentRefunded():
                    self.payments |= {event.refund.refund_id}
                    self._money.append(event)
                case DayClosed() | ClockedIn() | ClockedOut():
                    self._money.append(event)
                case ShiftOpened() | ShiftClosed():
                    self.shifts[event.shift.shift_id] = event.shift
                    self._money.append(event)
                case CashMoved() | DrawerOpened():
                    own = event.move_id if isinstance(event, CashMoved) else event.open_id
                    self.payments |= {own}
                    self.shifts[event.shift_id] = moved(self.shifts[event.shift_id], event)
                    self._money.append(event)

    def write(self, db: sqlite3.Connection, now_ms: int) -> None:
        """Put everything into the running transaction; again after more was kept, only that."""
        insert_rows(
            db,
            "INSERT INTO commands (command_id, digest, position, order_id, refusal, at_ms, done)",
            [(c, *_answer_row(a), now_ms, a.done) for c, a in self._new_answers],
            # What was refused for a reason that has passed, and is offered again.
            "ON CONFLICT (command_id) DO UPDATE SET position = excluded.position,"
            " order_id = excluded.order_id, refusal = excluded.refusal, at_ms = excluded.at_ms,"
            " done = excluded.done",
        )
        self._new_answers.clear()
        if not self.staged:
            return
        insert_rows(
            db,
            "INSERT INTO orders"
            " (order_id, number, business_date, status, placed_ms, position, body, z)",
            [_order_row(h) for h in self.orders.values() if h.changed],
            "ON CONFLICT (order_id) DO UPDATE"
            " SET status = excluded.status, position = excluded.position, body = excluded.body",
        )
        insert_rows(
            db,
            "INSERT INTO order_numbers (business_date, last)",
            list(self.numbers.items()),
            "ON CONFLICT (business_date) DO UPDATE SET last = excluded.last",
        )
        if self._money:
            imported = (i for i, h in self.orders.items() if h.order.source is Source.IMPORT)
            keep_money(db, self._money, self.shifts, frozenset(imported))
        for approval_id, command_id in self._used:
            use_approval(db, approval_id, command_id)
        for event in self._items:
            _keep_item(db, event)
        for own, place in self._own:
            _keep_own(db, own, place)
        for done in (self._money, self._used, self._items, self._own):
            done.clear()


class LiveNumbers:
    """Order numbers of other business dates that are still called out: two guests never share one."""

    def __init__(self) -> None:
        self._date = ""
        self._live: frozenset[str] = frozenset()
        self._noted: frozenset[str] = frozenset()

    def note(self, number: str) -> None:
        """An order of another date may have come back under this number."""
        self._noted |= {number}

    def beside(self, db: sqlite3.Connection, business_date: str) -> frozenset[str]:
        """Numbers not to give out on this date; looked up once for each, so some may be free again."""
        if business_date != self._date:
            rows = db.execute(
                "SELECT number FROM orders WHERE status NOT IN ('closed', 'cancelled')"
                " AND business_date <> ?",
                (business_date,),
            )
            if self._date:
                self._noted = frozenset()
            self._live, self._date = frozenset(row[0] for row in rows), business_date
        return self._live | self._noted if self._noted else self._live


def load_order(db: sqlite3.Connection, order_id: str) -> Order | None:
    """The order as it now is, or None."""
    row = db.execute("SELECT body FROM orders WHERE order_id = ?", (order_id,)).fetchone()
    return None if row is None else _order_decoder.decode(row[0])


def forget_old_commands(db: sqlite3.Connection, now_ms: int) -> int:
    """Drop remembered answers older than `COMMANDS_KEPT_MS`; returns how many went."""
    before = now_ms - COMMANDS_KEPT_MS
    return db.execute("DELETE FROM commands WHERE at_ms < ?", (before,)).rowcount


def _answer_row(answer: Answer) -> tuple[object, ...]:
    no = answer.refusal
    return answer.digest, answer.position, answer.order_id, no and _encode(no)


def _order_row(held: Held) -> tuple[object, ...]:
    order = held.order
    return (
        order.order_id,
        order.number,
        order.business_date,
        order.status.value,
        order.placed_ms,
        held.position,
        held.body,
        IN_NO_Z if order.source is Source.IMPORT else None,
    )


def _keep_item(db: sqlite3.Connection, event: ItemEightySixed | ItemRestored) -> None:
    if isinstance(event, ItemRestored):
        db.execute("DELETE FROM eighty_six WHERE item_id = ?", (event.item_id,))
        return
    db.execute(
        "INSERT INTO eighty_six (item_id, at_ms, reason) VALUES (?,?,?) ON CONFLICT DO NOTHING",
        (event.item_id, event.at_ms, event.reason),
    )


def _keep_own(
    db: sqlite3.Connection, event: ProductEdited | StockMoved | StockCounted, place: int
) -> None:
    match event:
        case ProductEdited():
            keep_edit(db, event, place)
        case StockMoved():
            keep_moves(db, event, place)
        case StockCounted():
            keep_count(db, event, place)


def _known_answers(db: sqlite3.Connection, command_ids: set[str]) -> dict[str, Answer]:
    rows = db.execute(
        "SELECT command_id, digest, position, order_id, refusal, done FROM commands"
        " WHERE command_id IN (SELECT value FROM json_each(?))",
        (_ids(command_ids),),
    )
    return {
        command_id: Answer(
            digest, position, order_id, refusal and _refusal_decoder.decode(refusal), bool(done)
        )
        for command_id, digest, position, order_id, refusal, done in rows
    }


def _known_payments(db: sqlite3.Connection, payment_ids: Iterable[str]) -> frozenset[str]:
    rows = db.execute(
        "SELECT payment_id FROM payments WHERE payment_id IN (SELECT value FROM json_each(?1))"
        " UNION SELECT move_id FROM cash_moves WHERE move_id IN (SELECT value FROM json_each(?1))"
        " UNION SELECT refund_id FROM refunds WHERE refund_id IN (SELECT value FROM json_each(?1))",
        (_ids(payment_ids),),
    )
    return frozenset(row[0] for row in rows)


def _ids(ids: Iterable[str]) -> str:
    return json.dumps(sorted(ids))

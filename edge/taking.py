"""Stages 1 to 3: a command is taken once, decided by the rules, and committed before the answer."""

import sqlite3
from dataclasses import dataclass
from hashlib import blake2b

import msgspec

from edge.database import Database
from edge.journal import Journal
from edge.menu import Menus
from edge.outlet import Outlet
from protocol.commands import Envelope, PlaceOrder, TenderPayment
from protocol.events import ORDER_TAGS, Event, ItemEightySixed, ItemRestored, PaymentTaken, tag_of
from protocol.orders import Order
from protocol.refusals import Refusal
from protocol.rules import Moment, State, apply, decide

TRANSIENT = frozenset({"not_ready"})
"""Refusals that pass by themselves: not remembered, so that the same command may come again."""

COMMANDS_KEPT_MS = 60 * 24 * 3600 * 1000
"""How long a command's answer is remembered; field failures ask for at least 30 days."""

_order_encoder = msgspec.json.Encoder()
_order_decoder = msgspec.json.Decoder(Order)
_refusal_decoder = msgspec.json.Decoder(Refusal)
_digest_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Taken:
    """The yes to a command: on disk at `position`; `order_json` is the order as it now is."""

    command_id: str
    position: int
    repeated: bool
    order_json: bytes | None
    events: tuple[str, ...]

    @property
    def order(self) -> Order | None:
        """The order as it now is."""
        return None if self.order_json is None else _order_decoder.decode(self.order_json)


class Taking:
    """The one way in: every screen, importer and follower that asks for something comes here."""

    def __init__(self, database: Database, journal: Journal, menus: Menus, outlet: Outlet) -> None:
        self.database = database
        self.journal = journal
        self.menus = menus
        self.outlet = outlet
        self.accepted = 0
        self.refused = 0
        self.repeated = 0

    async def take(self, envelope: Envelope) -> Taken | Refusal:
        """Decide a command and keep what follows; returns after the commit is on disk.

        The same command id again returns the first answer. Raises Busy and DatabaseBroken
        (nothing was taken).
        """
        digest = _digest(envelope)
        answer = await self.database.write(lambda db: self._take(db, envelope, digest))
        if isinstance(answer, Refusal):
            self.refused += 1
        elif answer.repeated:
            self.repeated += 1
        else:
            self.accepted += 1
        return answer

    def _take(self, db: sqlite3.Connection, envelope: Envelope, digest: bytes) -> Taken | Refusal:
        known = db.execute(
            "SELECT digest, position, order_id, refusal FROM commands WHERE command_id = ?",
            (envelope.command_id,),
        ).fetchone()
        if known is not None:
            return _first_answer(db, envelope, digest, known)
        reading = self.journal.reading()
        moment = self.outlet.moment(reading, envelope.happened_ms)
        state = self._state(db, envelope, moment)
        outcome = decide(state, envelope.command, moment)
        if isinstance(outcome, Refusal):
            if outcome.code not in TRANSIENT:
                refusal = _order_encoder.encode(outcome)
                _remember(
                    db, envelope, digest, self.journal.position, None, refusal, reading.wall_ms
                )
            return outcome
        order, body = _fold(state.order, outcome)
        position = self.journal.position
        if outcome:
            position = self.journal.append(
                db,
                outcome,
                reading,
                command_id=envelope.command_id,
                actor=envelope.staff or envelope.screen,
                order=order,
            )
            _keep(db, outcome, order, body, position)
            if isinstance(envelope.command, PlaceOrder):
                _count_up(db, moment.business_date)
        order_id = order.order_id if order else None
        _remember(db, envelope, digest, position, order_id, None, reading.wall_ms)
        events = tuple(tag_of(e) for e in outcome)
        return Taken(envelope.command_id, position, False, body, events)

    def _state(self, db: sqlite3.Connection, envelope: Envelope, moment: Moment) -> State:
        command = envelope.command
        order_id = getattr(command, "order_id", None)
        row = None
        if order_id is not None:
            row = db.execute("SELECT body FROM orders WHERE order_id = ?", (order_id,)).fetchone()
        taken: frozenset[str] = frozenset()
        number = ""
        if isinstance(command, PlaceOrder):
            number = _next_number(db, moment.business_date)
        elif isinstance(command, TenderPayment):
            taken = _payment_taken(db, command.payment_id)
        return State(
            menu=self.menus.current(db),
            eighty_six=frozenset(r[0] for r in db.execute("SELECT item_id FROM eighty_six")),
            order=None if row is None else _order_decoder.decode(row[0]),
            order_number=number,
            tenders=self.outlet.tenders,
            taken_ids=taken,
            screen=envelope.screen,
            staff=envelope.staff,
            device_ms=envelope.device_ms,
            happened_ms=envelope.happened_ms,
        )


def load_order(db: sqlite3.Connection, order_id: str) -> Order | None:
    """The order as it now is, or None."""
    row = db.execute("SELECT body FROM orders WHERE order_id = ?", (order_id,)).fetchone()
    return None if row is None else _order_decoder.decode(row[0])


def forget_old_commands(db: sqlite3.Connection, now_ms: int) -> int:
    """Drop remembered answers older than `COMMANDS_KEPT_MS`; returns how many went."""
    before = now_ms - COMMANDS_KEPT_MS
    return db.execute("DELETE FROM commands WHERE at_ms < ?", (before,)).rowcount


def _first_answer(
    db: sqlite3.Connection,
    envelope: Envelope,
    digest: bytes,
    known: tuple[bytes, int, str | None, bytes | None],
) -> Taken | Refusal:
    first_digest, position, order_id, refusal = known
    if first_digest != digest:
        return Refusal("command_reused", {"command_id": envelope.command_id})
    if refusal is not None:
        return _refusal_decoder.decode(refusal)
    row = db.execute("SELECT body FROM orders WHERE order_id = ?", (order_id,)).fetchone()
    return Taken(envelope.command_id, position, True, row[0] if row else None, ())


def _fold(order: Order | None, events: list[Event]) -> tuple[Order | None, bytes | None]:
    for event in events:
        if not isinstance(event, (ItemEightySixed, ItemRestored)):
            assert tag_of(event) in ORDER_TAGS, f"the rules made a {tag_of(event)}"
            order = apply(order, event)  # type: ignore[arg-type]
    return order, None if order is None else _order_encoder.encode(order)


def _keep(
    db: sqlite3.Connection,
    events: list[Event],
    order: Order | None,
    body: bytes | None,
    position: int,
) -> None:
    for event in events:
        match event:
            case ItemEightySixed():
                db.execute(
                    "INSERT INTO eighty_six (item_id, at_ms, reason) VALUES (?,?,?)"
                    " ON CONFLICT DO NOTHING",
                    (event.item_id, event.at_ms, event.reason),
                )
            case ItemRestored():
                db.execute("DELETE FROM eighty_six WHERE item_id = ?", (event.item_id,))
            case PaymentTaken():
                db.execute(
                    "INSERT INTO payments (payment_id, order_id) VALUES (?,?)",
                    (event.payment.payment_id, event.order_id),
                )
    if order is None:
        return
    db.execute(
        "INSERT INTO orders (order_id, number, business_date, status, placed_ms, position, body)"
        " VALUES (?,?,?,?,?,?,?) ON CONFLICT (order_id) DO UPDATE"
        " SET status = excluded.status, position = excluded.position, body = excluded.body",
        (
            order.order_id,
            order.number,
            order.business_date,
            order.status.value,
            order.placed_ms,
            position,
            body,
        ),
    )


def _remember(
    db: sqlite3.Connection,
    envelope: Envelope,
    digest: bytes,
    position: int,
    order_id: str | None,
    refusal: bytes | None,
    at_ms: int,
) -> None:
    db.execute(
        "INSERT INTO commands (command_id, digest, position, order_id, refusal, at_ms)"
        " VALUES (?,?,?,?,?,?)",
        (envelope.command_id, digest, position, order_id, refusal, at_ms),
    )


def _next_number(db: sqlite3.Connection, business_date: str) -> str:
    row = db.execute(
        "SELECT last FROM order_numbers WHERE business_date = ?", (business_date,)
    ).fetchone()
    series = db.execute("SELECT value FROM facts WHERE name = 'series'").fetchone()
    return f"{series[0] if series else 'A'}{(row[0] if row else 0) + 1:03}"


def _count_up(db: sqlite3.Connection, business_date: str) -> None:
    db.execute(
        "INSERT INTO order_numbers (business_date, last) VALUES (?, 1)"
        " ON CONFLICT (business_date) DO UPDATE SET last = last + 1",
        (business_date,),
    )


def _payment_taken(db: sqlite3.Connection, payment_id: str) -> frozenset[str]:
    row = db.execute("SELECT 1 FROM payments WHERE payment_id = ?", (payment_id,)).fetchone()
    return frozenset({payment_id}) if row else frozenset()


def _digest(envelope: Envelope) -> bytes:
    asked = _digest_encoder.encode((envelope.command, envelope.happened_ms))
    return blake2b(asked, digest_size=16).digest()

"""Unpaid lines take new prices when menu or prices arrive, in the transaction that brings them."""

import logging
import sqlite3

import msgspec

from edge.feed_rows import Arrival
from edge.house import read_house
from edge.journal import Journal
from edge.menu import Menus
from edge.outlet import Outlet
from protocol.events import Event, LineRepriced
from protocol.feed import Notice
from protocol.ids import CommandId, derive
from protocol.money import CURRENCIES, format_amount
from protocol.orders import Order
from protocol.rules import apply
from protocol.rules.price_verdicts import Policy, reprice
from protocol.rules.promoting import applied_to

log = logging.getLogger("edge.repricing")

TOLD_MS = 10 * 60 * 1000
"""How long screens say that orders were priced anew."""
_FACT = "repriced_for"
_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(Order)


class Repricing:
    """HQ owns prices: what nobody has paid and no kitchen has got is charged as HQ now says.

    The box holds to what it promised: a line keeps the price of the moment it was added, so this
    changes something only where HQ changed its mind about that moment.
    """

    def __init__(self, journal: Journal, menus: Menus, policy: Policy, outlet: Outlet) -> None:
        self.journal = journal
        self.menus = menus
        self.policy: Policy = policy
        self.outlet = outlet
        self._told: list[tuple[int, str]] = []

    def follow(self, db: sqlite3.Connection, at: Arrival) -> None:
        """Price open orders anew if what they are priced from has changed."""
        regime = self.menus.regime(db)
        if db.execute(
            "SELECT 1 FROM facts WHERE name = ? AND value = ?", (_FACT, regime)
        ).fetchone():
            return
        told = []
        for order in _open_orders(db):
            event = reprice(order, self.menus.current(db), self.policy, at.reading.wall_ms)
            if event is not None:
                told.append((at.reading.mono_ms, self._keep(db, order, event, regime, at)))
        db.execute("INSERT OR REPLACE INTO facts (name, value) VALUES (?,?)", (_FACT, regime))
        self._told = [*self._told, *told]

    def notices(self) -> list[Notice]:
        """What staff should hear about now: whose bill is another one than they have seen."""
        since = self.journal.platform.mono_ms() - TOLD_MS
        self._told = [(when, said) for when, said in self._told if when > since]
        if not self._told:
            return []
        bills = "; ".join(said for _, said in self._told[-5:])
        more = len(self._told) - 5
        rest_en, rest_id = (f" and {more} more", f" dan {more} lagi") if more > 0 else ("", "")
        return [
            Notice(
                code="repriced",
                en=f"HQ's prices changed for open orders: {bills}{rest_en}. Tell the guests before"
                " they pay.",
                id=f"Harga dari pusat berubah untuk pesanan terbuka: {bills}{rest_id}. Beri tahu"
                " tamu sebelum membayar.",
            )
        ]

    def _keep(
        self,
        db: sqlite3.Connection,
        order: Order,
        event: LineRepriced,
        regime: str,
        at: Arrival,
    ) -> str:
        events: list[Event] = [event]
        new = apply(order, event)
        offers = applied_to(new, read_house(db), self.outlet.moment(at.reading))
        if offers is not None:
            events.append(offers)
            new = apply(new, offers)
        # Derived from the order and what it is priced from: done twice, it is one event.
        command = CommandId(f"reprice:{derive(order.order_id, regime, at.incarnation)}")
        position = self.journal.append(
            db, events, at.reading, command_id=command, actor="hq", orders={new.order_id: new}
        )
        db.execute(
            "UPDATE orders SET status = ?, position = ?, body = ? WHERE order_id = ?",
            (new.status.value, position, _encode(new), new.order_id),
        )
        currency = CURRENCIES[order.currency]
        was, now = (format_amount(x, currency) for x in (event.was, new.totals.total))
        log.info("order %s was %s and is %s now: %s", order.number, was, now, event.why)
        return f"{order.number} {was} → {now}"


def _open_orders(db: sqlite3.Connection) -> list[Order]:
    rows = db.execute(
        "SELECT body FROM orders WHERE status NOT IN ('closed', 'cancelled') ORDER BY placed_ms"
    )
    return [_decoder.decode(row[0]) for row in rows.fetchall()]

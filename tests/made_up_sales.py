"""Made-up sales for tests of HQ: the events of orders, and the journal entries they travel in."""

import itertools

from protocol import events as e
from protocol.clock import Confidence, stamp_at
from protocol.ids import derive, named_uuid
from protocol.journal import Entry
from protocol.orders import DiningOption, Line, Payment, Source, Totals

NOON_MS = 1_767_330_000_000
"""12:00 in Jakarta on 2 January 2026."""
DAY = "2026-01-02"


class Till:
    """Makes the events of made-up orders, and the journal entries they travel in."""

    def __init__(self, name="till"):
        self.name = name
        self._ticks = itertools.count(1)
        self._numbers = itertools.count(1)

    def placed(self, *amounts, order=None, day=DAY, hour=12, **changes):
        number = next(self._numbers)
        order_id = order or named_uuid(self.name, "order", str(number))
        lines = tuple(
            self.line(order_id, index, amount) for index, amount in enumerate(amounts or (25_000,))
        )
        total = sum(line.amount for line in lines)
        values = {
            "order_id": order_id,
            "number": f"A{number:03}",
            "business_date": day,
            "hour": hour,
            "at_ms": NOON_MS + number,
            "confidence": Confidence.SYNCED,
            "source": Source.COUNTER,
            "dining_option": DiningOption.DINE_IN,
            "lines": lines,
            "totals": Totals(lines=total, total=total),
            "currency": "IDR",
            "menu_version": 1,
        }
        return e.OrderPlaced(**values | changes)

    def line(self, order_id, index, amount, **changes):
        values = {
            "line_id": named_uuid(order_id, "line", str(index)),
            "item_id": "kopi" if index % 2 == 0 else "roti",
            "variant_id": "kopi-l",
            "plu": "1001",
            "names": {"id": "Kopi" if index % 2 == 0 else "Roti", "en": "Coffee"},
            "variant_names": {"id": "Besar", "en": "Large"},
            "category_id": "minuman" if index % 2 == 0 else "makanan",
            "size": "L" if index % 2 == 0 else None,
            "quantity": 1,
            "unit_price": amount,
            "expected": amount,
            "amount": amount,
            "station_ids": ("kitchen",),
        }
        return Line(**values | changes)

    def paid(self, placed, tender="cash", amount=None):
        amount = placed.totals.total if amount is None else amount
        payment = Payment(
            payment_id=named_uuid(placed.order_id, "payment", tender),
            tender=tender,
            amount=amount,
            tendered=amount,
            change=0,
            at_ms=NOON_MS + 1,
        )
        return e.PaymentTaken(
            order_id=placed.order_id,
            payment=payment,
            business_date=placed.business_date,
            hour=placed.hour,
            due_after=placed.totals.total - amount,
        )

    def voided(self, placed, index=0):
        line = placed.lines[index]
        total = placed.totals.total - line.amount
        return e.LineVoided(
            order_id=placed.order_id,
            line_id=line.line_id,
            at_ms=NOON_MS,
            reason="wrong",
            totals=Totals(lines=total, total=total),
        )

    def cancelled(self, placed):
        return e.OrderCancelled(order_id=placed.order_id, at_ms=NOON_MS, reason="left")

    def entry(self, event, **changes):
        tick = next(self._ticks)
        kind, thing = e.aggregate_of(event)
        values = {
            "event_id": derive(self.name, "event", str(tick)),
            "type": e.tag_of(event),
            "version": e.EVENT_VERSION,
            "aggregate_kind": kind,
            "aggregate_id": thing,
            "stamp": stamp_at(NOON_MS) + tick,
            "wall_ms": NOON_MS + tick,
            "mono_ms": tick,
            "boot": "boot",
            "confidence": Confidence.SYNCED,
            "command_id": named_uuid(self.name, "command", str(tick)),
            "actor": "counter",
            "body": e.encode(event),
        }
        return Entry(**values | changes)

    def entries(self, *events):
        return tuple(self.entry(event) for event in events)

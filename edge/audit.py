"""The outlet's audit trail of a business date, from its own journal."""

import json
import sqlite3
from collections.abc import Sequence

import msgspec

from edge.house import read_house
from edge.outlet import Outlet, zone_of
from protocol.audit import AUDIT_ROWS_MAX, AUDITED_SQL, AuditPage, AuditRow, Known, told
from protocol.clock import STAMP_MAX, stamp_at
from protocol.events import Event, decode
from protocol.menu import Names
from protocol.money import CURRENCIES
from protocol.orders import Order
from protocol.trading_day import bounds_of

_order_decoder = msgspec.json.Decoder(Order)


def audit_of(
    db: sqlite3.Connection, business_date: str, outlet: Outlet, people: dict[str, str]
) -> AuditPage:
    """Who did what on a business date, newest first."""
    first_ms, last_ms = bounds_of(business_date, zone_of(outlet.zone), outlet.rollover_hour)
    rows = db.execute(
        f"SELECT actor, body FROM journal WHERE {AUDITED_SQL} AND stamp >= ? AND stamp < ?"
        " AND standing <> 2 ORDER BY stamp DESC LIMIT ?",
        (*(min(stamp_at(x), STAMP_MAX) for x in (first_ms, last_ms)), AUDIT_ROWS_MAX + 1),
    ).fetchall()
    found = [(actor, event) for actor, body in rows if (event := _event(body)) is not None]
    known = _known(db, [event for _, event in found], outlet, people)
    shown: list[AuditRow] = []
    for actor, event in found[:AUDIT_ROWS_MAX]:
        row = told(event, actor, known)
        if row is not None:
            shown.append(row)
    return AuditPage(
        business_date=business_date, rows=tuple(shown), more=len(rows) > AUDIT_ROWS_MAX
    )


def _event(body: bytes) -> Event | None:
    try:
        return decode(body)
    except msgspec.MsgspecError:
        return None  # of a newer build, that ran here before


def _known(
    db: sqlite3.Connection, events: Sequence[Event], outlet: Outlet, people: dict[str, str]
) -> Known:
    ids = {getattr(e, "order_id", None) or getattr(e, "subject", "") for e in events}
    rows = db.execute(
        "SELECT body FROM orders WHERE order_id IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(ids)),),
    )
    numbers: dict[str, str] = {}
    lines: dict[str, tuple[Names, int, int]] = {}
    for (body,) in rows:
        order = _order_decoder.decode(body)
        numbers[order.order_id] = order.number
        lines |= {x.line_id: (x.names, x.quantity, x.amount) for x in order.lines}
    tills = {till.id: till.name for till in read_house(db).tills}
    return Known(people, numbers, lines, CURRENCIES[outlet.currency], tills)

"""The audit trail of one outlet and business date, from the ledger itself."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import msgspec

from cloud.database import Database, Row, Transaction
from protocol.audit import AUDIT_ROWS_MAX, AUDITED_SQL, AuditPage, AuditRow, Known, told
from protocol.clock import STAMP_MAX, stamp_at
from protocol.events import Event, decode
from protocol.menu import Names
from protocol.money import CURRENCIES
from protocol.trading_day import bounds_of


class UnknownOutlet(Exception):
    """The tenant has no such outlet."""


async def audit_of(
    database: Database, tenant_id: str, outlet_id: str, business_date: str
) -> AuditPage:
    """Who did what at an outlet, newest first. Raises UnknownOutlet."""
    async with database.reading(tenant_id) as tx:
        place = await tx.fetchrow(
            """SELECT zone, rollover_hour, currency FROM outlets
               WHERE tenant_id = $1 AND outlet_id = $2""",
            *(tenant_id, outlet_id),
        )
        if place is None:
            raise UnknownOutlet(outlet_id)
        first_ms, last_ms = bounds_of(
            business_date, ZoneInfo(place["zone"]), place["rollover_hour"]
        )
        rows = await tx.fetch(
            f"""SELECT actor, body, duplicate FROM ledger WHERE tenant_id = $1 AND outlet_id = $2
                AND {AUDITED_SQL} AND stamp >= $3 AND stamp < $4 ORDER BY stamp DESC LIMIT $5""",
            *(tenant_id, outlet_id, *(min(stamp_at(x), STAMP_MAX) for x in (first_ms, last_ms))),
            AUDIT_ROWS_MAX + 1,
        )
        read = [(row["actor"], e) for row in rows if not row["duplicate"] and (e := _event(row))]
        known = await _known(tx, (tenant_id, outlet_id), [e for _, e in read], place["currency"])
    shown: list[AuditRow] = []
    for actor, event in read[:AUDIT_ROWS_MAX]:
        row = told(event, actor, known)
        if row is not None:
            shown.append(row)
    return AuditPage(
        business_date=business_date, rows=tuple(shown), more=len(rows) > AUDIT_ROWS_MAX
    )


def _event(row: Row) -> Event | None:
    try:
        return decode(row["body"])
    except (msgspec.MsgspecError, RecursionError):
        return None  # of a newer box; it is in the ledger, and a newer HQ tells of it


async def _known(
    tx: Transaction, at: tuple[str, str], events: Sequence[Event], currency: str
) -> Known:
    people = await tx.fetch("SELECT staff_id, name FROM people WHERE tenant_id = $1", at[0])
    ids = {str(getattr(e, "order_id", None) or getattr(e, "subject", "")) for e in events}
    wanted = sorted(x for x in ids if "\x00" not in x)
    orders = await tx.fetch(
        """SELECT order_id, number FROM orders
           WHERE tenant_id = $1 AND outlet_id = $2 AND order_id = ANY($3::text[])""",
        *(*at, wanted),
    )
    rows = await tx.fetch(
        """SELECT line_id, names, quantity, amount FROM order_lines
           WHERE tenant_id = $1 AND outlet_id = $2 AND order_id = ANY($3::text[])""",
        *(*at, wanted),
    )
    lines = {
        r["line_id"]: (msgspec.json.decode(r["names"], type=Names), r["quantity"], r["amount"])
        for r in rows
    }
    return Known(
        {str(r["staff_id"]): r["name"] for r in people},
        {r["order_id"]: r["number"] for r in orders},
        lines,
        CURRENCIES[currency],
    )

"""The outlet's own figures."""

import sqlite3
from datetime import date
from typing import Annotated

from litestar import get
from litestar.params import QueryParameter

from edge import reports
from edge.asking import Asking, Caller
from edge.routes.errors import Refused
from edge.routes.given import Asker, Database, Journal, Menus, Outlet, Staffing
from edge.standing import any_open
from protocol.reports import SalesReport


@get("/api/reports/sales", tags=["Reports"], summary="Sales of a range of business dates")
async def sales_report(
    database: Database,
    menus: Menus,
    journal: Journal,
    outlet: Outlet,
    staffing: Staffing,
    asker: Asker,
    first: Annotated[date | None, QueryParameter(name="from")] = None,
    last: Annotated[date | None, QueryParameter(name="to")] = None,
) -> SalesReport:
    """Without dates: today's business date.

    While a till is open, not for whoever counts it blind: the sales of the day say what is in it.
    """
    await ensure_not_blind(database, staffing.asking, asker)
    today = outlet.moment(journal.reading()).business_date
    start = first.isoformat() if first else today
    end = last.isoformat() if last else max(start, today)

    def work(db: sqlite3.Connection) -> SalesReport:
        index = menus.current(db)
        currency = index.menu.currency if index.menu.version else outlet.currency
        return reports.sales(db, index, start, end, currency)

    return await database.read(work)


async def ensure_not_blind(database: Database, asking: Asking, asker: Caller | None) -> None:
    """Raises Refused for whoever counts blind while there is a till to be counted."""
    no = asking.blind(asker)
    if no is not None and await database.read(any_open):
        raise Refused(no)

"""The outlet's own figures."""

import sqlite3
from datetime import date
from typing import Annotated

from litestar import get
from litestar.params import QueryParameter

from edge import reports
from edge.routes.given import Database, Journal, Menus, Outlet
from protocol.reports import SalesReport


@get("/api/reports/sales", tags=["Reports"], summary="Sales of a range of business dates")
async def sales_report(
    database: Database,
    menus: Menus,
    journal: Journal,
    outlet: Outlet,
    first: Annotated[date | None, QueryParameter(name="from")] = None,
    last: Annotated[date | None, QueryParameter(name="to")] = None,
) -> SalesReport:
    """Without dates: today's business date."""
    today = outlet.moment(journal.reading()).business_date
    start = first.isoformat() if first else today
    end = last.isoformat() if last else max(start, today)

    def work(db: sqlite3.Connection) -> SalesReport:
        index = menus.current(db)
        currency = index.menu.currency if index.menu.version else outlet.currency
        return reports.sales(db, index, start, end, currency)

    return await database.read(work)

"""`GET /api/audit`: who took something off, opened a drawer, approved or signed in, in words."""

from datetime import date
from typing import Annotated

from litestar import get
from litestar.params import QueryParameter

from edge.audit import audit_of
from edge.routes.errors import Refused
from edge.routes.given import Asker, Database, Journal, Outlet, Staffing
from protocol.audit import AuditPage
from protocol.staff import May


@get("/api/audit", tags=["Staff"], summary="Who did what on a business date")
async def audit(
    database: Database,
    journal: Journal,
    outlet: Outlet,
    staffing: Staffing,
    asker: Asker,
    day: Annotated[date | None, QueryParameter(name="date")] = None,
) -> AuditPage:
    """For whoever may close the day; newest first. Without a date: today's."""
    if (no := staffing.asking.lacks(asker, May.CLOSE_DAY)) is not None:
        raise Refused(no)
    of = day.isoformat() if day else outlet.moment(journal.reading()).business_date
    return await database.read(lambda db: audit_of(db, of, outlet, staffing.people.names()))

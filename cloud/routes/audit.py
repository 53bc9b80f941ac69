"""`GET /api/audit`: who did what at an outlet on a business date."""

from datetime import date
from typing import Annotated

from litestar import Router, get
from litestar.params import QueryParameter

from cloud.audit import UnknownOutlet, audit_of
from cloud.problems import Troubled
from cloud.routes.errors import NEEDS_KEY, says_no
from cloud.routes.given import Guest, Hq
from protocol.audit import AuditPage
from protocol.ids import is_uuid


@get("", summary="Who did what at an outlet", responses=says_no(*NEEDS_KEY, 404))
async def audit(
    hq: Hq,
    visitor: Guest,
    outlet: Annotated[str, QueryParameter(description="The outlet's id")] = "",
    day: Annotated[date | None, QueryParameter(name="date", description="Business date")] = None,
) -> AuditPage:
    """Voids, discounts, comps, refunds, drawers, reprints, approvals, sign-ins; newest first."""
    if day is None:
        raise Troubled("bad_request", detail="date must be a business date such as 2026-01-31.")
    if not is_uuid(outlet):
        raise Troubled("unknown_outlet", outlet=outlet)
    try:
        return await audit_of(hq.database, visitor.tenant_id, outlet, day.isoformat())
    except UnknownOutlet:
        raise Troubled("unknown_outlet", outlet=outlet) from None


audits = Router("/api/audit", route_handlers=[audit], tags=["people"])

"""`GET /api/audit`: who did what between two business dates, at one outlet or at all of them."""

from datetime import date
from typing import Annotated

from litestar import Router, get
from litestar.params import FromQuery, QueryParameter

from cloud.audit import Asked, Trail, UnknownOutlet, UnknownPlace, trail_of
from cloud.problems import Troubled
from cloud.routes.errors import NEEDS_KEY, says_no
from cloud.routes.given import Guest, Hq
from protocol.audit import AuditKind
from protocol.ids import is_uuid


@get("", summary="Who did what, at an outlet or all of them", responses=says_no(*NEEDS_KEY, 404))
async def audit(
    hq: Hq,
    visitor: Guest,
    outlet: Annotated[str, QueryParameter(description="The outlet's id; absent: all")] = "",
    day: Annotated[date | None, QueryParameter(name="date", description="Business date")] = None,
    first: Annotated[
        date | None, QueryParameter(name="from", description="In place of date")
    ] = None,
    last: Annotated[date | None, QueryParameter(name="to", description="Included")] = None,
    kind: Annotated[AuditKind | None, QueryParameter(description="Only deeds of this kind")] = None,
    who: Annotated[str, QueryParameter(description="Name of who did or approved it")] = "",
    after: FromQuery[str] = "",
) -> Trail:
    """Voids, discounts, comps, refunds, drawers, reprints, approvals, sign-ins; newest first.

    `after`: `next` of the answer before.
    """
    first, last = first or day, last or day or first
    if first is None or last is None:
        raise Troubled("bad_request", detail="date must be a business date such as 2026-01-31.")
    if outlet and not is_uuid(outlet):
        raise Troubled("unknown_outlet", outlet=outlet)
    asked = Asked(first, last, outlet, kind, who, after)
    try:
        return await trail_of(hq.database, visitor.tenant_id, asked)
    except UnknownOutlet:
        raise Troubled("unknown_outlet", outlet=outlet) from None
    except UnknownPlace:
        raise Troubled("bad_request", detail="after is not the end of an answer.") from None


audits = Router("/api/audit", route_handlers=[audit], tags=["people"])

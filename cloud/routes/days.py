"""Closed days with their certificates, and shifts."""

from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import Router, get
from litestar.params import FromPath, FromQuery, QueryParameter

from cloud.day_views import DayList, DayView, ShiftList
from cloud.problems import Troubled
from cloud.routes.errors import NEEDS_KEY, says_no
from cloud.routes.given import Guest, Hq

First = Annotated[str | None, QueryParameter(name="from", description="Business date, included")]
Last = Annotated[str | None, QueryParameter(name="to", description="Business date, included")]


@get("/days", summary="Closed days, newest first", responses=says_no(*NEEDS_KEY, 404))
async def days(
    hq: Hq,
    visitor: Guest,
    first: First = None,
    last: Last = None,
    outlet: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> DayList:
    """What each box printed, what HQ counts itself, and whether both were signed as the same."""
    return await hq.days.listed(
        visitor.tenant_id,
        outlet_id=_outlet(outlet),
        first=_date(first, "from"),
        last=_date(last, "to"),
        limit=limit,
    )


@get(
    "/days/{outlet_id:str}/{number:str}",
    summary="One closed day",
    responses=says_no(*NEEDS_KEY, 404),
)
async def day(hq: Hq, visitor: Guest, outlet_id: FromPath[str], number: FromPath[str]) -> DayView:
    """A Z report of an outlet by its number."""
    outlet = _outlet(outlet_id) or ""
    known = number.isascii() and number.isdecimal() and len(number) < 10
    found = await hq.days.find(visitor.tenant_id, outlet, int(number)) if known else None
    if found is None:
        raise Troubled("unknown_day", number=number[:20])
    return found


@get("/shifts", summary="Shifts of tills, newest first", responses=says_no(*NEEDS_KEY, 404))
async def shifts(
    hq: Hq,
    visitor: Guest,
    first: First = None,
    last: Last = None,
    outlet: FromQuery[str | None] = None,
    only_open: Annotated[bool, QueryParameter(name="open")] = False,
) -> ShiftList:
    """Each with what was counted, what should have been there, and what moved."""
    return await hq.days.shifts(
        visitor.tenant_id,
        outlet_id=_outlet(outlet),
        first=_date(first, "from"),
        last=_date(last, "to"),
        only_open=only_open,
    )


def _date(text: str | None, name: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Troubled(
            "bad_request", detail=f"{name} must be a date such as 2015-01-31, not {text!r}."
        ) from None


def _outlet(text: str | None) -> str | None:
    if not text:
        return None
    try:
        return str(UUID(text))
    except ValueError:
        raise Troubled("unknown_outlet", outlet=text) from None


closed_days = Router("/api", route_handlers=[days, day, shifts], tags=["days"])

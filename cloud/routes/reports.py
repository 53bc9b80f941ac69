"""Sales and orders, as HQ asks for them."""

import re
from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import Router, get
from litestar.params import FromPath, FromQuery, QueryParameter

from cloud.lookups import OrderHistory, OrderList, find_history, list_orders
from cloud.problems import Troubled
from cloud.reports import SalesAtHq, Today, UnknownOutlet
from cloud.routes.errors import NEEDS_KEY, says_no
from cloud.routes.given import Guest, Hq

PLACE = re.compile(r"([0-9]{1,18})(?:-([^\x00]{1,200}))?")
"""Where a page of orders begins: a time (Unix milliseconds), and the order at it."""


@get(
    "/reports/sales",
    summary="Sales of business dates, and how complete they are",
    responses=says_no(*NEEDS_KEY, 404),
)
async def sales(
    hq: Hq,
    visitor: Guest,
    first: Annotated[str, QueryParameter(name="from", description="Business date, included")],
    last: Annotated[str, QueryParameter(name="to", description="Business date, included")],
    outlet: FromQuery[str | None] = None,
) -> SalesAtHq:
    """Totals, and the same by day, hour, category, size, item, tender and outlet."""
    begin, end = _date(first, "from"), _date(last, "to")
    if begin > end:
        raise Troubled("bad_request", detail=f"from {first} is after to {last}.")
    chosen = _outlet(outlet)
    try:
        return await hq.reports.sales(visitor.tenant_id, begin, end, chosen)
    except UnknownOutlet:
        raise Troubled("unknown_outlet", outlet=outlet) from None


@get("/reports/today", summary="Every outlet's business date so far", responses=says_no(*NEEDS_KEY))
async def today(hq: Hq, visitor: Guest) -> Today:
    """The same figures that the feed starts with."""
    return await hq.reports.today(visitor.tenant_id)


@get("/orders", summary="Orders, newest first", responses=says_no(*NEEDS_KEY, 404))
async def orders(  # each is a question of its own
    hq: Hq,
    visitor: Guest,
    outlet: FromQuery[str | None] = None,
    day: Annotated[str | None, QueryParameter(name="date", description="Business date")] = None,
    number: FromQuery[str | None] = None,
    before: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> OrderList:
    """Orders that fit all of what is given; `before`, the `next` of a page, turns it."""
    return await list_orders(
        hq.database,
        visitor.tenant_id,
        outlet_id=_outlet(outlet),
        day=_date(day, "date") if day else None,
        number=_plain(number) if number else None,
        before=_place(before) if before else None,
        limit=limit,
    )


@get(
    "/orders/{order_id:str}",
    summary="One order with all that happened to it",
    responses=says_no(*NEEDS_KEY, 404),
)
async def order(hq: Hq, visitor: Guest, order_id: FromPath[str]) -> OrderHistory:
    """Read from the ledger itself."""
    found = await find_history(hq.database, visitor.tenant_id, _plain(order_id))
    if found is None:
        raise Troubled("unknown_order", order_id=order_id)
    return found


def _date(text: str, name: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Troubled(
            "bad_request", detail=f"{name} must be a date such as 2015-01-31, not {text!r}."
        ) from None


def _place(text: str) -> tuple[int, str]:
    found = PLACE.fullmatch(text)
    if found is None:
        raise Troubled("bad_request", detail=f"before is not the next of a page: {text!r}.")
    return int(found[1]), found[2] or ""


def _outlet(text: str | None) -> str | None:
    if not text:
        return None
    try:
        return str(UUID(text))
    except ValueError:
        raise Troubled("unknown_outlet", outlet=text) from None


def _plain(text: str) -> str:
    """Postgres keeps no NUL in text, so nothing that has one can be found."""
    return text.replace("\x00", "\ufffd")


reports = Router("/api", route_handlers=[sales, today, orders, order], tags=["reports"])

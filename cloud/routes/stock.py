"""Stock as HQ's staff see and set it."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from cloud.problems import Troubled
from cloud.routes.errors import NEEDS_KEY, says_no
from cloud.routes.given import Guest, Hq
from cloud.stock import QUANTITY_MAX, StockView, UnknownItem, UnknownPlace


class StockList(msgspec.Struct, frozen=True, kw_only=True):
    """Every counted item of the outlets asked for."""

    stock: tuple[StockView, ...]


class StockSet(msgspec.Struct, frozen=True, kw_only=True):
    """How many there are, after everything HQ has received from the outlet."""

    quantity: Annotated[int, msgspec.Meta(ge=0, le=QUANTITY_MAX)]


@get("", summary="Stock levels as HQ has them", responses=says_no(*NEEDS_KEY, 404))
async def list_stock(hq: Hq, visitor: Guest, outlet: FromQuery[str | None] = None) -> StockList:
    """A level may be below zero: a sale is never refused for a number."""
    outlet_id = _outlet(outlet) if outlet else None
    return StockList(stock=tuple(await hq.stock.list(visitor.tenant_id, outlet_id)))


@post(
    "/{outlet_id:str}/{item_id:str}",
    status_code=200,
    summary="Set the stock of an item at an outlet",
    responses=says_no(*NEEDS_KEY, 404),
)
async def set_stock(
    outlet_id: FromPath[str],
    item_id: FromPath[str],
    data: JSONBody[StockSet],
    hq: Hq,
    visitor: Guest,
) -> StockView:
    """Sales that HQ has not received yet still subtract from it."""
    try:
        return await hq.stock.set(
            visitor.tenant_id, _outlet(outlet_id), item_id, data.quantity, visitor.name
        )
    except UnknownPlace:
        raise Troubled("unknown_outlet", outlet=outlet_id) from None
    except UnknownItem:
        raise Troubled("unknown_product", item_id=item_id) from None


def _outlet(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise Troubled("unknown_outlet", outlet=text) from None


stock = Router("/api/stock", route_handlers=[list_stock, set_stock], tags=["stock"])

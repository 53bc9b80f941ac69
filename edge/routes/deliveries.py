"""Where each line of an order is: on its way, with a named display or printer, or with a person."""

from functools import partial

from litestar import get
from litestar.params import FromPath

from edge.deliveries import told_of
from edge.routes.errors import Refused
from edge.routes.given import Database, Feed
from protocol.deliveries import LineDelivery
from protocol.refusals import Refusal


@get(
    "/api/orders/{order_id:str}/deliveries",
    tags=["Orders"],
    summary="Where an order's lines are in the kitchen",
)
async def order_deliveries(
    order_id: FromPath[str], database: Database, feed: Feed
) -> list[LineDelivery]:
    """Every fired line at each of its stations; the same as the live feed tells."""
    found = await database.read(partial(told_of, order_id=order_id, sent=feed.sent()))
    if found is None:
        raise Refused(Refusal("unknown_order", {"order_id": order_id}))
    return list(found)

"""HQ's price book: publish one, read the current one."""

from litestar import Router, get, post
from litestar.params import JSONBody

from cloud.prices import PublishedPrices, UnfitPrices
from cloud.problems import Troubled
from cloud.routes.errors import NEEDS_KEY, says_no
from cloud.routes.given import Guest, Hq
from protocol.prices import PriceBook

BOOK_BYTES_MAX = 8 * 1024 * 1024


@post(
    "",
    status_code=200,
    summary="Publish a price book to every outlet",
    responses=says_no(*NEEDS_KEY, 413, 422),
    request_max_body_size=BOOK_BYTES_MAX,
)
async def publish(data: JSONBody[PriceBook], hq: Hq, visitor: Guest) -> PublishedPrices:
    """The whole book, with dates; HQ numbers it. Outlets that are away change prices on time, too."""
    try:
        return await hq.prices.publish(visitor.tenant_id, data)
    except UnfitPrices as no:
        raise Troubled("unfit_prices", faults=no.faults, count=len(no.faults)) from None


@get("", summary="The price book that outlets have", responses=says_no(*NEEDS_KEY, 404))
async def current(hq: Hq, visitor: Guest) -> PriceBook:
    """With the number HQ gave it. Without one the menu's own prices hold."""
    book = await hq.prices.find_current(visitor.tenant_id)
    if book is None:
        raise Troubled("no_prices")
    return book


prices = Router("/api/prices", route_handlers=[publish, current], tags=["prices"])

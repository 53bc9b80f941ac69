"""Who makes what at one outlet: read it, and say it."""

from litestar import Router, get, put
from litestar.params import FromPath, JSONBody

from cloud.problems import Troubled
from cloud.routes.errors import NEEDS_KEY, says_no
from cloud.routes.given import Guest, Hq
from cloud.routing import OutletRouting, PublishedRouting, UnfitRouting, UnknownOutlet
from protocol.ids import is_uuid
from protocol.routing import Routing

ROUTING_BYTES_MAX = 1024 * 1024


@get("", summary="Who makes what at an outlet", responses=says_no(*NEEDS_KEY, 404))
async def show(outlet_id: FromPath[str], hq: Hq, visitor: Guest) -> OutletRouting:
    """Where it differs from the menu, and which items have only the fallback station."""
    try:
        return await hq.routing.show(visitor.tenant_id, _outlet(outlet_id))
    except UnknownOutlet:
        raise Troubled("unknown_outlet", outlet=outlet_id) from None


@put(
    "",
    status_code=200,
    summary="Say who makes what at an outlet",
    responses=says_no(*NEEDS_KEY, 404, 413, 422),
    request_max_body_size=ROUTING_BYTES_MAX,
)
async def publish(
    outlet_id: FromPath[str], data: JSONBody[Routing], hq: Hq, visitor: Guest
) -> PublishedRouting:
    """The whole routing; an empty one leaves everything to the menu. It holds for new lines."""
    try:
        return await hq.routing.publish(visitor.tenant_id, _outlet(outlet_id), data)
    except UnknownOutlet:
        raise Troubled("unknown_outlet", outlet=outlet_id) from None
    except UnfitRouting as no:
        raise Troubled("unfit_routing", faults=no.faults, count=len(no.faults)) from None


def _outlet(text: str) -> str:
    if not is_uuid(text):
        raise Troubled("unknown_outlet", outlet=text)
    return text


routing = Router(
    "/api/outlets/{outlet_id:str}/routing", route_handlers=[show, publish], tags=["routing"]
)

"""The rules of the house: read them, publish them, for everybody or for one outlet."""

from litestar import Router, delete, get, put
from litestar.params import FromPath, FromQuery, JSONBody

from cloud.house import (
    ChangedMeanwhile,
    HouseShown,
    PublishedHouse,
    UnfitHouse,
    UnknownOutlet,
)
from cloud.problems import Troubled
from cloud.routes.errors import NEEDS_KEY, says_no
from cloud.routes.given import Guest, Hq
from protocol.house import House
from protocol.ids import is_uuid

HOUSE_BYTES_MAX = 2 * 1024 * 1024


@get("/api/house", summary="The house rules of all outlets", responses=says_no(*NEEDS_KEY))
async def show_everybodys(hq: Hq, visitor: Guest) -> HouseShown:
    """Taxes, service charge, promotions, floor plan and the rest; version 0 before the first."""
    return await hq.house.show(visitor.tenant_id)


@put(
    "/api/house",
    status_code=200,
    summary="Publish house rules to every outlet",
    responses=says_no(*NEEDS_KEY, 409, 413, 422),
    request_max_body_size=HOUSE_BYTES_MAX,
)
async def publish_everybodys(
    data: JSONBody[House], hq: Hq, visitor: Guest, replaces: FromQuery[int | None] = None
) -> PublishedHouse:
    """The whole of them. `replaces`: the version that was read; refused when it is another now.

    Outlets with rules of their own keep those. Orders that were placed keep the rules of then.
    """
    return await _publish(hq, visitor, data, None, replaces)


@get(
    "/api/outlets/{outlet_id:str}/house",
    summary="The house rules of one outlet",
    responses=says_no(*NEEDS_KEY, 404),
)
async def show(outlet_id: FromPath[str], hq: Hq, visitor: Guest) -> HouseShown:
    """Its own when `own` is true, else everybody's."""
    try:
        return await hq.house.show(visitor.tenant_id, _outlet(outlet_id))
    except UnknownOutlet:
        raise Troubled("unknown_outlet", outlet=outlet_id) from None


@put(
    "/api/outlets/{outlet_id:str}/house",
    status_code=200,
    summary="Publish house rules of its own to one outlet",
    responses=says_no(*NEEDS_KEY, 404, 409, 413, 422),
    request_max_body_size=HOUSE_BYTES_MAX,
)
async def publish(
    outlet_id: FromPath[str],
    data: JSONBody[House],
    hq: Hq,
    visitor: Guest,
    replaces: FromQuery[int | None] = None,
) -> PublishedHouse:
    """In place of everybody's, whole: what is left out here holds nowhere at this outlet."""
    return await _publish(hq, visitor, data, _outlet(outlet_id), replaces)


@delete(
    "/api/outlets/{outlet_id:str}/house",
    status_code=200,
    summary="Let one outlet go by everybody's house rules again",
    responses=says_no(*NEEDS_KEY, 404),
)
async def take_back(outlet_id: FromPath[str], hq: Hq, visitor: Guest) -> PublishedHouse:
    """Nothing changes when it has none of its own."""
    try:
        return await hq.house.take_back(visitor.tenant_id, _outlet(outlet_id))
    except UnknownOutlet:
        raise Troubled("unknown_outlet", outlet=outlet_id) from None


async def _publish(
    hq: Hq, visitor: Guest, said: House, outlet_id: str | None, replaces: int | None
) -> PublishedHouse:
    try:
        return await hq.house.publish(
            visitor.tenant_id, said, outlet_id=outlet_id, replaces=replaces
        )
    except UnknownOutlet:
        raise Troubled("unknown_outlet", outlet=outlet_id) from None
    except UnfitHouse as no:
        raise Troubled(
            "unfit_house", faults=no.faults, faults_id=no.faults_id, count=len(no.faults)
        ) from None
    except ChangedMeanwhile as no:
        raise Troubled("house_changed", version=no.version) from None


def _outlet(text: str) -> str:
    if not is_uuid(text):
        raise Troubled("unknown_outlet", outlet=text)
    return text


house = Router(
    "/",
    route_handlers=[show_everybodys, publish_everybodys, show, publish, take_back],
    tags=["house"],
)

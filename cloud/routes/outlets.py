"""The outlets and how each one's box is; what could not be read from them."""

import msgspec
from litestar import Router, get

from cloud.lookups import ParkedThing, list_parked
from cloud.outlets import Tenant
from cloud.reports import OutletView
from cloud.routes.errors import NEEDS_KEY, says_no
from cloud.routes.given import Guest, Hq


class Outlets(msgspec.Struct, frozen=True, kw_only=True):
    """All outlets of the tenant."""

    tenant: Tenant
    outlets: tuple[OutletView, ...]


class Parked(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for a person."""

    parked: tuple[ParkedThing, ...]


@get(
    "/outlets",
    summary="Every outlet, its box, and how complete its figures are",
    responses=says_no(*NEEDS_KEY),
)
async def list_all(hq: Hq, visitor: Guest) -> Outlets:
    """Sorted by name."""
    tenant, outlets = await hq.reports.outlets(visitor.tenant_id)
    return Outlets(tenant=tenant, outlets=tuple(outlets))


@get("/parked", summary="What HQ could not project, and why", responses=says_no(*NEEDS_KEY))
async def parked(hq: Hq, visitor: Guest) -> Parked:
    """Oldest first."""
    return Parked(parked=tuple(await list_parked(hq.database, visitor.tenant_id)))


outlets = Router("/api", route_handlers=[list_all, parked], tags=["outlets"])

"""The outlets and how each one's box is; what could not be read from them."""

from contextlib import suppress

import msgspec
from litestar import Router, get
from litestar.params import FromPath

from cloud.lookups import ParkedThing, list_parked
from cloud.outlets import Tenant
from cloud.problems import Troubled
from cloud.reports import OutletView
from cloud.routes.errors import NEEDS_KEY, says_no
from cloud.routes.given import Guest, Hq
from cloud.witness import NoSuchOutlet
from protocol.ids import is_uuid
from protocol.replication import Witness


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


@get(
    "/outlets/{outlet_id:str}/witness",
    summary="What HQ holds of an outlet, read from the ledger itself",
    responses=says_no(*NEEDS_KEY, 404),
)
async def witness(hq: Hq, visitor: Guest, outlet_id: FromPath[str]) -> Witness:
    """What `kedai edge doctor` compares with at the outlet; chains are base64 here."""
    if is_uuid(outlet_id):
        with suppress(NoSuchOutlet):
            return await hq.witnesses.tell(visitor.tenant_id, outlet_id)
    raise Troubled("unknown_outlet", outlet=outlet_id)


@get("/parked", summary="What HQ could not project, and why", responses=says_no(*NEEDS_KEY))
async def parked(hq: Hq, visitor: Guest) -> Parked:
    """Oldest first."""
    return Parked(parked=tuple(await list_parked(hq.database, visitor.tenant_id)))


outlets = Router("/api", route_handlers=[list_all, witness, parked], tags=["outlets"])

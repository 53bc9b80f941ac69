"""The conflict inbox: what waits for a person, what was settled, what the rules decided."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from cloud.problems import Troubled
from cloud.resolution import Card, Conflicts, SettlesItself, UnknownConflict
from cloud.routes.errors import NEEDS_KEY, says_no
from cloud.routes.given import Guest, Hq


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody did about a card, in their own words."""

    note: str = ""


@get(
    "",
    summary="Conflicts that a person decides, newest first",
    responses=says_no(*NEEDS_KEY, 404),
)
async def cards(
    hq: Hq,
    visitor: Guest,
    waiting: Annotated[
        bool | None,
        QueryParameter(name="open", description="true: waiting; false: settled; absent: both"),
    ] = None,
    outlet: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> Conflicts:
    """Both sides, the effect in money, why, and a suggestion; what is parked is a card too."""
    return await hq.resolution.list(
        visitor.tenant_id, waiting=waiting, outlet_id=_outlet(outlet), limit=limit
    )


@get(
    "/decisions",
    summary="What the rules decided by themselves, newest first",
    responses=says_no(*NEEDS_KEY, 404),
)
async def decisions(
    hq: Hq,
    visitor: Guest,
    outlet: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> Conflicts:
    """Each with its reason in one sentence; nobody needs to do anything."""
    return await hq.resolution.list(
        visitor.tenant_id, automatic=True, outlet_id=_outlet(outlet), limit=limit
    )


@post(
    "/{decision_id:str}/settle",
    status_code=200,
    summary="Mark a conflict as dealt with",
    responses=says_no(*NEEDS_KEY, 404, 409),
)
async def settle(
    decision_id: FromPath[str], data: JSONBody[Settlement], hq: Hq, visitor: Guest
) -> Card:
    """Settling twice keeps the first note. What is parked settles itself and cannot be settled."""
    try:
        return await hq.resolution.settle(
            visitor.tenant_id, decision_id.replace("\x00", "\ufffd"), visitor.name, data.note
        )
    except UnknownConflict:
        raise Troubled("unknown_conflict", decision_id=decision_id) from None
    except SettlesItself:
        raise Troubled("settles_itself") from None


def _outlet(text: str | None) -> str | None:
    if not text:
        return None
    try:
        return str(UUID(text))
    except ValueError:
        raise Troubled("unknown_outlet", outlet=text) from None


conflicts = Router("/api/conflicts", route_handlers=[cards, decisions, settle], tags=["conflicts"])

"""Who else is at an order, and the picture a counter shows to its guest."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from edge.presence import SHOWN_MAX
from edge.routes.errors import Refused
from edge.routes.given import GuestView, Presence
from protocol.feed import Here
from protocol.refusals import Refusal

WAIT_S = 20.0
"""How long a display's question waits for something new."""


class CountersView(msgspec.Struct, frozen=True, kw_only=True):
    """Counters that a customer display can belong to."""

    counters: tuple[str, ...]


@post("/api/here", status_code=200, tags=["Feed"], summary="A screen says which order it has open")
async def say_here(data: JSONBody[Here], presence: Presence) -> tuple[Here, ...]:
    """Answers who else is here; everybody else hears it with the next heartbeat of the feed."""
    presence.note(data)
    return presence.now()


@put("/api/shown/{counter:str}", tags=["Feed"], summary="A counter shows its guest a bill")
async def show_guest(
    counter: FromPath[str], request: Request[Any, Any, Any], guest_view: GuestView
) -> dict[str, int]:
    """Any JSON up to 64 KB; it replaces what was shown there before and is kept nowhere."""
    body = await request.body()
    if len(body) > SHOWN_MAX:
        raise Refused(Refusal("too_large", {"most": str(SHOWN_MAX)}))
    try:
        msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise Refused(Refusal("bad_request", {"detail": str(error)})) from error
    return {"number": guest_view.show(counter[:60], body)}


@get("/api/shown/{counter:str}", tags=["Feed"], summary="What a counter shows, when it is new")
async def shown_to_guest(
    counter: FromPath[str],
    guest_view: GuestView,
    after: Annotated[int, QueryParameter(name="after")] = 0,
) -> Response[bytes]:
    """Waits up to twenty seconds for another picture than number `after`; 204: still that one."""
    found = await guest_view.after(counter[:60], after, WAIT_S)
    if found is None:
        return Response(b"", status_code=204)
    number, picture = found
    headers = {"x-number": str(number), "cache-control": "no-store"}
    return Response(picture, media_type="application/json", headers=headers)


@get("/api/shown", tags=["Feed"], summary="Counters that show their guests something")
async def list_counters(guest_view: GuestView) -> CountersView:
    """For a display that is asked which counter it stands at."""
    return CountersView(counters=guest_view.counters)

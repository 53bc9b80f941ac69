"""The menu of a box that works alone, in from a file and out as a spreadsheet."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromQuery

from edge.menu import find_menu
from edge.own_menu import BrokenMenu, OwnMenu, exported, take_menu
from edge.routes.devices import bearer_of, is_own_machine
from edge.routes.errors import Refused
from edge.routes.given import Database, Journal, Menus, Node, Outlet
from protocol.importing import FORMATS
from protocol.importing.reading import FILE_BYTES_MAX
from protocol.refusals import Refusal

TOLD_MAX = 20
"""Most faults that are told at once; the rest comes when these are mended."""


@post(
    "/api/menu/import",
    tags=["Menu"],
    summary="Read a menu from a file: what it would change, or sell from it",
    status_code=200,
    request_max_body_size=FILE_BYTES_MAX,
)
async def import_menu(
    request: Request[Any, Any, Any],
    database: Database,
    journal: Journal,
    menus: Menus,
    outlet: Outlet,
    node: Node,
    format: FromQuery[str],  # noqa: A002 - the word people know
    language: FromQuery[str] = "",
    publish: FromQuery[bool] = False,
) -> OwnMenu:
    """The body is the file as it is. Only from the box's own machine, and only without an HQ."""
    if bearer_of(request.scope) is not None or not is_own_machine(request.scope):
        raise Refused(Refusal("only_on_the_box"))
    if node.enrolled is not None:
        raise Refused(Refusal("menu_at_hq"))
    if format not in FORMATS:
        raise Refused(Refusal("unknown_format", {"name": format, "known": ", ".join(FORMATS)}))
    parts = (database, journal, menus, outlet)
    try:
        return await take_menu(
            format, await request.body(), parts=parts, language=language, publish=publish
        )
    except BrokenMenu as no:
        told = "\n".join(f"- {fault}" for fault in no.faults[:TOLD_MAX])
        raise Refused(
            Refusal("unfit_menu", {"count": str(len(no.faults)), "faults": told})
        ) from None


@get("/api/menu/export", tags=["Menu"], media_type="text/csv", summary="The menu as a spreadsheet")
async def export_menu(database: Database) -> Response[bytes]:
    """What `import?format=csv` reads back to the same menu."""
    menu = await database.read(find_menu)
    if menu is None:
        raise Refused(Refusal("not_ready"))
    headers = {"content-disposition": 'attachment; filename="menu.csv"'}
    return Response(exported(menu), media_type="text/csv; charset=utf-8", headers=headers)

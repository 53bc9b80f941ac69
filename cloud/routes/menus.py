"""HQ's menu: publish one, read the current one, bring one in from a file, take it out as one."""

from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.params import FromQuery, JSONBody

from cloud.menu_import import Imported, UnknownFormat
from cloud.menus import MenuChanged, Published, UnfitMenu
from cloud.problems import Troubled
from cloud.routes.errors import NEEDS_KEY, says_no
from cloud.routes.given import Guest, Hq
from protocol.importing import FORMATS
from protocol.importing.reading import FILE_BYTES_MAX
from protocol.menu import Menu

MENU_BYTES_MAX = 16 * 1024 * 1024


@post(
    "/publish",
    status_code=200,
    summary="Publish a menu to every outlet",
    responses=says_no(*NEEDS_KEY, 413, 422),
    request_max_body_size=MENU_BYTES_MAX,
)
async def publish(data: JSONBody[Menu], hq: Hq, visitor: Guest) -> Published:
    """The version in the body is ignored: HQ numbers menus. An unchanged menu is not sent again."""
    try:
        return await hq.menus.publish(visitor.tenant_id, data)
    except UnfitMenu as no:
        count = len(no.faults)
        raise Troubled(
            "unfit_menu", faults=no.faults, faults_id=no.faults_id, count=count
        ) from None


@post(
    "/import",
    status_code=200,
    summary="Read a menu from a file: what it would change, or publish it",
    responses=says_no(*NEEDS_KEY, 404, 409, 413, 422),
    request_max_body_size=FILE_BYTES_MAX,
)
async def bring_in(
    request: Request[Any, Any, Any],
    hq: Hq,
    visitor: Guest,
    format: FromQuery[str],  # noqa: A002 - the word people know
    language: FromQuery[str] = "",
    publish: FromQuery[bool] = False,
    replaces: FromQuery[int | None] = None,
) -> Imported:
    """The body is the file as it is. Without `publish` nothing is changed.

    `replaces`: the version that the preview was compared with; refused when it is another now.
    """
    data = await request.body()
    try:
        return await hq.menu_imports.take(
            *(visitor.tenant_id, format, data),
            language=language,
            publish=publish,
            replaces=replaces,
        )
    except UnknownFormat:
        raise Troubled("unknown_format", name=format, known=", ".join(FORMATS)) from None
    except UnfitMenu as no:
        count = len(no.faults)
        raise Troubled(
            "unfit_menu", faults=no.faults, faults_id=no.faults_id, count=count
        ) from None
    except MenuChanged as no:
        raise Troubled("menu_changed", version=no.version) from None


@get("/current", summary="The menu that outlets sell from", responses=says_no(*NEEDS_KEY, 404))
async def current(hq: Hq, visitor: Guest) -> Menu:
    """With the number HQ gave it."""
    menu = await hq.menus.find_current(visitor.tenant_id)
    if menu is None:
        raise Troubled("no_menu")
    return menu


@get(
    "/export",
    media_type="text/csv",
    summary="The menu as a spreadsheet (CSV)",
    responses=says_no(*NEEDS_KEY, 404),
)
async def export(hq: Hq, visitor: Guest) -> Response[bytes]:
    """What `import?format=csv` reads back to the same menu."""
    data = await hq.menu_imports.export(visitor.tenant_id)
    if data is None:
        raise Troubled("no_menu")
    headers = {"content-disposition": 'attachment; filename="menu.csv"'}
    return Response(data, media_type="text/csv; charset=utf-8", headers=headers)


menus = Router("/api/menus", route_handlers=[publish, bring_in, current, export], tags=["menus"])

"""HQ's menu: publish one, read the current one."""

from litestar import Router, get, post
from litestar.params import JSONBody

from cloud.menus import Published, UnfitMenu
from cloud.problems import Troubled
from cloud.routes.errors import NEEDS_KEY, says_no
from cloud.routes.given import Guest, Hq
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
        raise Troubled("unfit_menu", faults=no.faults, count=len(no.faults)) from None


@get("/current", summary="The menu that outlets sell from", responses=says_no(*NEEDS_KEY, 404))
async def current(hq: Hq, visitor: Guest) -> Menu:
    """With the number HQ gave it."""
    menu = await hq.menus.find_current(visitor.tenant_id)
    if menu is None:
        raise Troubled("no_menu")
    return menu


menus = Router("/api/menus", route_handlers=[publish, current], tags=["menus"])

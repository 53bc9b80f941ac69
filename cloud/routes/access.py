"""Signing in to HQ with an access key, and whose request it is."""

from typing import Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.datastructures import Cookie
from litestar.params import JSONBody

from cloud.access import Visitor
from cloud.headquarters import Headquarters
from cloud.outlets import Tenant, get_tenant
from cloud.problems import Troubled
from cloud.routes.errors import NEEDS_KEY, says_no
from cloud.routes.given import Guest, Hq

COOKIE = "kedai_key"
COOKIE_LIVES_S = 90 * 24 * 3600

Asked = Request[Any, Any, Any]


class KeyShown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The sign-in form."""

    key: str


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in."""

    name: str
    tenant: Tenant


async def get_visitor(request: Asked, hq: Hq) -> Visitor:
    """Whose request this is. Raises Troubled without a key, or when a named tenant is not the key's."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    key = bearer.strip() if scheme.lower() == "bearer" else request.cookies.get(COOKIE, "")
    if not key:
        raise Troubled("no_key")
    visitor = await hq.access.find_visitor(key)
    if visitor is None:
        raise Troubled("wrong_key")
    named = request.headers.get("x-tenant-id", "").strip().lower()
    if named and named != visitor.tenant_id:
        raise Troubled("wrong_tenant")
    return visitor


def cookie_of(key: str, hq: Headquarters) -> Cookie:
    """The cookie a browser shows instead of the key; scripts cannot read it."""
    return Cookie(
        key=COOKIE,
        value=key,
        max_age=COOKIE_LIVES_S if key else 0,
        path="/",
        httponly=True,
        samesite="lax",
        secure=hq.config.cookie_secure,
    )


@post(
    "/key", status_code=200, summary="Sign in with an access key", responses=says_no(400, 401, 503)
)
async def sign_in(data: JSONBody[KeyShown], hq: Hq) -> Response[Signed]:
    """Sets the cookie."""
    key = data.key.strip()
    visitor = await hq.access.find_visitor(key)
    if visitor is None:
        raise Troubled("wrong_key")
    return Response(await _signed(hq, visitor), cookies=[cookie_of(key, hq)])


@post("/leave", status_code=200, summary="Sign out on this browser")
async def leave(hq: Hq) -> Response[dict[str, str]]:
    """Clears the cookie."""
    return Response({"status": "signed out"}, cookies=[cookie_of("", hq)])


@get("/me", summary="Who is signed in", responses=says_no(*NEEDS_KEY))
async def me(hq: Hq, visitor: Guest) -> Signed:
    """The key's name and tenant."""
    return await _signed(hq, visitor)


async def _signed(hq: Headquarters, visitor: Visitor) -> Signed:
    return Signed(name=visitor.name, tenant=await get_tenant(hq.database, visitor.tenant_id))


auth = Router("/api/auth", route_handlers=[sign_in, leave, me], tags=["sign-in"])

"""Pictures of dishes: put one to an item, take it away, look at one."""

from typing import Any

from litestar import Request, Response, Router, delete, get, put
from litestar.params import FromPath

from cloud.imaging import UPLOAD_BYTES_MAX
from cloud.pictures import NotAPicture, Shown, TooManyPictures, UnknownProduct
from cloud.problems import Troubled
from cloud.products import ProductView
from cloud.routes.errors import NEEDS_KEY, says_no
from cloud.routes.given import Guest, Hq
from protocol.pictures import picture_at

FOR_EVER = "private, max-age=31536000, immutable"


@put(
    "/{item_id:str}",
    status_code=200,
    summary="Let an item be shown by this picture",
    responses=says_no(*NEEDS_KEY, 404, 413, 422),
    request_max_body_size=UPLOAD_BYTES_MAX,
)
async def put_picture(
    item_id: FromPath[str], request: Request[Any, Any, Any], hq: Hq, visitor: Guest
) -> Shown:
    """The body is a JPEG, PNG or WebP file; every box fetches it in the widths that screens ask for."""
    data = await request.body()
    try:
        return await hq.pictures.put(visitor.tenant_id, item_id, data, visitor.name)
    except UnknownProduct:
        raise Troubled("unknown_product", item_id=item_id) from None
    except NotAPicture as no:
        raise Troubled("unfit_picture", why=no, why_id=no.indonesian) from None
    except TooManyPictures:
        raise Troubled("too_many_pictures") from None


@delete(
    "/{item_id:str}",
    status_code=200,
    summary="Show an item without a picture",
    responses=says_no(*NEEDS_KEY, 404),
)
async def remove_picture(item_id: FromPath[str], hq: Hq, visitor: Guest) -> ProductView:
    """The picture itself is kept for a while: putting it back needs no upload."""
    try:
        return await hq.pictures.remove(visitor.tenant_id, item_id, visitor.name)
    except UnknownProduct:
        raise Troubled("unknown_product", item_id=item_id) from None


@get(
    "/pictures/{name:str}",
    media_type="image/webp",
    tags=["pictures"],
    summary="A picture in one width, by the path that items have it under",
    responses=says_no(*NEEDS_KEY, 404),
)
async def show_picture(name: FromPath[str], hq: Hq, visitor: Guest) -> Response[bytes]:
    """A name never means another picture."""
    at = picture_at(f"/pictures/{name}")
    found = None if at is None else await hq.pictures.find(visitor.tenant_id, *at)
    if found is None:
        raise Troubled("not_found", what=f"/pictures/{name}")
    headers = {"cache-control": FOR_EVER, "x-content-type-options": "nosniff"}
    return Response(found.body, media_type="image/webp", headers=headers)


pictures = Router("/api/pictures", route_handlers=[put_picture, remove_picture], tags=["pictures"])

"""Pictures of dishes, as the menu names them."""

import asyncio

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from edge.routes.given import Pictures

FOR_EVER = "public, max-age=31536000, immutable"
"""A name never means another picture."""
INSTEAD = "no-cache"
"""This one stands in for the width that was asked for; that one comes later."""


@get(
    "/pictures/{name:str}",
    tags=["Menu"],
    media_type="image/webp",
    summary="A picture of a dish, in the width that is asked for or the nearest there is",
)
async def get_picture(name: FromPath[str], pictures: Pictures) -> Response[bytes]:
    """From the box's own disk, with HQ away as well. 404 while it is on its way."""
    found = await asyncio.to_thread(pictures.find, f"/pictures/{name}")
    if found is None:
        raise NotFoundException
    body, exact = found
    headers = {
        "cache-control": FOR_EVER if exact else INSTEAD,
        "x-content-type-options": "nosniff",
    }
    return Response(body, media_type="image/webp", headers=headers)

"""Pictures of dishes at HQ: made ready once, named by their item, kept as long as something names them."""

import asyncio

import msgspec

from cloud.database import Database
from cloud.imaging import NotAPicture, Ready, make_ready
from cloud.menus import find_current_menu
from cloud.platform import Platform
from cloud.products import Products, ProductView, UnknownProduct
from protocol.ids import TenantId
from protocol.pictures import WIDTHS, Picture, path_of, picture_at

PICTURES_MAX = 5_000
"""Most pictures a tenant may have; the fifty largest menus we met have a tenth of it together."""
UNNAMED_MS = 90 * 24 * 3_600_000
"""How long a picture that nothing names any more is kept: an older menu may come back."""

__all__ = ["NotAPicture", "Pictures", "TooManyPictures", "UnknownProduct"]


class TooManyPictures(Exception):
    """The tenant has as many pictures as are kept."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """An item with its picture: `photo` is the path on every box, and here."""

    item_id: str
    photo: str
    widths: tuple[int, ...] = WIDTHS
    bytes: int
    """Of all widths together."""


class Pictures:
    """The pictures of all tenants."""

    def __init__(self, database: Database, platform: Platform, products: Products) -> None:
        self._database = database
        self._platform = platform
        self._products = products

    async def put(self, tenant_id: TenantId, item_id: str, data: bytes, who: str) -> Shown:
        """Let an item be shown by this picture. Raises NotAPicture, UnknownProduct, TooManyPictures."""
        await self._ensure_item(tenant_id, item_id)
        # Reading and scaling is work for a processor; others are served meanwhile.
        ready = await asyncio.to_thread(make_ready, data)
        await self._keep(tenant_id, ready)
        photo = path_of(ready.digest)
        await self._products.patch(tenant_id, item_id, {"photo": photo}, who)
        size = sum(len(body) for _, _, body in ready.sizes)
        return Shown(item_id=item_id, photo=photo, bytes=size)

    async def remove(self, tenant_id: TenantId, item_id: str, who: str) -> ProductView:
        """Show the item without a picture. Raises UnknownProduct."""
        return await self._products.patch(tenant_id, item_id, {"photo": ""}, who)

    async def find(self, tenant_id: str, digest: str, width: int) -> Picture | None:
        """One picture in one width."""
        async with self._database.reading(tenant_id) as tx:
            body = await tx.fetchval(
                "SELECT body FROM pictures WHERE tenant_id = $1 AND digest = $2 AND width = $3",
                *(tenant_id, digest, width),
            )
        return None if body is None else Picture(digest=digest, width=width, body=body)

    async def _ensure_item(self, tenant_id: str, item_id: str) -> None:
        async with self._database.reading(tenant_id) as tx:
            menu = await find_current_menu(tx, tenant_id)
        if menu is None or all(item.id != item_id for item in menu.items):
            raise UnknownProduct(item_id)

    async def _keep(self, tenant_id: str, ready: Ready) -> None:
        now_ms = self._platform.wall_ms()
        async with self._database.transaction(tenant_id) as tx:
            menu = await find_current_menu(tx, tenant_id)
            named = [at[0] for i in (menu.items if menu else ()) if (at := picture_at(i.photo))]
            await tx.execute(
                """DELETE FROM pictures p WHERE tenant_id = $1 AND made_ms < $2
                   AND p.digest <> ALL($3::text[]) AND NOT EXISTS (SELECT 1 FROM product_fields f WHERE f.tenant_id = $1
                       AND f.field = 'photo' AND f.value LIKE '/pictures/' || p.digest || '-%')""",
                *(tenant_id, now_ms - UNNAMED_MS, named),
            )
            count = await tx.fetchval(
                "SELECT count(DISTINCT digest) FROM pictures WHERE tenant_id = $1 AND digest <> $2",
                *(tenant_id, ready.digest),
            )
            if count >= PICTURES_MAX:
                raise TooManyPictures
            for place, (_, height, body) in enumerate(ready.sizes):
                await tx.execute(
                    """INSERT INTO pictures VALUES ($1, $2, $3, $4, $5, $6)
                       ON CONFLICT DO NOTHING""",
                    *(tenant_id, ready.digest, WIDTHS[place], height, body, now_ms),
                )

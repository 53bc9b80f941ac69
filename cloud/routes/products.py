"""Products as HQ's staff see and edit them: everything about an item but its price."""

import msgspec
from litestar import Router, get, patch
from litestar.params import FromPath, JSONBody

from cloud.problems import Troubled
from cloud.products import ProductView, UnfitFields, UnknownProduct
from cloud.routes.errors import NEEDS_KEY, says_no
from cloud.routes.given import Guest, Hq


class ProductList(msgspec.Struct, frozen=True, kw_only=True):
    """Every item of the current menu."""

    products: tuple[ProductView, ...]


class ProductPatch(msgspec.Struct, frozen=True, kw_only=True):
    """Fields to write, such as `name:en`, `description:id`, `availability:en`, `photo`."""

    fields: dict[str, str]


@get("", summary="Products with what was written over the menu", responses=says_no(*NEEDS_KEY))
async def list_products(hq: Hq, visitor: Guest) -> ProductList:
    """Each with who wrote what, here or at an outlet."""
    return ProductList(products=tuple(await hq.products.list(visitor.tenant_id)))


@patch(
    "/{item_id:str}",
    summary="Write fields of a product",
    responses=says_no(*NEEDS_KEY, 404, 422),
)
async def patch_product(
    item_id: FromPath[str], data: JSONBody[ProductPatch], hq: Hq, visitor: Guest
) -> ProductView:
    """The last writer wins, field by field; every outlet hears of it. An empty value clears."""
    try:
        return await hq.products.patch(visitor.tenant_id, item_id, data.fields, visitor.name)
    except UnknownProduct:
        raise Troubled("unknown_product", item_id=item_id) from None
    except UnfitFields as no:
        raise Troubled("unfit_fields", faults=no.faults, count=len(no.faults)) from None


products = Router("/api/products", route_handlers=[list_products, patch_product], tags=["products"])

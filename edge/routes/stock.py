"""How many of each counted item there should be."""

import msgspec
from litestar import get

from edge.routes.given import Database
from edge.stock import ShownStock, shown_stock


class StockView(msgspec.Struct, frozen=True, kw_only=True):
    """Every item that is counted at this outlet; what is not listed is not counted."""

    items: tuple[ShownStock, ...]


@get("/api/stock", tags=["Menu"], summary="Units of the counted items")
async def get_stock(database: Database) -> StockView:
    """HQ's level and what this box did since; below zero when more was sold than was known of."""
    return StockView(items=tuple(await database.read(shown_stock)))

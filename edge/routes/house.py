"""The rules of the house in force: what every screen of the outlet goes by."""

import msgspec
from litestar import get

from edge.house import house_digest, read_house
from edge.routes.given import Database
from protocol.house import House


class HouseView(msgspec.Struct, frozen=True, kw_only=True):
    """The rules, and a digest that names them: the same digest, the same rules."""

    digest: str
    house: House


@get("/api/house", tags=["Menu"], summary="The rules of the house in force")
async def get_house(database: Database) -> HouseView:
    """Taxes, service charge, promotions, tables, tills, kiosk; empty before HQ published any."""
    return await database.read(lambda db: HouseView(digest=house_digest(db), house=read_house(db)))

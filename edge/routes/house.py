"""The rules of the house in force: what every screen of the outlet goes by."""

from typing import Any

import msgspec
from litestar import Request, get

from edge.house import house_digest, read_house
from edge.routes.asker import session_of
from edge.routes.devices import bearer_of, is_own_machine
from edge.routes.given import Database, Devices, Staffing
from protocol.devices import DeviceKind
from protocol.house import House, without_codes

SELLS = (DeviceKind.COUNTER, DeviceKind.KIOSK)


class HouseView(msgspec.Struct, frozen=True, kw_only=True):
    """The rules, and a digest that names them: the same digest, the same rules.

    `coupons`: whether offers by a code are among them.
    """

    digest: str
    house: House
    coupons: bool = True


@get("/api/house", tags=["Menu"], summary="The rules of the house in force")
async def get_house(
    request: Request[Any, Any, Any], database: Database, devices: Devices, staffing: Staffing
) -> HouseView:
    """Taxes, service charge, promotions, tables, tills, kiosk; empty before HQ published any.

    Coupons and their codes are for whoever can give one: somebody signed in, a paired counter or
    kiosk, the box's own machine. Of others' bills the box works the coupon out when it is given.
    """
    digest, house = await database.read(lambda db: (house_digest(db), read_house(db)))
    if _may_give_coupons(request.scope, devices, staffing):
        return HouseView(digest=digest, house=house)
    return HouseView(digest=digest, house=without_codes(house), coupons=False)


def _may_give_coupons(scope: Any, devices: Devices, staffing: Staffing) -> bool:
    if session_of(scope, staffing.sessions) is not None:
        return True
    token = bearer_of(scope)
    card = None if token is None else devices.holder(token)
    return is_own_machine(scope) if token is None else card is not None and card.kind in SELLS

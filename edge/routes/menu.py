"""What the outlet sells, and who it is."""

import msgspec
from litestar import get
from litestar.params import FromPath

from edge.menu import eighty_six_list
from edge.product import VERSION
from edge.routes.errors import Refused
from edge.routes.given import Database, Menus, OpenForGuests, Outlet, Platform
from protocol.menu import Item, Menu, Station
from protocol.refusals import Refusal

SCREEN_API = 1
"""The way this box speaks with its screens; one that knows another reloads itself when it is idle."""


PAYS_HERE: tuple[str, ...] = ()
"""Tenders that a guest can pay with at a screen, without staff; none before a gateway is there."""


class Product(msgspec.Struct, frozen=True):
    """An item as it can be ordered now."""

    item: Item
    eighty_six: bool


class OutletView(msgspec.Struct, frozen=True, kw_only=True):
    """Who this box serves, in what money, time and languages."""

    outlet_id: str
    name: str
    currency: str
    zone: str
    rollover_hour: int
    language: str
    languages: tuple[str, ...]
    tenders: tuple[str, ...]
    stations: tuple[Station, ...]
    boot: str
    version: str
    screen_api: int = SCREEN_API
    pays_here: tuple[str, ...] = ()
    """Of `tenders`, what a guest can pay with at a screen, without staff."""
    unreachable: tuple[str, ...] = ()
    """Items whose makers cannot be reached just now: guests are offered others."""


@get("/api/menu", tags=["Menu"], summary="The menu in force")
async def get_menu(database: Database, menus: Menus) -> Menu:
    """Everything the outlet sells; version 0 means that no menu has arrived yet."""
    return (await database.read(menus.current)).menu


@get("/api/products", tags=["Menu"], summary="Items with their availability")
async def list_products(database: Database, menus: Menus) -> list[Product]:
    """All items, in menu order."""
    index, gone = await database.read(lambda db: (menus.current(db), set(eighty_six_list(db))))
    return [Product(item, item.id in gone) for item in index.menu.items]


@get("/api/products/{item_id:str}", tags=["Menu"], summary="One item")
async def get_product(item_id: FromPath[str], database: Database, menus: Menus) -> Product:
    """One item by its id or by a PLU of one of its variants."""
    index, gone = await database.read(lambda db: (menus.current(db), set(eighty_six_list(db))))
    found = index.items.get(item_id) or index.by_plu.get(item_id, (None,))[0]
    if found is None:
        raise Refused(Refusal("unknown_item", {"variant_id": item_id}))
    return Product(found, found.id in gone)


@get("/api/outlet", tags=["Menu"], summary="The outlet and this box")
async def get_outlet(
    database: Database,
    menus: Menus,
    outlet: Outlet,
    platform: Platform,
    open_for_guests: OpenForGuests,
) -> OutletView:
    """What a screen needs to know before it shows anything."""
    menu = (await database.read(menus.current)).menu
    return OutletView(
        outlet_id=outlet.outlet_id,
        name=outlet.name,
        currency=menu.currency if menu.version else outlet.currency,
        zone=outlet.zone,
        rollover_hour=outlet.rollover_hour,
        language=outlet.language,
        languages=menu.languages,
        tenders=outlet.tenders,
        stations=menu.stations,
        boot=platform.boot,
        version=VERSION,
        screen_api=SCREEN_API,
        pays_here=tuple(t for t in PAYS_HERE if t in outlet.tenders),
        unreachable=open_for_guests.unreachable(),
    )

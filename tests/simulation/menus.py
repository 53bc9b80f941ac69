"""A small menu for the simulated outlets, and price changes of it."""

from random import Random
from typing import Any

from msgspec.structs import replace

from protocol.bill import BillRules, RuleBook, Service, Tax
from protocol.house import House, Limits, Promotion, TillPlan
from protocol.menu import Category, Item, Menu, Station, Variant

DISHES = ("nasi", "mie", "soto", "sate", "gado", "teh", "kopi", "jus", "es", "roti")


def first_menu() -> Menu:
    """Ten dishes in two sizes, made in a kitchen and at a bar."""
    return Menu(
        version=0,
        currency="IDR",
        items=tuple(_item(name, index) for index, name in enumerate(DISHES)),
        categories=(Category(id="all", names={"id": "Semua", "en": "All"}),),
        stations=_stations(),
        fallback_station=_id("kitchen"),
    )


STATIONS = ("kitchen", "bar")
TILLS = ("front", "bar")


def house(*, till_needed: bool) -> House:
    """Service and tax on top, an offer, whole rupiah, cash without small coins, two drawers."""
    rules = BillRules(
        version=1,
        taxes=(Tax(id="pbjt", names={"id": "PBJT", "en": "Restaurant tax"}, amount="10"),),
        service=Service(names={"id": "Layanan", "en": "Service"}, percent="5"),
        cash_step=500,
    )
    offer = Promotion(id="tea", names={"en": "Second tea"}, ids=("teh",), buy=1, get=1)
    return House(
        bill=RuleBook(rules=(rules,)),
        promotions=(offer,),
        limits=Limits(paid_out=50_000, over_short=10_000),
        tills=tuple(TillPlan(id=name, name=name.title()) for name in TILLS),
        till_needed=till_needed,
    )


def variants() -> list[str]:
    """Ids of everything that is sold."""
    return [f"{name}-{size}" for name in DISHES for size in ("s", "l")]


def repriced(menu: Menu, dice: Random) -> Menu:
    """The same dishes, one of them at another price."""
    chosen = dice.randrange(len(menu.items))
    more = 500 * dice.randint(1, 9)
    items = list(menu.items)
    kinds = tuple(replace(v, price=v.price + more) for v in items[chosen].variants)
    items[chosen] = replace(items[chosen], variants=kinds)
    return replace(menu, items=tuple(items))


def _item(name: str, index: int) -> Item:
    sizes = tuple(
        Variant(
            id=_id(f"{name}-{size}"),
            names={"id": size.upper(), "en": size.upper()},
            price=10_000 + 1_000 * index + 5_000 * (size == "l"),
            plu=f"{1000 + 2 * index + (size == 'l')}",
            size=size.upper(),
        )
        for size in ("s", "l")
    )
    return Item(
        id=_id(name),
        category_id="all",
        names={"id": name.title(), "en": name.title()},
        variants=sizes,
        station_ids=(_id("bar" if name in ("teh", "kopi", "jus", "es") else "kitchen"),),
        rank=index,
    )


def _stations() -> tuple[Station, ...]:
    return (
        Station(id=_id("kitchen"), names={"id": "Dapur", "en": "Kitchen"}),
        Station(id=_id("bar"), names={"id": "Bar", "en": "Bar"}, kind="bar", backup=_id("kitchen")),
    )


def _id(text: str) -> Any:
    return text

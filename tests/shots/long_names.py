"""Names that no designer thought of: dishes, choices, tables, tills, reasons and people of the demo."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
from msgspec.structs import replace

from protocol.bill import Names
from protocol.house import House, Section, Table
from protocol.menu import Menu

DISH = " Kampung Spesial Pakai Telur Mata Sapi dan Kerupuk Udang"
UNBROKEN = "Donaudampfschifffahrtsgesellschaftskapitaensmuetzenkuchen"
SHORT, PERSON = " yang Namanya Panjang Sekali", " Kusumawardhani Prameswari Lestari"
TRIES = 100


async def lengthen(hq_url: str, box: httpx.AsyncClient) -> None:
    """Publish long names at a demo's HQ, and wait until its box has them.

    `hq_url` is the dashboard's link with its key. Raises TimeoutError when the box hears of nothing.
    """
    parts = urlsplit(hq_url)
    key = parse_qs(parts.query)["key"][0]
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    root = f"{parts.scheme}://{parts.netloc}"
    async with httpx.AsyncClient(base_url=root, headers=headers, timeout=20) as hq:
        menu = msgspec.json.decode((await hq.get("/api/menus/current")).content, type=Menu)
        await _put(hq.post("/api/menus/publish", content=msgspec.json.encode(_menu(menu))))
        shown = (await hq.get("/api/house")).json()
        house = _house(msgspec.convert(shown["house"], House))
        path = f"/api/house?replaces={shown['version']}"
        await _put(hq.put(path, content=msgspec.json.encode(house)))
        for person in (await hq.get("/api/people")).json()["people"]:
            path = f"/api/people/{person['staff_id']}"
            await _put(hq.patch(path, json={"name": person["name"] + PERSON}))
    for _ in range(TRIES):
        menu_there = DISH.strip() in (await box.get("/api/menu")).text
        people_there = PERSON.strip() in (await box.get("/api/staff")).text
        if menu_there and people_there and SHORT.strip() in (await box.get("/api/house")).text:
            return
        await asyncio.sleep(0.2)
    raise TimeoutError("the box has not heard of the long names")


async def _put(asking) -> None:
    answer = await asking
    if answer.status_code != 200:
        raise RuntimeError(f"HQ does not take long names: {answer.text}")


def _longer(names: Names, more: str = SHORT) -> Names:
    return {language: name + more for language, name in names.items()}


def _menu(menu: Menu) -> Menu:
    first, *rest = menu.items
    items = [replace(first, names={"id": UNBROKEN, "en": UNBROKEN})]
    items += [replace(item, names=_longer(item.names, DISH)) for item in rest]
    groups = tuple(
        replace(
            group,
            names=_longer(group.names),
            modifiers=tuple(replace(m, names=_longer(m.names)) for m in group.modifiers),
        )
        for group in menu.modifier_groups
    )
    categories = tuple(replace(c, names=_longer(c.names)) for c in menu.categories)
    return replace(menu, items=tuple(items), modifier_groups=groups, categories=categories)


def _house(house: House) -> House:
    reasons = replace(
        house.reasons,
        **{
            kind: tuple(_longer(names) for names in getattr(house.reasons, kind))
            for kind in house.reasons.__struct_fields__
        },
    )
    return replace(
        house,
        reasons=reasons,
        tills=tuple(replace(till, name=till.name + SHORT) for till in house.tills),
        discounts=tuple(replace(d, names=_longer(d.names)) for d in house.discounts),
        promotions=tuple(replace(p, names=_longer(p.names)) for p in house.promotions),
        sections=(*(replace(s, names=_longer(s.names)) for s in house.sections), _hall()),
    )


def _hall() -> Section:
    """A room full of tables, as many as a plan can show."""
    across, down = 10, 6
    tables = tuple(
        Table(
            id=f"h{i}",
            name=f"H{i + 1}" if i else "VIP Anggrek 1",
            x=1 + 10 * (i % across),
            y=2 + 16 * (i // across),
            width=8,
            height=13,
            round=i % 3 == 0,
        )
        for i in range(across * down)
    )
    return Section(id="hall", names={"id": "Aula", "en": "Hall"}, tables=tables)

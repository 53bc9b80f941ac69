"""A menu from a file at HQ: shown first, published whole, refused whole; out again as a spreadsheet."""

import json

import msgspec
import pytest

from protocol.importing import FORMATS
from protocol.importing.reading import FILE_BYTES_MAX
from protocol.menu import Menu
from tests.foreign_menus import SQUARE

pytestmark = pytest.mark.postgres

SHEET = "plu,category,item,price\n1001,Minuman,Kopi,27000\n1002,Minuman,Teh,9000\n"
PLATFORM = {
    "vendor": {"currency": "IDR", "languages": ["id"]},
    "items": [
        {
            "id": 1,
            "name": {"id": "Sate"},
            "category": {"id": "Makanan"},
            "variations": [{"id": 11, "price": 30000, "topping_group_ids": [5]}],
        }
    ],
    "topping_groups": [
        {
            "id": 5,
            "name": {"id": "Bumbu"},
            "quantity_minimum": 1,
            "quantity_maximum": 1,
            "options": [{"id": 51, "name": {"id": "Kacang"}, "price": 0}],
        }
    ],
}


@pytest.fixture
def bring(browser):
    """Sends a file to HQ's importer."""

    async def bring(name, data, **params):
        if not isinstance(data, bytes | str):
            data = json.dumps(data)
        return await browser.client.post(
            "/api/menus/import",
            params={"format": name, **params},
            content=data,
            headers=browser.headers,
        )

    return bring


async def version(browser):
    answer = await browser.get("/api/menus/current")
    return answer.json()["version"] if answer.status_code == 200 else 0


async def test_a_file_is_shown_before_it_is_published(bring, browser, menu, box):
    await browser.post("/api/menus/publish", menu())
    before = await box.feed()

    shown = (await bring("csv", SHEET)).json()
    assert shown["changes"] == [
        "new: Teh (1002) Rp 9.000",
        "price: Kopi (1001) Rp 27.000, was Rp 25.000",
        "renamed: Kopi (1001) Rp 27.000, was Kopi Besar L (1001) Rp 25.000",
    ]
    assert (shown["published"], await version(browser)) == (False, 1)
    new, price, renamed = shown["changed"]
    assert (new["kind"], new["plu"], new["names"], new["price"]) == (
        "new",
        "1002",
        {"id": "Teh"},
        9_000,
    )
    assert (price["kind"], price["was"], price["price"], price["doubt"]) == (
        "price",
        25_000,
        27_000,
        False,
    )
    assert (renamed["was_names"]["id"], renamed["names"]["id"]) == ("Kopi Besar L", "Kopi")

    done = (await bring("csv", SHEET, publish=True, replaces=shown["version"])).json()
    assert (done["published"], done["version"], done["changes"]) == (True, 2, shown["changes"])
    (row,) = (await box.feed(before.incarnation, before.pos)).rows
    sent = msgspec.json.decode(row.body, type=Menu)
    assert sent.items[0].id == "kopi", "the same PLU is the same dish"
    assert [v.price for i in sent.items for v in i.variants] == [27_000, 9_000]

    again = (await bring("csv", SHEET, publish=True)).json()
    assert (again["published"], again["unchanged"], again["version"]) == (False, True, 2)


async def test_who_looked_at_another_menu_looks_again(bring, browser, menu):
    shown = (await bring("csv", SHEET)).json()
    await browser.post("/api/menus/publish", menu())
    answer = await bring("csv", SHEET, publish=True, replaces=shown["version"])
    assert (answer.status_code, answer.json()["code"]) == (409, "menu_changed")
    assert await version(browser) == 1


@pytest.mark.parametrize(("name", "data"), [("platform", PLATFORM), ("square", SQUARE)])
async def test_what_the_other_system_does_not_know_stays(bring, browser, menu, name, data):
    await browser.post("/api/menus/publish", menu())
    done = (await bring(name, data, publish=True)).json()
    assert (done["published"], done["items"]) == (True, 1)
    current = (await browser.get("/api/menus/current")).json()
    assert current["stations"] == list(msgspec.to_builtins(menu().stations)), (
        "kitchens are not Square's"
    )
    assert (await bring(name, data, publish=True)).json()["unchanged"]


async def test_a_menu_goes_out_as_a_spreadsheet_and_back(bring, browser, menu):
    assert (await browser.get("/api/menus/export")).json()["code"] == "no_menu"
    await browser.post("/api/menus/publish", menu())
    answer = await browser.get("/api/menus/export")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "menu.csv" in answer.headers["content-disposition"]
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert (await bring("csv", answer.content, publish=True)).json()["unchanged"]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04" + bytes(100), "a workbook or a zip archive"),
        (b"\x1f\x8b" + bytes(100), "a compressed file"),
        (b"", "is empty"),
        (b"\xff\x00" * 30, ""),
        (b"[" * 50_000, ""),
    ],
)
async def test_what_is_no_menu_is_refused_and_changes_nothing(
    bring, browser, menu, name, data, said
):
    await browser.post("/api/menus/publish", menu())
    answer = await bring(name, data, publish=True)
    assert (answer.status_code, answer.json()["code"]) == (422, "unfit_menu")
    assert said in answer.json()["faults"][0]
    assert await version(browser) == 1


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("csv", SHEET.replace("27000", "-5"), "row 2: price '-5'"),
        ("csv", SHEET.replace("1002", "1001"), "row 3: plu '1001' is in row 2"),
        ("csv", SHEET.encode("utf-16-le"), "column"),
        ("platform", json.dumps(PLATFORM).replace("IDR", "XAU"), "priced in XAU"),
        ("square", json.dumps(SQUARE).replace("IDR", "XAU"), "priced in XAU"),
        ("square", json.dumps(SQUARE).replace("12000", "-1"), "-1 is no amount"),
    ],
)
async def test_what_cannot_be_sold_is_named(bring, browser, name, data, said):
    answer = await bring(name, data, publish=True)
    assert answer.status_code == 422
    assert said in " ".join(answer.json()["faults"])
    assert await version(browser) == 0


async def test_a_file_of_fifty_megabytes_is_not_read(bring, browser):
    answer = await bring("csv", b"x" * (FILE_BYTES_MAX + 1), publish=True)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert await version(browser) == 0


async def test_an_unknown_format_names_those_that_are_known(bring):
    answer = await bring("xlsx", SHEET)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_format")
    assert "csv, square, platform" in answer.json()["what_to_do"]


async def test_importing_needs_a_key(world):
    answer = await world.client.post("/api/menus/import?format=csv", content=SHEET)
    assert answer.status_code == 401


async def test_what_is_wrong_is_told_in_both_languages_with_its_row(bring, browser, menu):
    no = (await bring("csv", SHEET + "1002,Minuman,Susu,murah\n")).json()
    assert no["faults"][0].startswith("row 4: plu '1002' is in row 3 already")
    assert no["faults_id"][0] == "baris 4: PLU '1002' sudah ada di baris 3; satu PLU sekali saja"
    assert len(no["faults"]) == len(no["faults_id"]) == 2
    dish = PLATFORM["items"][0]
    cheaper = {**dish["variations"][0], "price_before_discount": 40000}
    told = (
        await bring("platform", PLATFORM | {"items": [{**dish, "variations": [cheaper]}]})
    ).json()
    assert told["notes"] == ["Sate: comes in at the platform's reduced price 30000, not 40000"]
    assert told["notes_id"] == ["Sate: masuk dengan harga promo layanan 30000, bukan 40000"]
    answer = (await browser.post("/api/menus/publish", menu(currency="USD"))).json()
    assert answer["faults_id"] == ["harga dalam USD, outlet menjual dalam IDR"]

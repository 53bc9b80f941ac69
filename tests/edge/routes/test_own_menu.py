"""A box that works alone gets its menu from a file, seen before it is sold from."""

import pytest
from httpx import ASGITransport, AsyncClient

from edge.app import front_door
from edge.box import Box
from edge.config import Config
from edge.menu_asked import NotDone, read_file
from protocol.importing.reading import FILE_BYTES_MAX

SHEET = "plu,category,item,price\n1,Kopi,Tubruk,8000\n2,Kopi,Susu,12000\n"


@pytest.fixture
async def alone(tmp_path, clock):
    """A box that nobody gave a menu."""
    box = Box(
        Config(data_dir=str(tmp_path / "box"), announce=False, mqtt_port=1, ballast_mb=0), clock
    )
    await box.start()
    yield box
    await box.stop()


def at(box, address="127.0.0.1", host="localhost"):
    transport = ASGITransport(front_door(box), client=(address, 5000), raise_app_exceptions=False)
    return AsyncClient(transport=transport, base_url=f"http://{host}")


async def bring(http, data, name="csv", **params):
    asked = {"format": name, **params}
    return await http.post("/api/menu/import", params=asked, content=data)


async def test_it_is_shown_then_sold_from_and_goes_out_again(alone, guest):
    async with at(alone) as http:
        assert (await http.get("/api/menu/export")).json()["code"] == "not_ready"
        shown = (await bring(http, SHEET)).json()
        assert (shown["published"], shown["version"], len(shown["changes"])) == (False, 0, 2)
        assert (await http.get("/api/menu")).json()["version"] == 0

        done = (await bring(http, SHEET, publish="true")).json()
        assert (done["published"], done["version"]) == (True, 1)
        menu = (await http.get("/api/menu")).json()
        assert [v["price"] for i in menu["items"] for v in i["variants"]] == [8000, 12000]
        variant = menu["items"][0]["variants"][0]["id"]
        taken = await alone.taking.take(guest.asks(guest.place(guest.line(variant))))
        assert taken.order.totals.total == 8000

        sheet = (await http.get("/api/menu/export")).content
        assert not (await bring(http, sheet, publish="true")).json()["published"]
        dearer = sheet.replace(b"8000", b"9000")
        assert (await bring(http, dearer, publish="true")).json()["version"] == 2
        again = (await http.get("/api/menu")).json()
        assert again["items"][0]["variants"][0]["id"] == variant, "it is the same coffee"


@pytest.mark.parametrize(
    ("name", "data", "status", "code"),
    [
        ("csv", SHEET.replace("8000", "-8"), 422, "unfit_menu"),
        ("csv", b"PK\x03\x04", 422, "unfit_menu"),
        ("square", b"[[[", 422, "unfit_menu"),
        ("xlsx", SHEET, 404, "unknown_format"),
        ("csv", b"x" * (FILE_BYTES_MAX + 1), 413, "too_large"),
    ],
)
async def test_what_is_no_menu_changes_nothing(alone, name, data, status, code):
    async with at(alone) as http:
        answer = await bring(http, data, name, publish="true")
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert (await http.get("/api/menu")).json()["version"] == 0


async def test_only_the_machine_itself_may(alone):
    async with at(alone, "192.168.1.7", "box.local") as http:
        answer = await bring(http, SHEET, publish="true")
        assert (answer.status_code, answer.json()["code"]) == (403, "only_on_the_box")


async def test_a_box_with_an_hq_has_its_menu_from_there(alone, monkeypatch):
    monkeypatch.setattr(alone.node, "enrolled", object())
    async with at(alone) as http:
        assert (await bring(http, SHEET, publish="true")).json()["code"] == "menu_at_hq"


def test_a_file_that_is_no_menu_by_its_size_is_not_read(tmp_path):
    file = tmp_path / "film.csv"
    with file.open("wb") as film:
        film.truncate(FILE_BYTES_MAX + 1)
    with pytest.raises(NotDone, match="larger than 8 MB"):
        read_file(file)

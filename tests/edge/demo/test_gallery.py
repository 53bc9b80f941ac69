"""The demo's pictures: one for each dish that was drawn, put to it once."""

import io

import pytest
from PIL import Image

from edge.demo.drawings import DRAWINGS, picture_of
from edge.demo.gallery import hang
from edge.demo.show import MENU
from edge.replay.menu_file import read_menu
from protocol.money import CURRENCIES


def test_a_drawing_is_a_picture_and_the_same_each_time():
    one = picture_of("401")
    picture = Image.open(io.BytesIO(one))
    assert (picture.format, picture.size) == ("JPEG", (960, 720))
    assert picture_of("401") == one
    assert picture_of("nothing") is None


def test_what_is_drawn_is_on_the_demos_menu():
    plus = {v.plu for item in read_menu(MENU, CURRENCIES["IDR"]).items for v in item.variants}
    assert plus >= DRAWINGS.keys()


@pytest.mark.postgres
async def test_pictures_are_hung_once(world, tenant, browser):
    menu = read_menu(MENU, CURRENCIES["IDR"])
    await browser.post("/api/menus/publish", menu)
    world.client.headers.update(browser.headers)
    assert await hang(world.client) == len(DRAWINGS)
    assert await hang(world.client) == 0, "a second start of the demo changes nothing"
    products = (await browser.read("/api/products"))["products"]
    assert sum(p["photo"] is not None for p in products) == len(DRAWINGS)

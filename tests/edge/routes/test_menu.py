"""What the outlet sells and who it is."""

import msgspec

from protocol import commands as c
from protocol.menu import Menu


async def test_the_menu_in_force(client, menu):
    answer = await client.get("/api/menu")
    assert msgspec.json.decode(answer.content, type=Menu) == menu


async def test_products_say_what_is_sold_out(client, box, guest):
    await box.taking.take(guest.asks(c.EightySixItem(item_id="kopi")))
    answer = await client.get("/api/products")
    assert [(p["item"]["id"], p["eighty_six"]) for p in answer.json()] == [
        ("nasi", False), ("kopi", True), ("paket", False), ("durian", False),
    ]  # fmt: skip


async def test_one_product_by_id_or_plu(client, ensure_problem):
    for key in ("nasi", "102"):
        assert (await client.get(f"/api/products/{key}")).json()["item"]["id"] == "nasi"
    ensure_problem(await client.get("/api/products/999"), "unknown_item", 422)
    ensure_problem(await client.get("/api/products/%00"), "unknown_item", 422)


async def test_who_the_box_is(client, box):
    outlet = (await client.get("/api/outlet")).json()
    assert (outlet["name"], outlet["currency"], outlet["zone"]) == (
        "Kedai Dago", "IDR", "Asia/Jakarta",
    )  # fmt: skip
    assert [s["id"] for s in outlet["stations"]] == ["dapur", "bar"]
    assert outlet["boot"] == box.platform.boot

"""Tills and days over HTTP: what screens ask, and what a close lists as outstanding."""

import pytest

from protocol import commands as c
from protocol import till_commands as t


@pytest.fixture
def ask(box, guest):
    async def take(command):
        return await box.taking.take(guest.asks(command))

    return take


async def read(client, path, **params):
    response = await client.get(path, params=params)
    assert response.status_code == 200, response.text
    return response.json()


async def test_a_till_its_shift_and_its_x_report(client, ask, guest):
    assert await read(client, "/api/tills") == {"tills": [], "needed": False}
    shift_id = guest.new_id()
    await ask(t.OpenShift(shift_id=shift_id, till_id="depan", opening=100_000))
    order = (await ask(guest.place())).order
    await ask(guest.pay(order.order_id, 50_000, till_id="depan"))
    (till,) = (await read(client, "/api/tills"))["tills"]
    assert (till["till_id"], till["shift"]["shift_id"]) == ("depan", shift_id)
    x = await read(client, f"/api/shifts/{shift_id}/x")
    assert (x["expected"], x["cash_sales"]) == (125_000, 25_000)
    await ask(t.CloseShift(shift_id=shift_id, counted=125_000))
    (till,) = (await read(client, "/api/tills"))["tills"]
    assert (till["shift"], till["last"]["counted"]) == (None, 125_000)
    assert [s["shift_id"] for s in await read(client, "/api/shifts")] == [shift_id]
    assert (await client.get("/api/shifts/nobody/x")).json()["code"] == "unknown_shift"


async def test_the_day_as_it_stands_and_as_it_was_closed(client, ask, guest):
    order = (await ask(guest.place())).order
    await ask(c.ChangeOrderStatus(order_id=order.order_id, status="served"))
    await ask(guest.pay(order.order_id, 25_000))
    left = (await ask(guest.place(table="4"))).order
    standing = await read(client, "/api/days/standing")
    date = standing["business_date"]
    assert (standing["next_z"], standing["figures"][0]["total"]) == (1, 25_000)
    assert [(o["kind"], o["label"]) for o in standing["outstanding"]] == [("order", left.number)]
    assert await read(client, "/api/days/standing") == standing, "looking counts nothing"
    knowing = (left.order_id,)
    await ask(t.CloseDay(close_id=guest.new_id(), business_date=date, knowing=knowing))
    (day,) = await read(client, "/api/days")
    assert (day["closed"]["number_z"], day["certified"]) == (1, None)
    assert await read(client, "/api/days/1") == day
    assert (await read(client, "/api/days/standing", date=date))["closed_z"] == 1
    for path, code in (
        ("/api/days/1/certificate", "not_certified"),
        ("/api/days/9", "unknown_day"),
    ):
        assert (await client.get(path)).json()["code"] == code


async def test_a_screen_with_unsent_work_is_named_before_the_day_is_closed(client, ask, guest):
    order = (await ask(guest.place())).order
    await ask(guest.pay(order.order_id, 25_000))
    await ask(c.ChangeOrderStatus(order_id=order.order_id, status="served"))
    said = {"screen": "tablet-3", "unsent": 2, "name": "Tablet teras"}
    assert (await client.post("/api/screens/standing", json=said)).json() == said
    standing = await read(client, "/api/days/standing")
    (screen,) = standing["outstanding"]
    assert (screen["id"], screen["label"], screen["amount"]) == (
        "screen:tablet-3",
        "Tablet teras",
        2,
    )
    close = t.CloseDay(close_id=guest.new_id(), business_date=standing["business_date"])
    no = await ask(close)
    assert (no.code, no.params["what"]) == ("outstanding", "Tablet teras")
    await client.post("/api/screens/standing", json=said | {"unsent": 0})
    assert (await ask(close)).events == ("day.closed",)


@pytest.mark.parametrize(("before", "found"), [(1 << 70, 1), (-(1 << 70), 0), (1, 0), (2, 1)])
async def test_days_before_a_number_that_no_table_holds(client, ask, guest, before, found):
    order = (await ask(guest.place())).order
    standing = await read(client, "/api/days/standing")
    close = t.CloseDay(
        close_id=guest.new_id(), business_date=standing["business_date"], knowing=(order.order_id,)
    )
    await ask(c.ChangeOrderStatus(order_id=order.order_id, status="cancelled"))
    await ask(close)
    assert len(await read(client, "/api/days", before=before)) == found

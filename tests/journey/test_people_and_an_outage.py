"""People live at HQ and work at the outlet: while the line is cut for days, nobody notices."""

import asyncio

import httpx
import pytest

from edge.app import front_door

pytestmark = pytest.mark.postgres

DAY_MS = 24 * 3600 * 1000


@pytest.fixture
async def staffed(scene):
    """An outlet where HQ has added a manager and a cashier, and a screen of it."""
    place, hq = scene
    ids = {}
    for name, role, pin in (("Sari", "manager", "4711"), ("Budi", "cashier", "2580")):
        answer = await hq.post("/api/people", {"name": name, "role": role, "pin": pin})
        ids[name] = answer.json()["staff_id"]
    transport = httpx.ASGITransport(front_door(place.box), client=("10.0.0.7", 4000))
    async with httpx.AsyncClient(transport=transport, base_url="http://box") as screen:
        async with asyncio.timeout(15):
            while len((await screen.get("/api/staff")).json()["people"]) < len(ids):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        yield place, hq, screen, ids


async def signed_in(screen, staff_id, pin):
    body = {"staff_id": staff_id, "pin": pin, "screen": "counter-1"}
    answer = await screen.post("/api/staff/sign-in", json=body)
    return {"x-session": answer.json().get("token", "")}, answer.status_code


async def test_what_hq_decides_of_people_holds_at_the_outlet_and_comes_back_as_a_trail(staffed):
    place, hq, screen, ids = staffed
    assert (place.folder / "pin.pepper").stat().st_mode & 0o777 == 0o600
    place.wire.cut.set()
    place.clock.now_ms += 5 * DAY_MS
    cashier, _ = await signed_in(screen, ids["Budi"], "2580")
    order = {
        "command_id": place.clock.new_id(),
        "order_id": place.clock.new_id(),
        "lines": [{"line_id": place.clock.new_id(), "variant_id": "nasi-goreng"} for _ in range(2)],
    }
    answer = await screen.post("/api/orders", json=order, headers=cashier)
    assert answer.status_code == 200, answer.text
    placed = answer.json()["order"]
    wish = {"action": "void_fired", "subject": placed["order_id"], "amount": None}
    asked = wish | {"staff_id": ids["Sari"], "pin": "4711"}
    given = (await screen.post("/api/staff/approvals", json=asked, headers=cashier)).json()
    void = {
        "type": "line.void",
        "order_id": placed["order_id"],
        "line_id": placed["lines"][0]["line_id"],
        "approval_id": given["approval_id"],
        "reason": "salah",
    }
    envelope = {"command_id": place.clock.new_id(), "command": void}
    taken = await screen.post("/api/commands", json=envelope, headers=cashier)
    assert taken.json()["type"] == "accepted"
    change = {"staff_id": ids["Budi"], "pin": "2580", "new_pin": "7319"}
    assert (await screen.post("/api/staff/pin", json=change)).status_code == 200

    place.wire.cut.clear()
    manager, _ = await signed_in(screen, ids["Sari"], "4711")
    here = (await screen.get("/api/audit", headers=manager)).json()
    outlet, day = place.box.outlet.outlet_id, here["business_date"]
    async with asyncio.timeout(30):
        while True:
            await place.world.project()
            there = await hq.read("/api/audit", outlet=outlet, date=day)
            # The ledger has a row before the figures know its order's number and dish.
            if there["rows"] == here["rows"]:
                break
            await asyncio.sleep(0.1)
    assert {"void", "approval", "pin", "sign_in"} == {row["kind"] for row in there["rows"]}

    # HQ has Budi's new PIN: what it says of him next does not bring back the old one.
    await hq.patch(f"/api/people/{ids['Budi']}", {"name": "Budi S."})
    async with asyncio.timeout(15):
        while place.box.staffing.people.name_of(ids["Budi"]) != "Budi S.":  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert (await signed_in(screen, ids["Budi"], "7319"))[1] == 200
    # And when HQ sends him away he is signed out, here and at once.
    assert (await screen.get("/api/staff/me", headers=cashier)).json() is not None
    await hq.post(f"/api/people/{ids['Budi']}/deactivate", {})
    async with asyncio.timeout(15):
        while (await screen.get("/api/staff/me", headers=cashier)).json() is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

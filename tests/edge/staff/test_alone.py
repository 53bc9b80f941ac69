"""A box without HQ has people too: added on the box itself, with PINs of its own pepper."""

from urllib.parse import urlparse

import pytest

from edge import staff_asked
from protocol.staff import Role


@pytest.fixture
def port(url):
    return urlparse(url).port


async def test_people_are_added_at_the_box_itself_and_sign_in(port, box, client, guest):
    assert await staff_asked.listed(port) == await staff_asked.listed(port)
    for name, role, pin in (("Budi", Role.CASHIER, "2580"), ("Sari", Role.OWNER, "4711")):
        await staff_asked.add(port, name, role, pin, "id")
    staff = await staff_asked.listed(port)
    assert (staff.sign_in, [p.name for p in staff.people]) == (True, ["Budi", "Sari"])
    assert (box.data_dir / "pin-own.pepper").stat().st_mode & 0o777 == 0o600
    budi = staff.people[0].staff_id
    await staff_asked.give_pin(port, "Budi", "7319")
    for pin, status in (("2580", 403), ("7319", 200)):
        body = {"staff_id": budi, "pin": pin}
        assert (await client.post("/api/staff/sign-in", json=body)).status_code == status
    await staff_asked.remove(port, "Budi")
    assert [p.name for p in (await staff_asked.listed(port)).people] == ["Sari"]
    for wrong in (
        staff_asked.add(port, "Eko", Role.CASHIER, "1234", ""),
        staff_asked.remove(port, "Budi"),
        staff_asked.listed(1),
    ):
        with pytest.raises(staff_asked.NotDone):
            await wrong


async def test_nobody_on_the_lan_adds_people(outlet):
    async with outlet.screen() as screen:
        body = {"name": "Mallory", "role": "owner", "pin": "4712"}
        answer = await screen.post("/api/staff/people", json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "only_on_the_box")
        for deed in ("remove", "pin"):
            answer = await screen.post(f"/api/staff/people/sari/{deed}", json={"pin": "4712"})
            assert answer.json()["code"] == "only_on_the_box"


async def test_with_an_hq_people_are_kept_there(outlet, monkeypatch):
    monkeypatch.setattr(outlet.box.node, "enrolled", object())
    async with outlet.screen(address="127.0.0.1") as screen:
        screen.base_url = "http://localhost"
        body = {"name": "Eko", "role": "cashier", "pin": "4712"}
        answer = await screen.post("/api/staff/people", json=body)
        assert answer.json()["code"] == "people_at_hq"
        assert (await screen.post("/api/staff/people/sari/remove")).json()["code"] == "people_at_hq"

"""A browser without an agent joins by itself: SHA-256 of its secret, and a cookie for its token."""

import hashlib

import pytest
from httpx import ASGITransport, AsyncClient

from edge.app import front_door
from edge.box import Box
from edge.config import Config
from edge.routes.devices import TOKEN_COOKIE, bearer_of

SECRET = "a browser's secret"


@pytest.fixture
async def shut(tmp_path, clock):
    """A box that asks every screen to be paired."""
    config = Config(
        data_dir=str(tmp_path / "box"),
        announce=False,
        mqtt_port=1,
        ballast_mb=0,
        pairing="required",
    )
    box = Box(config, clock)
    await box.start()
    yield box
    await box.stop()


def browser(box, address="192.168.1.30", host="box.local"):
    transport = ASGITransport(front_door(box), client=(address, 5000))
    return AsyncClient(transport=transport, base_url=f"http://{host}")


async def join(client, at_the_box, kind="counter"):
    hashed = hashlib.sha256(SECRET.encode()).hexdigest()
    asked = {"kind": kind, "name": "Till 2", "secret_hash": hashed}
    code = (await client.post("/api/devices/pairings", json=asked)).json()
    path = f"/api/devices/pairings/{code['pairing_id']}"
    headers = {"pairing-secret": SECRET, "pairing-keep": "cookie"}
    assert (await client.get(path, headers=headers)).status_code == 202
    await at_the_box.post(f"{path}/approve", json={})
    return await client.get(path, headers=headers)


async def test_it_is_let_in_by_a_cookie_that_no_script_reads(shut):
    async with browser(shut) as till, browser(shut, "127.0.0.1", "localhost") as at_the_box:
        assert (await till.get("/api/menu")).json()["code"] == "not_paired"
        paired = await join(till, at_the_box)
        assert paired.json()["token"] == "", "the page itself never has it"
        cookie = paired.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert (await till.get("/api/menu")).status_code == 200
        own = (await till.get("/api/devices/me")).json()
        assert (own["name"], own["kind"]) == ("Till 2", "counter")
        waits = await till.get("/api/devices/pairings")
        assert waits.status_code == 200, "a counter lets others in"

        await shut.devices.revoke(own["device"], "Sari", "lost")
        assert (await till.get("/api/menu")).json()["code"] == "not_paired"
        assert (await join(till, at_the_box)).status_code == 200, "and in again"
        assert (await till.get("/api/menu")).status_code == 200


async def test_who_asks_for_no_cookie_gets_the_token_as_ever(shut):
    hashed = hashlib.sha256(SECRET.encode()).hexdigest()
    asked = {"kind": "counter", "name": "Till 2", "secret_hash": hashed}
    async with browser(shut) as till, browser(shut, "127.0.0.1", "localhost") as at_the_box:
        code = (await till.post("/api/devices/pairings", json=asked)).json()
        path = f"/api/devices/pairings/{code['pairing_id']}"
        await at_the_box.post(f"{path}/approve", json={})
        wrong = await till.get(path, headers={"pairing-secret": "another"})
        assert wrong.status_code == 410
        answer = await till.get(path, headers={"pairing-secret": SECRET})
        assert answer.json()["token"]
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ([], None),
        ([(b"cookie", b"a=b; kedai_device=good; c=d")], "good"),
        ([(b"cookie", b"a=b"), (b"cookie", b"kedai_device=good")], "good"),
        ([(b"cookie", b"kedai_device="), (b"x", b"y")], None),
        ([(b"cookie", b"not_kedai_device=bad; kedai_devices=bad")], None),
        ([(b"cookie", b"kedai_device=good"), (b"authorization", b"Bearer better")], "better"),
        ([(b"authorization", b"Basic x"), (b"cookie", b"kedai_device=good")], ""),
        ([(b"cookie", b"\xff;;==;kedai_device=good")], "good"),
    ],
)
def test_a_token_is_read_from_the_header_before_the_cookie(headers, token):
    assert TOKEN_COOKIE == "kedai_device"
    assert bearer_of({"headers": headers}) == token

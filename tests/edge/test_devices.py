"""Devices join by a code that a person compares, and are shut out at once when one says so."""

import hashlib

import msgspec
import pytest
from httpx import ASGITransport, AsyncClient

from edge.app import front_door
from edge.devices import hash_of
from edge.lan.certificate import Certificate, NotOurs, ensure_same, proven_fingerprint
from edge.lan.inbox import Message
from edge.pairing import WAITING_EACH_MAX, WAITING_MAX, WRONG_CODES_MAX, PairingDesk
from protocol.devices import (
    CODE_ALPHABET,
    CODE_LENGTH,
    CODE_LIVES_MS,
    BoxProof,
    PairingAsked,
    proof_bytes,
)
from protocol.lan import Presence, presence_topic
from protocol.refusals import Refusal

NONCE = "n" * 32


def hashed(secret):
    return hashlib.blake2b(secret.encode(), digest_size=32).hexdigest()


def asks_as(name="Kiosk 1", kind="kiosk", secret="my secret"):
    return {"kind": kind, "name": name, "secret_hash": hashed(secret)}


class Door:
    """Speaks to a box from one address, with or without a token."""

    def __init__(self, box, address="192.168.1.20", host="box.local", token=None):
        transport = ASGITransport(front_door(box), client=(address, 5000))
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self.http = AsyncClient(transport=transport, base_url=f"http://{host}", headers=headers)

    async def ask(self, **more):
        return (await self.http.post("/api/devices/pairings", json=asks_as(**more))).json()

    async def collect(self, pairing_id, secret="my secret"):
        url = f"/api/devices/pairings/{pairing_id}"
        return await self.http.get(url, headers={"pairing-secret": secret})

    async def post(self, path, **body):
        return await self.http.post(f"/api/devices/{path}", json=body)

    async def get(self, path):
        return await self.http.get(path)


@pytest.fixture
async def door(box):
    """Opens doors to the box, as different machines of the LAN."""
    doors = []

    def open_at(address="192.168.1.20", **more):
        doors.append(Door(more.pop("box", box), address, **more))
        return doors[-1]

    yield open_at
    for each in doors:
        await each.http.aclose()


@pytest.fixture
def at_the_box(door):
    """Whoever sits at the box itself."""
    return door("127.0.0.1", host="localhost:8080")


@pytest.fixture
def join(door, at_the_box):
    """Lets a device in and returns what it was given."""

    async def joins(kind="kiosk", name="Kiosk 1", address="192.168.1.20"):
        outside = door(address)
        code = await outside.ask(kind=kind, name=name)
        await at_the_box.post(f"pairings/{code['pairing_id']}/approve")
        return (await outside.collect(code["pairing_id"])).json()

    return joins


async def test_a_device_shows_a_code_waits_and_gets_its_token_exactly_once(door, at_the_box, box):
    kiosk = door()
    asked = await kiosk.ask()
    assert len(asked["code"]) == CODE_LENGTH
    assert set(asked["code"]) <= set(CODE_ALPHABET)
    assert asked["fingerprint"] == box.certificate.fingerprint
    assert (await kiosk.collect(asked["pairing_id"])).status_code == 202
    (waits,) = (await at_the_box.get("/api/devices/pairings")).json()
    assert (waits["code"], waits["name"], waits["address"]) == (
        *(asked["code"], "Kiosk 1", "192.168.1.20"),
    )
    let_in = await at_the_box.post(f"pairings/{asked['pairing_id']}/approve", by="Sari")
    assert let_in.json()["name"] == "Kiosk 1"
    paired = await kiosk.collect(asked["pairing_id"])
    assert paired.status_code == 200
    assert paired.headers["cache-control"] == "no-store"
    assert paired.json()["outlet_name"] == "Kedai Dago"
    assert (await kiosk.collect(asked["pairing_id"])).status_code == 410
    assert box.devices.find(paired.json()["device"], paired.json()["token"]) == "kiosk"


async def test_only_who_asked_can_collect(door, at_the_box):
    asked = await door().ask()
    await at_the_box.post(f"pairings/{asked['pairing_id']}/approve")
    assert (await door().collect(asked["pairing_id"], "another secret")).status_code == 410
    assert (await door().collect("0" * 32)).status_code == 410
    assert (await door().collect(asked["pairing_id"])).status_code == 200


async def test_a_code_that_was_refused_says_so_and_can_let_nobody_in(door, at_the_box):
    kiosk = door()
    asked = await kiosk.ask()
    await at_the_box.post(f"pairings/{asked['pairing_id']}/deny")
    answer = await kiosk.collect(asked["pairing_id"])
    assert (answer.status_code, answer.json()["code"]) == (410, "pairing_denied")
    late = await at_the_box.post(f"pairings/{asked['pairing_id']}/approve")
    assert late.json()["code"] == "pairing_expired"


async def test_asking_again_with_the_same_secret_shows_the_same_code(door):
    first, again = await door().ask(), await door().ask()
    assert (first["code"], first["pairing_id"]) == (again["code"], again["pairing_id"])
    assert (await door().ask(secret="new"))["code"] != first["code"]


@pytest.mark.parametrize(
    "wrong", [{"secret_hash": "X" * 64}, {"secret_hash": ""}, {"name": " "}, {"name": "n" * 61}]
)
async def test_nonsense_gets_no_code(door, at_the_box, wrong):
    answer = await door().http.post("/api/devices/pairings", json=asks_as() | wrong)
    assert answer.status_code == 400
    assert (await at_the_box.get("/api/devices/pairings")).json() == []


async def test_one_address_cannot_fill_the_list_and_all_together_cannot_flood_it(door):
    told = [(await door().ask(secret=str(n))).get("code") for n in range(WAITING_EACH_MAX + 1)]
    assert told[-1] == "too_many_pairings"
    for n in range(WAITING_MAX):
        last = await door(f"192.168.1.{100 + n}").ask(secret=f"other {n}")
    assert last["status"] == 429
    assert len((await door().get("/api/devices/pairings")).json()) == WAITING_MAX


def test_a_code_is_over_after_ten_minutes_by_a_clock_that_nobody_sets(clock):
    desk, now = PairingDesk(clock), [1_000_000]
    clock.mono_ms = lambda: now[0]
    code = desk.ask(PairingAsked(**asks_as()), "192.168.1.9", "f")
    clock.now_ms += 10 * CODE_LIVES_MS
    assert desk.find(code.pairing_id)
    now[0] += CODE_LIVES_MS
    assert desk.find(code.pairing_id) is None
    assert desk.collect(code.pairing_id, "my secret") == Refusal("pairing_expired")


async def test_a_code_typed_wrongly_lets_nobody_in_and_ends_after_some_tries(door, at_the_box):
    asked = await door().ask()
    path = f"pairings/{asked['pairing_id']}/approve"
    assert (await at_the_box.post(path, code="AAAAAA")).json()["code"] == "wrong_code"
    for _ in range(WRONG_CODES_MAX - 1):
        await at_the_box.post(path, code="AAAAAA")
    assert (await at_the_box.post(path, code=asked["code"])).json()["code"] == "pairing_expired"
    other = await door().ask(secret="second")
    typed = f"{other['code'][:3]} {other['code'][3:]}".lower()
    assert (await at_the_box.post(f"pairings/{other['pairing_id']}/approve", code=typed)).is_success


async def test_only_a_paired_counter_or_the_box_itself_lets_devices_in(door, box, join):
    counter, kiosk = await join("counter", "Kasir"), await join("kiosk")
    asked = await door().ask(secret="third")
    path = f"pairings/{asked['pairing_id']}/approve"
    unpaired, by_kiosk = door(), door(token=kiosk["token"])
    guest = door("127.0.0.1", host="localhost:8080", token=kiosk["token"])
    pointed_here = door("127.0.0.1", host="evil.example")
    for knocks in (unpaired, by_kiosk, guest, pointed_here):
        assert (await knocks.post(path)).json()["code"] == "may_not_approve"
    assert (await door(token="f" * 64).post(path)).json()["code"] == "not_paired"
    assert (await door(token=counter["token"]).post(path)).is_success
    (row,) = await box.database.read(
        lambda db: db.execute("SELECT approved_by FROM devices ORDER BY paired_ms DESC").fetchmany(
            1
        )
    )
    assert row[0]


async def test_revoked_is_out_at_once_and_who_listens_is_told(door, at_the_box, box, join, caplog):
    paired, told = await join(), []
    box.devices.on_revoked.append(told.append)
    inside = door(token=paired["token"])
    assert (await inside.get("/api/menu")).is_success
    me = (await inside.get("/api/devices/me")).json()
    assert (me["name"], me["online"]) == ("Kiosk 1", True)
    gone = await at_the_box.post(f"{paired['device']}/revoke", by="Budi", reason="stolen")
    assert gone.json()["revoked_ms"]
    assert told == [paired["device"]]
    for path in ("/api/menu", "/api/devices/me", "/api/orders/history"):
        assert (await inside.get(path)).status_code == 401
    order = await inside.http.post("/api/orders", json={})
    assert order.json()["code"] == "not_paired"
    assert box.devices.find(paired["device"], paired["token"]) is None
    assert (await at_the_box.post(f"{paired['device']}/revoke")).json() == gone.json()
    assert told == [paired["device"]]
    assert (await at_the_box.post("nobody/revoke")).status_code == 404
    knocks = [r for r in caplog.records if "still tries to connect" in r.message]
    assert len(knocks) == 1


async def test_a_restart_remembers_who_is_in_and_who_is_out(make_box, join, at_the_box, box):
    stays, goes = await join(name="A"), await join(name="B")
    await at_the_box.post(f"{goes['device']}/revoke")
    await box.stop()
    again = await make_box(folder=box.data_dir.name)
    assert again.devices.find(stays["device"], stays["token"]) == "kiosk"
    assert again.devices.find(goes["device"], goes["token"]) is None
    assert [c.name for c in again.devices.cards()] == ["A", "B"]
    assert again.devices.cards()[0].last_seen_ms is not None


async def test_joining_and_shutting_out_are_in_the_journal_and_no_token_is_anywhere(
    box, join, at_the_box
):
    paired = await join()
    await at_the_box.post(f"{paired['device']}/revoke", reason="sold")
    entries = await box.journal.read_after(0, 1000)
    told = [e.entry for e in entries if e.entry.aggregate_kind == "device"]
    assert [e.type for e in told] == ["device.paired", "device.revoked"]
    assert {e.aggregate_id for e in told} == {paired["device"]}
    kept = await box.database.read(lambda db: list(db.iterdump()))
    assert not [line for line in kept if paired["token"] in line]
    (hashed,) = await box.database.read(
        lambda db: db.execute("SELECT token_hash FROM devices").fetchone()
    )
    assert hashed == hash_of(paired["token"])


async def test_when_pairing_is_required_the_api_wants_a_token_and_pages_do_not(make_box, menu):
    box = await make_box(menu=menu, pairing="required")
    outside, here = Door(box), Door(box, "127.0.0.1", host="127.0.0.1:8080")
    for path in (
        "/api/menu",
        "/api/feed",
        "/api/devices",
        "/api/devices/pairings",
        "/api/devices/me",
    ):
        answer = await outside.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_paired"), path
    for path in ("/api/orders", "/api/commands"):
        assert (await outside.http.post(path, json={})).status_code == 401
    for path in ("/health", "/health/live", "/counter/", f"/api/box/proof?nonce={NONCE}"):
        assert (await outside.get(path)).status_code in (200, 503), path
    asked = await outside.ask()
    assert (await here.post(f"pairings/{asked['pairing_id']}/approve")).is_success
    paired = (await outside.collect(asked["pairing_id"])).json()
    inside = Door(box, token=paired["token"])
    assert (await inside.get("/api/menu")).is_success
    for each in (outside, here, inside):
        await each.http.aclose()


async def test_a_card_tells_who_is_here_and_what_it_says_of_itself(box, join):
    paired = await join("kitchen", "Grill")
    outlet = box.outlet.outlet_id

    async def says(device, *, topic=None, **more):
        said = Presence(device=device, name="Grill", kind="kitchen", **({"online": True} | more))
        place = presence_topic(outlet, topic or device)
        await box.devices._note_presence(Message(place, msgspec.json.encode(said)))

    await says(paired["device"], battery=80, product="1.2")
    card = box.devices.card(paired["device"])
    assert (card.online, card.presence.battery) == (True, 80)
    await says(paired["device"], online=False)
    assert not box.devices.card(paired["device"]).online
    await says("tablet-7")
    assert [(c.device, c.paired_ms) for c in box.devices.cards()][-1] == ("tablet-7", 0)
    await says("somebody", topic="else")
    await box.devices._note_presence(Message(presence_topic(outlet, "x"), b"\xff{"))
    assert len(box.devices.cards()) == 2
    for n in range(300):
        await says(f"flood-{n}")
    assert len(box.devices.cards()) <= 257


async def test_the_box_proves_its_certificate_and_a_copy_of_what_it_says_does_not(
    door, box, tmp_path
):
    given = msgspec.json.decode(
        (await door().get(f"/api/box/proof?nonce={NONCE}")).content, type=BoxProof
    )
    assert proven_fingerprint(given, NONCE) == box.certificate.fingerprint
    assert (await door().get("/health")).json()["fingerprint"] == box.certificate.fingerprint
    with pytest.raises(NotOurs):
        proven_fingerprint(given, "another nonce, another proof")
    fake = Certificate(tmp_path / "fake")
    fake.load()
    posing = msgspec.structs.replace(
        given, signature=fake.sign(proof_bytes(NONCE, given.outlet, 0))
    )
    with pytest.raises(NotOurs):
        proven_fingerprint(posing, NONCE)
    own = msgspec.structs.replace(posing, certificate=fake.pem)
    with pytest.raises(NotOurs, match="not that of our box"):
        ensure_same(proven_fingerprint(own, NONCE), box.certificate.fingerprint)
    assert (await door().get("/api/box/proof?nonce=short")).status_code == 400


async def test_the_certificate_is_made_once_and_read_by_its_owner_only(box):
    again = Certificate(box.data_dir)
    again.load()
    assert again.fingerprint == box.certificate.fingerprint
    assert (box.data_dir / "box.pem").stat().st_mode & 0o777 == 0o600

"""People at HQ: kept, given PINs, told to the boxes of their outlets and to no others."""

import asyncio

import msgspec
import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner

from cloud.cli import main
from cloud.people import PersonWish
from protocol.floor_events import PinChanged
from protocol.sign_in import peppered
from protocol.staff import Person, Role

pytestmark = pytest.mark.postgres


async def told(box):
    """What a box hears of people: by id, None for those who are gone from it."""
    page = await box.feed()
    return {
        r.key: None if r.body is None else msgspec.json.decode(r.body, type=Person)
        for r in page.rows
        if r.kind == "staff"
    }


@pytest.fixture
async def post(browser):
    async def ask(path="", body=None, method="POST"):
        return await browser.send(method, f"/api/people{path}", body)

    return ask


async def test_somebody_added_can_sign_in_at_every_box_and_nobody_reads_their_pin(world, box, post):
    added = await post(body={"name": " Sari ", "role": "manager", "pin": "4711"})
    assert (added.status_code, added.json()["name"]) == (200, "Sari")
    assert "4711" not in added.text
    assert "argon" not in (await post(method="GET")).text
    (person,) = (await told(box)).values()
    assert (person.name, person.role, person.active) == ("Sari", Role.MANAGER, True)
    pepper = (await box.hello()).pin_pepper
    assert len(pepper) == 32
    assert PasswordHasher().verify(person.pin_hash, peppered(pepper, person.staff_id, "4711"))


async def test_the_pepper_is_a_tenants_own_and_stays(world, box):
    first = (await box.hello()).pin_pepper
    assert (await box.hello()).pin_pepper == first
    other = await world.tenant("Other")
    stranger = await world.box(other)
    assert (await stranger.hello()).pin_pepper != first


async def test_a_box_hears_only_of_people_of_its_outlet(world, tenant, box, post):
    there = await world.box(tenant, "Elsewhere", stream="cd" * 16)
    elsewhere = there.enrolled.outlet_id
    mine = box.enrolled.outlet_id
    for name, outlets in (("All", []), ("Here", [mine]), ("There", [elsewhere])):
        done = await post(body={"name": name, "role": "cashier", "outlets": outlets, "pin": "4711"})
        assert done.status_code == 200, done.text
    assert {p.name for p in (await told(box)).values()} == {"All", "Here"}
    assert {p.name for p in (await told(there)).values()} == {"All", "There"}


async def test_who_moves_to_another_outlet_is_gone_from_the_first(world, tenant, box, post):
    there = await world.box(tenant, "Elsewhere", stream="cd" * 16)
    elsewhere = there.enrolled.outlet_id
    sari = (await post(body={"name": "Sari", "role": "cashier", "pin": "4711"})).json()["staff_id"]
    for outlets, here_too, there_too in (
        ([elsewhere], False, True),
        ([box.enrolled.outlet_id], True, False),
        ([], True, True),
        ([elsewhere, box.enrolled.outlet_id], True, True),
    ):
        assert (await post(f"/{sari}", {"outlets": outlets}, "PATCH")).status_code == 200
        assert (sari in await told(box), sari in await told(there)) == (here_too, there_too)


async def test_who_left_keeps_the_name_and_loses_the_right(box, post):
    sari = (await post(body={"name": "Sari", "role": "cashier", "pin": "4711"})).json()["staff_id"]
    assert (await post(f"/{sari}/deactivate")).json()["active"] is False
    assert (await told(box))[sari].active is False


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"name": " ", "role": "cashier"}, "a name has"),
        ({"role": "cashier"}, "needs a name"),
        ({"name": "A\x00", "role": "cashier"}, "character"),
        ({"name": "A", "role": "cashier", "pin": "1234"}, "PIN"),
        ({"name": "A", "role": "cashier", "pin": "12"}, "PIN"),
        ({"name": "A", "role": "cashier", "outlets": ["nowhere"]}, "no outlet nowhere"),
    ],
)
async def test_what_cannot_be_is_said_no_to_and_nobody_is_added(post, body, says):
    answer = await post(body=body)
    assert answer.status_code == 422, answer.text
    assert says in str(answer.json()["faults"])
    assert (await post(method="GET")).json() == {"people": []}


async def test_a_stranger_is_not_found_and_another_tenants_person_neither(world, post):
    other = await world.tenant("Other")
    theirs = await world.hq.people.add(other.tenant_id, PersonWish(name="X", role=Role.OWNER))
    for staff_id in ("x", theirs.staff_id):
        answer = await post(f"/{staff_id}/pin", {"pin": "4711"})
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_person")
    (kept,) = await world.hq.people.list(other.tenant_id)
    assert not kept.has_pin


async def test_a_pin_chosen_at_a_box_goes_to_the_other_outlets(world, tenant, box, post):
    there = await world.box(tenant, "Elsewhere", stream="cd" * 16)
    sari = (await post(body={"name": "Sari", "role": "cashier", "pin": "4711"})).json()["staff_id"]
    before = (await told(there))[sari]
    later = before.pin_ms + 60_000
    await box.hello()
    await box.send(world.till.entry(PinChanged(staff_id=sari, pin_hash="$new", at_ms=later)))
    await catch_up(world)
    after = (await told(there))[sari]
    assert (after.pin_hash, after.pin_ms) == ("$new", later)
    # One that was chosen before, and comes late, changes nothing.
    await box.send(world.till.entry(PinChanged(staff_id=sari, pin_hash="$old", at_ms=1)))
    await catch_up(world)
    assert (await told(there))[sari].pin_hash == "$new"
    # What HQ gives is later than all it knows, whatever a box's clock showed.
    await post(f"/{sari}/pin", {"pin": "8520"})
    assert (await told(there))[sari].pin_ms > later


async def test_an_outlet_has_no_word_on_people_who_do_not_work_there(world, tenant, box, post):
    there = await world.box(tenant, "Elsewhere", stream="cd" * 16)
    elsewhere = there.enrolled.outlet_id
    body = {"name": "Sari", "role": "owner", "pin": "4711", "outlets": [elsewhere]}
    sari = (await post(body=body)).json()["staff_id"]
    await box.hello()
    await box.send(world.till.entry(PinChanged(staff_id=sari, pin_hash="$mine", at_ms=1 << 50)))
    await catch_up(world)
    assert (await told(there))[sari].pin_hash != "$mine"


async def catch_up(world):
    for follower in world.hq.rare:
        await follower.catch_up()


async def test_the_command_line_adds_people_gives_pins_and_lets_them_go(world, tenant, box):
    async def tell(*words):
        asked = ["--database-url", world.url, "staff", *words]
        done = await asyncio.to_thread(CliRunner().invoke, main, asked)
        return done.exit_code, done.output

    assert (await tell("add", "Sari", "--role", "manager", "--pin", "4711"))[0] == 0
    code, told_so = await tell("add", "Budi", "--outlet", "Pusat", "--pin", "1234")
    assert (code, "PIN has four to six digits" in told_so) == (1, True)
    assert (await tell("add", "Budi", "--outlet", "Pusat", "--pin", "2580"))[0] == 0
    listed = (await tell("list"))[1]
    assert "Sari  manager  every outlet" in listed
    assert "Budi  cashier  Pusat" in listed
    before = {p.name: p.pin_hash for p in (await told(box)).values()}
    assert (await tell("pin", "budi", "--pin", "7319"))[0] == 0
    assert (await tell("remove", "Sari"))[0] == 0
    after = {p.name: (p.pin_hash, p.active) for p in (await told(box)).values()}
    assert after["Budi"][0] != before["Budi"]
    assert not after["Sari"][1]
    assert (await tell("pin", "Nobody", "--pin", "7319"))[0] == 1

"""A PIN guessed by machine: slowed down for one person at one device, and nobody else notices."""

import asyncio
import time

import pytest

from edge.pin_desk import FORGOTTEN_MS, FREE_TRIES, STRANGE_MAX, WAITING_MAX, WAITS_S

pytestmark = pytest.mark.usefixtures("passing")


async def guess(outlet, who, count, **more):
    """So many wrong PINs in a row; the codes of the answers."""
    answers = [await outlet.sign_in(who, f"{i:04}", **more) for i in range(5000, 5000 + count)]
    return [a.json()["code"] for a in answers]


async def test_a_machine_is_slowed_down_and_the_right_pin_has_to_wait_as_well(outlet, passing):
    codes = await guess(outlet, "sari", FREE_TRIES + 4)
    assert codes == ["wrong_pin"] * FREE_TRIES + ["slow_down"] * 4
    no = await outlet.sign_in("sari")
    assert (no.status_code, no.json()["params"]["seconds"]) == (429, str(WAITS_S[0]))
    passing(WAITS_S[0])
    assert (await outlet.sign_in("sari")).status_code == 200
    # Whoever was right begins afresh.
    assert await guess(outlet, "sari", FREE_TRIES) == ["wrong_pin"] * FREE_TRIES


async def test_each_wrong_pin_waits_longer_up_to_a_bound(outlet, passing):
    await guess(outlet, "sari", FREE_TRIES)
    told = []
    for wait_s in (*WAITS_S, WAITS_S[-1]):
        passing(wait_s)
        told.append(int((await outlet.sign_in("sari", "5000")).json()["params"]["seconds"]))
    assert told == [*WAITS_S[1:], WAITS_S[-1], WAITS_S[-1]]
    # By then a machine has had nine tries; at this pace all PINs of four digits take a month.
    assert 10_000 * WAITS_S[-1] > 30 * 24 * 3600
    passing(FORGOTTEN_MS // 1000 + 1)
    assert await guess(outlet, "sari", 1) == ["wrong_pin"]


async def test_nobody_else_and_no_other_device_is_held_up(outlet):
    await guess(outlet, "sari", FREE_TRIES + 1)
    assert (await outlet.sign_in("budi")).status_code == 200
    assert (await outlet.sign_in("sari", address="10.0.0.8")).status_code == 200
    assert (await outlet.sign_in("sari")).status_code == 429


async def test_a_machine_with_all_addresses_of_the_network_is_one_machine(outlet, passing):
    assert (await outlet.sign_in("sari", address="10.0.0.8")).status_code == 200
    for i in range(STRANGE_MAX):
        assert await guess(outlet, "sari", 1, address=f"10.0.1.{i}") == ["wrong_pin"]
    codes = [(await guess(outlet, "sari", 1, address=f"10.0.2.{i}"))[0] for i in range(9)]
    assert codes == ["wrong_pin"] * FREE_TRIES + ["slow_down"] * (9 - FREE_TRIES)
    # The screen at which she was before, and everybody else, notice nothing.
    assert (await outlet.sign_in("sari", address="10.0.0.8")).status_code == 200
    assert (await outlet.sign_in("budi", address="10.0.2.1")).status_code == 200
    # Nor does it help to be somebody who works there.
    assert await guess(outlet, "sari", 1, address="10.0.2.1") == ["slow_down"]
    passing(FORGOTTEN_MS // 1000 + 1)
    assert await guess(outlet, "sari", 1, address="10.0.2.1") == ["wrong_pin"]


async def test_what_a_screen_calls_itself_gives_it_no_further_tries(outlet):
    async with outlet.screen() as screen:
        for i in range(FREE_TRIES + 1):
            body = {"staff_id": "sari", "pin": "5000", "screen": f"screen-{i}"}
            last = await screen.post("/api/staff/sign-in", json=body)
    assert last.json()["code"] == "slow_down"


async def test_two_guesses_at_once_are_not_two_for_one_wait(outlet):
    tries = [outlet.sign_in("sari", f"{i:04}") for i in range(5000, 5000 + FREE_TRIES + 3)]
    codes = [a.json()["code"] for a in await asyncio.gather(*tries)]
    assert codes.count("wrong_pin") <= FREE_TRIES
    assert set(codes) == {"wrong_pin", "slow_down"}


@pytest.mark.parametrize("way", ["approvals", "pin", "clock"])
async def test_every_place_that_takes_a_pin_counts_the_same_tries(outlet, way):
    bodies = {
        "approvals": {"action": "refund", "subject": "x"},
        "pin": {"new_pin": "7319"},
        "clock": {"what": "in"},
    }
    await guess(outlet, "sari", FREE_TRIES)
    async with outlet.screen() as screen:
        body = {"staff_id": "sari", "pin": "4711"} | bodies[way]
        assert (await screen.post(f"/api/staff/{way}", json=body)).json()["code"] == "slow_down"


async def test_a_flood_is_one_entry_that_says_how_many(outlet, passing):
    for _ in range(6):
        await guess(outlet, "sari", 1)
        passing(WAITS_S[-1])
    assert await outlet.events("staff.refused") == []
    await outlet.box.staffing.desk.tell()
    ((_, told),) = await outlet.events("staff.refused")
    assert (told["staff_id"], told["tries"]) == ("sari", 6)


async def test_what_was_not_told_yet_is_told_when_the_box_stops(outlet, open_outlet):
    await guess(outlet, "sari", 2)
    await outlet.box.stop()
    again = await open_outlet(folder="floor")
    assert [e["tries"] for _, e in await again.events("staff.refused")] == [2]


async def test_orders_do_not_wait_while_pins_are_looked_at(outlet, guest):
    token = await outlet.token("budi")
    guessing = [
        asyncio.create_task(outlet.sign_in(who, "5000", address=f"10.0.1.{i}"))
        for i in range(40)
        for who in ("sari", "koko")
    ]
    waits = []
    while not all(t.done() for t in guessing):
        begun = time.perf_counter()
        assert (await outlet.ask(guest.place(), token))["type"] == "accepted"
        waits.append(time.perf_counter() - begun)
    codes = {t.result().json()["code"] for t in guessing}
    assert codes == {"wrong_pin", "pins_busy"}, "more than a few at once are turned away"
    assert WAITING_MAX <= 8
    assert len(waits) >= 2
    assert sorted(waits)[len(waits) // 2] < 0.15


async def test_a_stranger_and_somebody_without_a_pin(outlet):
    assert (await outlet.sign_in("ghost", "5000")).json()["code"] == "unknown_staff"
    await outlet.told(("koko", outlet.person("koko", pin_hash="")))
    assert (await outlet.sign_in("koko")).json()["code"] == "no_pin"

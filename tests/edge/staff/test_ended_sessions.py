"""What a session still brings once it ended: what waited at the screen, and nothing new."""

import msgspec

from protocol import commands as c
from protocol.orders import Order, OrderStatus
from protocol.sign_in import ENDED_TRUSTED_MS, WAITING_MOST

DAY_MS = 24 * 3600 * 1000


async def sign_out(outlet, token, *waiting, says=True):
    async with outlet.screen(token) as screen:
        body = {"waiting": list(waiting)} if says else {}
        return await screen.post("/api/staff/sign-out", json=body)


async def test_what_waited_at_the_screen_is_taken_for_a_day_and_no_longer(outlet, guest, clock):
    token = await outlet.token("budi")
    early, late = guest.new_id(), guest.new_id()
    await sign_out(outlet, token, early, late)
    clock.now_ms += DAY_MS - 1000
    assert (await outlet.ask(guest.place(), token, early))["order"]["staff"] == "budi"
    clock.now_ms += 2000
    assert (await outlet.ask(guest.place(), token, late))["code"] == "sign_in_first"


async def test_nothing_new_is_taken_under_a_session_that_ended(outlet, guest, clock):
    """Also not with an id that looks old: the screen had named what waits."""
    token = await outlet.token("budi")
    waited, made_up = guest.new_id(), guest.new_id()
    await sign_out(outlet, token, waited)
    place = guest.place()
    assert (await outlet.ask(place, token, made_up))["code"] == "sign_in_first"
    assert (await outlet.ask(guest.place(), token, waited))["type"] == "accepted"
    # Nothing is lost: whoever is signed in next sends it.
    other = await outlet.token("sari")
    assert (await outlet.ask(place, other, made_up))["order"]["staff"] == "sari"


async def test_of_a_screen_that_does_not_say_what_waits_the_time_in_the_id_counts(
    outlet, guest, clock
):
    token = await outlet.token("budi")
    before = guest.new_id()
    clock.now_ms += 1000
    await sign_out(outlet, token, says=False)
    clock.now_ms += 1000
    after = guest.new_id()
    assert (await outlet.ask(guest.place(), token, before))["type"] == "accepted"
    for new in (after, "an-id-without-a-time"):
        assert (await outlet.ask(guest.place(), token, new))["code"] == "sign_in_first"


async def test_a_switch_names_what_waits_as_a_sign_out_does(outlet, guest):
    budi = await outlet.token("budi")
    waited, other = guest.new_id(), guest.new_id()
    async with outlet.screen(budi) as screen:
        body = {"staff_id": "sari", "pin": outlet.pins["sari"], "waiting": [waited]}
        assert (await screen.post("/api/staff/sign-in", json=body)).status_code == 200
        too_many = body | {"waiting": [waited] * (WAITING_MOST + 1)}
        assert (await screen.post("/api/staff/sign-in", json=too_many)).status_code == 400
    assert (await outlet.ask(guest.place(), budi, waited))["order"]["staff"] == "budi"
    assert (await outlet.ask(guest.place(), budi, other))["code"] == "sign_in_first"


async def test_what_waits_is_known_over_a_restart(outlet, open_outlet, guest):
    token = await outlet.token("budi")
    waited, other = guest.new_id(), guest.new_id()
    await sign_out(outlet, token, waited)
    await outlet.box.stop()
    again = await open_outlet(folder="floor")
    assert (await again.ask(guest.place(), token, other))["code"] == "sign_in_first"
    assert (await again.ask(guest.place(), token, waited))["order"]["staff"] == "budi"


async def test_what_was_accepted_is_offered_again_under_it(outlet, guest):
    token = await outlet.token("budi")
    place, command_id = guest.place(), guest.new_id()
    first = await outlet.ask(place, token, command_id)
    await sign_out(outlet, token)
    order = msgspec.convert(first["order"], Order)
    said = {"offered": True, "accepted": order, "proof": first["proof"]}
    assert (await outlet.ask(place, token, command_id, said=said))["repeated"] is True
    forged = said | {"proof": "0" * 32}
    assert (await outlet.ask(place, token, command_id, said=forged))["code"] == "sign_in_first"


async def test_a_token_that_a_manager_left_at_a_screen_gives_nothing_away(outlet, guest, clock):
    budi, sari = await outlet.token("budi"), await outlet.token("sari")
    order = (await outlet.ask(guest.place(), budi))["order"]
    cancel = c.ChangeOrderStatus(order_id=order["order_id"], status=OrderStatus.CANCELLED)
    waited = guest.new_id()
    await sign_out(outlet, sari, waited)
    clock.now_ms += ENDED_TRUSTED_MS + 1
    assert (await outlet.ask(cancel, sari, waited))["code"] == "not_allowed"
    # What was under way when she signed out is taken.
    sari, waited = await outlet.token("sari"), guest.new_id()
    await sign_out(outlet, sari, waited)
    assert (await outlet.ask(cancel, sari, waited))["type"] == "accepted"


async def test_it_opens_nothing_else(outlet):
    """What is no command waits nowhere: an ended session is nobody's there."""
    token = await outlet.token("sari")
    async with outlet.screen(token) as screen:
        assert (await screen.get("/api/audit")).status_code == 200
    await sign_out(outlet, token)
    async with outlet.screen(token) as screen:
        assert (await screen.get("/api/audit")).json()["code"] == "sign_in_first"


async def test_who_leaves_is_signed_out_kindly_and_keeps_no_power(outlet, guest, clock, until):
    token = await outlet.token("sari")
    placed = await outlet.ask(guest.place(), token)
    waited, other = guest.new_id(), guest.new_id()
    clock.now_ms += 1000
    await outlet.told(("sari", outlet.person("sari", active=False)))
    assert (await outlet.sign_in("sari")).json()["code"] == "unknown_staff"
    async with outlet.screen(token) as screen:
        assert (await screen.get("/api/staff/me")).json() is None
    # What the screen had kept is taken; what needs a manager is not, and nothing new.
    assert (await outlet.ask(guest.place(), token, waited))["order"]["staff"] == "sari"
    cancel = c.ChangeOrderStatus(
        order_id=placed["order"]["order_id"], status=OrderStatus.CANCELLED, reason="x"
    )
    assert (await outlet.ask(cancel, token, other))["code"] == "not_allowed"
    clock.now_ms += 1000
    assert (await outlet.ask(guest.place(), token))["code"] == "sign_in_first"
    await until(lambda: not outlet.box.staffing.sessions._ending)
    assert (await outlet.events("staff.signed_out"))[0][1]["reason"] == "deactivated"


async def test_a_repeat_is_answered_with_the_proof_that_may_never_have_arrived(outlet, guest):
    token = await outlet.token("budi")
    place, command_id = guest.place(), guest.new_id()
    first = await outlet.ask(place, token, command_id)
    again = await outlet.ask(place, token, command_id)
    assert (again["repeated"], again["proof"]) == (True, first["proof"])
    assert first["proof"]


async def test_neither_a_refusal_nor_what_was_only_written_down_has_one(outlet, guest):
    token = await outlet.token("budi")
    order = (await outlet.ask(guest.place(), token))["order"]
    cancel = c.ChangeOrderStatus(order_id=order["order_id"], status=OrderStatus.CANCELLED)
    refused, overtaken = guest.new_id(), guest.new_id()
    for _ in range(2):
        assert "proof" not in await outlet.ask(cancel, token, refused)
        told = await outlet.ask(cancel, token, overtaken, said={"offered": True})
        assert (told["type"], told["proof"]) == ("accepted", "")


async def test_nor_has_a_command_that_came_back_without_its_body(outlet, guest):
    token = await outlet.token("budi")
    place, command_id = guest.place(), guest.new_id()
    await outlet.ask(place, token, command_id)
    await outlet.box.database.write(
        lambda db: (
            db.execute(
                "UPDATE commands SET digest = CAST('event:order.placed' AS BLOB), done = 0"
            ).rowcount
        )
    )
    again = await outlet.ask(place, token, command_id)
    assert (again["repeated"], again["proof"]) == (True, "")


async def test_what_needs_nobodys_name_waits_for_what_came_before_it_on_the_same_order(
    outlet, guest
):
    """Offered after a loss: a bump before the void would make the void impossible (seed 108)."""
    token = await outlet.token("budi")
    orders = [(await outlet.ask(guest.place("nasi-kecil", "kopi"), token))["order"] for _ in "ab"]
    line = orders[0]["lines"][0]
    void = c.VoidLine(order_id=orders[0]["order_id"], line_id=line["line_id"], reason="salah")
    bumps = [
        c.BumpTicket(order_id=o["order_id"], station_id=o["lines"][0]["station_ids"][0])
        for o in orders
    ]
    asked = msgspec.json.encode([guest.asks(x) for x in (void, *bumps)])
    async with outlet.screen("") as nobody:
        answers = (await nobody.post("/api/commands", content=asked)).json()
    assert [a.get("code", a["type"]) for a in answers] == [
        *("sign_in_first", "sign_in_first"),
        "accepted",
    ]
    boss = await outlet.token("sari")
    async with outlet.screen(boss) as somebody:
        answers = (await somebody.post("/api/commands", content=asked)).json()
    assert [a["type"] for a in answers] == ["accepted"] * 3

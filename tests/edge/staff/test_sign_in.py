"""Staff sign in with a PIN and stay signed in: over restarts, outages and wrong clocks."""

import pytest

from edge import sessions
from edge.devices import hash_of
from protocol import commands as c
from protocol.devices import DeviceKind, PairingAsked
from protocol.orders import OrderStatus, Source
from protocol.staff import Role
from protocol.till_commands import OpenDrawer

DAY_MS = 24 * 3600 * 1000


async def test_nobody_signs_in_where_nobody_works(open_outlet, guest):
    outlet = await open_outlet()
    assert (await outlet.ask(guest.place()))["type"] == "accepted"
    async with outlet.screen() as screen:
        assert (await screen.get("/api/staff")).json() == {"sign_in": False, "people": []}


async def test_a_counter_asks_who_it_is_and_then_takes_orders_in_their_name(outlet, guest):
    place, command_id = guest.place(), guest.new_id()
    no = await outlet.ask(place, command_id=command_id)
    assert (no["status"], no["code"]) == (401, "sign_in_first")
    token = await outlet.token("budi")
    # Not remembered as a no: what the screen kept is taken once somebody is there.
    yes = await outlet.ask(place, token, command_id, said={"staff": "somebody-else"})
    assert (yes["type"], yes["order"]["staff"]) == ("accepted", "budi")
    assert [actor for actor, _ in await outlet.events("order.placed")] == ["budi"]


@pytest.mark.parametrize("path", ["/api/orders", "/api/orders/x/hold", "/api/orders/x/payments"])
async def test_every_face_of_a_command_asks(outlet, guest, path):
    body = {"command_id": guest.new_id(), "payment_id": guest.new_id(), "tendered": 1}
    body |= {"order_id": guest.new_id(), "lines": [{"line_id": guest.new_id(), "variant_id": "x"}]}
    async with outlet.screen() as screen:
        answer = await screen.post(path, json=body, headers={"idempotency-key": guest.new_id()})
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_first")


async def test_each_of_many_commands_is_asked_about(outlet, guest):
    async with outlet.screen() as screen:
        envelopes = [
            {"command_id": guest.new_id(), "command": command}
            for command in (
                {"type": "item.eighty_six", "item_id": "kopi"},
                {
                    "type": "order.place",
                    "order_id": guest.new_id(),
                    "source": "kiosk",
                    "lines": [{"line_id": guest.new_id(), "variant_id": "nasi-kecil"}],
                },
            )
        ]
        answers = (await screen.post("/api/commands", json=envelopes)).json()
    assert [a.get("code") for a in answers] == ["sign_in_first", None]


async def test_the_list_shows_names_and_never_what_is_kept_of_a_pin(outlet):
    async with outlet.screen() as screen:
        answer = await screen.get("/api/staff")
    assert [p["name"] for p in answer.json()["people"]] == ["Budi", "Koko", "Sari"]
    assert "argon2" not in answer.text


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"pin_hash": ""}, "HQ gave nobody a PIN"),
        ({"role": Role.KITCHEN}, "nobody could take a payment"),
        ({"active": False}, "everybody left"),
    ],
)
async def test_an_outlet_where_nobody_could_sign_in_is_not_locked(open_outlet, guest, changes, why):
    outlet = await open_outlet()
    await outlet.told(*((who, outlet.person(who, **changes)) for who in outlet.pins))
    assert (await outlet.ask(guest.place()))["type"] == "accepted", why


async def test_people_without_the_pepper_lock_nobody_out(make_box, open_outlet, guest):
    outlet = await open_outlet()
    outlet.box.staffing.people.peppers.hq = b""
    await outlet.told(*((who, outlet.person(who)) for who in outlet.pins))
    assert (await outlet.ask(guest.place()))["type"] == "accepted"


async def test_the_operator_can_turn_it_off(open_outlet, guest):
    outlet = await open_outlet(sign_in="off")
    await outlet.told(*((who, outlet.person(who)) for who in outlet.pins))
    assert (await outlet.ask(guest.place()))["type"] == "accepted"


async def test_a_switch_ends_the_session_before_and_both_are_written_down(outlet):
    first = await outlet.token("budi")
    second = await outlet.token("sari", token=first)
    async with outlet.screen(first) as screen:
        assert (await screen.get("/api/staff/me")).json() is None
    async with outlet.screen(second) as screen:
        assert (await screen.get("/api/staff/me")).json()["person"]["name"] == "Sari"
        await screen.post("/api/staff/sign-out")
        assert (await screen.get("/api/staff/me")).json() is None
    told = [(e["type"], e["staff_id"]) for _, e in await outlet.events(*SIGNS)]
    assert told == [
        ("staff.signed_in", "budi"),
        ("staff.signed_out", "budi"),
        ("staff.signed_in", "sari"),
        ("staff.signed_out", "sari"),
    ]


SIGNS = ("staff.signed_in", "staff.signed_out")


async def test_a_session_survives_a_restart_and_its_token_is_kept_nowhere(
    outlet, open_outlet, guest
):
    token = await outlet.token("budi")
    await outlet.box.stop()
    assert token.encode() not in (outlet.box.data_dir / "box.db").read_bytes()
    again = await open_outlet(folder="floor")
    assert (await again.ask(guest.place(), token))["order"]["staff"] == "budi"


@pytest.mark.parametrize("year_ms", [0, 4_070_908_800_000], ids=["1970", "2099"])
async def test_a_wrong_clock_and_days_without_hq_lock_nobody_out(outlet, guest, clock, year_ms):
    token = await outlet.token("budi")
    clock.now_ms = year_ms
    assert (await outlet.ask(guest.place(), token))["type"] == "accepted"
    other = await outlet.token("sari")
    assert (await outlet.ask(guest.place(), other))["type"] == "accepted"
    clock.now_ms += 5 * DAY_MS
    assert (await outlet.ask(guest.place(), token))["type"] == "accepted"


async def test_more_sessions_than_there_is_room_for_end_the_oldest(outlet, monkeypatch, clock):
    monkeypatch.setattr(sessions, "SESSIONS_MAX", 2)
    tokens = [await outlet.token("budi") for _ in range(3)]
    held = outlet.box.staffing.sessions
    assert [held.find(t) is not None for t in tokens] == [False, True, True]
    # Ended ones take nobody's place, and are forgotten once nothing of theirs can come.
    clock.now_ms += 2 * DAY_MS
    await held.end(tokens[1])
    await outlet.token("sari")
    assert held.find(tokens[2]) is not None
    assert len(held._held) == 3


async def test_what_a_role_may_counts_from_the_next_command_on(outlet, guest):
    token = await outlet.token("budi")
    await outlet.told(("budi", outlet.person("budi", role=Role.KITCHEN)))
    no = await outlet.ask(guest.place(), token)
    assert (no["status"], no["code"], no["params"]["action"]) == (403, "not_allowed", "order")


async def test_a_pin_chosen_at_the_box_holds_at_once_and_outlives_older_news(outlet, clock):
    async with outlet.screen() as screen:
        body = {"staff_id": "budi", "pin": "2580", "new_pin": "7319"}
        assert (await screen.post("/api/staff/pin", json=body)).json() == {"changed": True}
        weak = body | {"pin": "7319", "new_pin": "1111"}
        assert (await screen.post("/api/staff/pin", json=weak)).json()["code"] == "weak_pin"
    # HQ renames somebody before it has heard of the new PIN.
    await outlet.told(("budi", outlet.person("budi", name="Budi S.")))
    assert (await outlet.sign_in("budi", "2580")).json()["code"] == "wrong_pin"
    assert (await outlet.sign_in("budi", "7319")).json()["person"]["name"] == "Budi S."
    ((actor, told),) = await outlet.events("staff.pin_changed")
    assert (actor, told["staff_id"]) == ("budi", "budi")
    assert "7319" not in str(told)
    # What HQ gives later holds over it.
    newer = outlet.person("budi", pin_ms=clock.now_ms + 60_000)
    await outlet.told(("budi", newer))
    assert (await outlet.sign_in("budi", "2580")).status_code == 200


async def test_clocking_needs_ones_own_pin_and_repeats_are_harmless(outlet, clock):
    async def clock_at(what, pin="9042"):
        async with outlet.screen() as screen:
            body = {"staff_id": "koko", "pin": pin, "what": what}
            return (await screen.post("/api/staff/clock", json=body)).json()

    assert (await clock_at("in", "0000"))["code"] == "wrong_pin"
    for what in ("in", "in", "break", "break", "in", "out", "out"):
        clock.now_ms += 1000
        assert await clock_at(what) == {"clocked": what}
    told = await outlet.events("staff.clocked_in", "staff.clocked_out")
    kinds = [(e["type"].removeprefix("staff.clocked_"), e.get("on_break", False)) for _, e in told]
    assert kinds == [("in", False), ("out", True), ("in", False), ("out", False)]


# ---------------------------------------------------------------- guests and displays


async def test_a_kiosk_orders_as_a_guest_and_can_nothing_else(outlet, guest):
    kiosk = await outlet.pair(DeviceKind.KIOSK)
    placed = await outlet.ask(guest.place(source=Source.KIOSK), device=kiosk)
    assert placed["type"] == "accepted"
    order_id = placed["order"]["order_id"]
    for command, code in (
        (guest.place(source=Source.COUNTER), "guest_may_not"),
        (guest.pay(order_id, 50_000), "guest_may_not"),
        (c.EightySixItem(item_id="kopi"), "guest_may_not"),
        (OpenDrawer(shift_id="s", open_id="o"), None),
        (c.ChangeOrderStatus(order_id=order_id, status=OrderStatus.CANCELLED), "cooking_began"),
    ):
        answer = await outlet.ask(command, device=kiosk)
        assert answer["type"] != "accepted"
        assert code in (None, answer["code"])


async def test_a_guest_cancels_until_the_kitchen_has_begun_also_where_nobody_signs_in(
    open_outlet, guest
):
    outlet = await open_outlet()
    kiosk = await outlet.pair(DeviceKind.KIOSK)
    for hold, code in ((True, None), (False, "cooking_began")):
        placed = await outlet.ask(guest.place(source=Source.KIOSK, hold=hold), device=kiosk)
        cancel = c.ChangeOrderStatus(
            order_id=placed["order"]["order_id"], status=OrderStatus.CANCELLED
        )
        assert (await outlet.ask(cancel, device=kiosk)).get("code") == code


async def test_a_kitchen_display_bumps_without_anybody_signed_in(outlet, guest):
    display = await outlet.pair(DeviceKind.KITCHEN)
    token = await outlet.token("budi")
    order = (await outlet.ask(guest.place(), token))["order"]
    station = order["lines"][0]["station_ids"][0]
    bump = c.BumpTicket(order_id=order["order_id"], station_id=station)
    assert (await outlet.ask(bump, device=display))["type"] == "accepted"
    served = c.ChangeOrderStatus(order_id=order["order_id"], status=OrderStatus.SERVED)
    assert (await outlet.ask(served, device=display))["type"] == "accepted"
    assert (await outlet.ask(guest.place(), device=display))["code"] == "guest_may_not"


async def test_a_device_that_is_shut_out_ends_its_sessions_and_its_live_feed(outlet, guest, until):
    counter = await outlet.pair(DeviceKind.COUNTER)
    token = await outlet.token("sari", device=counter)
    card = outlet.box.devices.holder(counter)
    assert outlet.box.staffing.sessions.find(token, card.device) is not None
    heard = outlet.box.feed.follow(device=card.device)
    others = outlet.box.feed.follow(device="another")
    for listening in (heard, others):
        await anext(listening)
    await outlet.box.devices.revoke(card.device, "test")
    assert [m async for m in heard] == []
    assert (await anext(others)).position > 0
    await others.aclose()
    await until(lambda: outlet.box.staffing.sessions.find(token, card.device) is None)
    # By hand on another device, the session of the stolen one opens nothing.
    assert (await outlet.ask(guest.place(), token))["code"] == "sign_in_first"


async def test_devices_are_let_in_by_somebody_who_may(outlet):
    counter = await outlet.pair(DeviceKind.COUNTER)
    asked = PairingAsked(kind=DeviceKind.KIOSK, name="kiosk", secret_hash=hash_of("k").hex())
    code = outlet.box.devices.ask(asked, "10.0.0.10")
    path = f"/api/devices/pairings/{code.pairing_id}/approve"

    async def approve(token):
        async with outlet.screen(token, device=counter) as screen:
            return await screen.post(path, json={"code": code.code})

    assert (await approve("")).json()["code"] == "sign_in_first"
    assert (await approve(await outlet.token("budi"))).json()["code"] == "not_allowed"
    assert (await approve(await outlet.token("sari"))).status_code == 200

"""Ways to steal that were open once: each is closed, and stays so."""

import msgspec
import pytest

from edge.feed_rows import Arrival
from edge.house import HouseHere
from protocol import floor_commands as f
from protocol import till_commands as t
from protocol.bill import BillRules, RuleBook, Service
from protocol.devices import DeviceKind
from protocol.house import House
from protocol.replication import FeedRow

SERVICE = Service(names={"id": "Layanan"}, percent="15", taxed=False)
HOUSE = House(bill=RuleBook(rules=(BillRules(version=1, service=SERVICE),)))


async def use_house(outlet, house):
    row = FeedRow(1, "house", "*", 1, msgspec.json.encode(house), "p-house")
    at = Arrival(outlet.box.journal.reading(), "life-1")
    here = HouseHere(outlet.box.journal)
    await outlet.box.database.write(lambda db: here.take_row(db, row, at))


async def test_a_token_copied_from_a_paired_screen_is_nobody_elsewhere(outlet, guest):
    counter = await outlet.pair(DeviceKind.COUNTER)
    token = await outlet.token("sari", device=counter)
    assert (await outlet.ask(guest.place(), token, device=counter))["order"]["staff"] == "sari"
    other = await outlet.pair(DeviceKind.COUNTER)
    for device in ("", other):
        assert (await outlet.ask(guest.place(), token, device=device))["code"] == "sign_in_first"
        async with outlet.screen(token, device=device) as screen:
            assert (await screen.get("/api/audit")).json()["code"] == "sign_in_first"
            assert (await screen.get("/api/staff/me")).json() is None


async def test_a_party_that_stays_is_not_rung_up_as_taking_along_to_keep_the_service(outlet, guest):
    await use_house(outlet, HOUSE)
    budi, sari = await outlet.token("budi"), await outlet.token("sari")
    order = (await outlet.ask(guest.place(dining_option="dine_in"), budi))["order"]
    assert order["totals"]["service"] > 0
    goes = f.ChangeDetails(order_id=order["order_id"], dining_option="takeaway")
    no = await outlet.ask(goes, budi)
    assert (no["code"], no["params"]["action"]) == ("not_allowed", "discount_over")
    assert int(no["params"]["amount"]) == order["totals"]["service"]
    moved = f.ChangeDetails(order_id=order["order_id"], table="7")
    assert (await outlet.ask(moved, budi))["type"] == "accepted"
    assert (await outlet.ask(goes, sari))["type"] == "accepted"


@pytest.mark.parametrize("action", ["discount", "paid_out_over"])
async def test_ones_own_approval_of_something_else_takes_no_money_out(outlet, guest, action):
    budi = await outlet.token("budi")
    shift_id = guest.new_id()
    await outlet.ask(t.OpenShift(shift_id=shift_id, till_id="depan", opening=1_000), budi)
    by = "budi" if action == "discount" else "sari"
    given = (await outlet.approve(by, action, shift_id)).json()["approval_id"]
    drop = t.MoveCash(
        shift_id=shift_id, move_id=guest.new_id(), kind="drop", amount=900_000, approval_id=given
    )
    answer = await outlet.ask(drop, budi)
    assert answer.get("code") == ("drawer_short" if action == "discount" else None)


async def test_how_often_a_count_was_tried_is_in_the_trail(outlet, guest):
    budi, sari = await outlet.token("budi"), await outlet.token("sari")
    shift_id = guest.new_id()
    await outlet.ask(t.OpenShift(shift_id=shift_id, till_id="depan", opening=1_000), budi)
    for counted in (1, 2):
        tried = await outlet.ask(t.CloseShift(shift_id=shift_id, counted=counted), budi)
        assert tried["code"] == "over_short_reason"
    close = t.CloseShift(shift_id=shift_id, counted=1_000, reason="salah hitung")
    assert (await outlet.ask(close, budi))["type"] == "accepted"
    async with outlet.screen(sari) as screen:
        rows = (await screen.get("/api/audit")).json()["rows"]
    assert any("did not fit: 2;" in row["what"]["en"] for row in rows)


async def test_cash_is_not_taken_beside_the_tills(outlet, guest):
    """Whoever counts a drawer that a payment never went into counts right, and keeps the money."""
    budi = await outlet.token("budi")

    async def open_till(till_id):
        shift_id = guest.new_id()
        await outlet.ask(t.OpenShift(shift_id=shift_id, till_id=till_id, opening=0), budi)
        return shift_id

    async def pay(**more):
        order = (await outlet.ask(guest.place(), budi))["order"]
        paid = await outlet.ask(guest.pay(order["order_id"], 50_000, **more), budi)
        return paid.get("code") or paid["order"]["payments"][0]["shift_id"]

    assert await pay() is None, "an outlet without an open till goes on"
    front = await open_till("depan")
    assert await pay(till_id="depan") == front
    assert await pay() == front, "there is only one drawer that it can lie in"
    assert await pay(till_id="belakang") == "no_shift"
    back = await open_till("belakang")
    assert await pay() == "no_shift"
    assert await pay(till_id="belakang") == back


async def test_cash_for_what_was_paid_by_card_is_not_given_on_an_approval(outlet, guest):
    budi, sari = await outlet.token("budi"), await outlet.token("sari")
    order = (await outlet.ask(guest.place(), budi))["order"]
    total = order["totals"]["total"]
    await outlet.ask(guest.pay(order["order_id"], total, tender="card"), budi)

    async def refund(token, tender, amount=1_000, **more):
        command = f.RefundPayment(
            order_id=order["order_id"], refund_id=guest.new_id(), amount=amount, reason="cold",
            tender=tender, **more,
        )  # fmt: skip
        return await outlet.ask(command, token)

    async def approved():
        given = await outlet.approve("sari", "refund", order["order_id"], 1_000)
        return given.json()["approval_id"]

    assert (await refund(budi, "cash", approval_id=await approved()))["code"] == "other_tender"
    assert (await refund(budi, "card", approval_id=await approved()))["type"] == "accepted"
    assert (await refund(sari, "cash"))["type"] == "accepted"

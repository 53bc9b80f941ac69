"""An approval allows one thing about one order, once, up to an amount, for ten minutes."""

import pytest

from protocol import commands as c
from protocol.orders import OrderStatus
from protocol.sign_in import APPROVAL_LIVES_MS


@pytest.fixture
async def fired(outlet, guest):
    """An order that the kitchen has, and the cashier's token."""
    token = await outlet.token("budi")
    placed = await outlet.ask(guest.place("nasi-kecil", "kopi", "nasi-kecil"), token)
    return placed["order"], token


def void(order, approval_id=None, line=0):
    line_id = order["lines"][line]["line_id"]
    return c.VoidLine(
        order_id=order["order_id"], line_id=line_id, reason="salah", approval_id=approval_id
    )


async def approved(outlet, order, amount=None, action="void_fired", who="sari"):
    answer = await outlet.approve(who, action, order["order_id"], amount)
    assert answer.status_code == 200, answer.text
    return answer.json()["approval_id"]


async def test_a_cashier_asks_and_a_manager_approves_exactly_this(outlet, fired):
    order, token = fired
    no = await outlet.ask(void(order), token)
    assert (no["status"], no["code"]) == (403, "not_allowed")
    assert no["title_id"] != no["title"]
    # What the box says is what the dialog asks for.
    wish = no["params"]
    amount = int(wish["amount"])
    assert (wish["action"], amount) == ("void_fired", order["lines"][0]["amount"])
    answer = await outlet.approve("sari", wish["action"], wish["subject"], amount)
    yes = await outlet.ask(void(order, answer.json()["approval_id"]), token)
    assert yes["type"] == "accepted"
    assert yes["order"]["lines"][0]["status"] == "voided"
    ((actor, told),) = await outlet.events("approval.given")
    assert (actor, told["by"], told["action"]) == ("sari", "sari", "void_fired")


async def test_used_twice_it_is_refused_the_second_time(outlet, fired, guest):
    order, token = fired
    approval_id = await approved(outlet, order)
    command, command_id = void(order, approval_id), guest.new_id()
    assert (await outlet.ask(command, token, command_id))["type"] == "accepted"
    again = await outlet.ask(command, token, command_id)
    assert again["repeated"], "a lost answer is asked for again, and is no second use"
    other = c.ChangeOrderStatus(
        order_id=order["order_id"],
        status=OrderStatus.CANCELLED,
        reason="x",
        approval_id=approval_id,
    )
    assert (await outlet.ask(other, token))["code"] == "approval_used"


async def test_two_that_use_it_at_once_are_not_both_taken(outlet, fired):
    order, token = fired
    approval_id = await approved(outlet, order)
    async with outlet.screen(token) as screen:
        envelopes = [
            {"command_id": f"c-{i}", "command": _wire(void(order, approval_id, i))} for i in (0, 1)
        ]
        answers = (await screen.post("/api/commands", json=envelopes)).json()
    assert [a.get("code") for a in answers] == [None, "approval_used"]


def _wire(command):
    return {
        "type": "line.void",
        "order_id": command.order_id,
        "line_id": command.line_id,
        "reason": command.reason,
        "approval_id": command.approval_id,
    }


async def test_for_another_order_another_thing_or_more_money_it_is_no_use(outlet, fired, guest):
    order, token = fired
    other = (await outlet.ask(guest.place(), token))["order"]
    for approval_id in (
        await approved(outlet, other),
        await approved(outlet, order, action="refund"),
        await approved(outlet, order, amount=order["lines"][0]["amount"] - 1),
    ):
        no = await outlet.ask(void(order, approval_id), token)
        assert no["code"] == "approval_not_for_this"
    enough = await approved(outlet, order, amount=order["lines"][0]["amount"])
    assert (await outlet.ask(void(order, enough), token))["type"] == "accepted"


async def test_it_waits_for_ten_minutes(outlet, fired, clock):
    order, token = fired
    approval_id = await approved(outlet, order)
    clock.now_ms += APPROVAL_LIVES_MS + 1
    assert (await outlet.ask(void(order, approval_id), token))["code"] == "approval_expired"
    late = await approved(outlet, order)
    clock.now_ms += APPROVAL_LIVES_MS
    assert (await outlet.ask(void(order, late), token))["type"] == "accepted"


async def test_it_is_good_after_a_restart_and_still_only_once(outlet, open_outlet, fired):
    order, token = fired
    approval_id = await approved(outlet, order)
    await outlet.box.stop()
    again = await open_outlet(folder="floor")
    assert (await again.ask(void(order, approval_id), token))["type"] == "accepted"
    assert (await again.ask(void(order, approval_id, 1), token))["code"] == "approval_used"


async def test_who_may_not_do_it_cannot_approve_it(outlet, fired):
    order, token = fired
    no = await outlet.approve("budi", "void_fired", order["order_id"])
    assert (no.status_code, no.json()["code"]) == (403, "cannot_approve")
    wrong = await outlet.approve("sari", "void_fired", order["order_id"], pin="5000")
    assert wrong.json()["code"] == "wrong_pin"
    made_up = await outlet.ask(void(order, "made-up"), token)
    assert made_up["code"] == "approval_unknown"
    assert await outlet.events("line.voided", "approval.given") == []


async def test_a_manager_needs_none(outlet, fired):
    order, _ = fired
    token = await outlet.token("sari")
    assert (await outlet.ask(void(order), token))["type"] == "accepted"


async def test_what_the_kitchen_has_not_got_a_cashier_takes_off_alone(outlet, guest):
    token = await outlet.token("budi")
    held = await outlet.ask(guest.place("nasi-kecil", "kopi", hold=True), token)
    assert (await outlet.ask(void(held["order"]), token))["type"] == "accepted"

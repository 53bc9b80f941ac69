"""A screen says that something was accepted before: believed by its proof, not by its word."""

import msgspec
import pytest

from protocol import commands as c
from protocol import floor_commands as f
from protocol import till_commands as t
from protocol.bill import AdjustmentKind
from protocol.orders import Order

OFFERED = {"offered": True}


@pytest.fixture
async def served(outlet, guest):
    """An order that was placed and paid by the cashier, and the cashier's token."""
    token = await outlet.token("budi")
    placed = await outlet.ask(guest.place("nasi-kecil", "kopi"), token)
    order = placed["order"]
    await outlet.ask(guest.pay(order["order_id"], order["totals"]["total"]), token)
    return order["order_id"], token


def comp(guest, order):
    return f.Adjust(
        order_id=order["order_id"],
        adjustment_id=guest.new_id(),
        kind=AdjustmentKind.COMP,
        line_id=order["lines"][0]["line_id"],
        reason="friends",
    )


async def of(outlet, answer):
    return msgspec.json.decode(msgspec.json.encode(answer["order"]), type=Order)


async def test_a_cashier_who_makes_up_an_earlier_yes_gives_nothing_away(outlet, served, guest):
    order_id, token = served
    refund = f.RefundPayment(
        order_id=order_id, refund_id=guest.new_id(), amount=1_000, reason="cold"
    )
    answer = await outlet.ask(refund, token, said=OFFERED)
    # Nobody loses it, and it moves no money: it is written down for HQ to see.
    assert answer["events"] == ["command.overtaken"]
    assert answer["proof"] == ""
    ((_, told),) = await outlet.events("command.overtaken")
    assert (told["reason"], told["command"]) == ("not_allowed", "payment.refund")
    assert await outlet.events("payment.refunded") == []


async def test_nor_at_a_price_of_their_own(outlet, guest):
    token = await outlet.token("budi")
    place = guest.place("nasi-kecil")
    made_up = await outlet.ask(place, token)
    price = made_up["order"]["totals"]["total"]
    order = await of(outlet, made_up)
    line = msgspec.structs.replace(order.lines[0], unit_price=1, amount=1, expected=1)
    other = guest.place("nasi-kecil")
    ids = (other.lines[0].line_id, other.order_id)
    order = msgspec.structs.replace(
        order, order_id=ids[1], lines=(msgspec.structs.replace(line, line_id=ids[0]),)
    )
    for said in (OFFERED | {"accepted": order}, {"accepted": order}):
        answer = await outlet.ask(other, token, guest.new_id(), said=said)
        if answer["type"] == "accepted":
            assert answer["order"]["totals"]["total"] == price
    ((actor, _), _) = await outlet.events("order.placed")
    assert actor == "budi"


async def test_what_a_manager_did_comes_back_by_whoever_offers_it(outlet, open_outlet, guest):
    """The box is replaced; the cashier's screen offers what it has, in the cashier's name."""
    manager = await outlet.token("sari")
    told = []

    async def ask(command):
        command_id = guest.new_id()
        answer = await outlet.ask(command, manager, command_id)
        assert answer["type"] == "accepted"
        assert answer["proof"]
        told.append((command, command_id, answer))
        return answer

    placed = await ask(guest.place("nasi-kecil", "kopi"))
    given = await ask(comp(guest, placed["order"]))
    new = await open_outlet(folder="new")
    await new.told(*((who, outlet.person(who)) for who in outlet.pins))
    token = await new.token("budi")
    for asked, command_id, answer in told:
        said = OFFERED | {"accepted": await of(outlet, answer), "proof": answer["proof"]}
        again = await new.ask(asked, token, command_id, said=said)
        assert again["type"] == "accepted", again
        assert "command.overtaken" not in again["events"]
    assert again["order"]["totals"] == given["order"]["totals"]
    # The proof is of that command alone.
    other = comp(guest, placed["order"] | {"lines": placed["order"]["lines"][1:]})
    forged = await new.ask(other, token, said=said)
    assert forged["events"] == ["command.overtaken"]
    reused = await new.ask(other, token, told[1][1] + "x", said=said)
    assert reused["events"] == ["command.overtaken"]


async def test_who_approved_a_void_or_a_cancel_is_in_its_entry(outlet, guest):
    token = await outlet.token("budi")
    order = (await outlet.ask(guest.place("nasi-kecil", "kopi"), token))["order"]
    for action, command in (
        ("void_fired", c.VoidLine(
            order_id=order["order_id"], line_id=order["lines"][0]["line_id"], reason="salah")),
        ("cancel", c.ChangeOrderStatus(
            order_id=order["order_id"], status="cancelled", reason="pergi")),
    ):  # fmt: skip
        given = (await outlet.approve("sari", action, order["order_id"])).json()["approval_id"]
        asked = msgspec.structs.replace(command, approval_id=given)
        assert (await outlet.ask(asked, token))["type"] == "accepted"
        ((actor, told),) = await outlet.events(
            "line.voided" if action == "void_fired" else "order.cancelled"
        )
        assert (actor, told["approved_by"], told["approval_id"]) == ("budi", "sari", given)


async def test_a_cashiers_own_approval_does_not_widen_their_limit(outlet, guest):
    token = await outlet.token("budi")
    order = (await outlet.ask(guest.place("nasi-kecil", "kopi"), token))["order"]
    answers = []
    for _ in range(3):
        given = await outlet.approve("budi", "discount", order["order_id"])
        percent = f.Adjust(
            order_id=order["order_id"],
            adjustment_id=guest.new_id(),
            kind=AdjustmentKind.DISCOUNT,
            percent="9",
            reason="friends",
            approval_id=given.json()["approval_id"],
        )
        answers.append((await outlet.ask(percent, token)).get("code"))
    assert answers[0] is None
    assert answers[1:] == ["approval_not_for_this"] * 2


async def test_who_makes_up_an_earlier_yes_closes_no_till_without_a_reason(outlet, guest):
    token = await outlet.token("budi")
    shift_id = guest.new_id()
    await outlet.ask(t.OpenShift(shift_id=shift_id, till_id="depan", opening=70_000), token)
    close = t.CloseShift(shift_id=shift_id, counted=10)
    assert (await outlet.ask(close, token, said=OFFERED))["code"] == "over_short_reason"
    drop = t.MoveCash(shift_id=shift_id, move_id=guest.new_id(), kind="drop", amount=900_000)
    assert (await outlet.ask(drop, token, said=OFFERED))["code"] == "drawer_short"
    assert await outlet.events("shift.closed", "cash.moved") == []


async def test_a_till_that_another_opened_meanwhile_leaves_a_trace_of_the_first(
    outlet, open_outlet, guest
):
    """A box accepted the opening and was lost; on the new one somebody else was quicker (seed 136)."""
    token = await outlet.token("budi")
    command_id = guest.new_id()
    opening = t.OpenShift(shift_id=guest.new_id(), till_id="depan", opening=70_000)
    proof = (await outlet.ask(opening, token, command_id))["proof"]
    new = await open_outlet(folder="new")
    await new.told(*((who, outlet.person(who)) for who in outlet.pins))
    other = await new.token("sari")
    quicker = t.OpenShift(shift_id=guest.new_id(), till_id="depan", opening=50_000)
    assert (await new.ask(quicker, other))["type"] == "accepted"
    # Somebody's word that a box had accepted it is not enough to trouble HQ with.
    assert (await new.ask(opening, other, said=OFFERED))["code"] == "till_open"
    assert await new.events("command.overtaken") == []
    again = await new.ask(opening, other, command_id, said=OFFERED | {"proof": proof})
    assert again["events"] == ["command.overtaken"]
    ((_, told),) = await new.events("command.overtaken")
    assert (told["reason"], told["command"], told["subject"]) == (
        "till_open",
        "shift.open",
        "depan",
    )

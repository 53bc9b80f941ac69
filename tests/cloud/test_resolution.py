"""The conflict inbox: cards with both sides, the money, a reason and a suggestion."""

import pytest

from cloud.follower import Place
from cloud.resolution import record_decisions, withdraw_about, withdraw_of_orders
from protocol.box_events import CommandOvertaken
from protocol.conflicts import KINDS, Decision, KindText, Side, decision_id

pytestmark = pytest.mark.postgres


def overpaid(at, order="o-1", money=5_000, **changes):
    values = {
        "decision_id": decision_id("overpaid", at.outlet_id, order),
        "kind": "overpaid",
        "outlet_id": at.outlet_id,
        "subject": order,
        "order_id": order,
        "automatic": False,
        "sides": (Side(who="counter", what="cash"), Side(who="HQ", what="asks less", at_ms=1)),
        "at_ms": 1_000,
        "money": money,
        "currency": "IDR",
        "params": {"number": "A001"},
    }
    return Decision(**values | changes)


@pytest.fixture
def at(tenant, box):
    return Place(tenant.tenant_id, box.enrolled.outlet_id)


@pytest.fixture
def record(world, tenant, at):
    async def recorded(*decisions):
        async with world.hq.database.transaction(tenant.tenant_id) as tx:
            await record_decisions(tx, at, decisions)

    return recorded


async def test_a_card_shows_both_sides_the_money_and_why(browser, at, record, monkeypatch):
    text = KindText("{number} was paid twice.", "Refund {money}.", "{number} dua kali.", "Kembali.")
    monkeypatch.setitem(KINDS, "overpaid", text)
    await record(overpaid(at))
    answer = await browser.read("/api/conflicts", open="true")
    assert answer["open"] == 1
    (card,) = answer["decisions"]
    assert [s["who"] for s in card["sides"]] == ["counter", "HQ"]
    assert (card["money"], card["currency"], card["outlet_name"]) == (5_000, "IDR", "Pusat")
    assert card["why"] == {"en": "A001 was paid twice.", "id": "A001 dua kali."}
    assert card["suggestion"]["en"] == "Refund ?."
    assert card["settled_ms"] is None


async def test_working_it_out_again_is_the_same_card(browser, at, record):
    await record(overpaid(at), overpaid(at))
    await record(overpaid(at, params={"number": "A002"}))
    (card,) = (await browser.read("/api/conflicts"))["decisions"]
    assert card["params"] == {"number": "A002"}


async def test_a_settled_card_stays_settled_until_more_money_is_at_stake(
    world, browser, at, record
):
    await record(overpaid(at))
    card_id = overpaid(at).decision_id
    answer = await browser.post(f"/api/conflicts/{card_id}/settle", {"note": "refunded"})
    settled = answer.json()
    assert (settled["note"], settled["settled_by"]) == ("refunded", "test")
    assert settled["settled_ms"] == world.clock.now_ms
    await record(overpaid(at, at_ms=2_000))
    again = await browser.post(f"/api/conflicts/{card_id}/settle", {"note": "me too"})
    assert again.json()["note"] == "refunded"
    assert (await browser.read("/api/conflicts", open="true")) == {"open": 0, "decisions": []}
    assert len((await browser.read("/api/conflicts", open="false"))["decisions"]) == 1
    await record(overpaid(at, money=9_000))
    (card,) = (await browser.read("/api/conflicts", open="true"))["decisions"]
    assert (card["money"], card["note"]) == (9_000, None)


async def test_what_no_longer_holds_goes_and_what_was_settled_stays(
    world, tenant, browser, at, record
):
    await record(overpaid(at, "o-1"), overpaid(at, "o-2"), overpaid(at, "o-3"))
    await browser.post(f"/api/conflicts/{overpaid(at, 'o-2').decision_id}/settle", {})
    async with world.hq.database.transaction(tenant.tenant_id) as tx:
        await withdraw_of_orders(tx, at, ["overpaid"], ["o-1", "o-2"], [])
        await withdraw_of_orders(tx, at, ["other"], ["o-3"], [])
        await withdraw_about(tx, at, ["overpaid"], ["o-3"], [overpaid(at, "o-3").decision_id])
    cards = (await browser.read("/api/conflicts"))["decisions"]
    assert {c["order_id"]: c["settled_ms"] is None for c in cards} == {"o-2": False, "o-3": True}


async def test_what_rules_decided_is_told_apart_from_what_waits(browser, at, record):
    automatic = overpaid(at, "line", kind="repriced", automatic=True)
    await record(overpaid(at), automatic)
    cards = await browser.read("/api/conflicts")
    decided = await browser.read("/api/conflicts/decisions")
    assert [c["kind"] for c in cards["decisions"]] == ["overpaid"]
    assert [c["kind"] for c in decided["decisions"]] == ["repriced"]
    assert decided["open"] == 1
    answer = await browser.post(f"/api/conflicts/{automatic.decision_id}/settle", {})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_conflict")


async def test_what_is_parked_is_a_card_as_long_as_it_is_parked(
    world, box, browser, till, record, at
):
    placed = till.placed(5_000)
    first, second = till.entries(placed, till.paid(placed))
    await box.send(second)
    await world.project()
    (card,) = (await browser.read("/api/conflicts", open="true"))["decisions"]
    assert (card["kind"], card["subject"], card["automatic"]) == ("parked", placed.order_id, False)
    assert "before" in card["params"]["reason"]
    answer = await browser.post(f"/api/conflicts/{card['decision_id']}/settle", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "settles_itself")
    await box.send(first)
    await world.project()
    assert await browser.read("/api/conflicts", open="true") == {"open": 0, "decisions": []}


async def test_text_that_postgres_cannot_hold_still_becomes_a_card(browser, at, record):
    sides = (Side(who="a\0b", what="x" * 5_000), Side(who="HQ", what="y"))
    await record(overpaid(at, sides=sides, params={"n\0": "v\0"}, money=10**20))
    (card,) = (await browser.read("/api/conflicts"))["decisions"]
    assert len(card["sides"][0]["what"]) == 500


async def test_an_unknown_card_or_outlet_is_answered_in_words(browser):
    answer = await browser.post("/api/conflicts/none/settle", {"note": ""})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_conflict")
    answer = await browser.get("/api/conflicts", outlet="everywhere")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_outlet")


async def test_what_came_back_too_late_is_a_card_when_the_bill_is_touched(
    world, tenant, box, browser, till
):
    placed = till.placed(25_000)
    late = {"subject": placed.order_id, "of_order": True, "reason": "order_closed", "asked": "{}"}
    lines = CommandOvertaken(**late, command="lines.add", at_ms=9, amount=18_000, currency="IDR")
    bump = CommandOvertaken(**late, command="ticket.bump", at_ms=9)
    await box.send(*till.entries(placed, lines, bump))
    await world.project()
    found = await browser.read("/api/conflicts", open="true")
    (card,) = found["decisions"]
    assert (card["kind"], card["money"], card["order_number"]) == ("overtaken", -18_000, "A001")
    assert "add lines" in card["why"]["en"]
    decided = (await browser.read("/api/conflicts/decisions"))["decisions"]
    assert [d["kind"] for d in decided] == ["overtaken"]

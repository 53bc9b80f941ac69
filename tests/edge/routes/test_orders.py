"""The addresses of orders: each does what its name says, and the short way in says the same."""

import itertools

import msgspec
import pytest

from protocol.commands import Accepted
from protocol.orders import Order


async def test_place_and_get(client, post, body):
    values = body("nasi-besar", table="7", covers=2)
    answer = await post("/api/orders", values)
    accepted = msgspec.json.decode(answer.content, type=Accepted)
    assert (answer.status_code, accepted.repeated) == (200, False)
    got = await client.get(f"/api/orders/{values['order_id']}")
    assert msgspec.json.decode(got.content, type=Order) == accepted.order
    assert (accepted.order.table, accepted.order.covers, accepted.order.due) == ("7", 2, 32_000)


async def test_the_idempotency_key_is_the_command_id(post, body):
    values = body()
    key = values.pop("command_id")
    first = await post("/api/orders", values, **{"idempotency-key": key})
    again = await post("/api/orders", values, **{"idempotency-key": key})
    assert (first.json()["repeated"], again.json()["repeated"]) == (False, True)
    assert first.json()["command_id"] == key
    assert first.json()["position"] == again.json()["position"]


async def test_status_payment_hold_and_recall(client, post, placed, guest):
    order = await placed(hold=True)
    path = f"/api/orders/{order.order_id}"
    assert order.status == "held"
    assert (await post(f"{path}/recall", b"")).json()["order"]["status"] == "open"
    assert (await post(f"{path}/hold", b"")).json()["order"]["status"] == "held"
    fired = {"status": "fired", "command_id": guest.new_id()}
    assert (await client.patch(f"{path}/status", json=fired)).json()["order"]["status"] == "fired"
    pay = {"payment_id": guest.new_id(), "tendered": 50_000, "command_id": guest.new_id()}
    paid = (await post(f"{path}/payments", pay)).json()["order"]["payments"]
    assert [(p["amount"], p["change"]) for p in paid] == [(25_000, 25_000)]
    assert (await post(f"{path}/payments", pay)).json()["repeated"]


async def test_courses_wait_and_are_fired_and_an_order_is_rushed(client, post, body, guest):
    values = body("nasi-besar", fire_courses=[])
    values["lines"] = [
        values["lines"][0] | {"course": n, "line_id": guest.new_id()} for n in (1, 2)
    ]
    order = (await post("/api/orders", values | {"fire_courses": [1]})).json()["order"]
    path = f"/api/orders/{order['order_id']}"

    async def statuses(answer):
        order = (await answer).json()["order"]
        return [line["status"] for line in order["lines"]]

    assert [line["status"] for line in order["lines"]] == ["fired", "waiting"]
    served = {"status": "served", "command_id": guest.new_id()}
    refused = await client.patch(f"{path}/status", json=served)
    assert (refused.status_code, refused.json()["code"]) == (409, "courses_waiting")
    assert "2" in refused.json()["title"]
    fire = {"courses": [2], "command_id": guest.new_id()}
    assert await statuses(post(f"{path}/fire", fire)) == ["fired", "fired"]
    assert (await post(f"{path}/fire", fire)).json()["repeated"]
    assert (await post(f"{path}/fire", {})).json()["code"] == "nothing_to_fire"
    assert (await post(f"{path}/rush", {})).json()["order"]["rush"] is True
    assert (await post(f"{path}/rush", {"rush": False})).json()["order"]["rush"] is False


async def test_all_that_waits_is_fired_when_no_course_is_named(post, placed):
    order = await placed(hold=True)
    fired = (await post(f"/api/orders/{order.order_id}/fire", {})).json()["order"]
    assert fired["status"] == "fired"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/orders/{}"),
        ("POST", "/api/orders/{}/hold"),
        ("POST", "/api/orders/{}/recall"),
        ("POST", "/api/orders/{}/fire"),
        ("POST", "/api/orders/{}/rush"),
        ("PATCH", "/api/orders/{}/status"),
        ("POST", "/api/orders/{}/payments"),
    ],
)
async def test_an_order_that_is_not_there(client, guest, ensure_problem, method, path):
    values = {"status": "served", "payment_id": guest.new_id(), "tendered": 1}
    values["command_id"] = guest.new_id()
    answer = await client.request(method, path.format(guest.new_id()), json=values)
    ensure_problem(answer, "unknown_order", 404)


async def test_history_is_paged_without_gap_or_repeat(client, placed):
    orders = [await placed() for _ in range(7)]
    found, before = [], ""
    for _ in itertools.count():
        page = (await client.get(f"/api/orders/history?limit=3{before}")).json()
        found += [o["number"] for o in page["orders"]]
        if page["next"] is None:
            break
        before = f"&before={page['next']}"
    assert found == [o.number for o in reversed(orders)]


async def test_history_is_searched_by_date_status_number_and_tab(client, placed):
    held = await placed(hold=True, tab_name="Ibu Sari")
    fired = await placed()

    async def numbers(query):
        answer = await client.get(f"/api/orders/history?{query}")
        return [o["number"] for o in answer.json()["orders"]]

    assert await numbers("status=held") == [held.number]
    assert await numbers("q=sari") == [held.number]
    assert await numbers("q=A002") == [fired.number]
    assert await numbers("date=2026-11-22") == [fired.number, held.number]
    assert await numbers("date=2026-11-21") == []


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=x",
        "status=lost",
        "before=x",
        "before=²-²",
        "before=1-" + "9" * 30,
        "before=" + "9" * 5000 + "-1",
        "q=" + "%25" * 20_000,
    ],
)
async def test_history_refuses_what_it_cannot_look_up(client, ensure_problem, query):
    ensure_problem(await client.get(f"/api/orders/history?{query}"), "bad_request", 400)


async def test_the_short_way_in_answers_byte_for_byte_as_the_frameworks_handlers(
    both_ways, body, guest
):
    """Both are asked the same twice: who comes second gets the first answer again."""
    good, bad, held = body("nasi-besar"), body("rendang"), body(hold=True)
    hold = {"command_id": guest.new_id(), "command": {"type": "order.hold", "order_id": "x"}}
    asked = [
        ("/api/orders", good),
        ("/api/orders", bad),
        ("/api/orders", held),
        ("/api/orders", body() | {"command_id": good["command_id"]}),
        ("/api/commands", hold),
        ("/api/commands", [hold, hold]),
    ]
    short, long = both_ways
    for path, values in asked:
        await short.post(path, json=values)
        one, other = [await way.post(path, json=values) for way in (short, long)]
        assert one.content == other.content
        assert one.status_code == other.status_code
        for name in ("content-type", "content-length", "retry-after"):
            assert one.headers.get(name) == other.headers.get(name)


async def test_other_methods_and_addresses_find_their_way_past_the_short_one(
    client, ensure_problem
):
    ensure_problem(await client.get("/api/orders"), "wrong_method", 405)
    ensure_problem(await client.put("/api/commands"), "wrong_method", 405)
    ensure_problem(await client.post("/api/orders/x/fly"), "not_found", 404)
    ensure_problem(await client.get("/api/nothing"), "not_found", 404)

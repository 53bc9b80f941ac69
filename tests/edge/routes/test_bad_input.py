"""Bad input: a clear no in two languages, and nothing is changed by it."""

import json

import msgspec
import pytest
from httpx import ASGITransport, AsyncClient

from edge.app import create_app
from edge.database import Busy
from edge.routes.errors import BODY_MAX
from edge.routes.hot import HotPath

DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.fixture
async def unchanged(box):
    """After the test the journal is as long as before it, and nothing was answered or numbered."""

    async def state():
        sql = "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM order_numbers)"
        counts = await box.database.read(lambda db: db.execute(sql).fetchone())
        return box.journal.position, counts

    before = await state()
    yield
    assert await state() == before


def with_field(values, field):
    """The JSON of `values` with one more field, however broken."""
    return msgspec.json.encode(values)[:-1] + b"," + field + b"}"


WHEN_IT_HAPPENED = "before there were computers"
"""A time belongs to the envelope, not to its command."""

UNREADABLE = {
    "empty": lambda v: b"",
    "cut off": lambda v: msgspec.json.encode(v)[:-9],
    "two of them": lambda v: msgspec.json.encode(v) * 2,
    "null": lambda v: b"null",
    "a text": lambda v: b'"order"',
    "a form": lambda v: b"order_id=1&lines=2",
    "not UTF-8": lambda v: b"\xff\xfe\x00{",
    "a text that is not UTF-8": lambda v: with_field(v, b'"table":"\xff\xfe"'),
    "half a character": lambda v: with_field(v, b'"table":"\\ud800"'),
    "NaN": lambda v: with_field(v, b'"covers":NaN'),
    "infinity": lambda v: with_field(v, b'"covers":1e999'),
    "a fraction of a guest": lambda v: with_field(v, b'"covers":1.5'),
    "more guests than atoms": lambda v: with_field(v, b'"covers":' + b"9" * 400),
    "a number without end": lambda v: with_field(v, b'"covers":' + b"9" * 10_000),
    "nesting without end": lambda v: with_field(v, b'"extra":' + DEEP),
    "nesting instead of lines": lambda v: with_field(v, b'"lines":' + DEEP),
    "lines that are a text": lambda v: msgspec.json.encode(v | {"lines": "nasi"}),
    "no line": lambda v: msgspec.json.encode(v | {"lines": []}),
    "more lines than an order has": lambda v: msgspec.json.encode(v | {"lines": v["lines"] * 201}),
    "an unknown status": lambda v: msgspec.json.encode(v | {"dining_option": "floating"}),
    "a name as long as a book": lambda v: msgspec.json.encode(v | {"table": "x" * 201}),
    WHEN_IT_HAPPENED: lambda v: msgspec.json.encode(
        v | {"happened_ms": -(10**15), "source": "import"}
    ),
}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("kind", UNREADABLE)
async def test_an_order_that_cannot_be_read(both_ways, body, ensure_problem, kind):
    content = UNREADABLE[kind](body())
    for way in both_ways:
        answer = await way.post(
            "/api/orders", content=content, headers={"content-type": "application/json"}
        )
        ensure_problem(answer, "bad_request", 400)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("kind", [k for k in UNREADABLE if k != WHEN_IT_HAPPENED])
async def test_a_command_that_cannot_be_read(both_ways, body, guest, ensure_problem, kind):
    values = body()
    command_id = values.pop("command_id")
    values = {"type": "order.place"} | values
    inner = UNREADABLE[kind](values)
    content = b'{"command_id":"%s","command":%s}' % (command_id.encode(), inner)
    one, other = [
        await way.post("/api/commands", content=content, headers={"content-type": "text/plain"})
        for way in both_ways
    ]
    ensure_problem(one, "bad_request", 400)
    assert (one.content, one.status_code) == (other.content, other.status_code)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("changes", "code", "status"),
    [
        ({"lines": [{"line_id": "", "variant_id": "nasi-kecil"}]}, "bad_id", 422),
        ({"order_id": "1"}, "bad_id", 422),
        ({"order_id": "A2F9D8C0-0000-7000-8000-000000000000"}, "bad_id", 422),
        ({"command_id": "a\0b"}, "bad_id", 422),
        ({"command_id": "x" * 1_000_000}, "bad_id", 422),
        ({"expected_total": 24_000, "menu_version": 1}, "total_differs", 409),
        ({"expected_total": 24_000, "menu_version": 0}, "stale_menu", 409),
        ({"menu_version": 0}, "stale_menu", 409),
        ({"happened_ms": 1_436_700_000_000}, "not_an_import", 422),
        ({"happened_ms": 10**15, "source": "import"}, "in_the_future", 422),
    ],
)
async def test_an_order_the_rules_refuse(both_ways, body, ensure_problem, changes, code, status):
    for way in both_ways:
        answer = await way.post("/api/orders", json=body() | changes)
        ensure_problem(answer, code, status)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("line", "code", "status"),
    [
        ({"variant_id": "rendang"}, "unknown_item", 422),
        ({"variant_id": "durian"}, "item_unavailable", 409),
        ({"quantity": 0}, "wrong_quantity", 422),
        ({"quantity": -1}, "wrong_quantity", 422),
        ({"quantity": 10**25}, "wrong_quantity", 422),
        ({"choices": [{"modifier_id": "manis"}]}, "unknown_modifier", 422),
        ({"variant_id": "kopi"}, "modifier_count", 422),
        ({"amount": 1}, "not_an_import", 422),
        ({"line_id": "line-1"}, "bad_id", 422),
    ],
)
async def test_a_line_the_rules_refuse(post, body, ensure_problem, line, code, status):
    values = body()
    values["lines"][0] |= line
    answer = await post("/api/orders", values)
    if answer.status_code == 400:  # the wire's own bound comes first
        code, status = "bad_request", 400
    ensure_problem(answer, code, status)


@pytest.mark.usefixtures("unchanged")
async def test_an_order_without_a_command_id_is_told_why_it_needs_one(post, body, ensure_problem):
    values = body()
    del values["command_id"]
    problem = ensure_problem(await post("/api/orders", values), "bad_request", 400)
    assert "Idempotency-Key" in problem["title"]


async def test_a_duplicate_id_with_another_body(post, body, box, ensure_problem):
    first = body()
    assert (await post("/api/orders", first)).status_code == 200
    position = box.journal.position
    other = body() | {"command_id": first["command_id"]}
    ensure_problem(await post("/api/orders", other), "command_reused", 409)
    again = body() | {"order_id": first["order_id"]}
    ensure_problem(await post("/api/orders", again), "duplicate_id", 409)
    assert box.journal.position == position
    assert (await post("/api/orders", first)).json()["repeated"]


async def test_a_closed_order_takes_nothing_more(client, post, placed, guest, box, ensure_problem):
    order = await placed()
    pay = {"payment_id": guest.new_id(), "tendered": 25_000, "command_id": guest.new_id()}
    await post(f"/api/orders/{order.order_id}/payments", pay)
    served = {"status": "served", "command_id": guest.new_id()}
    path = f"/api/orders/{order.order_id}/status"
    assert (await client.patch(path, json=served)).json()["order"]["status"] == "closed"
    position = box.journal.position

    again = {"payment_id": guest.new_id(), "tendered": 25_000, "command_id": guest.new_id()}
    answer = await post(f"/api/orders/{order.order_id}/payments", again)
    ensure_problem(answer, "nothing_due", 409)
    lines = [{"line_id": guest.new_id(), "variant_id": "nasi-kecil"}]
    add = {"type": "lines.add", "order_id": order.order_id, "lines": lines}
    answer = await post("/api/commands", {"command_id": guest.new_id(), "command": add})
    ensure_problem(answer, "order_closed", 409)
    answer = await client.patch(path, json={"status": "fired", "command_id": guest.new_id()})
    assert answer.status_code == 409
    assert box.journal.position == position


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("path", ["/api/orders", "/api/commands"])
async def test_a_body_too_large_is_refused_before_it_is_read(both_ways, ensure_problem, path):
    async def endless():
        for _ in range(100):
            yield b" " * 1_000_000

    one, other = [
        await way.post(path, content=b'{"x":"' + b"x" * BODY_MAX + b'"}') for way in both_ways
    ]
    ensure_problem(one, "too_large", 413)
    assert one.content == other.content
    ensure_problem(await both_ways[0].post(path, content=endless()), "too_large", 413)


async def test_a_full_queue_and_a_stopping_box_say_so(
    both_ways, box, body, ensure_problem, monkeypatch
):
    async def full(*_):
        raise Busy

    monkeypatch.setattr(box.taking, "take", full)
    for way in both_ways:
        answer = await way.post("/api/orders", json=body())
        ensure_problem(answer, "busy", 503)
        assert answer.headers["retry-after"] == "2"
    monkeypatch.undo()
    await box.taking.stop()
    for way in both_ways:
        ensure_problem(await way.post("/api/orders", json=body()), "stopping", 503)


async def test_a_box_without_a_menu_says_that_it_waits_for_one(make_box, body, ensure_problem):
    empty = await make_box()
    app = HotPath(create_app(empty), lambda: empty.taking)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://box") as client:
        ensure_problem(await client.post("/api/orders", json=body()), "not_ready", 503)


async def test_a_batch_is_answered_one_by_one(post, body, guest):
    good, bad = body(), body("rendang")
    envelopes = [
        {"command_id": v.pop("command_id"), "command": {"type": "order.place"} | v}
        for v in (good, bad)
    ]
    answers = (await post("/api/commands", [*envelopes, envelopes[0]])).json()
    assert [a.get("code") for a in answers] == [None, "unknown_item", None]
    assert answers[2]["repeated"]
    assert (await post("/api/commands", [])).json() == []
    many = json.dumps([envelopes[0]] * 501).encode()
    assert (await post("/api/commands", many)).status_code == 400


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("kind", ["text/plain;charset=UTF-8", "", None])
async def test_a_page_of_somebody_elses_cannot_order_in_a_guests_name(
    client, body, ensure_problem, kind
):
    headers = {"origin": "http://somewhere.example"}
    if kind is not None:
        headers["content-type"] = kind
    for path in ("/api/orders", "/api/commands", "/api/orders/x/hold"):
        answer = await client.post(path, content=msgspec.json.encode(body()), headers=headers)
        ensure_problem(answer, "not_json", 415)


async def test_the_boxs_own_screens_order_as_json(client, body):
    headers = {"origin": "http://box", "content-type": "application/json"}
    answer = await client.post("/api/orders", content=msgspec.json.encode(body()), headers=headers)
    assert answer.status_code == 200

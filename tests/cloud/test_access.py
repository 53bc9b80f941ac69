"""Who may look: keys, the cookie, and what is open to everybody."""

import re

import pytest

from cloud import access

pytestmark = pytest.mark.postgres

PROTECTED = (
    "/api/outlets",
    "/api/reports/today",
    "/api/reports/sales?from=2026-01-01&to=2026-01-02",
    "/api/orders",
    "/api/orders/x",
    "/api/outlets/x/witness",
    "/api/outlets/x/routing",
    "/api/outlets/x/house",
    "/api/house",
    "/api/days",
    "/api/days/x/x",
    "/api/shifts",
    "/api/parked",
    "/api/conflicts",
    "/api/conflicts/decisions",
    "/api/prices",
    "/api/products",
    "/api/stock",
    "/api/people",
    "/api/audit",
    "/api/feed",
    "/api/menus/current",
    "/api/menus/export",
    "/api/auth/me",
)


@pytest.mark.parametrize("path", PROTECTED)
async def test_without_a_key_nothing_is_shown(world, path):
    answer = await world.client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (401, "no_key")
    assert answer.json()["title_id"] != answer.json()["title"] != ""
    wrong = await world.client.get(path, headers={"authorization": "Bearer kedai_wrong"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_key")


async def test_everything_under_api_is_protected_unless_named(world):
    schema = (await world.client.get("/api/schema/openapi.json")).json()
    paths = {p for p, ways in schema["paths"].items() if p.startswith("/api") and "get" in ways}
    plain = {re.sub(r"\{[^}]*\}", "x", path) for path in paths}
    assert {path.partition("?")[0] for path in PROTECTED} == plain


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/metrics", "/"])
async def test_health_and_the_first_page_need_no_key(world, path):
    assert (await world.client.get(path)).status_code in (200, 503)
    assert (await world.client.get(path, headers={"authorization": "Bearer x"})).status_code != 401


async def test_the_sign_in_form_sets_a_cookie_that_scripts_cannot_read(world, browser):
    client = world.client
    signed = await client.post("/api/auth/key", json={"key": f" {browser.key}\n"})
    assert (signed.status_code, signed.json()["tenant"]["name"]) == (200, "Warung")
    cookie = signed.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert (await client.get("/api/auth/me")).json()["name"] == "test"
    assert (await client.post("/api/auth/leave")).status_code == 200
    assert (await client.get("/api/auth/me")).status_code == 401


async def test_a_link_with_the_key_signs_in_and_leaves_it_out_of_the_address(world, browser):
    answer = await world.client.get("/", params={"key": browser.key})
    assert (answer.status_code, answer.headers["location"]) == (302, "/")
    assert (await world.client.get("/api/outlets")).status_code == 200
    world.client.cookies.clear()
    answer = await world.client.get("/", params={"key": "kedai_wrong"})
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "body", ["", "{", '{"key":1}', '{"key":"a","more":1}', '{"key":"a\\u0000"}']
)
async def test_a_strange_sign_in_is_said_no_to(world, body):
    answer = await world.client.post("/api/auth/key", content=body)
    assert answer.json()["code"] in ("bad_request", "wrong_key")


async def test_a_revoked_key_opens_nothing(world, tenant, browser):
    database = world.hq.database
    (key,) = await access.list_keys(database, tenant.tenant_id)
    assert await access.revoke_key(database, world.clock, tenant.tenant_id, key.key_id)
    assert not await access.revoke_key(database, world.clock, tenant.tenant_id, key.key_id)
    assert (await browser.get("/api/outlets")).status_code == 401


async def test_a_revoked_key_that_was_just_used_is_forgotten_in_time(world, tenant, browser):
    await browser.read("/api/outlets")
    (key,) = await access.list_keys(world.hq.database, tenant.tenant_id)
    await access.revoke_key(world.hq.database, world.clock, tenant.tenant_id, key.key_id)
    world.clock.mono_ms = lambda: 10**12
    assert (await browser.get("/api/outlets")).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/nothing/here", "not_found"),
        ("GET", "/api/nothing", "not_found"),
        ("GET", "/assets/../../app.py", "not_found"),
        ("GET", "/docs/..%2f..%2fapp.py", "not_found"),
        ("GET", "/docs/%00", "not_found"),
        ("GET", f"/assets/{'a' * 300}", "not_found"),
        ("DELETE", "/api/outlets", "wrong_method"),
    ],
)
async def test_wrong_addresses_are_answered_in_words(world, method, path, code):
    answer = await world.client.request(method, path)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == code
    assert answer.json()["what_to_do"] != ""


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2026-13-01", "to": "2026-01-02"},
        {"from": "2026-01-03", "to": "2026-01-02"},
        {"from": "2026-01-03"},
        {"from": "2026-01-01", "to": "2026-01-02", "outlet": "x"},
        {"from": "2026-01-01", "to": "2026-01-02", "outlet": "\0"},
    ],
)
async def test_questions_that_make_no_sense_are_answered_in_words(browser, query):
    answer = await browser.get("/api/reports/sales", **query)
    assert answer.json()["code"] in ("bad_request", "unknown_outlet")


@pytest.mark.parametrize(
    "query", [{"number": "\0"}, {"limit": "0"}, {"limit": "-1"}, {"limit": "9999"}, {"before": "5"}]
)
async def test_strange_searches_find_nothing_and_break_nothing(browser, query):
    assert await browser.read("/api/orders", **query) == {
        "orders": [], "more": False, "next": None,
    }  # fmt: skip
    assert (await browser.get("/api/orders/%00")).status_code == 404

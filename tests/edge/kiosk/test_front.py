"""The browser of a screen's machine speaks to its box through localhost, and is never left alone."""

import asyncio
import json

import msgspec
import pytest

from edge.kiosk.shelf import Shelf
from edge.kiosk.websocket import SocketFault, open_socket
from edge.routes import screens

HTML = {"content-type": "text/html", "content-length": "3"}


async def test_the_box_is_used_with_the_token_that_the_browser_never_sees(
    shop, paired, browse_as, guest
):
    agent = await paired(shop, kind="counter")
    browser = await browse_as(agent)
    me = (await browser.get("/api/devices/me", headers={"authorization": "Bearer x"})).json()
    assert me["device"] == agent.tether.status.device
    menu = await browser.get("/api/menu")
    assert (menu.status_code, menu.json()["version"]) == (200, 1)
    order = msgspec.to_builtins(guest.place())
    answer = await browser.post(
        "/api/orders", json={k: v for k, v in order.items() if k != "type"},
        headers={"idempotency-key": guest.new_id(), "origin": f"http://localhost:{agent.port}"},
    )  # fmt: skip
    assert answer.is_success, answer.text
    token = agent.memory.kept.paired.token
    for path in ("/agent/state", "/agent/", "/"):
        assert token not in (await browser.get(path)).text


async def test_where_pairing_is_required_the_agent_is_the_way_in(served, paired, browse_as):
    shop = await served(pairing="required")
    agent = await paired(shop, kind="counter")
    browser = await browse_as(agent)
    assert (await browser.get("/api/menu")).status_code == 200
    assert (await browser.get("/api/devices/pairings")).json() == []
    assert (await browser.post("/api/devices/nobody/revoke", json={})).json()["code"] == (
        "unknown_device"
    )


async def test_the_first_page_is_the_agent_until_it_is_paired_and_the_screen_after(
    shop, make_agent, browse_as, stands, approve
):
    agent = await make_agent(places=[shop.place], language="en")
    browser = await browse_as(agent)
    await stands(agent, "pairing")
    for path in ("/", "/kiosk/", "/agent/"):
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        assert "/agent/state" in answer.text
    state = (await browser.get("/agent/state")).json()
    assert (state["code"], state["language"]) == (agent.tether.status.code, "en")
    assert (await browser.get("/api/menu")).json()["code"] == "screen_waits"
    await approve(shop)
    await stands(agent, "in")
    answer = await browser.get("/")
    assert (answer.status_code, answer.headers["location"]) == (302, "/kiosk/")


async def test_a_machine_that_was_let_in_as_a_board_shows_the_board(
    shop, make_agent, browse_as, stands, approve
):
    """It asked to be a kiosk; whoever approved it wanted numbers over the counter."""
    agent = await make_agent(places=[shop.place])
    await stands(agent, "pairing")
    await approve(shop, kind="board")
    await stands(agent, "in")
    answer = await (await browse_as(agent)).get("/")
    assert (answer.status_code, answer.headers["location"]) == (302, "/board/")


async def test_without_the_box_the_screen_still_opens_and_calls_get_a_no_that_keeps_them(
    shop, paired, browse_as, stands
):
    if not (screens.STATIC / "kiosk").is_dir():
        pytest.skip("the screens are not built: run `make screens`")
    agent = await paired(shop)
    browser = await browse_as(agent)
    page = await browser.get("/kiosk/")
    assert page.status_code == 200
    assert page.text.count("/agent/watch.js") == 1
    assert (await browser.get("/agent/watch.js")).headers["content-type"] == "text/javascript"
    script = page.text.split('src="')[1].split('"')[0].lstrip(".")
    program = await browser.get(f"/kiosk{script}")
    await shop.shut()
    await stands(agent, "away")
    assert (await browser.get("/kiosk/?lang=en")).content == page.content
    assert (await browser.get(f"/kiosk{script}")).content == program.content
    kept = await browser.get(f"/kiosk{script}")
    assert kept.headers["content-type"] == program.headers["content-type"]
    answer = await browser.post("/api/orders", json={})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "box_away"
    assert {"title_id", "what_to_do", "what_to_do_id"} <= set(answer.json())
    unseen = await browser.get("/counter/")
    assert "/agent/state" in unseen.text
    assert (await browser.get("/counter/assets/x.js", headers={"accept": "*/*"})).status_code == 503


async def test_it_starts_and_serves_the_screen_with_the_box_away(
    shop, paired, browse_as, make_agent
):
    agent = await paired(shop)
    page = await (await browse_as(agent)).get("/kiosk/")
    await agent.stop()
    await shop.shut()
    again = await make_agent()
    browser = await browse_as(again)
    if page.is_success:
        assert (await browser.get("/kiosk/")).content == page.content
    assert (await browser.get("/")).headers["location"] == "/kiosk/"
    assert (await browser.get("/agent/state")).json()["state"] == "away"


async def test_live_news_stream_through_and_end_when_the_box_is_gone(
    shop, paired, browse_as, caplog
):
    agent = await paired(shop)
    browser = await browse_as(agent)
    async with browser.stream("GET", "/api/feed") as feed:
        assert feed.headers["content-type"].startswith("text/event-stream")
        chunks = feed.aiter_bytes()
        assert b"snapshot" in await anext(chunks)
        await shop.shut()
        async with asyncio.timeout(10):
            async for _ in chunks:  # to a clean end: the browser asks anew
                pass


async def test_a_stream_over_a_line_that_is_given_up_ends_without_a_word_in_the_log(
    shop, paired, browse_as, caplog
):
    agent = await paired(shop)
    browser = await browse_as(agent)
    async with browser.stream("GET", "/api/feed") as feed:
        chunks = feed.aiter_bytes()
        await anext(chunks)
        agent.tether.line.given_up.set()
        async with asyncio.timeout(5):
            async for _ in chunks:
                pass
    assert not [r for r in caplog.records if r.levelname == "ERROR"]


async def test_a_browser_that_hangs_up_leaves_no_stream_at_the_box(shop, paired, browse_as, until):
    agent = await paired(shop)
    browser = await browse_as(agent)
    async with browser.stream("GET", "/api/feed") as feed:
        await anext(feed.aiter_bytes())
        await until(lambda: shop.box.feed.screens == 1)
    await until(lambda: shop.box.feed.screens == 0, 10)


async def test_revoked_its_calls_are_kept_by_the_screen_and_its_page_says_so(
    shop, paired, browse_as, stands
):
    agent = await paired(shop)
    browser = await browse_as(agent)
    await shop.box.devices.revoke(agent.tether.status.device, "Sari")
    answer = await browser.post("/api/orders", json={})
    assert (answer.status_code, answer.json()["code"]) == (503, "screen_waits")
    await stands(agent, "revoked")
    assert "/agent/state" in (await browser.get("/kiosk/")).text


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example:8088"},
        {"origin": "http://evil.example"},
        {"host": "192.168.1.7:8088"},
        {"origin": "null"},
    ],
)
async def test_pages_from_elsewhere_cannot_speak_as_this_screen(shop, paired, browse_as, headers):
    agent = await paired(shop)
    browser = await browse_as(agent)
    for path in ("/api/menu", "/agent/state"):
        assert (await browser.get(path, headers=headers)).status_code == 403
    assert agent.tether.status.state == "in"


async def test_only_the_agents_own_page_can_send_the_screen_away(shop, paired, browse_as, stands):
    agent = await paired(shop)
    browser = await browse_as(agent)
    assert (await browser.post("/agent/forget", content=b"{}")).status_code == 400
    assert (await browser.post("/agent/other", json={})).status_code == 400
    assert agent.memory.kept is not None
    assert (await browser.post("/agent/forget", json={})).is_success
    assert agent.memory.kept is None
    await stands(agent, "pairing")  # it asks to be let in again


async def test_a_request_that_is_too_large_never_reaches_the_box(shop, paired, browse_as):
    agent = await paired(shop)
    browser = await browse_as(agent)
    answer = await browser.post("/api/orders", content=b" " * (4 * 1024 * 1024 + 2))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_a_websocket_without_a_box_is_closed_for_a_later_try(make_agent, browse_as):
    agent = await make_agent()
    socket = await open_socket("127.0.0.1", agent.port, "/mqtt", subprotocols=["mqtt"],
                               headers=[(b"origin", f"http://127.0.0.1:{agent.port}".encode())])  # fmt: skip
    assert socket.subprotocol == "mqtt"
    assert await socket.receive() is None
    await socket.close()
    with pytest.raises(SocketFault, match="403"):
        await open_socket("127.0.0.1", agent.port, "/mqtt", headers=[(b"origin", b"http://evil")])
    with pytest.raises(SocketFault, match="cannot be reached"):
        await open_socket("127.0.0.1", 1, "/mqtt")


async def test_a_full_shelf_gives_up_what_was_used_least(tmp_path):
    shelf = Shelf(tmp_path, total_max=1_200)
    shelf.load()
    for n in range(3):
        await shelf.put(f"/kiosk/{n}.js", HTML, bytes(250))
    await shelf.find("/kiosk/0.js")
    await shelf.put("/kiosk/3.js", HTML, bytes(250))
    assert [shelf.has(f"/kiosk/{n}.js") for n in range(4)] == [True, False, True, True]
    again = Shelf(tmp_path, total_max=1_200)
    again.load()
    assert (await again.find("/kiosk/3.js"))[1] == bytes(250)


def test_news_and_private_things_are_never_kept(tmp_path):
    shelf = Shelf(tmp_path)
    assert shelf.takes("/kiosk/", 200, HTML)
    assert shelf.takes("/pictures/nasi.webp", 200, HTML | {"content-type": "image/webp"})
    for path in ("/api/menu", "/health", "/papers/3.png", "/r/ABC", "/agent/"):
        assert not shelf.takes(path, 200, HTML)
    for more in (
        {"cache-control": "no-store"},
        {"content-length": "9000000"},
        {"content-length": ""},
    ):
        assert not shelf.takes("/kiosk/", 200, HTML | more)
    assert not shelf.takes("/kiosk/", 304, HTML)


async def test_a_damaged_copy_is_no_copy(tmp_path):
    shelf = Shelf(tmp_path)
    shelf.load()
    await shelf.put("/kiosk/", HTML, b"abc")
    (file,) = tmp_path.iterdir()
    file.write_bytes(json.dumps({"no": 1}).encode())
    assert await shelf.find("/kiosk/") is None


async def test_half_a_program_is_never_served(tmp_path):
    """The power went while it was written: half of a page would be a screen that never starts."""
    shelf = Shelf(tmp_path)
    shelf.load()
    await shelf.put("/kiosk/app.js", HTML, b"let guests = 0;" * 100)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:-700])
    after = Shelf(tmp_path)
    after.load()
    assert await after.find("/kiosk/app.js") is None
    assert not after.has("/kiosk/app.js"), "so that it is asked for in full again"
    file.write_bytes(whole)
    after.load()
    assert (await after.find("/kiosk/app.js"))[1] == b"let guests = 0;" * 100

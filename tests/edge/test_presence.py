"""Who is at which order, what a guest is shown, and the house rules as screens ask for them."""

import asyncio

import msgspec
import pytest

from edge.presence import COUNTERS_MAX, SCREENS_MAX, GuestView, Presence
from protocol.feed import Here


class Time:
    """Milliseconds that a test moves by hand."""

    now_ms = 0

    def __call__(self):
        return self.now_ms


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def presence(time):
    return Presence(time)


def at(screen, order_id="order-1"):
    return Here(screen=screen, name=screen.title(), order_id=order_id)


def test_a_screen_that_falls_silent_is_away_after_half_a_minute(presence, time) -> None:
    presence.note(at("one"))
    time.now_ms = 25_000
    presence.note(at("two"))
    assert [h.screen for h in presence.now()] == ["one", "two"]
    time.now_ms = 31_000
    assert [h.screen for h in presence.now()] == ["two"]


def test_a_screen_is_at_one_order_at_most(presence) -> None:
    presence.note(at("one"))
    presence.note(at("one", "order-2"))
    assert [h.order_id for h in presence.now()] == ["order-2"]
    presence.note(at("one", None))
    assert presence.now() == ()


def test_one_screen_more_than_there_is_room_for_takes_the_oldest_place(presence) -> None:
    for i in range(SCREENS_MAX + 1):
        presence.note(at(f"screen-{i:03}"))
    names = [h.screen for h in presence.now()]
    assert len(names) == SCREENS_MAX
    assert "screen-000" not in names


async def test_a_display_gets_each_new_picture_and_waits_for_the_next() -> None:
    view = GuestView()
    waiting = asyncio.create_task(view.after("Kasir 1", 0, 5))
    await asyncio.sleep(0)
    first = view.show("Kasir 1", b'{"total":1}')
    assert await waiting == (first, b'{"total":1}')
    assert await view.after("Kasir 1", first, 0.01) is None
    assert await view.after("Kasir 2", 0, 0.01) is None
    for i in range(COUNTERS_MAX):
        view.show(f"other {i}", b"{}")
    assert "Kasir 1" not in view.counters


async def test_a_box_that_stops_lets_go_of_the_displays_that_wait() -> None:
    view = GuestView()
    waiting = asyncio.create_task(view.after("Kasir 1", 0, 60))
    await asyncio.sleep(0)
    view.end()
    assert await asyncio.wait_for(waiting, 1) is None


async def test_everybody_hears_at_once_who_is_at_an_order(box, client) -> None:
    following = box.feed.follow()
    await anext(following)
    answer = await client.post("/api/here", json={"screen": "counter-2", "order_id": "o"})
    assert answer.json() == [{"screen": "counter-2", "name": "", "order_id": "o"}]
    beat = await asyncio.wait_for(anext(following), 3)
    assert [h.screen for h in beat.here] == ["counter-2"]
    await following.aclose()


async def test_what_a_guest_is_shown_goes_through_the_box(client) -> None:
    shown = await client.put("/api/shown/Kasir 1", content=b'{"total": 25000}')
    number = shown.json()["number"]
    got = await client.get("/api/shown/Kasir 1")
    assert (got.json(), got.headers["x-number"]) == ({"total": 25000}, str(number))
    assert (await client.get("/api/shown")).json() == {"counters": ["Kasir 1"]}
    assert (await client.put("/api/shown/x", content=b"no json")).status_code == 400
    assert (await client.put("/api/shown/x", content=b"1" * 70_000)).status_code == 413


async def test_screens_ask_for_the_house_again_when_it_changes(box, client, use_house) -> None:
    before = (await client.get("/api/house")).json()
    assert before["house"]["version"] == 0
    revision = box.menus.shown
    await use_house({"favourites": ["nasi-kecil"]})
    after = (await client.get("/api/house")).json()
    assert after["house"]["favourites"] == ["nasi-kecil"]
    assert after["digest"] != before["digest"]
    assert box.menus.shown != revision


@pytest.fixture
def use_house(box):
    """Puts house rules in force, as HQ's feed does."""

    async def use(house):
        body = msgspec.json.encode(house)

        def work(db):
            db.execute("DELETE FROM house")
            db.execute("INSERT INTO house (digest, body) VALUES (?,?)", (body.hex()[:32], body))
            return box.menus.current(db)

        await box.database.write(work)

    return use

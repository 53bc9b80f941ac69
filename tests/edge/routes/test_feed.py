"""The live stream over a real socket: events with ids, resumable, and a place freed on leaving."""

import asyncio
import contextlib

import httpx
import msgspec
import pytest

from edge import feed as module
from protocol.feed import Change, Heartbeat, Snapshot

KINDS = {"snapshot": Snapshot, "change": Change, "heartbeat": Heartbeat}


class Stream:
    """Server-sent events as a browser takes them apart."""

    def __init__(self, answer):
        self._lines = answer.aiter_lines()

    async def next(self):
        fields = {}
        async with asyncio.timeout(5):
            async for line in self._lines:
                if not line:
                    break
                name, _, value = line.partition(": ")
                fields[name] = value
        message = msgspec.json.decode(fields["data"], type=KINDS[fields["event"]])
        assert int(fields["id"]) == message.position
        return message

    async def until(self, kind):
        while not isinstance(found := await self.next(), kind):
            pass
        return found


@pytest.fixture
async def screen(url):
    """Opens streams; each is closed after the test."""
    async with contextlib.AsyncExitStack() as opened:
        client = await opened.enter_async_context(httpx.AsyncClient(base_url=url, timeout=10))

        async def listen(query=""):
            answer = await opened.enter_async_context(client.stream("GET", f"/api/feed{query}"))
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert answer.headers["cache-control"] == "no-store"
            return Stream(answer)

        yield listen


async def test_snapshot_then_changes_then_heartbeats(box, guest, screen, monkeypatch):
    monkeypatch.setattr(module, "HEARTBEAT_S", 0.2)
    stream = await screen()
    snapshot = await stream.next()
    assert (snapshot.position, snapshot.orders) == (box.journal.position, ())
    await box.taking.take(guest.asks(guest.place()))
    changes = [await stream.until(Change) for _ in range(2)]
    assert [x.event for x in changes] == ["order.placed", "order.fired"]
    assert (await stream.until(Heartbeat)).position == box.journal.position


async def test_a_screen_goes_on_where_its_line_broke(box, guest, screen):
    await box.taking.take(guest.asks(guest.place()))
    stream = await screen(f"?since={box.journal.position - 1}")
    assert (await stream.next()).event == "order.fired"


async def test_leaving_frees_the_place(box, url, until):
    async with httpx.AsyncClient(base_url=url) as client:
        for _ in range(3):
            async with client.stream("GET", "/api/feed") as answer:
                await Stream(answer).next()
                assert box.feed.screens == 1
            await until(lambda: box.feed.screens == 0)


async def test_one_screen_too_many_is_told_so(url, screen, monkeypatch, ensure_problem):
    monkeypatch.setattr(module, "SCREENS_MAX", 1)
    monkeypatch.setattr("edge.routes.feed.SCREENS_MAX", 1)
    await (await screen()).next()
    async with httpx.AsyncClient(base_url=url) as client:
        ensure_problem(await client.get("/api/feed"), "busy", 503)


@pytest.mark.parametrize("since", ["x", "1.5", "", "9" * 30, "-5"])
async def test_a_since_that_makes_no_sense_is_refused_or_starts_again(url, since):
    async with (
        httpx.AsyncClient(base_url=url) as client,
        client.stream("GET", f"/api/feed?since={since}") as answer,
    ):
        if answer.status_code == 200:
            assert isinstance(await Stream(answer).next(), Snapshot)
        else:
            assert answer.status_code == 400

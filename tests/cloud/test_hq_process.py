"""HQ as a process of its own: started by its command, killed, stopped while people listen."""

import asyncio
import itertools
import json
import os
import signal
import sys
import time
from contextlib import asynccontextmanager

import asyncpg
import httpx
import pytest

pytestmark = pytest.mark.postgres


@pytest.fixture
def command(fresh_database):
    """Runs `kedai cloud …` on the test's database and returns what it printed."""

    async def run(*arguments, check=True):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cloud", *arguments),
            env=os.environ | {"KEDAI_CLOUD_DATABASE_URL": fresh_database},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert not check or process.returncode == 0, err.decode()
        return (out if check else err).decode()

    return run


@pytest.fixture
def serving(fresh_database):
    """Runs `kedai cloud serve`; what still runs at the end is killed."""

    @asynccontextmanager
    async def serve():
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cloud", "serve", "--port", "0"),
            env=os.environ | {"KEDAI_CLOUD_DATABASE_URL": fresh_database},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
            assert line.startswith("HQ is open at http"), line
            async with httpx.AsyncClient(base_url=line.split()[-1], timeout=30) as client:
                yield process, client
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    return serve


@pytest.fixture
async def set_up(command):
    """A tenant with an outlet and a key, made the way an operator does."""
    tenant = json.loads(await command("tenant", "add", "Warung", "--json"))
    outlet = json.loads(await command("outlet", "add", "Pusat", "--json"))
    key = json.loads(await command("key", "add", "--name", "me", "--json"))
    assert outlet["tenant_id"] == key["tenant_id"] == tenant["tenant_id"]
    return outlet["code"], {"authorization": f"Bearer {key['key']}"}


async def events(client, headers):
    """Server-sent events as (name, value)."""
    async with client.stream("GET", "/api/feed", headers=headers) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        name = ""
        async for line in response.aiter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield name, json.loads(line.removeprefix("data: "))


async def test_sales_arrive_live_on_a_dashboard(serving, set_up, box_at, till):
    code, headers = set_up
    async with serving() as (_, client):
        box = await box_at(client, code)
        feed = events(client, headers)
        name, snapshot = await asyncio.wait_for(anext(feed), 5)
        assert (name, snapshot["totals"]["orders"]) == ("snapshot", 0)
        day = snapshot["outlets"][0]["business_date"]
        placed = till.placed(25_000, day=day)
        await box.send(*till.entries(placed, till.paid(placed)))
        name, change = await asyncio.wait_for(anext(feed), 5)
        assert (name, change["totals"]["amount_minor"]) == ("change", 25_000)
        assert change["outlets"][0]["completeness"]["state"] == "complete"
        name, beat = await asyncio.wait_for(anext(feed), 8)
        assert (name, beat["completeness"][0]["projected"]) == ("heartbeat", 2)
        await feed.aclose()


async def test_it_stops_in_three_seconds_though_people_listen(serving, set_up, box_at):
    code, headers = set_up
    async with serving() as (process, client):
        box = await box_at(client, code)
        feed = events(client, headers)
        await anext(feed)
        page = await box.feed()
        waiting = asyncio.create_task(box.feed(page.incarnation, page.pos, wait=25))
        await asyncio.sleep(0.3)
        begin = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 5) == 0
        assert time.monotonic() - begin < 3
        assert (await waiting).rows == ()
        assert [name async for name, _ in feed] == []


async def test_a_kill_at_any_moment_loses_nothing_and_counts_nothing_twice(
    serving, set_up, box_at, till, fresh_database
):
    code, headers = set_up
    orders = [till.placed(1000) for _ in range(400)]
    entries = list(till.entries(*itertools.chain(*((o, till.paid(o)) for o in orders))))
    batches = [entries[i : i + 40] for i in range(0, len(entries), 40)]
    box, sent = None, 0
    for round_ in range(4):
        async with serving() as (process, client):
            box = await box_at(client, code) if box is None else box.at(client)
            await box.hello()
            killer = asyncio.get_running_loop().call_later(0.02 + 0.05 * round_, process.kill)
            try:
                while sent < len(batches) and process.returncode is None:
                    first = sent * 40 + 1
                    await box.deliver(box.segment(batches[sent], first, box.chain))
                    box.sent.extend(batches[sent])
                    sent += 1
            except httpx.TransportError:
                pass
            killer.cancel()
            await asyncio.sleep(0)
    async with serving() as (_, client):
        box.at(client)
        await box.hello()
        for batch in batches[sent:]:
            await box.send(*batch)
        for _ in range(200):
            outlet = (await client.get("/api/outlets", headers=headers)).json()["outlets"][0]
            if outlet["projected"] == outlet["head"] == len(entries):
                break
            await asyncio.sleep(0.05)
        assert (outlet["head"], outlet["lag"], outlet["parked"]) == (len(entries), 0, 0)
        day = {"from": "2026-01-02", "to": "2026-01-02"}
        report = (await client.get("/api/reports/sales", params=day, headers=headers)).json()
        assert (report["totals"]["orders"], report["paid_minor"]) == (400, 400_000)


async def test_two_processes_share_the_work_and_the_news(serving, set_up, box_at, till):
    code, headers = set_up
    async with serving() as (first, one), serving() as (_, two):
        box = await box_at(one, code)
        feed = events(two, headers)
        _, snapshot = await anext(feed)
        day = snapshot["outlets"][0]["business_date"]
        await box.send(*till.entries(till.placed(1000, day=day)))
        name, change = await asyncio.wait_for(anext(feed), 5)
        assert (name, change["totals"]["orders"]) == ("change", 1)
        await box.send(*till.entries(till.placed(1000, day=day)))
        first.kill()  # perhaps before it projected: then the other does
        async with asyncio.timeout(8):
            while change.get("totals", {}).get("orders") != 2:
                _, change = await anext(feed)
        await feed.aclose()


async def test_commands_say_no_in_a_sentence(command, set_up):
    assert "already" in await command("tenant", "add", "Warung", check=False)
    assert "XYZ" in await command("tenant", "add", "Toko", "--currency", "XYZ", check=False)
    assert "no outlet" in await command("outlet", "code", "Nowhere", check=False)
    assert "no key" in await command("key", "revoke", "123456789012", check=False)
    assert "Traceback" not in await command("outlet", "list", "--tenant", "Toko", check=False)
    listed = json.loads(await command("outlet", "list", "--json"))
    assert [(o["name"], o["head"]) for o in listed] == [("Pusat", 0)]
    assert "up to date" in await command("migrate")


async def test_a_rebuild_sees_what_a_person_must_decide(box, browser, till, command):
    placed = till.placed(20_000)
    twice = till.entries(placed, till.paid(placed), till.paid(placed, "qris"))
    await box.send(*twice)
    assert "entries again: clocks." in await command("rebuild", "Pusat", "--only", "clocks")
    said = await command("rebuild", "Pusat")
    assert "Projected 3 entries again: products, pins, stock, clocks, days, sales." in said
    cards = (await browser.read("/api/conflicts", open="true"))["decisions"]
    assert [c["kind"] for c in cards] == ["overpaid"]


async def test_after_a_restored_backup_boxes_send_what_it_lacks(
    serving, set_up, box_at, till, command, fresh_database
):
    code, headers = set_up
    async with serving() as (_, client):
        box = await box_at(client, code)
        page = await box.feed()
        await box.send(*till.entries(*(till.placed() for _ in range(4))))
        connection = await asyncpg.connect(fresh_database)  # as if the last two were in no backup
        await connection.execute("DELETE FROM ledger WHERE position > 2")
        await connection.execute("UPDATE outlets SET head = 2")
        await connection.execute(
            "UPDATE streams SET last_seq = 2, chain = l.chain FROM ledger l WHERE l.position = 2"
        )
        await connection.execute("UPDATE cursors SET position = 2")
        await connection.execute("DELETE FROM orders WHERE number > 'A002'")
        await connection.close()
        assert "HQ begins anew" in await command("restored")
        assert (await box.feed(page.incarnation, page.pos)).snapshot
        entries = box.sent
        box.sent = entries[:2]
        with pytest.raises(Exception, match="hello"):
            await box.deliver(box.segment(entries[2:]))
        (known,) = (await box.hello()).streams
        assert (known.last, known.chain_last) == (2, box.chain)
        await box.send(*entries[2:])
        assert "Projected 4 entries" in await command("rebuild", "Pusat")
        orders = (await client.get("/api/orders", headers=headers)).json()["orders"]
        assert sorted(o["number"] for o in orders) == ["A001", "A002", "A003", "A004"]


async def test_a_database_that_is_not_there_is_said_so(command, monkeypatch, fresh_database):
    elsewhere = "postgresql://nobody@127.0.0.1:1/none"
    said = await command("--database-url", elsewhere, "outlet", "list", check=False)
    assert "The database cannot be reached" in said
    assert "Traceback" not in said

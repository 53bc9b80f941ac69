"""Backups: what boxes may let go of is what the oldest that could be put back holds, and it comes back."""

import asyncio
import contextlib
from urllib.parse import urlsplit, urlunsplit

import pytest

from cloud import copying
from cloud.backups import (
    begin_backup,
    by_hand,
    drop_backup,
    finish_backup,
    keep_newest,
    list_backups,
)
from cloud.database import connect_as_owner
from cloud.embedded import EmbeddedPostgres
from cloud.outlets import Impossible
from cloud.postgres_programs import find_postgres, find_tool
from cloud.restoring import begin_new_life

pytestmark = pytest.mark.postgres


async def safe(box):
    return {k.stream[:2]: k.safe for k in (await box.hello()).streams}


async def sell(box, till, count):
    await box.send(*till.entries(*(till.placed() for _ in range(count))))


async def test_only_a_finished_backup_makes_anything_safe(world, box, till):
    await sell(box, till, 3)
    number = await begin_backup(world.url, "one", 1)
    await sell(box, till, 2)
    assert await safe(box) == {"ab": 0}
    await finish_backup(world.url, number, 2)
    assert await safe(box) == {"ab": 3}, "what came while it was copied may not be in it"


async def test_the_oldest_that_could_be_put_back_counts(world, box, till):
    numbers = []
    for _ in range(3):
        await sell(box, till, 2)
        numbers.append(await begin_backup(world.url, "", 1))
        await finish_backup(world.url, numbers[-1], 2)
    assert await safe(box) == {"ab": 2}
    await drop_backup(world.url, numbers[0], 3)
    assert await safe(box) == {"ab": 4}
    await drop_backup(world.url, numbers[2], 3)
    assert await safe(box) == {"ab": 4}
    await drop_backup(world.url, numbers[1], 3)
    assert await safe(box) == {"ab": 0}


async def test_a_stream_that_rests_is_noted_once_and_safe_in_every_later_backup(
    world, tenant, box, till
):
    await sell(box, till, 3)
    for number in (1, 2, 3):
        assert await begin_backup(world.url, "", number) == number
        await finish_backup(world.url, number, number)
    assert len(await world.rows(tenant, "SELECT 1 FROM backup_ends")) == 1
    await keep_newest(world.url, 1, 9)
    assert await safe(box) == {"ab": 3}


async def test_keeping_the_newest_drops_older_ones_finished_or_not(world, box):
    for number in (1, 2, 3, 4):
        await begin_backup(world.url, "", number)
    for number in (2, 3):
        await finish_backup(world.url, number, 5)
    assert [b.number for b in await keep_newest(world.url, 1, 6)] == [1, 2]
    states = [(b.number, b.dropped_ms) for b in await list_backups(world.url)]
    assert states == [(1, 6), (2, 6), (3, None), (4, None)]


async def test_backups_by_another_tool_are_told_in_three_words(world, box):
    assert "finish 1" in await by_hand(world.url, ["begin"], 1)
    assert "put back" in await by_hand(world.url, ["finish", "1"], 2)
    assert "never" in await by_hand(world.url, ["drop", "1"], 3)
    for wrong in (["finish", "9"], ["finish", "x"], ["begin", "2"]):
        with pytest.raises(Impossible):
            await by_hand(world.url, wrong, 4)


async def test_a_copy_that_ends_after_a_newer_one_counted_alone_is_no_promise(world, box, till):
    """Boxes let go of what the newer one holds: the older one lacks it."""
    await sell(box, till, 2)
    slow = await begin_backup(world.url, "slow", 1)
    await sell(box, till, 2)
    quick = await begin_backup(world.url, "quick", 2)
    await finish_backup(world.url, quick, 3)
    assert await safe(box) == {"ab": 4}
    with pytest.raises(Impossible, match="let go"):
        await finish_backup(world.url, slow, 4)
    await drop_backup(world.url, quick, 5)
    with pytest.raises(Impossible, match="let go"):
        await finish_backup(world.url, slow, 6)
    assert await safe(box) == {"ab": 0}
    with pytest.raises(Impossible, match="dropped"):
        await by_hand(world.url, ["finish", str(quick)], 7)


async def test_a_copy_that_ends_late_counts_while_an_older_one_does(world, box, till):
    await sell(box, till, 2)
    first, slow, quick = [await begin_backup(world.url, "", n) for n in (1, 2, 3)]
    for number in (first, quick, slow):
        await finish_backup(world.url, number, 5)
    await drop_backup(world.url, first, 6)
    assert await safe(box) == {"ab": 2}


async def test_what_a_database_was_put_back_from_counts_in_it(world, box, till):
    await sell(box, till, 3)
    await begin_backup(world.url, "", 1)  # in the copy it is begun, and can never be finished
    await begin_new_life(world.url)
    assert await safe(box) == {"ab": 3}


@pytest.fixture
async def server(tmp_path):
    """Starts Postgres servers of the version that pg_dump here belongs to."""
    tool = find_tool("pg_dump", 15)
    programs = None if tool is None else find_postgres(None)
    if programs is None or find_tool("pg_dump", programs.major) is None:
        pytest.skip("no Postgres with its own pg_dump is installed on this machine")
    async with contextlib.AsyncExitStack() as stopping:

        async def start(name):
            folder = tmp_path / name
            running = EmbeddedPostgres(folder, throwaway=True, programs=programs)
            url = await running.start()
            stopping.push_async_callback(running.stop)
            return url

        yield start


async def test_a_file_is_put_back_and_boxes_send_what_it_lacks(server, open_hq, till, tmp_path):
    url = await server("first")
    async with open_hq(url) as world:
        tenant = await world.tenant()
        box = await world.box(tenant)
        await sell(box, till, 3)
        said = await copying.back_up(url, tmp_path / "one.dump", world.clock)
        assert said.startswith("Backup 1 is in")
        await sell(box, till, 2)
        assert await safe(box) == {"ab": 3}
        with pytest.raises(Impossible, match="exists"):
            await copying.back_up(url, tmp_path / "one.dump", world.clock)
        with pytest.raises(Impossible, match="in use"):
            await copying.put_back(url, tmp_path / "one.dump")
    again = await server("another machine, so to say")
    await copying.put_back(again, tmp_path / "one.dump")
    with pytest.raises(Impossible, match=r"cut short.*kedai cloud restored"):
        await copying.put_back(again, tmp_path / "one.dump")
    await begin_new_life(again)
    async with open_hq(again) as world:
        box.at(world.client)
        with pytest.raises(world.refused) as no:
            await sell(box, till, 1)
        assert (no.value.status, no.value.code) == (409, "hello")
        lost = box.sent[3:]
        box.sent = box.sent[:3]
        (known,) = (await box.hello()).streams
        assert (known.last, known.chain_last, known.safe) == (3, box.chain, 3)
        await box.send(*lost)
        assert len(await world.rows(tenant, "SELECT 1 FROM ledger")) == 6


async def test_older_files_go_with_their_backups(server, open_hq, tmp_path):
    url = await server("kept")
    async with open_hq(url) as world:
        for name in ("a", "b", "c"):
            said = await copying.back_up(url, tmp_path / name, world.clock, keep=2)
        assert "Dropped backup 1" in said
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_file()) == ["b", "c"]


@pytest.mark.parametrize("told", [True, False], ids=["restored", "only copied by hand"])
async def test_a_drill_on_the_same_machine_leaves_the_files_it_did_not_make(
    server, open_hq, tmp_path, told
):
    url = await server("production")
    async with open_hq(url) as world:
        for name in ("a", "b"):
            await copying.back_up(url, tmp_path / name, world.clock)
        connection = await connect_as_owner(url)
        await connection.execute("CREATE DATABASE drill")
        await connection.close()
        drill = urlunsplit(urlsplit(url)._replace(path="/drill"))
        await copying.put_back(drill, tmp_path / "b")
        if told:
            await begin_new_life(drill)
        said = [await copying.back_up(drill, tmp_path / n, world.clock, keep=1) for n in "cd"]
    assert "left alone" in said[0]
    assert f"{tmp_path / 'c'} deleted" in said[1]
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_file()) == ["a", "b", "d"]


async def test_without_a_fitting_program_it_is_said_in_a_sentence(world, tmp_path, monkeypatch):
    monkeypatch.setattr(copying, "find_tool", lambda *_: None)
    with pytest.raises(Impossible, match="backup begin"):
        await copying.back_up(world.url, tmp_path / "x", world.clock)
    assert await list_backups(world.url) == []


async def test_a_copy_that_fails_leaves_nothing_that_counts(world, tmp_path, monkeypatch):
    failing = tmp_path / "fails"
    failing.write_text("#!/bin/sh\necho no room >&2\nexit 1\n")
    failing.chmod(0o755)
    monkeypatch.setattr(copying, "find_tool", lambda *_: failing)
    with pytest.raises(Impossible, match="no room"):
        await copying.back_up(world.url, tmp_path / "x", world.clock)
    (only,) = await list_backups(world.url)
    assert (only.finished_ms, only.dropped_ms is None) == (None, False)
    assert not await asyncio.to_thread((tmp_path / "x").exists)

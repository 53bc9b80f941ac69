"""The feed to boxes: whole publishes, no row skipped, every cursor error ends in a good cursor."""

import asyncio
import uuid

import msgspec
import pytest

from cloud import distribution
from cloud.distribution import KEPT_MS, Publication, compact, digests_for, publish
from cloud.restoring import begin_new_life
from protocol.clock import stamp_at
from protocol.digests import digest_of
from protocol.menu import Menu

pytestmark = pytest.mark.postgres


def things(*keys, version=1, body=b"{}", **more):
    return [Publication(kind="thing", key=k, version=version, body=body, **more) for k in keys]


@pytest.fixture
def tell(world, tenant):
    """Publishes rows of a kind that HQ does not have yet."""

    async def tell(rows, publish_id="p", pause=0.0, now_ms=1):
        async with world.hq.database.transaction(tenant.tenant_id) as tx:
            pos = await publish(tx, tenant.tenant_id, rows, publish_id=publish_id, now_ms=now_ms)
            await asyncio.sleep(pause)
            return pos

    return tell


async def test_a_box_without_a_cursor_gets_all_there_is(box, tell):
    await tell(things("a", "b"))
    await tell(things("a", version=2), "q")
    await tell(things("b", body=None), "r")
    page = await box.feed()
    assert page.snapshot
    assert [(r.key, r.version) for r in page.rows] == [("a", 2)]
    assert page.pos == 4


async def test_a_cursor_gets_what_follows_it_with_tombstones(box, tell):
    start = await box.feed()
    await tell(things("a"))
    await tell(things("a", body=None), "q")
    page = await box.feed(start.incarnation, start.pos)
    assert not page.snapshot
    assert [(r.pos, r.body) for r in page.rows] == [(1, b"{}"), (2, None)]
    assert (await box.feed(page.incarnation, page.pos)).rows == ()


@pytest.mark.parametrize(("incarnation", "pos"), [("another", 1), ("", 0), (None, 99), (None, -1)])
async def test_a_cursor_that_cannot_be_gets_a_snapshot(box, tell, incarnation, pos):
    await tell(things("a"))
    ours = (await box.feed()).incarnation
    page = await box.feed(ours if incarnation is None else incarnation, pos)
    assert page.snapshot
    assert (page.incarnation, page.pos, len(page.rows)) == (ours, 1, 1)


async def test_a_publish_is_never_split_over_two_pages(box, tell):
    start = await box.feed()
    await tell(things("first"), "small")
    await tell(things(*(f"k{i}" for i in range(450))), "large")
    await tell(things("last"), "after")
    seen, cursor = [], start.pos
    while rows := (await box.feed(start.incarnation, cursor)).rows:
        seen.append({r.publish_id for r in rows})
        cursor = rows[-1].pos
    assert cursor == 452
    assert seen == [{"small", "large"}, {"after"}]


async def test_no_row_is_skipped_or_told_twice_while_many_publish(world, tenant, box, tell):
    """A plain sequence loses rows here: a later number is seen before an earlier one commits."""
    start = await box.feed()

    async def publisher(name):
        for number in range(30):
            await tell(
                things(f"{name}{number}", f"{name}{number}b"), f"{name}{number}", pause=0.001
            )

    work = asyncio.gather(*(publisher(name) for name in "abcdefgh"))
    seen, cursor = [], start.pos
    while not work.done() or cursor < 480:
        page = await box.feed(start.incarnation, cursor)
        seen += [(r.pos, r.publish_id) for r in page.rows]
        cursor = page.pos
        await asyncio.sleep(0)
    await work
    assert [pos for pos, _ in seen] == list(range(1, 481))
    publishes = [p for _, p in seen]
    assert publishes[::2] == publishes[1::2]  # each stands together


async def test_a_row_of_one_outlet_reaches_only_that_one(world, tenant, box, tell):
    other = await world.box(tenant, "Dago")
    mine, theirs = (b.enrolled.outlet_id for b in (box, other))
    start = await box.feed()
    await tell([*things("all"), *things("level", outlet_id=mine, version=7)])
    await tell(things("level", outlet_id=theirs, version=8), "q")
    here = await box.feed(start.incarnation, start.pos)
    there = await other.feed(start.incarnation, start.pos)
    assert [(r.key, r.version) for r in here.rows] == [("all", 1), ("level", 7)]
    assert [(r.key, r.version) for r in there.rows] == [("all", 1), ("level", 8)]
    assert here.pos == there.pos == 3  # what is not for a box counts as read
    for who, version in ((box, 7), (other, 8)):
        snapshot = await who.feed()
        assert {(r.key, r.version) for r in snapshot.rows} == {("all", 1), ("level", version)}


async def test_rows_of_others_do_not_hide_a_page(world, tenant, box, tell):
    other = await world.box(tenant, "Dago")
    start = await box.feed()
    crowd = things(*(f"x{i}" for i in range(450)), outlet_id=other.enrolled.outlet_id)
    await tell([*things("a"), *crowd, *things("b")])
    page = await box.feed(start.incarnation, start.pos)
    assert ([r.key for r in page.rows], page.pos) == (["a", "b"], 452)


async def test_news_for_one_outlet_wakes_only_that_one(world, tenant, box, tell):
    other = await world.box(tenant, "Dago")
    start = await box.feed()
    waiting = asyncio.create_task(box.feed(start.incarnation, start.pos, wait=20))
    sleeping = asyncio.create_task(other.feed(start.incarnation, start.pos, wait=20))
    await asyncio.sleep(0.2)
    await tell(things("level", outlet_id=box.enrolled.outlet_id))
    assert (await asyncio.wait_for(waiting, 2)).rows
    await asyncio.sleep(0.2)
    assert not sleeping.done()
    world.hq.feed_news.stop()
    await sleeping


async def test_a_page_shows_a_stamp_later_than_anything_in_its_rows(world, box, tell):
    await tell(things("a", stamp=stamp_at(world.clock.now_ms + 5_000)))
    page = await box.feed()
    assert page.stamp >= stamp_at(world.clock.now_ms + 5_000)


async def test_digests_are_of_what_a_box_has_at_its_cursor(world, tenant, box, tell):
    outlet = box.enrolled.outlet_id
    await tell([*things("a", "b"), *things("level", outlet_id=outlet)])
    await tell(things("gone", outlet_id="00000000-0000-0000-0000-000000000001"), "x")
    page = await box.feed()
    ours = digest_of("thing", [(r.key, r.version, r.body) for r in page.rows])
    await tell([*things("a", version=2), *things("b", body=None)], "q")

    async def digests(**at):
        async with world.hq.database.transaction(tenant.tenant_id) as tx:
            return await digests_for(tx, tenant.tenant_id, outlet, **at)

    assert await digests(incarnation=page.incarnation, pos=page.pos) == (4, (ours,))
    now = await box.feed()
    newer = digest_of("thing", [(r.key, r.version, r.body) for r in now.rows])
    assert await digests() == (6, (newer,))
    assert newer != ours
    assert await digests(incarnation="another", pos=4) == (-1, ())
    assert await digests(incarnation=page.incarnation, pos=99) == (-1, ())


async def test_what_was_overtaken_long_ago_goes_and_cursors_from_then_get_everything(
    world, tenant, box, tell
):
    start = await box.feed()
    await tell(things("a", "b", "c"), "old")
    await tell([*things("a", version=2), *things("b", body=None)], "old2")
    await tell(things("a", version=3), "new", now_ms=1_000)
    before = await box.feed()
    async with world.hq.database.transaction(tenant.tenant_id) as tx:
        assert await compact(tx, tenant.tenant_id, 500) == 5

    kept = await world.rows(tenant, "SELECT pos FROM feed_rows ORDER BY pos")
    assert [r["pos"] for r in kept] == [3, 4, 6]
    page = await box.feed(start.incarnation, 4)
    assert page.snapshot
    assert [(r.key, r.version) for r in page.rows] == [("c", 1), ("a", 3)]
    assert (await box.feed()).rows == before.rows
    page = await box.feed(start.incarnation, 5)
    assert not page.snapshot
    assert [(r.key, r.version) for r in page.rows] == [("a", 3)]


async def test_a_quiet_week_does_not_make_the_next_publish_wait(
    monkeypatch, world, tenant, box, tell
):
    """All rows of many outlets become old at once: they go in steps, and none is compared with all."""
    async with world.hq.database.transaction(tenant.tenant_id) as tx:
        await tx.execute(
            """INSERT INTO feed_rows (tenant_id, pos, kind, key, version, body, publish_id,
                   published_ms, outlet_id)
               SELECT $1, row_number() OVER (ORDER BY r, k, n), 'stock', k::text, r, '\\x7b7d', 'p',
                   1, md5(n::text)::uuid
               FROM generate_series(1, 25) r, generate_series(1, 4) k, generate_series(1, 300) n""",
            tenant.tenant_id,
        )
        await tx.execute("UPDATE feed_heads SET pos = 30000")
    monkeypatch.setattr(distribution, "COMPACT_STEP", 20_000)
    async with world.hq.database.transaction(tenant.tenant_id) as tx:
        await tx.execute("SET LOCAL statement_timeout = '3s'")
        assert await compact(tx, tenant.tenant_id, 2) == 20_000
        assert await compact(tx, tenant.tenant_id, 2) == 30_000
    kept = await world.rows(tenant, "SELECT count(*), min(version) AS oldest FROM feed_rows")
    assert kept == [{"count": 1_200, "oldest": 25}]


async def test_a_row_for_all_overtakes_those_of_single_outlets(world, tenant, box, tell):
    ours = box.enrolled.outlet_id
    await tell([*things("a", outlet_id=ours), *things("b", outlet_id=ours)], "one")
    await tell(things("a", version=2), "all")
    await tell(things("b", version=2, outlet_id=str(uuid.uuid4())), "another")
    async with world.hq.database.transaction(tenant.tenant_id) as tx:
        await compact(tx, tenant.tenant_id, 1 << 60)
    kept = await world.rows(tenant, "SELECT pos FROM feed_rows ORDER BY pos")
    assert [r["pos"] for r in kept] == [2, 3, 4]


async def test_the_feed_compacts_itself_as_it_grows(monkeypatch, world, tenant, box, tell):
    monkeypatch.setattr(distribution, "COMPACT_EVERY", 10)
    for number in range(30):
        await tell(things("a", version=number), f"p{number}", now_ms=number * KEPT_MS)
    assert len(await world.rows(tenant, "SELECT pos FROM feed_rows")) < 15
    assert [r.version for r in (await box.feed()).rows] == [29]


async def test_a_waiting_box_is_told_at_once_also_by_another_process(box, tell):
    start = await box.feed()
    waiting = asyncio.create_task(box.feed(start.incarnation, start.pos, wait=20))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    await tell(things("a"))  # only the database tells, as it would other processes
    page = await asyncio.wait_for(waiting, 2)
    assert [r.key for r in page.rows] == ["a"]


async def test_a_poll_is_a_sign_of_life(world, tenant, box):
    world.clock.now_ms += 500_000
    await box.feed()
    heard = await world.rows(tenant, "SELECT last_heard_ms, unsent FROM outlets")
    assert heard == [{"last_heard_ms": world.clock.now_ms, "unsent": 0}]


async def test_hq_sees_from_its_cursor_which_menu_a_box_has(box, browser, menu):
    await browser.post("/api/menus/publish", menu())
    page = await box.feed()
    await browser.post("/api/menus/publish", menu(items=()))

    async def versions():
        outlet = (await browser.read("/api/outlets"))["outlets"][0]
        return outlet["menu_version"], outlet["menu_current"]

    assert await versions() == (0, 2)
    page = await box.feed(page.incarnation, page.pos)
    assert await versions() == (1, 2)
    await box.feed(page.incarnation, page.pos)
    assert await versions() == (2, 2)


async def test_a_menu_is_numbered_and_reaches_the_box_whole(box, browser, menu):
    published = (await browser.post("/api/menus/publish", menu(version=99))).json()
    assert (published["version"], published["items"], published["unchanged"]) == (1, 1, False)
    row = (await box.feed()).rows[0]
    assert (row.kind, row.key, row.version) == ("menu", "*", 1)
    sent = msgspec.json.decode(row.body, type=Menu)
    assert sent == menu(version=1)
    assert await browser.read("/api/menus/current") == msgspec.json.decode(row.body)


async def test_the_same_menu_again_is_not_sent_again(box, browser, menu):
    await browser.post("/api/menus/publish", menu())
    again = (await browser.post("/api/menus/publish", menu())).json()
    assert (again["version"], again["pos"], again["unchanged"]) == (1, 1, True)
    changed = menu(items=())
    assert (await browser.post("/api/menus/publish", changed)).json()["version"] == 2


async def test_two_people_publishing_at_once_get_two_numbers(browser, menu):
    menus = [menu(languages=(str(i),)) for i in range(5)]
    answers = await asyncio.gather(*(browser.post("/api/menus/publish", m) for m in menus))
    assert sorted(a.json()["version"] for a in answers) == [1, 2, 3, 4, 5]


async def test_after_a_restore_boxes_get_hqs_menu_and_no_number_is_used_again(
    world, box, browser, menu
):
    await browser.post("/api/menus/publish", menu())  # as in the backup; later ones are lost
    before = await box.feed()
    await begin_new_life(world.url)
    page = await box.feed(before.incarnation, before.pos)
    assert page.snapshot
    assert [(r.kind, r.version) for r in page.rows] == [("menu", 1)]
    versions = [
        (await browser.post("/api/menus/publish", menu(languages=(x,)))).json()["version"]
        for x in "xy"
    ]
    assert versions == [1002, 1003]


async def test_a_backup_without_any_menu_leaves_the_same_gap(world, box, browser, menu):
    await begin_new_life(world.url)
    assert (await browser.post("/api/menus/publish", menu())).json()["version"] == 1001


async def test_an_unfit_menu_is_refused_with_every_fault(box, browser, menu):
    answer = await browser.post("/api/menus/publish", menu(categories=(), fallback_station="x"))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "unfit_menu")
    assert len(problem["faults"]) == 2
    assert answer.headers["content-type"] == "application/problem+json"
    dollars = (await browser.post("/api/menus/publish", menu(currency="USD"))).json()
    assert "IDR" in dollars["faults"][0]
    assert (await browser.get("/api/menus/current")).json()["code"] == "no_menu"
    assert (await box.feed()).rows == ()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"version":1}', b"\xff", b'{"version":"x"}'])
async def test_what_is_no_menu_is_refused_in_words(browser, body):
    answer = await browser.client.post("/api/menus/publish", content=body, headers=browser.headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")

"""The feed to boxes: whole publishes, no row skipped, every cursor error ends in a good cursor."""

import asyncio

import msgspec
import pytest

from cloud.distribution import Publication, publish
from cloud.restoring import begin_new_life
from protocol.menu import Menu

pytestmark = pytest.mark.postgres


def things(*keys, version=1, body=b"{}"):
    return [Publication(kind="thing", key=k, version=version, body=body) for k in keys]


@pytest.fixture
def tell(world, tenant):
    """Publishes rows of a kind that HQ does not have yet."""

    async def tell(rows, publish_id="p", pause=0.0):
        async with world.hq.database.transaction(tenant.tenant_id) as tx:
            pos = await publish(tx, tenant.tenant_id, rows, publish_id=publish_id, now_ms=1)
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


async def test_no_row_is_skipped_while_others_publish(world, tenant, box, tell):
    start = await box.feed()

    async def publisher(name):
        for number in range(15):
            await tell(things(f"{name}{number}"), f"{name}{number}", pause=0.002)

    work = asyncio.gather(*(publisher(name) for name in "abc"))
    seen, cursor = [], start.pos
    while not work.done() or cursor < 45:
        page = await box.feed(start.incarnation, cursor)
        seen += [r.pos for r in page.rows]
        cursor = page.pos
        await asyncio.sleep(0)
    await work
    assert seen == list(range(1, 46))


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


async def test_after_a_restore_hqs_menus_are_higher_than_any_a_box_may_have(
    world, box, browser, menu
):
    await browser.post("/api/menus/publish", menu())  # as in the backup; later ones are lost
    before = await box.feed()
    await begin_new_life(world.url)
    page = await box.feed(before.incarnation, before.pos)
    assert page.snapshot
    assert [(r.kind, r.version) for r in page.rows] == [("menu", 1001)]
    assert msgspec.json.decode(page.rows[0].body, type=Menu) == menu(version=1001)
    again = (await browser.post("/api/menus/publish", menu(items=()))).json()
    assert again["version"] == 1002


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

"""The database goes away and comes back: said once, healed once, nothing lost."""

import asyncio

import asyncpg
import pytest

pytestmark = pytest.mark.postgres


async def cut_all(world):
    """End every connection to the test's database but our own."""
    connection = await asyncpg.connect(world.url)
    await connection.execute(
        """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND pid <> pg_backend_pid()"""
    )
    await connection.close()


async def until(true):
    async with asyncio.timeout(8):
        while not await true():  # noqa: ASYNC110  what is waited for is behind HTTP
            await asyncio.sleep(0.02)


async def test_hq_heals_when_its_connections_are_cut(open_hq, till):
    async with open_hq(follow=True) as world:
        tenant = await world.tenant()
        box = await world.box(tenant)
        browser = await world.browser(tenant)
        page = await box.feed()
        for round_ in (1, 2):
            await cut_all(world)
            entry = till.entry(till.placed(1000))

            async def taken(entry=entry):
                try:
                    await box.deliver(box.segment([entry]))
                except world.refused as no:
                    return no.code != "unavailable"  # it simply tries again
                return True

            await until(taken)
            box.sent.append(entry)
            expected = round_ * 1000

            async def counted(wanted=expected):
                report = await browser.get("/api/reports/today")
                rows = await world.rows(tenant, "SELECT sum(sales) AS sales FROM hourly_sales")
                return report.status_code == 200 and rows[0]["sales"] == wanted

            await until(counted)
        await until(lambda: is_well(world))
        waiting = asyncio.create_task(box.feed(page.incarnation, page.pos, wait=5))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        waiting.cancel()


async def test_without_its_database_hq_says_so_in_words(open_hq):
    async with open_hq(follow=True) as world:
        tenant = await world.tenant()
        browser = await world.browser(tenant)
        box = await world.box(tenant)
        await browser.read("/api/outlets")
        maintenance = await asyncpg.connect(world.url.replace(path_of(world.url), "/postgres"))
        name = path_of(world.url)[1:]
        try:
            await maintenance.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
            await maintenance.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
            )
            await until(lambda: is_down(world))
            answer = await browser.get("/api/outlets")
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
            assert answer.headers["retry-after"] == "2"
            assert (await world.client.get("/health/ready")).status_code == 503
            assert (await world.client.get("/health/live")).status_code == 200
            with pytest.raises(world.refused) as no:
                await box.hello()
            assert (no.value.status, no.value.code) == (503, "unavailable")
        finally:
            await maintenance.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")
            await maintenance.close()
        await until(lambda: is_well(world))
        assert (await browser.get("/api/outlets")).status_code == 200


def path_of(url):
    """`/name` of a database's address."""
    return "/" + url.split("@/")[1].split("?")[0]


async def is_down(world):
    return (await world.client.get("/health")).json()["status"] == "down"


async def is_well(world):
    return (await world.client.get("/health")).json()["status"] == "ok"


async def test_the_api_page_needs_no_internet(world):
    page = (await world.client.get("/api/schema")).text
    assert "/docs/swagger-ui-bundle.js" in page
    head = page.split("<body>")[0]
    assert "http://" not in head
    assert "https://" not in head

"""Tenants apart: over every table there is, whatever is asked, and even with SQL in hand."""

import asyncpg
import msgspec
import pytest

from cloud.backups import begin_backup
from cloud.database import Database, NotAsPromised, settings_of
from protocol.replication import Sample, Telemetry

pytestmark = pytest.mark.postgres

TENANTLESS = {"installation", "schema_migrations", "backups"}


@pytest.fixture
async def owner(world):
    connection = await asyncpg.connect(world.url)
    yield connection
    await connection.close()


@pytest.fixture
async def neighbours(world, till, menu):
    """Two tenants, each with a row in every table."""
    both = []
    for name in ("Satu", "Dua"):
        tenant = await world.tenant(name)
        box = await world.box(tenant)
        browser = await world.browser(tenant)
        placed = till.placed()
        stray = till.entry(till.paid(till.placed()))
        await box.send(*till.entries(placed, till.paid(placed)), stray)
        await world.project()
        await browser.post("/api/menus/publish", menu())
        await rules_filled(world, tenant, box)
        await replication_filled(world, tenant, box)
        both.append((tenant, box, browser, placed))
    return both


SIDES = """'[{"who": "box", "what": "one"}, {"who": "HQ", "what": "other"}]'"""


async def rules_filled(world, tenant, box):
    """A row in every table that the conflict rules work from."""
    async with world.hq.database.transaction(tenant.tenant_id) as tx:
        for statement in (
            f"decisions VALUES ($1, $2::uuid, $2::uuid::text, '', '', '', false, {SIDES}, '{{}}', 0, 0, '')",
            "product_edits VALUES ($1, $2::uuid::text, '', 0, '', '', '', 0, 0, '', 0)",
            "product_fields VALUES ($1, $2::uuid::text, '', '', 0, '', '', 0)",
            "stock_moves VALUES ($1, $2::uuid, '', '', '', 0, 0)",
            "stock_counts VALUES ($1, $2::uuid, '', '', 0, 0, 0, '{}', 0, '', true)",
            "stock_levels VALUES ($1, $2::uuid, '', 0, '{}', '{}', '', 0, 0)",
            "boots VALUES ($1, $2::uuid, '', '', '', 0, 0, 0)",
            "order_taxes VALUES ($1, $2::uuid, '', '', false, '2026-01-02', 0, 0)",
            "order_coupons VALUES ($1, $2::uuid, '', '')",
            "order_refunds VALUES ($1, $2::uuid, '', '', '2026-01-02', '', 0, 0, 0, 0, 0)",
            "people (tenant_id, staff_id, name, role, created_ms) VALUES ($1, $2::uuid, '', '', 0)",
            "house_overrides VALUES ($1, $2::uuid, 1, '')",
            "pictures VALUES ($1, $2::uuid::text, 1, 1, '', 0)",
            "receipt_keys VALUES ($1, $2::uuid, '', 0)",
            "closed_days VALUES ($1, $2::uuid, '', 1, '2026-01-02', 0, '')",
            "day_certificates VALUES ($1, $2::uuid, 1, '', 0, '')",
            "day_checks VALUES ($1, $2::uuid, '', '')",
            "till_shifts VALUES ($1, $2::uuid, '', '2026-01-02', 0, NULL, '', '')",
            "clock_anchors VALUES ($1, $2::uuid, '', '', 0, 0, 0)",
            "order_times VALUES ($1, $2::uuid, '', '', '', 0, '2026-01-02', 0)",
        ):
            await tx.execute(f"INSERT INTO {statement}", tenant.tenant_id, box.enrolled.outlet_id)


async def replication_filled(world, tenant, box):
    """A row in every table that replication writes."""
    await box.hello(instance="i", stamp=1)
    await box.post(
        "/sync/v1/telemetry", Telemetry(instance="i", samples=(Sample(1, "heat", 2),)), None
    )
    await box.request("POST", "/sync/v1/batches", b"garbage")
    await box.deliver(msgspec.structs.replace(box.segment([], 9, b""), entries=tuple(box.sent)))
    await begin_backup(world.url, "test", world.clock.now_ms)


async def tables(owner):
    rows = await owner.fetch(
        """SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS walled,
                  (SELECT a.attname FROM pg_index i JOIN pg_attribute a
                   ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
                   WHERE i.indrelid = c.oid AND i.indisprimary) AS leads
           FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace"""
    )
    return {r["relname"]: r for r in rows}


async def test_every_table_leads_with_its_tenant_and_has_its_wall(owner):
    found = await tables(owner)
    assert len(found) > 14
    for name in found.keys() - TENANTLESS:
        assert (found[name]["walled"], found[name]["leads"]) == (True, "tenant_id"), name
    for name in TENANTLESS:
        columns = await owner.fetch(f"SELECT * FROM {name}")
        assert all("tenant_id" not in dict(r) for r in columns)


async def test_a_tenant_sees_its_own_rows_in_every_table_and_no_other(world, owner, neighbours):
    for name in (await tables(owner)).keys() - TENANTLESS:
        assert len({r["tenant_id"] for r in await owner.fetch(f"SELECT * FROM {name}")}) == 2, name
        for tenant, *_ in neighbours:
            rows = await world.rows(tenant, f"SELECT DISTINCT tenant_id FROM {name}")
            assert [str(r["tenant_id"]) for r in rows] == [tenant.tenant_id], name


async def test_without_a_tenant_there_is_nothing(world, owner, neighbours):
    connection = await asyncpg.connect(world.url, server_settings=settings_of(world.url))
    try:
        for name in (await tables(owner)).keys() - TENANTLESS:
            assert await connection.fetch(f"SELECT 1 FROM {name}") == [], name
    finally:
        await connection.close()


async def test_nothing_can_be_written_for_another_tenant(world, owner, neighbours):
    (first, *_), (second, *_) = neighbours
    for name in (await tables(owner)).keys() - TENANTLESS:
        row = dict(
            await owner.fetchrow(f"SELECT * FROM {name} WHERE tenant_id = $1", second.tenant_id)
        )
        for generated in await owner.fetch(
            """SELECT attname FROM pg_attribute
               WHERE attrelid = $1::regclass AND attgenerated <> ''""",
            name,
        ):
            del row[generated["attname"]]
        holes = ", ".join(f"${i + 1}" for i in range(len(row)))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with world.hq.database.transaction(first.tenant_id) as tx:
                await tx.execute(
                    f"INSERT INTO {name} ({', '.join(row)}) VALUES ({holes})", *row.values()
                )


async def test_the_ledger_and_the_feed_cannot_be_rewritten(world, neighbours):
    tenant = neighbours[0][0]
    changes = [
        "UPDATE ledger SET body = ''",
        "UPDATE feed_rows SET body = ''",
        "DELETE FROM ledger",
    ]
    for change in changes:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await world.rows(tenant, change)


async def test_only_what_was_overtaken_long_ago_leaves_the_feed(world, neighbours):
    tenant = neighbours[0][0]
    said = await world.rows(tenant, "SELECT * FROM feed_rows")
    assert said
    await world.rows(tenant, "DELETE FROM feed_rows")
    assert await world.rows(tenant, "SELECT * FROM feed_rows") == said


async def test_the_application_cannot_become_somebody_else(world, owner):
    await owner.execute("DROP ROLE IF EXISTS outsider")
    await owner.execute("CREATE ROLE outsider LOGIN IN ROLE kedai_app")
    url = world.url.replace("postgres@", "outsider@")
    try:
        database = Database(url, size=1)
        await database.start()
        async with database.transaction("00000000-0000-4000-8000-000000000000") as tx:
            assert await tx.fetchval("SELECT current_user") == "kedai_app"
        for role in ("postgres", "kedai_lookup"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with database.transaction("00000000-0000-4000-8000-000000000000") as tx:
                    await tx.execute(f"SET ROLE {role}")
        await database.stop()
    finally:
        await owner.execute("DROP ROLE outsider")


async def test_hq_does_not_start_as_a_role_that_can_look_over_the_wall(world, monkeypatch):
    monkeypatch.setattr("cloud.database.settings_of", lambda _url: {})
    with pytest.raises(NotAsPromised, match="walls between tenants"):
        await Database(world.url, size=1).start()


async def test_a_tenant_is_a_uuid_or_nothing(world):
    with pytest.raises(ValueError, match="UUID"):
        await world.hq.database.transaction("'; RESET ROLE; --").__aenter__()


async def test_answers_hold_nothing_of_the_neighbour(world, neighbours):
    (_, _, browser, mine), (second, other_box, _, theirs) = neighbours
    day = {"from": "2026-01-02", "to": "2026-01-02"}
    outlet = other_box.enrolled.outlet_id
    paths = ["/api/outlets", "/api/reports/today", "/api/orders", "/api/parked", "/api/auth/me"]
    paths += ["/api/conflicts", "/api/conflicts/decisions", "/api/products", "/api/stock"]
    answers = [(await browser.get(path)).text for path in paths]
    answers.append((await browser.get("/api/reports/sales", **day)).text)
    for text in answers:
        for foreign in (second.tenant_id, "Dua", outlet, theirs.order_id):
            assert foreign not in text
    assert mine.order_id in answers[2]
    assert (await browser.get(f"/api/orders/{theirs.order_id}")).status_code == 404
    assert (await browser.get("/api/reports/sales", outlet=outlet, **day)).status_code == 404
    assert (await browser.read("/api/orders", outlet=outlet))["orders"] == []
    for path in ("/api/conflicts", "/api/conflicts/decisions"):
        assert await browser.read(path, outlet=outlet) == {"open": 0, "decisions": []}
    assert (await browser.read("/api/stock", outlet=outlet))["stock"] == []


async def test_nothing_of_the_neighbour_can_be_settled_or_set(world, neighbours):
    (_, _, browser, _), (second, other_box, other_browser, _) = neighbours
    outlet = other_box.enrolled.outlet_id
    before = await other_browser.read("/api/conflicts")
    assert outlet in {c["decision_id"] for c in before["decisions"]}
    for card in before["decisions"]:
        answer = await browser.post(f"/api/conflicts/{card['decision_id']}/settle", {"note": "x"})
        assert answer.status_code == 404
    assert (await browser.post(f"/api/stock/{outlet}/kopi", {"quantity": 1})).status_code == 404
    fields = {"fields": {"name:en": "Theirs now"}}
    assert (await browser.patch("/api/products/kopi", fields)).status_code == 200
    assert await other_browser.read("/api/conflicts") == before
    assert "Theirs now" not in (await other_browser.get("/api/products")).text
    counts = await world.rows(second, "SELECT quantity FROM stock_counts")
    assert counts == [{"quantity": 0}]


async def test_a_named_tenant_must_be_the_keys_own(world, neighbours):
    (first, _, browser, _), (second, *_) = neighbours
    browser.headers["x-tenant-id"] = first.tenant_id
    assert (await browser.get("/api/outlets")).status_code == 200
    browser.headers["x-tenant-id"] = second.tenant_id
    answer = await browser.get("/api/outlets")
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_tenant")

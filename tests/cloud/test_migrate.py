"""The schema: brought up to date once, by whoever comes first."""

import asyncio
import itertools
import shutil

import asyncpg
import pytest

from cloud.database import Database
from cloud.migrate import FOLDER, SchemaIsNewer, migrate

pytestmark = pytest.mark.postgres


async def test_four_processes_starting_at_once_run_each_file_once(fresh_database):
    ran = await asyncio.gather(*(migrate(fresh_database) for _ in range(4)))
    assert sorted(itertools.chain(*ran)) == sorted(p.stem for p in FOLDER.glob("*.sql"))
    assert await migrate(fresh_database) == []


async def test_a_schema_of_a_newer_version_is_left_alone(fresh_database):
    await migrate(fresh_database)
    connection = await asyncpg.connect(fresh_database)
    await connection.execute("INSERT INTO schema_migrations (name) VALUES ('9999_future')")
    await connection.close()
    with pytest.raises(SchemaIsNewer, match="9999_future"):
        await migrate(fresh_database)


async def test_a_spare_box_in_a_drawer_is_not_made_the_primary(
    fresh_database, tmp_path, monkeypatch
):
    """Before there were roles anybody could enrol a second box; the one that sells goes on selling."""
    for file in sorted(FOLDER.glob("000[1-5]*.sql")):
        shutil.copy(file, tmp_path)
    with monkeypatch.context() as before:
        before.setattr("cloud.migrate.FOLDER", tmp_path)
        await migrate(fresh_database)
    connection = await asyncpg.connect(fresh_database)
    await connection.execute(
        """INSERT INTO tenants VALUES (gen_random_uuid(), 'W', 'IDR', 'Asia/Jakarta', 1);
           INSERT INTO outlets (tenant_id, outlet_id, name, currency, zone, rollover_hour, created_ms)
           SELECT tenant_id, gen_random_uuid(), 'P', 'IDR', 'Asia/Jakarta', 0, 1 FROM tenants;
           INSERT INTO nodes SELECT tenant_id, n.id, outlet_id, decode(repeat('ab', 32), 'hex'), '1',
               n.at FROM outlets, (VALUES ('sells', 1), ('spare', 2)) AS n (id, at);
           INSERT INTO streams SELECT tenant_id, outlet_id, 'ab', 1, '\\x00', 'sells', 3
           FROM outlets"""
    )
    await migrate(fresh_database)
    terms = dict(await connection.fetch("SELECT node_id, term FROM nodes"))
    assert (terms, await connection.fetchval("SELECT term FROM outlets")) == (
        {"sells": 2, "spare": 1},
        2,
    )
    await connection.close()


async def test_an_owner_without_any_other_right_can_set_hq_up(fresh_database):
    """A managed database gives no superuser: roles may be created, and that is all."""
    connection = await asyncpg.connect(fresh_database)
    name = await connection.fetchval("SELECT current_database()")
    try:
        await connection.execute("CREATE ROLE plain_owner LOGIN CREATEROLE")
        for role in ("kedai_app", "kedai_lookup"):
            await connection.execute(
                f"DO $$ BEGIN CREATE ROLE {role}; EXCEPTION WHEN duplicate_object THEN END $$"
            )
            await connection.execute(f"GRANT {role} TO plain_owner WITH ADMIN OPTION")
        await connection.execute(f"ALTER DATABASE {name} OWNER TO plain_owner")
        url = fresh_database.replace("postgres@", "plain_owner@")
        await migrate(url)
        database = Database(url, size=1)
        await database.start()
        assert await database.lookup("list_tenants") == []
        await database.lookup("refresh_statistics")
        await database.stop()
    finally:
        await connection.execute(f"ALTER DATABASE {name} OWNER TO postgres")
        await connection.execute("DROP OWNED BY plain_owner CASCADE")
        await connection.execute("DROP ROLE plain_owner")
        await connection.close()

"""Our own Postgres: it starts anywhere, keeps what was committed, and leaves nothing behind."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import asyncpg
import pytest

from cloud.embedded import EmbeddedPostgres, PostgresFault
from cloud.postgres_programs import find_postgres

pytestmark = pytest.mark.postgres
ROOT = Path(__file__).parents[2]
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="changing the account needs root")


async def until(condition, within_s=20):
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 -- what is awaited has no event
            await asyncio.sleep(0.02)


def is_running(pid):
    """Whether a process lives; one that is dead and only unread does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def serving(folder):
    """The processes that mention a folder in their command line."""
    found = []
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if os.fsencode(folder) in command.read_bytes():
                found.append(int(command.parent.name))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid()]


def accounts():
    return Path("/etc/passwd").read_text()


def owner_of(pid):
    return Path(f"/proc/{pid}").stat().st_uid


async def ask(dsn, question):
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def test_a_server_starts_answers_and_leaves_no_process(tmp_path):
    server = EmbeddedPostgres(tmp_path)
    dsn = await server.start()
    assert await ask(dsn, "SELECT 1") == 1
    assert await ask(dsn, "SHOW fsync") == "on"
    assert await ask(dsn, "SHOW listen_addresses") == ""
    assert "Postgres 1" in server.describe()
    await server.stop()
    assert serving(tmp_path / "cluster") == []


async def test_what_was_committed_survives_a_killed_server_and_a_restart(tmp_path):
    server = EmbeddedPostgres(tmp_path)
    dsn = await server.start()
    await ask(dsn, "CREATE TABLE sales (amount bigint)")
    await ask(dsn, "INSERT INTO sales VALUES (27000)")
    os.kill(server.pid, signal.SIGKILL)
    await until(lambda: server.restarts == 1)
    assert await ask(dsn, "SELECT sum(amount) FROM sales") == 27000
    await server.stop()

    again = EmbeddedPostgres(tmp_path)
    assert await ask(await again.start(), "SELECT sum(amount) FROM sales") == 27000
    await again.stop()


async def test_the_server_ends_when_its_parent_is_killed(tmp_path):
    program = (
        "import asyncio, sys; from pathlib import Path; from cloud.embedded import EmbeddedPostgres\n"
        "async def main():\n"
        "    server = EmbeddedPostgres(Path(sys.argv[1]))\n"
        "    await server.start(); print(server.pid, flush=True); await asyncio.sleep(600)\n"
        "asyncio.run(main())"
    )
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, str(tmp_path)),
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        pid = int(await parent.stdout.readline())
        # While its parent lives nobody else may take the data.
        with pytest.raises(PostgresFault, match="Another process"):
            await EmbeddedPostgres(tmp_path).start()
    finally:
        parent.kill()
        await parent.wait()
    await until(lambda: not is_running(pid))
    assert serving(tmp_path / "cluster") == []


async def test_a_server_left_behind_is_stopped_before_a_new_one_starts(tmp_path):
    first = EmbeddedPostgres(tmp_path, throwaway=True)
    await first.start()
    first._keeper.cancel()
    first._release()  # as if its process had gone without a word
    orphan = first.pid
    second = EmbeddedPostgres(tmp_path, throwaway=True)
    dsn = await second.start()
    assert not is_running(orphan)
    assert await ask(dsn, "SELECT 1") == 1
    await second.stop()


async def test_a_long_path_is_no_obstacle(tmp_path):
    deep = tmp_path / ("x" * 60) / ("y" * 60)
    deep.mkdir(parents=True)
    server = EmbeddedPostgres(deep, throwaway=True)
    dsn = await server.start()
    folder = server._sockets
    assert await ask(dsn, "SELECT 1") == 1
    await server.stop()
    assert not folder.exists()


async def test_data_of_a_postgres_that_is_not_installed_is_refused_and_kept(tmp_path):
    made_by = tmp_path / "cluster" / "PG_VERSION"
    made_by.parent.mkdir()
    made_by.write_text("9\n")
    with pytest.raises(PostgresFault, match="made by Postgres 9"):
        await EmbeddedPostgres(tmp_path).start()
    assert made_by.read_text() == "9\n"


@pytest.mark.skipif(find_postgres(None) is None, reason="the system has no Postgres of its own")
async def test_the_systems_postgres_will_do(tmp_path):
    server = EmbeddedPostgres(tmp_path, throwaway=True, programs=find_postgres(None))
    assert await ask(await server.start(), "SELECT 1") == 1
    assert "installed in" in server.describe()
    await server.stop()


@AS_ROOT
async def test_as_root_nothing_outside_the_folder_is_changed(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    before = accounts()
    server = EmbeddedPostgres(closed / "data", throwaway=True)
    assert await ask(await server.start(), "SELECT 1") == 1
    await server.stop()
    assert closed.stat().st_mode & 0o777 == 0o700
    assert (closed / "data" / "cluster").stat().st_mode & 0o777 == 0o700
    assert accounts() == before


@pytest.fixture
def open_folder():
    """A folder others may enter; pytest's own are closed to them."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@AS_ROOT
async def test_without_user_namespaces_root_becomes_nobody(open_folder):
    class WithoutNamespaces(EmbeddedPostgres):
        async def _run(self, program, *arguments, account):
            refused = account == "namespace"
            return 127 if refused else await super()._run(program, *arguments, account=account)

    system = find_postgres(None)
    if system is None:
        pytest.skip("nobody needs binaries that it can read")
    server = WithoutNamespaces(open_folder / "data", throwaway=True, programs=system)
    dsn = await server.start()
    assert owner_of(server.pid) == 65534
    assert await ask(dsn, "SELECT 1") == 1
    await server.stop()
    # Back in a namespace root takes its files back.
    server = EmbeddedPostgres(open_folder / "data", throwaway=True, programs=system)
    assert await ask(await server.start(), "SELECT 1") == 1
    await server.stop()


@AS_ROOT
def test_an_ordinary_user_can_run_it(open_folder):
    program = (
        "import asyncio, sys; from pathlib import Path; from cloud.embedded import EmbeddedPostgres\n"
        "async def main():\n"
        "    server = EmbeddedPostgres(Path(sys.argv[1]), throwaway=True)\n"
        "    await server.start(); print(server.describe()); await server.stop()\n"
        "asyncio.run(main())"
    )
    python = Path("/usr/bin/python3")  # ours may live under a folder closed to others
    if not python.exists() or run_as_nobody(python, "import asyncio; asyncio.timeout").returncode:
        pytest.skip("the system has no Python 3.11")
    if run_as_nobody(python, "import cloud.embedded").returncode:
        pytest.skip("this checkout is closed to other users")
    os.chown(open_folder, 65534, 65534)
    ended = run_as_nobody(python, program, str(open_folder))
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("Postgres 1")


def run_as_nobody(python, program, *arguments):
    return subprocess.run(
        [python, "-B", "-c", program, *arguments],
        cwd=ROOT,
        user=65534,
        group=65534,
        extra_groups=[],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


async def test_each_test_gets_an_empty_database(fresh_database):
    assert (
        await ask(fresh_database, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    )

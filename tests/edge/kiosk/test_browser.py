"""The browser of a screen is kept running, but not hammered; who has none hears what to do."""

import os
import signal

import pytest
from click.testing import CliRunner

from edge.cli import main
from edge.kiosk.agent import Agent, CannotStart, Options
from edge.kiosk.browser import Browser, NoBrowser, find_browser


@pytest.fixture
def program(tmp_path):
    """A stand-in for a browser: it notes how it was started and stays until it is ended."""
    made = tmp_path / "browser"
    made.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/started\nexec sleep 60\n')
    made.chmod(0o755)
    return str(made)


@pytest.fixture
async def running(tmp_path, program):
    browser = Browser(program, "http://localhost:8088/", tmp_path / "profile", first_pause_s=0.05)
    await browser.start()
    yield browser
    await browser.stop()


async def test_it_shows_one_address_full_screen_with_a_profile_of_its_own(running, tmp_path, until):
    words = (await until(lambda: _read(tmp_path / "started"))).split()
    assert {"--kiosk", "--no-first-run", "http://localhost:8088/"} <= set(words)
    assert f"--user-data-dir={tmp_path}/profile/profile" in words
    assert ("--no-sandbox" in words) == (os.geteuid() == 0)


async def test_it_starts_again_when_it_dies_with_growing_pauses(running, until, caplog):
    caplog.set_level("WARNING", "edge.kiosk")
    for start in range(1, 4):
        await until(lambda start=start: running.starts == start and running.process, 10)
        await until(lambda: running.process.returncode is None, 10)
        os.kill(running.process.pid, signal.SIGKILL)
        await until(lambda start=start: running.starts == start + 1, 10)
    assert "signal 9" in caplog.text
    assert len(caplog.records) == 3


async def test_back_to_the_first_page_is_a_start_without_a_pause(running, until, caplog):
    await until(lambda: running.process is not None)
    running.begin_anew()
    await until(lambda: running.starts == 2, 10)
    assert "ended" not in caplog.text


async def test_it_ends_with_the_agent(running, until):
    await until(lambda: running.process is not None)
    process = running.process
    await running.stop()
    assert process.returncode is not None


def test_who_has_no_browser_hears_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoBrowser, match="Chromium is not installed"):
        find_browser()
    folder = str(tmp_path / "agent")
    done = CliRunner().invoke(main, ["kiosk", "--browser", "--data", folder, "--port", "0"])
    assert done.exit_code == 1
    assert "The agent cannot start: Chromium is not installed; install it" in done.output


def test_a_folder_that_cannot_be_used_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    folder = str(tmp_path / "file" / "agent")
    done = CliRunner().invoke(main, ["kiosk", "--data", folder, "--port", "0"])
    assert (done.exit_code, "cannot be used" in done.output) == (1, True)


async def test_a_second_agent_and_a_taken_port_are_said(make_agent, tmp_path):
    agent = await make_agent()
    with pytest.raises(CannotStart, match=r"another process.*choose another --data folder"):
        await Agent(Options(folder=agent.options.folder, port=0)).start()
    other = Options(folder=tmp_path / "other", port=agent.port)
    with pytest.raises(CannotStart, match=f"port {agent.port} is taken.*--port"):
        await Agent(other).start()
    # What could not start holds nothing: with another port it does.
    again = Agent(Options(folder=tmp_path / "other", port=0))
    await again.start()
    await again.stop()


def _read(path):
    return path.read_text() if path.exists() else ""

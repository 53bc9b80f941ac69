"""Chromium in front of the guest: found, started full screen, and started again when it dies."""

import asyncio
import contextlib
import logging
import os
import shutil
from pathlib import Path

from edge.child_process import end_child, start_child

log = logging.getLogger("edge.kiosk")

PROGRAMS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FLAGS = (
    "--kiosk",
    "--no-first-run",
    "--noerrdialogs",
    "--disable-session-crashed-bubble",
    "--hide-crash-restore-bubble",
    "--disable-infobars",
    "--disable-component-update",
    "--disable-background-networking",
    "--disable-sync",
    "--disable-translate",
    "--disable-pinch",
    "--overscroll-history-navigation=0",
    "--password-store=basic",
    # A new ticket sounds before anybody has touched the display.
    "--autoplay-policy=no-user-gesture-required",
)
FIRST_PAUSE_S, LAST_PAUSE_S = 1.0, 30.0
STEADY_AFTER_S = 60.0
"""Whoever lives shorter keeps the pauses growing: a display without a graphics card is not hammered."""
PATIENCE_S = 5.0
MISSING = 127


class NoBrowser(Exception):
    """There is no browser to start; the sentence says what to do."""


def find_browser(given: str = "") -> str:
    """The path of the browser. Raises NoBrowser."""
    for name in (given,) if given else PROGRAMS:
        found = shutil.which(name)
        if found:
            return found
    raise NoBrowser(
        f"there is no program {given!r}"
        if given
        else "Chromium is not installed; install it, or name a browser with --program"
    )


class Browser:
    """Keeps one browser window on one address for as long as the agent runs.

    The profile lies in the agent's folder: what screens keep there outlives the browser.
    """

    def __init__(
        self,
        program: str,
        url: str,
        folder: Path,
        *,
        flags: tuple[str, ...] = (),
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        self.program, self.url, self.folder = program, url, folder
        self.starts = 0
        self.process: asyncio.subprocess.Process | None = None
        self._flags = flags
        self._first_pause_s = first_pause_s
        self._task: asyncio.Task[None] | None = None
        self._wanted_end = False

    async def start(self) -> None:
        """Begin to keep it running."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._task = asyncio.create_task(self._keep_running(), name="browser")

    async def stop(self) -> None:
        """End it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self.process is not None:
            await end_child(self.process, patience_s=PATIENCE_S)

    def begin_anew(self) -> None:
        """Back to the first page, whatever the window shows now."""
        if self.process is not None and self.process.returncode is None:
            self._wanted_end = True
            with contextlib.suppress(ProcessLookupError):
                self.process.terminate()

    def command(self) -> list[str]:
        """The whole command line."""
        as_root = ("--no-sandbox",) if os.geteuid() == 0 else ()
        profile = f"--user-data-dir={self.folder / 'profile'}"
        return [self.program, *FLAGS, *as_root, *self._flags, profile, self.url]

    async def _keep_running(self) -> None:
        loop = asyncio.get_running_loop()
        pause_s = self._first_pause_s
        while True:
            began_s = loop.time()
            status = await self._run_once()
            if self._wanted_end:
                self._wanted_end = False
                continue
            if loop.time() - began_s >= STEADY_AFTER_S:
                pause_s = self._first_pause_s
            log.warning("The browser ended (%s). It starts again in %.0f s.", status, pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LAST_PAUSE_S)

    async def _run_once(self) -> str:
        self.starts += 1
        try:
            with (self.folder / "browser.log").open("wb") as output:
                self.process = await start_child(self.command(), output=output)
                status = await self.process.wait()
        except OSError as fault:
            return str(fault)
        if status == MISSING:
            return "the program is gone"
        return f"signal {-status}" if status < 0 else f"status {status}"

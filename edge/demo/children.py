"""The demo's own processes: started, watched, started again when they die, and never left behind."""

import asyncio
import contextlib
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from edge.child_process import end_child, start_child
from edge.http_client import HTTPError, open_client

log = logging.getLogger("edge.demo")

START_PATIENCE_S = 60.0
STOP_PATIENCE_S = 10.0
BACK_OFF_S = (0.2, 1.0, 3.0, 10.0)


class DidNotStart(Exception):
    """A process of the demo ended, or did not answer in time; the sentence names its log."""


class Child:
    """One process with a health page. `ready_path` answers 200 once it serves."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        url: str,
        log_file: Path,
        *,
        ready_path: str = "/health/live",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.url = url
        self.log_file = log_file
        self.restarts = 0
        self._argv = list(argv)
        self._ready_path = ready_path
        self._environment = dict(environment or {})
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process that runs now."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start it and wait until it answers. Raises DidNotStart."""
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        await self._launch()
        try:
            await self._wait_ready()
        except BaseException:
            await self.stop()
            raise
        self._keeper = asyncio.create_task(self._keep_alive(), name=f"keeper of {self.name}")

    async def stop(self) -> None:
        """Ask it to end, then make sure."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None
        if self._process is not None:
            await end_child(self._process, patience_s=STOP_PATIENCE_S)
            self._process = None

    async def _launch(self) -> None:
        argv = ["/usr/bin/env", *(f"{k}={v}" for k, v in self._environment.items()), *self._argv]
        with self.log_file.open("ab") as output:
            self._process = await start_child(argv, output=output)

    async def _wait_ready(self) -> None:
        assert self._process is not None
        async with open_client(self.url, timeout_s=2) as client:
            deadline = asyncio.get_running_loop().time() + START_PATIENCE_S
            while asyncio.get_running_loop().time() < deadline:
                if self._process.returncode is not None:
                    raise DidNotStart(f"{self.name} ended at once: {self._last_words()}")
                with contextlib.suppress(HTTPError):
                    if (await client.get(self._ready_path)).status_code == 200:
                        return
                await asyncio.sleep(0.05)
        raise DidNotStart(f"{self.name} does not answer at {self.url}: see {self.log_file}")

    async def _keep_alive(self) -> None:
        attempt = 0
        while True:
            assert self._process is not None
            code = await self._process.wait()
            self.restarts += 1
            log.warning("%s ended (%s) and is started again", self.name, code)
            await asyncio.sleep(BACK_OFF_S[min(attempt, len(BACK_OFF_S) - 1)])
            attempt += 1
            await self._launch()
            try:
                await self._wait_ready()
                attempt = 0
            except DidNotStart as fault:
                log.warning("%s", fault)
                assert self._process is not None
                await end_child(self._process, patience_s=STOP_PATIENCE_S)

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            lines = self.log_file.read_text(errors="replace").strip().splitlines()
            return f"{' / '.join(lines[-3:])} (all of it in {self.log_file}{os.linesep})".strip()
        return f"see {self.log_file}"

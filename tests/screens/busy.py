"""Tells a slow screen from a busy machine: how long a browser ran, and waited while others had the processor."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ON_THE_WAY = ("Chrome_IOThread", "Chrome_ChildIOT", "ServiceWorker t")
"""Threads that a page waits for, beside the first one of each process; the kernel cuts names short."""


class Spent(NamedTuple):
    """Seconds that the threads of a browser ran, and that the one which had to wait for longest was
    ready to run and had no processor. Others wait at the same time, so theirs are not added.
    """

    ran_s: float
    waited_s: float


class Processor:
    """What a browser has spent since `begin`. A kernel that does not tell excuses nothing."""

    def __init__(self, browser):
        self._browser = browser
        self._session = None
        self._before = {}

    async def begin(self) -> None:
        if self._session is None:
            self._session = await self._browser.new_browser_cdp_session()
        self._before = await self._read()

    async def spent(self, kind: str = "") -> Spent:
        """Of all of it, or of processes of a kind (`renderer`)."""
        ran, waited = [], []
        for thread, (process, ran_ns, waited_ns) in (await self._read()).items():
            if kind in ("", process):
                _, ran_before, waited_before = self._before.get(thread, (process, 0, 0))
                ran.append(ran_ns - ran_before)
                waited.append(waited_ns - waited_before)
        return Spent(sum(ran) / 1e9, max(waited, default=0) / 1e9)

    async def _read(self) -> dict[int, tuple[str, int, int]]:
        told = await self._session.send("SystemInfo.getProcessInfo")
        return {
            thread: (process["type"], ran, waited)
            for process in told["processInfo"]
            for thread, ran, waited in threads_of(process["id"])
        }


def threads_of(process: int) -> Iterator[tuple[int, int, int]]:
    """The threads that a page waits for, with nanoseconds run and waited."""
    for task in Path(f"/proc/{process}/task").glob("*"):
        try:
            name = (task / "comm").read_text().strip()
            ran, waited, _ = map(int, (task / "schedstat").read_text().split())
        except OSError:
            continue  # it ended meanwhile
        if task.name == str(process) or name in ON_THE_WAY:
            yield int(task.name), ran, waited

"""Telemetry: how the box fares, on a way of its own, worth having and never worth an order's place.

A sample a minute of each figure goes into a small table of its own, the oldest dropped first, and
is sent now and then. Whatever fails here fails alone: no batch waits for it, no order is refused
for it, and on a filling disk it is the first to go.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from edge.database import Busy, Database, DatabaseBroken
from edge.follower import Fault
from edge.platform import Platform
from edge.uplink import Uplink
from protocol.replication import SAMPLES_MAX, Sample, Telemetry

log = logging.getLogger("edge.telemetry")

SAMPLE_EVERY_S = 60.0
SEND_EVERY_S = 300.0
ROWS_MAX = 10_000
"""Samples kept for an HQ that is away: a day of ten figures would be 14,000."""
ROUNDS_MAX = 4
"""Most messages in one round, so that after an outage telemetry comes back slowly."""
DROPPED = "telemetry_dropped"

Figures = Callable[[], Iterable[tuple[str, float]]]


class Samples:
    """Takes samples and sends them; two timers, both of their own."""

    def __init__(
        self,
        database: Database,
        platform: Platform,
        uplink: Uplink | None,
        figures: Figures,
        *,
        dropping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.database = database
        self.platform = platform
        self.uplink = uplink
        self.figures = figures
        self.dropping = dropping
        """Whether the disk has no room for this any more."""
        self._commit_ms: float | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin both timers; a box that works alone only keeps samples for its own pages."""
        self._tasks = [asyncio.create_task(self._sample_for_ever(), name="telemetry samples")]
        if self.uplink is not None:
            self._tasks.append(asyncio.create_task(self._send_for_ever(), name="telemetry"))

    async def stop(self) -> None:
        """End; what was not sent is sent after the next start."""
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks.clear()

    async def sample(self) -> None:
        """Take one sample of everything, or count it as dropped."""
        now = self.platform.wall_ms()
        found = [(now, name, float(value)) for name, value in self.figures()]
        if self._commit_ms is not None:
            found.append((now, "commit_ms", self._commit_ms))
        dropping, began = self.dropping(), self.platform.mono_ms()
        await self.database.write(lambda db: _keep(db, found, dropping=dropping))
        # How long an order waits for the disk just now: this write queued as orders do.
        self._commit_ms = float(self.platform.mono_ms() - began)

    async def send(self) -> None:
        """Send what waits, a few messages at most. Raises Fault when HQ did not take it."""
        assert self.uplink is not None, "there is an HQ to send to"
        for _ in range(ROUNDS_MAX):
            last, samples, dropped = await self.database.read(_waiting)
            if not samples and not dropped:
                return
            await self.uplink.telemetry(
                Telemetry(instance=self.platform.instance, samples=tuple(samples), dropped=dropped)
            )
            await self.database.write(partial(_forget, last=last, dropped=dropped))

    async def _sample_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SAMPLE_EVERY_S)
            try:
                await self.sample()
            except (Busy, DatabaseBroken, OSError) as fault:
                log.info("a sample is left out: %s", fault)

    async def _send_for_ever(self) -> None:
        while True:
            # Full jitter over the whole span: 300 boxes that start together do not send together.
            await asyncio.sleep(SEND_EVERY_S / 2 + self.platform.jitter(SEND_EVERY_S))
            with contextlib.suppress(Fault, Busy, DatabaseBroken):
                await self.send()


def machine_figures(folder: Path) -> Iterable[tuple[str, float]]:
    """What the machine itself tells: memory and load, and its temperature where it has one."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        memory = _meminfo(Path("/proc/meminfo").read_text())
        yield "memory_percent", 100 - 100 * memory["MemAvailable"] / memory["MemTotal"]
    with contextlib.suppress(OSError, ValueError):
        resident = Path("/proc/self/statm").read_text().split()[1]
        yield "process_pages", float(resident)
    with contextlib.suppress(OSError, ValueError):
        yield "load", float(Path("/proc/loadavg").read_text().split()[0])
    for sensor in sorted(folder.glob("thermal_zone*/temp"))[:1]:
        with contextlib.suppress(OSError, ValueError):
            yield "temperature_c", int(sensor.read_text()) / 1000


THERMAL = Path("/sys/class/thermal")


def _meminfo(text: str) -> dict[str, int]:
    lines = (line.split() for line in text.splitlines())
    return {words[0].rstrip(":"): int(words[1]) for words in lines if len(words) > 1}


def _keep(
    db: sqlite3.Connection, found: Sequence[tuple[int, str, float]], *, dropping: bool
) -> None:
    """Keep samples, or on a filling disk only count them; the oldest make room for new ones."""
    dropped = len(found) if dropping else 0
    if dropping:
        dropped += db.execute("DELETE FROM telemetry").rowcount
    else:
        db.executemany("INSERT INTO telemetry (at_ms, name, value) VALUES (?,?,?)", found)
        dropped = db.execute(
            "DELETE FROM telemetry WHERE id <= (SELECT max(id) FROM telemetry) - ?", (ROWS_MAX,)
        ).rowcount
    if dropped:
        db.execute(
            "INSERT INTO facts (name, value) VALUES (?,?) ON CONFLICT (name)"
            " DO UPDATE SET value = value + excluded.value",
            (DROPPED, str(dropped)),
        )


def _waiting(db: sqlite3.Connection) -> tuple[int, list[Sample], int]:
    rows = db.execute(
        "SELECT id, at_ms, name, value FROM telemetry ORDER BY id LIMIT ?", (SAMPLES_MAX,)
    ).fetchall()
    fact = db.execute("SELECT value FROM facts WHERE name = ?", (DROPPED,)).fetchone()
    last = rows[-1][0] if rows else 0
    return last, [Sample(*row[1:]) for row in rows], int(fact[0]) if fact else 0


def _forget(db: sqlite3.Connection, last: int, dropped: int) -> None:
    db.execute("DELETE FROM telemetry WHERE id <= ?", (last,))
    db.execute(
        "UPDATE facts SET value = value - ? WHERE name = ?",
        (dropped, DROPPED),
    )
    db.execute("DELETE FROM facts WHERE name = ? AND value <= 0", (DROPPED,))

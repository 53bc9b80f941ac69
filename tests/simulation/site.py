"""One outlet's machine: a disk, clocks, and the real box, started and killed at will."""

import asyncio
import logging
from collections.abc import Callable
from contextvars import Context
from pathlib import Path
from random import Random
from typing import Any

import msgspec
from simulation.asgi import Answer, ask
from simulation.broker import Broker, linked_to
from simulation.disk import Disk
from simulation.engine import Connection, SimEngine
from simulation.loop import Process, SimLoop
from simulation.medium import Image, Op
from simulation.network import Dropped, Request
from simulation.platforms import Clock, SimPlatform

from edge.box import Box
from edge.config import Config
from edge.printing.links import ReceiptLinks
from edge.routes.hot import HotPath
from edge.space import Room
from protocol.orders import Order

_decode_order = msgspec.json.Decoder(Order).decode
log = logging.getLogger("simulation")
DISK_BYTES = 2_000_000
"""Size of the disk that fills."""
STATEMENT_S = (0.0003, 0.006)


class _NoAccess:
    """Stands where the box writes who its broker lets in; that has tests of its own."""

    async def start(self) -> None:
        """Nothing begins."""

    async def stop(self) -> None:
        """Nothing ends."""

    def password(self, user: str) -> str:
        """Nobody asks for it."""
        return user

    def grant(self, *device: object) -> None:
        """Everybody is let in."""

    def withdraw(self, device: str) -> None:
        """Nobody is shut out."""

    def keep_only(self, devices: object) -> None:
        """Nobody is shut out."""


class SimBox(Box):
    """The real composition without mDNS and paper; its broker is one in memory."""

    room: Callable[[Path], Room]
    """What the simulated disk says of its room."""
    lan: Broker
    """The broker on this machine."""
    twin: "SimBox | None" = None
    """The box whose memory this one woke up with."""

    def _compose(self) -> None:
        super()._compose()
        self.space._measure = self.room
        if self.twin is not None:
            self._remember(self.twin.journal.stream)

    def _remember(self, stream: str | None) -> None:
        """Start with what a twin's memory holds and no disk does: the stream it goes on writing."""
        journal, start = self.journal, self.journal.start

        async def start_with_memory() -> None:
            await start()
            if journal._head.stream == stream:  # else it had left the stream, or not begun it
                journal.stream = journal._head.stream

        journal.start = start_with_memory  # type: ignore[method-assign]

    def _prepare_disk(self) -> None:
        """The disk came with the migrations done, as `simulation.engine.first_file` made them."""
        self.receipt_secret = bytes(32)

    def _compose_broker(self) -> None:
        access: Any = _NoAccess()
        self.access, self.embedded = access, None
        self.receipt_links = ReceiptLinks(self.receipt_secret)

    async def _make_kitchen(self) -> None:
        with linked_to(self.lan):
            await super()._make_kitchen()


class Site:
    """A box with its machine. `folder` holds the key and the enrolment, which no backup has."""

    def __init__(
        self,
        loop: SimLoop,
        name: str,
        folder: Path,
        image: Image,
        dice: Callable[[str], Random],
        open_line: Callable[..., Any],
    ) -> None:
        self.loop = loop
        self.name = name
        self.folder = folder
        self.disk = Disk.from_image(image, dice(f"disk {name}"))
        self.clock = Clock(loop)
        self.lan = Broker(loop)
        self.booted_s = loop.now_s
        self.lives = 0
        self.process: Process | None = None
        self.box: SimBox | None = None
        self.on_change: Callable[[], None] = lambda: None
        self.on_damaged: Callable[[], None] = lambda: None
        """The database cannot be read any more: somebody has to come."""
        self._dice = dice
        self._open_line = open_line
        self._app: Any = None
        self._open: dict[asyncio.Future[Any], None] = {}
        self._cut_in = 0
        self._troubles = 0
        self.gone = False
        """Switched off for good."""
        self.failed_starts: list[str] = []
        self.config = Config(
            data_dir=str(folder),
            announce=False,
            hq_url="http://hq",
            ballast_mb=0,
            journal_days=0,
        )

    @property
    def up(self) -> bool:
        """Whether the box takes commands."""
        return self._app is not None

    async def start(self, twin: "Site | None" = None) -> None:
        """Start the box on what is on the disk.

        With a `twin`, it wakes with that one's memory: same instance, same dice, same stream.
        """
        self.lives += 1
        process = self.process = Process(self.loop, f"{self.name}-{self.lives}")
        platform: Any = SimPlatform(
            self.clock, self._dice(f"{self.name} {self.lives}"), self.booted_s
        )
        pauses = self._dice(f"pauses {self.name} {self.lives}")

        async def pause() -> None:
            await asyncio.sleep(pauses.uniform(*STATEMENT_S))

        box = self.box = SimBox(
            self.config,
            platform,
            engine=SimEngine(self.disk, pause),  # type: ignore[arg-type]
            open_line=self._open_line,
        )
        box.room, box.lan = self._room, self.lan
        self.lan.switch_on()
        if twin is not None and twin.box is not None:
            box.twin = twin.box
            vars(platform).update(vars(twin.box.platform))
            platform.dice = Random()
            platform.dice.setstate(twin.box.platform.dice.getstate())  # type: ignore[attr-defined]
        self.disk.on_op = self._on_op
        self.loop.note("box started", self.name, self.lives)
        started: asyncio.Future[Any] = self.loop.create_future()
        self._open[started] = None
        process.spawn(self._begin(box, started), f"start {self.name}")
        try:
            await started
        except Dropped:
            return
        finally:
            self._open.pop(started, None)

    async def _begin(self, box: SimBox, started: "asyncio.Future[Any]") -> None:
        try:
            await box.start()
        except Exception as error:  # noqa: BLE001  whoever starts it decides
            if not started.done():
                started.set_exception(error)
            return
        self._app = HotPath(_Lazily(box), lambda: box.taking, lambda: box.staffing.asking)
        self._watcher = asyncio.create_task(self._restart_when_broken(box))
        if not started.done():
            started.set_result(None)

    async def _restart_when_broken(self, box: SimBox) -> None:
        await box.broken.wait()
        # What a supervisor does with a process that ended itself: nothing of it was written since.
        self.loop.call_soon(self._supervise, context=Context())

    def _supervise(self) -> None:
        self.kill("kill9")
        self._troubles += 1
        self.loop.create_task(self.start_again(self._patience_s), name=f"supervisor of {self.name}")

    async def start_again(self, pause_s: float = 0.0) -> None:
        """Start after a while, unless somebody else has; a start that fails is tried again."""
        await asyncio.sleep(pause_s)
        while self.process is None and not self.gone:
            try:
                await self.start()
            except Exception as error:  # noqa: BLE001  told in the summary, and tried again
                self._troubles += 1
                self.failed_starts.append(f"{self.loop.now_s:.1f} {error!r}")
                self.loop.note("failed start", self.name, type(error).__name__)
                self.kill("kill9")
                if "malformed" in str(error):
                    self.on_damaged()  # the box says so, and starting it again changes nothing
                    return
                await asyncio.sleep(self._patience_s)

    @property
    def _patience_s(self) -> float:
        return min(60.0, 2.0 ** min(self._troubles, 6))

    async def stop(self) -> None:
        """End in good order."""
        if self.box is not None and self.process is not None:
            self._app = None
            await self.process.run(self.box.stop())
            self.kill("kill9")

    def kill(self, policy: str = "kill9") -> None:
        """End the process; with any policy but kill9 the machine loses power as well."""
        if self.process is None:
            return
        self.loop.note("box killed", self.name, self.lives, policy)
        self._end_process()
        self.disk.crash(policy)
        if policy != "kill9":
            self._lose_power()
        self.on_change()

    def _end_process(self) -> None:
        self._app = None
        self._cut_in = 0
        process, self.process = self.process, None
        if process is not None:
            process.kill()
        self.lan.hang_up()
        waiting, self._open = list(self._open), {}
        for future in waiting:
            if not future.done():
                future.set_exception(Dropped(f"{self.name} went away"))
                future.exception()  # whoever waited may be dead as well

    def cut_power_in(self, operations: int, policy: str, then: Callable[[], None]) -> None:
        """Cut the power in the middle of the n-th disk operation from now."""
        self._cut_in, self._cut_policy, self._cut_then = operations, policy, then

    def _on_op(self, op: Op) -> None:
        del op
        if self._cut_in:
            self._cut_in -= 1
            if self._cut_in == 0:
                self.loop.note("power cut in mid-operation", self.name, self._cut_policy)
                policy, then = self._cut_policy, self._cut_then
                self._end_process()
                self.loop.call_soon(self._after_cut, policy, then, context=Context())
                self.disk.cut()

    def _after_cut(self, policy: str, then: Callable[[], None]) -> None:
        self.disk.crash(policy)
        self._lose_power()
        self.on_change()
        then()

    def _lose_power(self) -> None:
        self.booted_s = self.loop.now_s
        self.lan.lose_power()

    def _room(self, folder: Path) -> Room:
        del folder
        if self.disk.room is None:
            return Room(0, 1 << 40)
        # As if the disk had been made so small on purpose.
        return Room(DISK_BYTES - min(self.disk.room, DISK_BYTES), min(self.disk.room, DISK_BYTES))

    def read(self, sql: str) -> list[Any]:
        """What is on the disk now, read past the box; for oracles."""
        return self.ask(lambda db: db.execute(sql).fetchall())

    def ask(self, work: Callable[[Any], Any]) -> Any:
        """The answer of a reading function of the box, on what is on the disk now."""
        connection = Connection(self.disk, Path("box.db"), writes=False, how="")
        try:
            return work(connection)
        finally:
            connection.close()

    def orders(self) -> list[Order]:
        """Every order as the box has it."""
        return [_decode_order(row[0]) for row in self.read("SELECT body FROM orders")]

    async def deliver(self, request: Request) -> Answer:
        """Serve a screen's request. Raises Dropped when the box is not there, or dies over it."""
        if self._app is None or self.process is None:
            raise Dropped(f"{self.name} is not there")
        future: asyncio.Future[Answer] = self.loop.create_future()
        self._open[future] = None
        self.process.spawn(self._serve(request, future), "request at the box")
        try:
            return await future
        finally:
            self._open.pop(future, None)

    async def _serve(self, request: Request, future: "asyncio.Future[Answer]") -> None:
        answer = await ask(self._app, request.method, request.path, request.body, request.headers)
        if not future.done():
            future.set_result(answer)


class _Lazily:
    """The box's whole HTTP application, made when somebody first asks for anything but a command."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request."""
        if self._app is None:
            # Not before: a mutant's patch must come before those who take names from what it patches.
            from edge.app import create_app

            self._app = create_app(self._box)
        await self._app(scope, receive, send)

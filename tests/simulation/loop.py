"""Virtual time on one thread: an asyncio loop whose next step is chosen by a seed.

Everything that runs belongs to a `Process` (a box, HQ, a screen) or to the world itself. Inside a
process asyncio's own order holds, because code may rely on it; which process moves next is drawn
from the seed. Time jumps to the next timer when nobody can move, so a night costs nothing. A
process can be killed between two steps, as `kill -9` does: nothing of it ever runs again.
"""

import asyncio
import gc
import heapq
import warnings
from asyncio.events import Handle, TimerHandle
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from hashlib import blake2b
from random import Random
from typing import Any
from weakref import WeakSet

from simulation.disk import PowerCut

from edge.database import DatabaseBroken

COLLECT_EVERY_S = 4 * 3600.0
"""Cyclic garbage is collected at these moments of virtual time only: a collection runs finalizers,
and at a moment chosen by the interpreter no two runs would be the same."""

PURE = ("cloud.prices", "cloud.pins", "edge.pin_desk", "protocol.")
"""Modules whose functions are sent to threads only because they take long."""
STEP_S = 1e-6
"""Each step takes a little, so that code which looks at the clock until it moves gets on."""


EXPECTED: tuple[type[BaseException], ...] = (PowerCut, DatabaseBroken)
"""What ends tasks of a machine that went dark, in front of nobody."""


class Deadlock(AssertionError):
    """Nobody can move and no timer runs: somebody waits for ever. Always a finding."""


class NotAllowed(AssertionError):
    """Code inside the simulation asked for a thread, or for the real network."""


class Process:
    """Something that can be killed: all its tasks and timers, and whoever must hear of its end."""

    def __init__(self, loop: "SimLoop", name: str) -> None:
        self.loop = loop
        self.name = name
        self.alive = True
        self.number = loop.enlist(self)
        self.ready: deque[Handle] = deque()
        self.tasks: WeakSet[asyncio.Task[Any]] = WeakSet()
        self.on_death: list[Callable[[], None]] = []
        self._context = copy_context()
        self._context.run(PROCESS.set, self)

    def spawn(self, work: Coroutine[Any, Any, Any], name: str = "") -> "asyncio.Future[Any]":
        """Run a coroutine as part of this process; in a dead one it never begins and never ends."""
        if not self.alive:
            work.close()
            return self.loop.create_future()
        return self.loop.create_task(
            work, name=name or self.name, context=self._context.run(copy_context)
        )

    async def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine in this process and wait for it from another; for ever if it is killed."""
        return await self.spawn(work)

    def kill(self) -> None:
        """End at once: no `finally`, no goodbye."""
        if not self.alive:
            return
        self.alive = False
        # Kept until the run is over, so that no finalizer of the dead runs at a chance moment. Who
        # was about to go on is held by its next step only, so the steps go last.
        self.loop.graveyard.append(list(self.tasks))
        self.ready.clear()
        for tell in self.on_death:
            tell()
        self.on_death.clear()


PROCESS: ContextVar[Process | None] = ContextVar("process", default=None)


class SimLoop(asyncio.BaseEventLoop):
    """The loop. `trace` is a digest over every choice made, every moment, and every note."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.now_s = 1_000.0
        self.random = Random(f"scheduler {seed}")
        self.trace = blake2b(digest_size=16)
        self.steps = 0
        self.graveyard: list[Any] = []
        self.complaints: list[str] = []
        self._processes = 0
        self._world: deque[Handle] = deque()
        self._movers: list[deque[Handle]] = []
        self._collect_s = COLLECT_EVERY_S
        self.set_task_factory(_make_task)
        self.set_exception_handler(_complain)

    def enlist(self, process: Process) -> int:
        """Give a process its number."""
        del process
        self._processes += 1
        return self._processes

    def time(self) -> float:
        """Virtual seconds."""
        return self.now_s

    def note(self, *facts: object) -> None:
        """Something the world saw: part of the trace. Never a value from outside the seed."""
        self.trace.update(repr(facts).encode())

    def digest(self) -> str:
        """The trace so far."""
        return self.trace.hexdigest()

    def forget_all(self) -> None:
        """Nothing that waits for its turn or its time will ever come."""
        for queue in self._movers:
            queue.clear()
        self._movers.clear()
        self._scheduled.clear()
        self.graveyard.clear()

    # ------------------------------------------------------------ what asyncio asks of a loop

    def call_soon(self, callback: Any, *args: Any, context: Context | None = None) -> Handle:  # type: ignore[override]
        """Run a callback as soon as its process is chosen."""
        handle = Handle(callback, args, self, context)
        self._enqueue(handle)
        return handle

    def call_soon_threadsafe(
        self, callback: Any, *args: Any, context: Context | None = None
    ) -> Handle:  # type: ignore[override]
        """There is one thread."""
        return self.call_soon(callback, *args, context=context)

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        """Threads have no place in virtual time; a pure function is simply called."""
        bound = getattr(func, "args", ())
        asked = bound[0] if bound else func
        if (getattr(asked, "__module__", None) or "").startswith(PURE):
            done = self.create_future()
            done.set_result(func(*args))
            return done
        raise NotAllowed(f"{func!r} was sent to a thread: give the simulation its own way")

    def create_connection(self, *args: Any, **kwargs: Any) -> Any:
        """The network is simulated."""
        raise NotAllowed("a real connection was asked for")

    create_server = create_datagram_endpoint = create_unix_connection = create_connection

    def _write_to_self(self) -> None:
        pass

    def _process_events(self, event_list: Any) -> None:
        pass

    def _enqueue(self, handle: Handle) -> None:
        process = handle._context.get(PROCESS)
        if process is None:
            queue = self._world
        elif process.alive:
            queue = process.ready
        else:
            return
        if not queue:
            self._movers.append(queue)
        queue.append(handle)

    def _run_once(self) -> None:
        timers = self._scheduled
        while timers and timers[0]._cancelled:
            heapq.heappop(timers)._scheduled = False
        if not self._movers:
            if not timers:
                raise Deadlock("nobody can move and no timer runs")
            if timers[0]._when > self.now_s:
                self.now_s = timers[0]._when
                if self.now_s >= self._collect_s:
                    self._collect_s = self.now_s + COLLECT_EVERY_S
                    gc.collect()
        while timers and timers[0]._when <= self.now_s:
            timer: TimerHandle = heapq.heappop(timers)
            timer._scheduled = False
            if not timer._cancelled:
                self._enqueue(timer)
        self._step()

    def _step(self) -> None:
        movers = self._movers
        while movers:
            chosen = self.random.randrange(len(movers)) if len(movers) > 1 else 0
            queue = movers[chosen]
            if not queue:  # its process was killed
                movers.pop(chosen)
                continue
            handle = queue.popleft()
            if not queue:
                movers.pop(chosen)
            if handle._cancelled:
                continue
            self.steps += 1
            self.now_s += STEP_S
            self.trace.update(b"%d,%.6f;" % (chosen, self.now_s))
            handle._run()
            return


def _make_task(loop: Any, work: Any, context: Context | None = None, **options: Any) -> Any:
    task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, context=context, **options)
    process = (context or copy_context()).get(PROCESS)
    if process is not None:
        process.tasks.add(task)
        if not process.alive:  # the last step of what was killed in its middle
            loop.graveyard.append([task])
    return task


def _complain(loop: Any, context: dict[str, Any]) -> None:
    error = context.get("exception")
    if isinstance(error, EXPECTED):
        return
    who = context.get("task") or context.get("future") or ""
    loop.complaints.append(f"{context.get('message')}: {error!r} {str(who)[:200]}")


def run_simulated(loop: SimLoop, work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end in virtual time, then bury whoever did not live to see it."""
    collecting = gc.isenabled()
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        return loop.run_until_complete(work)
    finally:
        _bury(loop)
        gc.unfreeze()
        if collecting:
            gc.enable()


def _bury(loop: SimLoop) -> None:
    """Close every coroutine that was left, so that nobody complains of it later."""
    closed: dict[int, asyncio.Task[Any]] = {}
    with warnings.catch_warnings():
        # Last words that begin to wait for something are cut off; that is no news.
        warnings.simplefilter("ignore")
        asyncio._set_running_loop(loop)
        try:
            while left := [task for task in _unburied(loop) if id(task) not in closed]:
                for task in left:  # whose last words may begin another task
                    closed[id(task)] = task
                    task._log_destroy_pending = False  # type: ignore[attr-defined]
                    _close(task.get_coro())
        finally:
            asyncio._set_running_loop(None)
        loop.forget_all()
        closed.clear()
        loop.close()
        gc.collect()


def _unburied(loop: SimLoop) -> "list[asyncio.Task[Any]]":
    dead = [task for tasks in loop.graveyard for task in tasks if not task.done()]
    return [*asyncio.all_tasks(loop), *dead]


def _close(coroutine: Any) -> None:
    for _ in range(20):  # one that answers its end with another await is asked again
        try:
            coroutine.close()
        except RuntimeError:
            continue
        except BaseException:  # noqa: BLE001  the dead may fall over each other
            return
        return

"""`python -m simulation.run --seed 7 --days 2`: one story, its summary, and what it broke."""

import argparse
import asyncio
import sys
import tempfile
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from simulation.loop import run_simulated
from simulation.postgres import Postgres
from simulation.world import Plan, World, made

from cloud.embedded import EmbeddedPostgres


def main(arguments: list[str] | None = None) -> int:
    """Tell one story; the exit status is 1 when an invariant broke."""
    asked = _arguments(arguments)
    faults = tuple(f for f in asked.faults.split(",") if f)
    plan = Plan(seed=asked.seed, days=asked.days, outlets=asked.outlets, faults=faults)
    with a_postgres() as postgres, made(plan, postgres) as world:
        began = time.perf_counter()
        run_simulated(world.loop, story(world))
        took_s = time.perf_counter() - began
        print(f"{len(world.book.acked)} acknowledged of {len(world.book.by_id)}")
        print(f"converged after {world.converged_s} s; trace {world.loop.digest()}")
        print(f"{world.loop.steps} steps in {took_s:.1f} s", file=sys.stderr)
    return 0


async def story(world: World) -> None:
    """From the first morning to the last evening."""
    await world.begin()
    await asyncio.sleep(world.plan.days * 86_400)
    await world.settle()


@contextmanager
def a_postgres() -> Iterator[Postgres]:
    """A Postgres of our own whose data is thrown away, kept alive by a thread outside the story."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def wait(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(120)

    with tempfile.TemporaryDirectory(prefix="kedai-pg-") as folder:
        server = EmbeddedPostgres(Path(folder), throwaway=True)
        postgres = Postgres(wait(server.start()))
        try:
            yield postgres
        finally:
            postgres.close()
            wait(server.stop())
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simulation.run", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="which story")
    parser.add_argument("--days", type=float, default=1.0, help="virtual days")
    parser.add_argument("--outlets", type=int, default=1)
    parser.add_argument("--faults", default="", help="only these, separated by commas")
    return parser.parse_args(given)


if __name__ == "__main__":
    sys.exit(main())

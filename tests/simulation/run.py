"""`python -m simulation.run --seed 7 --days 2`: one story, its summary, and what it broke."""

import argparse
import asyncio
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import msgspec
from simulation.displays import invariant_23_every_line_is_with_somebody as every_line
from simulation.evenings import close_books
from simulation.faults import FAULTS
from simulation.loop import run_simulated
from simulation.oracles import ORACLES, Broken, judge
from simulation.oracles_of_days import ORACLES_OF_DAYS
from simulation.oracles_of_hq import ORACLES_OF_HQ
from simulation.postgres import Postgres
from simulation.world import Plan, World, made

from cloud.embedded import EmbeddedPostgres


def main(arguments: list[str] | None = None) -> int:
    """Tell one story; the exit status is 1 when an invariant broke."""
    asked = _arguments(arguments)
    plan = Plan(
        seed=asked.seed,
        days=asked.days,
        outlets=asked.outlets,
        tenants=min(2, asked.outlets),
        faults=tuple(f for f in asked.faults.split(",") if f != "none"),
    )
    with a_postgres() as postgres, _mutated(asked.mutant), made(plan, postgres) as world:
        began = time.process_time()
        broken = told(world)
        took_s = time.process_time() - began
        print(summary(world, took_s))
        for one in broken[:20]:
            print(explanation(world, one))
        if broken:
            print(f"{len(broken)} violations. Tell it again: {replay(plan)}")
        if asked.json:
            asked.json.write_bytes(msgspec.json.encode(figures(world, broken, took_s)))
    return 1 if broken else 0


def told(world: World) -> list[Broken]:
    """The story's violations; one that could not be told to its end is one as well."""
    try:
        return run_simulated(world.loop, story(world))
    except Exception as error:  # noqa: BLE001  whatever it is, the seed must be told
        traceback.print_exc()
        return [Broken("?", f"the story broke off: {error!r}")]


async def story(world: World) -> list[Broken]:
    """From the first morning to the last evening, and what was wrong in the end."""
    await world.begin()
    await asyncio.sleep(world.plan.days * 86_400)
    await world.settle()
    await close_books(world)
    broken = judge(world, (*ORACLES, *ORACLES_OF_HQ, *ORACLES_OF_DAYS, every_line))
    late = "SELECT count(*) FROM ledger WHERE type = 'command.overtaken' AND NOT duplicate"
    ((world.too_late,),) = world.hq.rows(late)
    await world.end()
    return broken


def summary(world: World, took_s: float) -> str:
    """One page about a story."""
    book, plan = world.book, world.plan
    refused = Counter(s.refused for s in book.by_id.values() if s.refused and s.acked_s is None)
    converged = world.converged_s
    when = "never" if converged is None else f"{converged:.1f} s"
    kinds = ",".join(plan.faults) or "none"
    lines = [
        f"seed {plan.seed}: {plan.outlets} outlets, {plan.days:g} days, faults {kinds}",
        f"  acknowledged {len(book.acked)} of {len(book.by_id)} commands; refused {dict(refused)}",
        f"  faults {dict(sorted(world.counts.items()))}",
        f"  network {dict(sorted(_network(world).items()))}",
        f"  converged after {when}; {world.too_late} came back too late, each a card",
        f"  trace {world.loop.digest()} over {world.loop.steps} steps, {took_s:.1f} s of processor",
    ]
    lines += [f"  complaint: {complaint}" for complaint in world.loop.complaints[:5]]
    return "\n".join(lines)


def figures(world: World, broken: list[Broken], took_s: float) -> dict[str, Any]:
    """What a report needs of a story."""
    book = world.book
    wrong = Counter(one.invariant for one in broken)
    return {
        "seed": world.plan.seed,
        "outlet_days": world.plan.outlets * world.plan.days,
        "submitted": len(book.by_id),
        "acknowledged": len(book.acked),
        "too_late": world.too_late,
        "lost": wrong["01"],
        "doubled": wrong["02"],
        "phantom": wrong["03"],
        "violations": dict(wrong),
        "faults": dict(sorted(world.counts.items())),
        "network": dict(sorted(_network(world).items())),
        "converged_s": world.converged_s,
        "digest": world.loop.digest(),
        "processor_s": took_s,
    }


def _network(world: World) -> Counter[str]:
    counts: Counter[str] = Counter()
    for link in world.links():
        counts.update(link.counts)
    return counts


def explanation(world: World, one: Broken) -> str:
    """A violation with the history of what it is about."""
    lines = [f"invariant {one.invariant}: {one.sentence}"]
    about = [s for s in world.book.by_id.values() if s.envelope.command_id in one.ids]
    orders = {i for i in one.ids if i}
    about += [
        s
        for s in world.book.by_id.values()
        if getattr(s.envelope.command, "order_id", "") in orders and s not in about
    ]
    for s in about[:12]:
        kind = type(s.envelope.command).__name__
        lines.append(f"    {s.at_s:.3f} {kind} {s.envelope.command_id} at {s.screen}: {s.events}")
        lines += [f"        {what}" for what in s.history]
    return "\n".join(lines)


def replay(plan: Plan) -> str:
    """The one command that tells the same story again."""
    return (
        f"make simulate SEED={plan.seed} DAYS={plan.days:g} OUTLETS={plan.outlets}"
        f" FAULTS={','.join(plan.faults) or 'none'}"
    )


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


def _mutated(name: str) -> AbstractContextManager[None]:
    """With this rule switched off; they are loaded only for this."""
    if not name:
        return nullcontext()
    from simulation.mutants import mutated

    return mutated(name)


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simulation.run", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="which story")
    parser.add_argument("--days", type=float, default=1.0, help="virtual days")
    parser.add_argument("--outlets", type=int, default=2)
    kinds = ", ".join(("all", "none", "network", *FAULTS))
    parser.add_argument("--faults", default="all", help=f"only these, separated by commas: {kinds}")
    parser.add_argument("--mutant", default="", help="switch this rule off (`simulation.mutants`)")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    return parser.parse_args(given)


if __name__ == "__main__":
    sys.exit(main())

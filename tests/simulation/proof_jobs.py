"""The pieces of work of a proof, each done in a process of its own: a story, some lives of the
store, a mutant, or the tests that mutants are killed by."""

import logging
import os
import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from simulation.crash_images import Report, add_life, life_of
from simulation.images import Bench
from simulation.medium import POLICIES
from simulation.mutants import mutated
from simulation.mutation import Images, Killer, Story, Suite, Twice
from simulation.postgres import Postgres
from simulation.run import explanation, figures, replay, told
from simulation.world import Plan, World, made

from protocol.commands import PlaceOrder

ROOT = Path(__file__).parents[2]
TEST_S_MAX = 60
"""Seconds after which a test that a mutant sent astray is ended."""
SENTENCES_MAX = 5
REASON_CHARS = 200


def plan_of(seed: int, days: float, outlets: int, faults: str) -> Plan:
    """The plan that `make simulate` makes of the same words."""
    kinds = tuple(f for f in faults.split(",") if f != "none")
    return Plan(seed=seed, days=days, outlets=outlets, tenants=min(2, outlets), faults=kinds)


def tell(
    seed: int, days: float, outlets: int, faults: str, mutant: str, server: str
) -> dict[str, Any]:
    """One story to its end, and everything a report needs of it."""
    plan = plan_of(seed, days, outlets, faults)
    postgres = Postgres(server)
    try:
        with mutated(mutant), made(plan, postgres) as world:
            broken = told(world)
            complaints = [str(c) for c in world.loop.complaints]
            return figures(world, broken, 0.0) | {
                "orders": _orders(world),
                "replay": replay(plan),
                "broken": len(broken) + len(complaints),
                "sentences": [explanation(world, b) for b in broken[:SENTENCES_MAX]]
                + complaints[:SENTENCES_MAX],
            }
    finally:
        postgres.close()


def _orders(world: World) -> int:
    return sum(isinstance(s.envelope.command, PlaceOrder) for s in world.book.acked)


def look(seeds: tuple[int, ...]) -> dict[str, Any]:
    """Every image of these lives, under every policy."""
    report = _examined(seeds, (*POLICIES, "lie"), "")
    return {
        "seeds": list(seeds),
        "images": dict(report.images),
        "acknowledged": report.acknowledged,
        "operations": report.operations,
        "distinct": report.distinct_images,
        "recovered": report.recovered,
        "failing_disks": report.lives_with_a_failing_disk,
        "found": dict(report.found),
        "lost_to_lies": report.lying_disk["lost"],
        "replay": report.replay,
    }


def _examined(seeds: tuple[int, ...], policies: tuple[str, ...], until: str) -> Report:
    """The report on these lives; ends with the first one in which `until` was found."""
    report = Report(seeds[0])
    logging.disable(logging.CRITICAL)  # each failing disk is an alarm of its own
    with Bench() as bench:
        for seed in seeds:
            add_life(report, life_of(seed), bench, policies)
            if report.found[until]:
                break
    return report


def try_killer(killer: Killer, mutant: str, server: str) -> dict[str, Any]:
    """What a run finds: `noticed` is empty when all is well, `error` when it says nothing."""
    match killer:
        case Story():
            return _by_story(killer, mutant, server)
        case Twice():
            return _by_telling_twice(killer, mutant, server)
        case Images():
            return _by_images(killer, mutant)
        case Suite():
            tried = run_tests(killer.names, mutant, server)
            failed = [f"{n}: {how}" for n, how in tried.items() if how.startswith("failed: ")]
            odd = [f"{n}: {how}" for n, how in tried.items() if not how.startswith(HONEST)]
            return {"noticed": failed, "error": "" if failed else "; ".join(odd)}


def _by_story(killer: Story, mutant: str, server: str) -> dict[str, Any]:
    found = tell(killer.seed, killer.days, killer.outlets, killer.faults, mutant, server)
    wrong = {kind: n for kind, n in found["violations"].items() if kind != "?"}
    noticed = [f"invariant {int(kind)}: {n} times" for kind, n in sorted(wrong.items())]
    # A story that only broke off shows that the patch was clumsy, not that an oracle looks.
    return {"noticed": noticed, "error": "" if noticed else "\n".join(found["sentences"])}


def _by_telling_twice(killer: Twice, mutant: str, server: str) -> dict[str, Any]:
    asked = (killer.seed, killer.days, killer.outlets, killer.faults, mutant, server)
    one, other = tell(*asked)["digest"], tell(*asked)["digest"]
    return {"noticed": [] if one == other else [f"traces {one} and {other}"], "error": ""}


def _by_images(killer: Images, mutant: str) -> dict[str, Any]:
    with mutated(mutant):
        report = _examined(killer.seeds, killer.policies, killer.finds)
    other = {kind: n for kind, n in report.found.items() if kind != killer.finds}
    times = report.found[killer.finds]
    noticed = [f"{killer.finds} in {times} images"] if times else []
    return {"noticed": noticed, "error": "" if noticed or not other else f"found {other} instead"}


HONEST = ("passed", "failed: ")
ODD = ("the patch broke: ", "took too long: ")
"""How a test fails that says nothing about its rule."""


def run_tests(names: tuple[str, ...], mutant: str, server: str) -> dict[str, str]:
    """Each named test with how it ended: passed, failed, or why it says nothing."""
    os.environ |= {"KEDAI_MUTANT": mutant, "KEDAI_POSTGRES": server}
    os.chdir(ROOT)
    heard = _Verdicts()
    with tempfile.TemporaryDirectory(prefix="kedai-hypothesis-") as kept:
        # Hypothesis would keep what it found with a rule off, and try that first next time.
        os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = kept
        _run_pytest(names, mutant, heard)
    return {name: heard.of(f"tests/{name}", stopped=bool(mutant)) for name in names}


def _run_pytest(names: tuple[str, ...], mutant: str, heard: "_Verdicts") -> None:
    options = ["-q", "-p", "simulation.mutant_plugin", "-p", "no:cacheprovider", "-p", "no:xdist"]
    options += ["--timeout", str(TEST_S_MAX), *(["-x"] if mutant else [])]
    # This process has what the product imports in memory already, and pytest says so of plugins.
    options += ["-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"]
    # What a mutant leaves running may fail the end of the session: the verdicts are known by then.
    with suppress(Warning, Exception):
        pytest.main([*options, *(f"tests/{name}" for name in names)], plugins=[heard])


class _Verdicts:
    """A plugin that remembers how each test ended."""

    def __init__(self) -> None:
        self.by_test: dict[str, Counter[str]] = {}
        self.reasons: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test that fails before or after its own lines failed for a reason of its own."""
        if report.when == "call" or report.outcome != "passed":
            how = report.outcome if report.when == "call" else f"{report.outcome} in {report.when}"
            self.by_test.setdefault(report.nodeid, Counter())[how] += 1
        crash = getattr(report.longrepr, "reprcrash", None)
        if report.outcome == "failed" and crash is not None:
            where = Path(crash.path).name
            told = " ".join(crash.message.split())[:REASON_CHARS]
            # A patch that is itself wrong shows nothing.
            clumsy = where.startswith("mutants_of_")
            late = "from pytest-timeout" in told
            odd = "the patch broke" if clumsy else "took too long" if late else ""
            self.reasons[report.nodeid] = f"{odd}: {told}" if odd else told

    def of(self, name: str, *, stopped: bool) -> str:
        """How a test, or all of its cases, ended."""
        ends: Counter[str] = Counter()
        reasons = []
        for test, how in self.by_test.items():
            if test == name or test.startswith((f"{name}[", f"{name}::")):
                ends.update(how)
                reasons += [self.reasons[test]] if how["failed"] and test in self.reasons else []
        if ends["failed"]:
            why = reasons[0] if reasons else "without a reason"
            return why if why.startswith(ODD) else f"failed: {why}"
        if not ends:
            return "passed" if stopped and self.by_test else "did not run"
        return "passed" if set(ends) == {"passed"} else ", ".join(sorted(ends))


def do(work: str, arguments: tuple[Any, ...], log: str, answer: Any) -> None:
    """One piece of work in this process, whose output goes into a file; the result into a pipe."""
    with Path(log).open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        found = globals()[work](*arguments)
        used = os.times()
        processor_s = used.user + used.system + used.children_user + used.children_system
        answer.send(found | {"processor_s": processor_s})

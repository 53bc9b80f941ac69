"""The proof: stories, crash images and mutants until enough was seen, and a page that says so.

`make proof` (or `PYTHONPATH=tests python -m simulation.proof`). Each piece of work runs in a process
of its own, as many at a time as there are cores. What a deadline cuts off is said, never counted.
"""

import argparse
import asyncio
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from simulation import proof_jobs
from simulation.mutants import MUTANTS
from simulation.mutation import Killer, Suite
from simulation.proof_figures import Proof
from simulation.proof_page import text_of, write

from cloud.embedded import EmbeddedPostgres

ROOT = Path(__file__).parents[2]
DAYS, OUTLETS, FAULTS = 2.0, 2, "all"
"""Of each story: four outlet-days."""
LIVES_AT_ONCE = 4
SUITE_AT_ONCE = 6
"""Mutants whose tests are tried together without their mutant."""
STORY_S_MAX, MUTANT_S_MAX = 3_600.0, 600.0
"""Seconds after which a piece of work is given up and said to have failed."""
STRUCK = "struck"
"""What became of a piece of work that the deadline cut off."""
SAY_EVERY_S = 10.0


@dataclass(frozen=True)
class Asked:
    """How much is to be seen."""

    outlet_days: float
    images: int
    mutants: tuple[str, ...]
    first_seed: int = 1
    minutes: float = 0.0
    """Deadline; 0 for none."""
    until_deadline: bool = False
    """Go on with stories and images for all the time there is."""
    workers: int = 0
    days: float = DAYS
    outlets: int = OUTLETS
    faults: str = FAULTS
    mutant: str = ""
    """A rule that is off in every story: a proof that must fail."""


@dataclass(frozen=True)
class Job:
    """A piece of work: which function of `proof_jobs`, its arguments, and what it is for."""

    part: str
    work: str
    arguments: tuple[Any, ...]
    about: Any
    server: bool
    seconds_max: float


class Plan:
    """What is done next, so that all three parts end at about the same time."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.seed = self.life = asked.first_seed
        self.stories_days = self.images_begun = 0.0
        self.trials = deque(_trials(asked))
        self._all_trials = len(self.trials)
        self.images_of_a_life = 1_500.0
        """About; what was found is taken from then on."""

    def next(self) -> Job | None:
        """The part that is furthest behind goes on; None when enough was begun."""
        asked = self.asked
        begun = {}
        if asked.outlet_days:
            begun[self._story] = self.stories_days / asked.outlet_days
        if asked.images:
            begun[self._images] = self.images_begun / asked.images
        if self.trials:
            begun[self.trials.popleft] = 1 - len(self.trials) / self._all_trials
        if not asked.until_deadline:
            begun = {part: share for part, share in begun.items() if share < 1}
        return min(begun, key=lambda part: begun[part])() if begun else None

    def _story(self) -> Job:
        asked, seed = self.asked, self.seed
        self.seed += 1
        self.stories_days += asked.days * asked.outlets
        arguments = (seed, asked.days, asked.outlets, asked.faults, asked.mutant)
        return Job("story", "tell", arguments, seed, True, STORY_S_MAX)

    def _images(self) -> Job:
        lives = tuple(range(self.life, self.life + LIVES_AT_ONCE))
        self.life += LIVES_AT_ONCE
        self.images_begun += self.images_of_a_life * LIVES_AT_ONCE
        return Job("images", "look", (lives,), lives, False, STORY_S_MAX)

    def saw(self, images: int) -> None:
        """So many were in a portion: the estimate of what is still to begin follows."""
        self.images_begun += images - self.images_of_a_life * LIVES_AT_ONCE


def _trials(asked: Asked) -> Iterator[Job]:
    """Each killer once without a mutant, tests several at a time, and once with it."""
    mutants = [MUTANTS[name] for name in asked.mutants]
    killers: dict[Killer, None] = {m.killer: None for m in mutants}
    names = sorted({name for k in killers if isinstance(k, Suite) for name in k.names})
    for at in range(0, len(names), SUITE_AT_ONCE):
        some = tuple(names[at : at + SUITE_AT_ONCE])
        yield Job("suite", "run_tests", (some, ""), some, True, MUTANT_S_MAX)
    for k in killers:
        if not isinstance(k, Suite):
            yield Job("sound", "try_killer", (k, ""), k, True, MUTANT_S_MAX)
    for m in mutants:
        yield Job("mutant", "try_killer", (m.killer, m.name), m.name, True, MUTANT_S_MAX)


class Workers:
    """So many processes at a time, each beside a Postgres of its own."""

    def __init__(self, asked: Asked, proof: Proof, folder: Path) -> None:
        self.asked = asked
        self.proof = proof
        self.plan = Plan(asked)
        self._folder = folder
        self._count = asked.workers or os.cpu_count() or 1
        self._fork = multiprocessing.get_context("forkserver")
        self._fork.set_forkserver_preload(_preloaded())
        self._began_s = time.monotonic()
        self._running: dict[str, Any] = {}

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began_s

    @property
    def late(self) -> bool:
        """Whether the deadline has passed."""
        return bool(self.asked.minutes) and self.seconds >= self.asked.minutes * 60

    async def work(self) -> None:
        """Everything that was asked for, or until the deadline."""
        saying = asyncio.create_task(self._say())
        workers = [asyncio.create_task(self._worker(n)) for n in range(self._count)]
        try:
            await asyncio.gather(*workers)
        finally:
            for task in (saying, *workers):
                task.cancel()
            await asyncio.gather(saying, *workers, return_exceptions=True)
            self.proof.seconds = self.seconds
            self.proof.cut_off = [f"{j.part} {j.about}" for j in self._running.values()]

    async def _worker(self, number: int) -> None:
        folder = self._folder / f"worker-{number}"
        folder.mkdir()
        server = EmbeddedPostgres(folder / "postgres", throwaway=True)
        url = await server.start()
        try:
            while not self.late and (job := self.plan.next()) is not None:
                log = folder / "output.txt"
                self._running[str(number)] = job
                found = await self._done(job, url, log)
                if found is STRUCK:
                    return
                del self._running[str(number)]
                if job.part == "images" and "images" in found:
                    self.plan.saw(sum(found["images"].values()))
                self.proof.take(job.part, job.about, found)
                if job.part == "story" and found.get("broken"):
                    # At once: a long run need not end before somebody looks into it.
                    print(f"  {found['replay']}\n    {found['sentences'][0]}", flush=True)
        finally:
            await server.stop()

    async def _done(self, job: Job, url: str, log: Path) -> Any:
        """What the work found, in a process that is ended when it takes too long."""
        arguments = (*job.arguments, url) if job.server else job.arguments
        hears, tells = self._fork.Pipe(duplex=False)
        process = self._fork.Process(
            target=proof_jobs.do, args=(job.work, arguments, str(log), tells)
        )
        process.start()
        tells.close()
        began_s = time.monotonic()
        try:
            while True:
                if hears.poll():
                    return hears.recv()
                if process.exitcode is not None:
                    break
                if self.late:
                    return STRUCK
                if time.monotonic() - began_s > job.seconds_max:
                    return {"failed": f"was given up after {job.seconds_max:.0f} s"}
                await asyncio.sleep(0.05)
        except EOFError:
            pass
        finally:
            if process.is_alive():
                process.join(0.2)
            process.kill()
            process.join()
            hears.close()
        return {"failed": f"ended without an answer:\n{_last_words(log)}"}

    async def _say(self) -> None:
        while True:
            await asyncio.sleep(SAY_EVERY_S)
            minutes, seconds = divmod(int(self.seconds), 60)
            print(f"[{minutes:3}:{seconds:02}] {self.proof.progress()}", flush=True)


def _preloaded() -> list[str]:
    """What every piece of work would load first: the stories, and the plugins that pytest finds. Each
    of hundreds of small pytest runs would spend most of its time on these."""
    plugins = {plugin.module for plugin in entry_points(group="pytest11")}
    return ["simulation.proof_jobs", *sorted(plugins)]


def _git(*words: str) -> str:
    try:
        done = subprocess.run(
            ["git", *words], cwd=ROOT, capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _last_words(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").strip().splitlines()[-15:])


def prove(asked: Asked) -> Proof:
    """Do the work and return what was found."""
    # Work forks from what is imported now: what is committed meanwhile is not what was proven.
    changed = bool(_git("status", "--porcelain", "--untracked-files=no"))
    proof = Proof(asked, commit=_git("rev-parse", "--short=12", "HEAD"), changed=changed)
    with tempfile.TemporaryDirectory(prefix="kedai-proof-") as folder:
        workers = Workers(asked, proof, Path(folder))
        try:
            asyncio.run(workers.work())
        except KeyboardInterrupt:
            proof.interrupted = True
    return proof


def main(arguments: list[str] | None = None) -> int:
    """Prove, write the page, and end with 0 when everything asked for was seen and all held."""
    given = _arguments(arguments)
    proof = prove(_asked(given))
    write(proof, given.out)
    print(text_of(proof))
    print(f"The page: {given.out / 'report.html'}")
    return proof.status


def _asked(given: argparse.Namespace) -> Asked:
    minutes = given.minutes or given.hours * 60
    names = {"all": tuple(MUTANTS), "none": ()}.get(given.mutants)
    if unknown := set(given.mutants.split(",")) - MUTANTS.keys() - {"all", "none"}:
        raise SystemExit(f"There are no such mutants: {', '.join(sorted(unknown))}")
    return Asked(
        outlet_days=given.outlet_days,
        images=given.images,
        mutants=tuple(given.mutants.split(",")) if names is None else names,
        first_seed=given.first_seed,
        minutes=minutes,
        until_deadline=bool(given.hours),
        workers=given.workers,
        days=given.days,
        outlets=given.outlets,
        faults=given.faults,
        mutant=given.mutant,
    )


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simulation.proof", description=__doc__)
    add = parser.add_argument
    add("--outlet-days", type=float, default=80, help="simulate at least so many")
    add("--images", type=int, default=50_000, help="look at no fewer crash images")
    add("--mutants", default="all", help="all, none, or names separated by commas")
    add("--first-seed", type=int, default=1)
    add("--minutes", type=float, default=0, help="end after so long, finished or not")
    add("--hours", type=float, default=0, help="go on for so long, and at least for what is asked")
    add("--workers", type=int, default=0, help="processes at a time; as many as cores otherwise")
    add("--days", type=float, default=DAYS, help="virtual days of each story")
    add("--outlets", type=int, default=OUTLETS, help="outlets of each story")
    add("--faults", default=FAULTS)
    add("--mutant", default="", help="switch a rule off in every story: this proof must fail")
    add("--out", type=Path, default=Path("proof"), help="folder of the page")
    return parser.parse_args(given)


if __name__ == "__main__":
    sys.exit(main())

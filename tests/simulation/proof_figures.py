"""What a proof has found so far, added up; only work that came to its end is counted."""

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simulation.invariants import INVARIANTS
from simulation.mutants import MUTANTS
from simulation.mutation import Killer, Suite

if TYPE_CHECKING:
    from simulation.proof import Asked


@dataclass
class Proof:
    """The tally. `status` is 0 when all held and all that was asked for was seen."""

    asked: "Asked"
    commit: str = ""
    changed: bool = False
    """Whether anything was uncommitted at the beginning."""
    seconds: float = 0.0
    interrupted: bool = False
    cut_off: list[str] = field(default_factory=list)
    """Work that was under way at the deadline: not counted."""
    stories: list[dict[str, Any]] = field(default_factory=list)
    images: list[dict[str, Any]] = field(default_factory=list)
    tried: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By mutant, what its killer noticed."""
    broken_off: list[str] = field(default_factory=list)
    """Pieces of work that ended without a result."""
    processor_s: Counter[str] = field(default_factory=Counter)
    """By kind of work, without Postgres' own."""
    _suite: dict[str, str] = field(default_factory=dict)
    _sound: dict[Killer, dict[str, Any]] = field(default_factory=dict)

    def take(self, part: str, about: Any, found: dict[str, Any]) -> None:
        """A piece of work came to its end."""
        kind = part if part in ("story", "images") else "mutants"
        self.processor_s[kind] += found.get("processor_s", 0.0)
        if "failed" in found and part in ("story", "images"):
            self.broken_off.append(f"{part} {about}: {found['failed']}")
        elif part == "story":
            self.stories.append(found)
        elif part == "images":
            self.images.append(found)
        elif part == "suite":
            why = found.get("failed")
            self._suite |= {name: str(why or found[name]) for name in about}
        elif part == "sound":
            self._sound[about] = found
        else:
            self.tried[about] = found

    # ------------------------------------------------------------ stories

    def total(self, what: str) -> Any:
        """The sum of a figure over all stories."""
        return sum(story[what] for story in self.stories)

    def counted(self, what: str) -> dict[str, int]:
        """The sum of a table of figures over all stories."""
        sums: Counter[str] = Counter()
        for story in self.stories:
            sums.update(story[what])
        return dict(sorted(sums.items()))

    @property
    def failing_stories(self) -> list[dict[str, Any]]:
        """Those in which anything was wrong."""
        return [s for s in self.stories if s["broken"]]

    def converged(self, percent: float) -> float | None:
        """Virtual seconds from the last fault until all is everywhere: this share was no slower."""
        times = sorted(s["converged_s"] for s in self.stories if s["converged_s"] is not None)
        if not times:
            return None
        return float(times[math.ceil(len(times) * percent / 100) - 1])

    # ------------------------------------------------------------ images

    @property
    def image_count(self) -> int:
        """Crash images of all policies."""
        return sum(sum(one["images"].values()) for one in self.images)

    def of_images(self, what: str) -> dict[str, int]:
        """The sum of a table of figures over all lives."""
        sums: Counter[str] = Counter()
        for one in self.images:
            sums.update(one[what])
        return dict(sorted(sums.items()))

    @property
    def wrong_images(self) -> int:
        """Findings on disks that do not lie."""
        return sum(self.of_images("found").values())

    # ------------------------------------------------------------ mutants

    def verdict_on(self, name: str) -> str:
        """killed, survived, or why nothing can be said yet."""
        found = self.tried.get(name)
        if found is None:
            return "not tried"
        if found.get("failed"):
            return f"error: {found['failed']}"
        why = self._unsound(MUTANTS[name].killer)
        if why is None or why:
            return f"error: {why}" if why else "not tried"
        if found["noticed"]:
            return "killed"
        return f"error: {found['error']}" if found["error"] else "survived"

    def _unsound(self, killer: Killer) -> str | None:
        """Why a run says nothing even without a mutant; empty when it does, None when unknown."""
        if isinstance(killer, Suite):
            if not all(name in self._suite for name in killer.names):
                return None
            odd = [f"{n}: {self._suite[n]}" for n in killer.names if self._suite[n] != "passed"]
            return f"without it {'; '.join(odd)}" if odd else ""
        if killer not in self._sound:
            return None
        found = self._sound[killer]
        odd = found.get("failed") or found.get("error") or "; ".join(found.get("noticed", ()))
        return f"without it {odd}" if odd else ""

    def with_verdict(self, *verdicts: str) -> list[str]:
        """Names of the mutants of which that was said."""
        asked = self.asked.mutants
        return [n for n in asked if self.verdict_on(n).partition(":")[0] in verdicts]

    @property
    def bare(self) -> list[int]:
        """Invariants without a killed mutant."""
        held = {MUTANTS[name].invariant for name in self.with_verdict("killed")}
        return [n for n in INVARIANTS if n not in held]

    # ------------------------------------------------------------ all of it

    @property
    def violations(self) -> int:
        """Whatever must not be: in stories, in images, and work that ended without a result."""
        bad_mutants = len(self.with_verdict("survived", "error"))
        broken = self.total("broken") if self.stories else 0
        return int(broken) + self.wrong_images + bad_mutants + len(self.broken_off)

    @property
    def unfinished(self) -> list[str]:
        """What was asked for and not seen, in words."""
        left = []
        asked = self.asked
        days = self.total("outlet_days") if self.stories else 0
        if days < asked.outlet_days:
            left.append(f"{days:g} of {asked.outlet_days:g} outlet-days")
        if self.image_count < asked.images:
            left.append(f"{self.image_count:,} of {asked.images:,} crash images")
        if untried := self.with_verdict("not tried"):
            left.append(f"{len(untried)} of {len(asked.mutants)} mutants not tried")
        return left

    @property
    def status(self) -> int:
        """0: all held and all was seen. 1: something did not hold. 3: the time ran out before."""
        if self.violations:
            return 1
        return 3 if self.unfinished or self.interrupted else 0

    def progress(self) -> str:
        """One line while it runs."""
        asked = self.asked
        days = self.total("outlet_days") if self.stories else 0
        killed = len(self.with_verdict("killed"))
        return (
            f"{days:g} of {asked.outlet_days:g} outlet-days, "
            f"{self.image_count:,} of {asked.images:,} crash images, "
            f"{killed} of {len(asked.mutants)} mutants killed; {self.violations} violations"
        )

"""What a mutant is: a rule switched off on purpose, and the run that must notice it."""

from collections.abc import Callable
from typing import Any, NamedTuple

Undo = Callable[[], None]


class Story(NamedTuple):
    """A simulated story; the oracles notice."""

    seed: int
    days: float
    faults: str
    outlets: int = 1

    def __str__(self) -> str:
        return f"seed {self.seed}, {self.days:g} days, {self.outlets} outlets, {self.faults}"


class Twice(NamedTuple):
    """A story told twice; that the traces differ is what is noticed."""

    seed: int
    days: float
    faults: str
    outlets: int = 1

    def __str__(self) -> str:
        return f"seed {self.seed}, {self.days:g} days, {self.faults}, told twice"


class Images(NamedTuple):
    """Lives of the store with the power cut at every operation; the examination notices."""

    seeds: tuple[int, ...]
    policies: tuple[str, ...]
    finds: str
    """What must be found: lost, torn, corrupt, doubled, stuck …"""

    def __str__(self) -> str:
        lives = f"lives {self.seeds[0]} to {self.seeds[-1]}"
        return f"crash images of {lives}, {' and '.join(self.policies)}"


class Suite(NamedTuple):
    """Tests of the suite, in a process of their own; one that fails is what notices."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return ", ".join(self.names)


Killer = Story | Twice | Images | Suite


class Mutant(NamedTuple):
    """A rule switched off. `switch_off` patches the product and returns how to undo that."""

    name: str
    invariant: int
    rule_off: str
    killer: Killer
    switch_off: Callable[[], Undo]


MUTANTS: dict[str, Mutant] = {}


def mutant(invariant: int, *killer: Any) -> Callable[[Callable[[], Undo]], Callable[[], Undo]]:
    """Enter a function as the mutant of its name; its docstring says what rule is off.

    The killer is a Story, Twice or Images, or the names of tests below `tests/`.
    """

    def enter(switch_off: Callable[[], Undo]) -> Callable[[], Undo]:
        name = switch_off.__name__
        assert name not in MUTANTS, f"two mutants are called {name}"
        killed_by: Killer = killer[0] if not isinstance(killer[0], str) else Suite(killer)
        rule_off = " ".join((switch_off.__doc__ or "").split())
        MUTANTS[name] = Mutant(name, invariant, rule_off, killed_by, switch_off)
        return switch_off

    return enter


def replace(thing: Any, name: str, fresh: Any) -> Undo:
    """Put `fresh` in the place of an attribute that is there."""
    before = vars(thing)[name]
    setattr(thing, name, fresh)
    return lambda: setattr(thing, name, before)


def reword(thing: Any, name: str, *changes: tuple[str, str]) -> Undo:
    """Change words of a text constant: SQL, mostly. A text that lacks them is an error."""
    text = vars(thing)[name]
    for before, after in changes:
        assert before in text, f"{name} no longer says {before!r}"
        text = text.replace(before, after)
    return replace(thing, name, text)


def both(*undos: Undo) -> Undo:
    """Undo several things."""

    def undo() -> None:
        for one in reversed(undos):
            one()

    return undo

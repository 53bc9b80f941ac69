"""Rules switched off on purpose: a proof that does not notice one of these proves nothing.

Each invariant of ARCHITECTURE.md has at least one. `python -m simulation.run --mutant NAME …` tells
a story with one of them; `make proof` tries them all.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from simulation.mutation import MUTANTS, Mutant

__all__ = ["MUTANTS", "Mutant", "mutated"]

for _module in (
    "the_store",
    "the_line",
    "hq",
    "rules",
    "the_bill",
    "the_party",
    "the_floor",
    "the_pass",
    "the_people",
    "the_sessions",
    "the_till",
    "the_close",
):
    import_module(f"simulation.mutants_of_{_module}")


@contextmanager
def mutated(name: str) -> Iterator[None]:
    """With this rule switched off; none when the name is empty."""
    undo = MUTANTS[name].switch_off() if name else None
    try:
        yield
    finally:
        if undo is not None:
            undo()

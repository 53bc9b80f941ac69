"""Pure rules switched off: joins, prices, stock, money, clocks, and that one seed is one story."""

import os
from typing import Any

from simulation.mutation import Twice, Undo, mutant, replace
from simulation.platforms import SimPlatform


@mutant(25, Twice(11, 0.1, "network,crash"))
def fed_by_real_chance() -> Undo:
    """Something in the simulation draws from the machine's own entropy."""

    def jitter(self: Any, ceiling_s: float) -> float:
        del self
        return ceiling_s * os.urandom(1)[0] / 256

    return replace(SimPlatform, "jitter", jitter)

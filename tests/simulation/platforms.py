"""The clocks and the entropy that machines in the simulation have; wrong ones too."""

from random import Random

from simulation.loop import SimLoop

EPOCH_MS = 1_800_000_000_000
"""True time at virtual second 0 (January 2027): later than the build, as every real day is."""


class Clock:
    """A machine's wall clock: true time plus an error, or standing at an era of its own."""

    def __init__(self, loop: SimLoop) -> None:
        self.loop = loop
        self.offset_ms = 0

    def true_ms(self) -> int:
        """What the time really is."""
        return EPOCH_MS + int(self.loop.now_s * 1000)

    def wall_ms(self) -> int:
        """What this machine believes."""
        return self.true_ms() + self.offset_ms

    def jump_to(self, wall_ms: int) -> None:
        """Somebody, or a flat battery, sets the clock."""
        self.offset_ms = wall_ms - self.true_ms()


class SimPlatform:
    """What a process of the simulation gets in place of either side's `Platform`.

    `dice` belong to this process start: two starts never draw the same, except a live clone, which
    is given the same on purpose.
    """

    def __init__(self, clock: Clock, dice: Random, booted_s: float) -> None:
        self._clock = clock
        self.dice = dice
        self._booted_s = booted_s
        self.boot = f"{dice.getrandbits(64):016x}-{dice.getrandbits(64):016x}"
        self.instance = f"{dice.getrandbits(64):016x}"
        self.clock_synced = False

    def wall_ms(self) -> int:
        """Unix time in milliseconds, as wrong as this machine's clock is."""
        return self._clock.wall_ms()

    def mono_ms(self) -> int:
        """Milliseconds since the machine started."""
        return int((self._clock.loop.now_s - self._booted_s) * 1000)

    def entropy(self, count: int) -> bytes:
        """Bytes that look random."""
        return self.dice.randbytes(count)

    def jitter(self, ceiling_s: float) -> float:
        """Seconds anywhere below the ceiling."""
        return ceiling_s * self.dice.random()

    def new_id(self) -> str:
        """A fresh id."""
        from protocol.ids import mint

        return mint(self.wall_ms(), self.entropy(10))

    def uuid(self) -> str:
        """A random id in canonical lower case."""
        from uuid import UUID

        return str(UUID(bytes=self.entropy(16), version=4))

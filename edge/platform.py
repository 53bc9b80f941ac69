"""The world outside that rules never touch: clocks, entropy, this boot. Passed in, never imported."""

import contextlib
import os
import time
from pathlib import Path

from protocol.ids import mint

_KERNEL_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_CLOCK_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Platform:
    """Real clocks and real entropy; a simulation gives the same methods another body."""

    def __init__(self) -> None:
        self.boot = f"{_kernel_boot()}-{os.urandom(8).hex()}"
        """Names this process start within this start of the machine."""
        self.instance = os.urandom(8).hex()
        """Names this life of the journal to HQ; a fork takes a new one."""
        self.clock_synced = False
        """Whether somebody we trust has confirmed the wall clock since the process started."""

    def wall_ms(self) -> int:
        """Unix time in milliseconds, as wrong as this machine's clock is."""
        return time.time_ns() // 1_000_000

    def mono_ms(self) -> int:
        """Milliseconds since the machine started, sleep included; only differences mean anything."""
        return time.clock_gettime_ns(_CLOCK_BOOT) // 1_000_000

    def entropy(self, count: int) -> bytes:
        """Random bytes fit for keys and ids."""
        return os.urandom(count)

    def jitter(self, ceiling_s: float) -> float:
        """Seconds anywhere below the ceiling, so that 300 boxes do not come back at once."""
        return ceiling_s * int.from_bytes(self.entropy(4), "big") / 2**32

    def new_id(self) -> str:
        """A fresh id, for what the box itself begins."""
        return mint(self.wall_ms(), self.entropy(10))


def _kernel_boot() -> str:
    with contextlib.suppress(OSError):
        return _KERNEL_BOOT_ID.read_text().strip()
    return "unknown"

"""The clock and the entropy of HQ: the only place that reads either."""

import os
import time
from uuid import UUID


class Platform:
    """What the machine under HQ gives it; tests pass one of their own."""

    def wall_ms(self) -> int:
        """Unix time in milliseconds."""
        return time.time_ns() // 1_000_000

    def mono_ms(self) -> int:
        """Milliseconds of a clock that never goes back."""
        return time.monotonic_ns() // 1_000_000

    def entropy(self, count: int) -> bytes:
        """Random bytes fit for keys."""
        return os.urandom(count)

    def uuid(self) -> str:
        """A random id in canonical lower case."""
        return str(UUID(bytes=self.entropy(16), version=4))

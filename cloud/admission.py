"""How many batches HQ takes at once, and how it says later: nothing waits in an endless line."""

from collections.abc import Iterator
from contextlib import contextmanager

from cloud.platform import Platform

BATCHES_PER_S = 200.0
"""Batches of one tenant a process takes per second in the long run; only a rush meets it."""
BURST = 600.0
RETRY_S = (1.0, 5.0)
"""A box that finds HQ full comes again after a time between these, so that they do not all."""
RETRY_S_MAX = 60.0
ENTRIES_MAX_BUSY = 500
"""Entries per batch while HQ is busy: many boxes get a little each."""
TENANTS_MAX = 10_000


class Crowded(Exception):
    """Not now: HTTP status, and after how many seconds to try again."""

    def __init__(self, status: int, retry_after_s: float) -> None:
        super().__init__(status, retry_after_s)
        self.status = status
        self.retry_after_s = retry_after_s


class _Bucket:
    def __init__(self, now_ms: int) -> None:
        self.tokens = BURST
        self.at_ms = now_ms


class Admission:
    """`slots` batches are in hand at most, and no tenant may rush the others out.

    A batch that finds no slot is answered at once and kept by its box; none waits here.
    """

    def __init__(self, platform: Platform, slots: int) -> None:
        self._platform = platform
        self._slots = slots
        self._taken = 0
        self._buckets: dict[str, _Bucket] = {}

    @contextmanager
    def enter(self, tenant_id: str) -> Iterator[None]:
        """A slot for one batch. Raises Crowded: 503 without a slot, 429 for a tenant in a rush."""
        if self._taken >= self._slots:
            least, most = RETRY_S
            chance = self._platform.entropy(1)[0] / 255
            raise Crowded(503, least + (most - least) * chance)
        self._spend(tenant_id)
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1

    def _spend(self, tenant_id: str) -> None:
        now_ms = self._platform.mono_ms()
        bucket = self._buckets.get(tenant_id)
        if bucket is None:
            if len(self._buckets) >= TENANTS_MAX:
                self._buckets.pop(next(iter(self._buckets)))
            bucket = self._buckets[tenant_id] = _Bucket(now_ms)
        grown = (now_ms - bucket.at_ms) / 1000 * BATCHES_PER_S
        bucket.tokens, bucket.at_ms = min(BURST, bucket.tokens + grown), now_ms
        if bucket.tokens < 1:
            # Those who are turned away are spread over the time it takes to serve a burst.
            chance = self._platform.entropy(1)[0] / 255
            raise Crowded(429, min(RETRY_S_MAX, 1 + chance * BURST / BATCHES_PER_S))
        bucket.tokens -= 1

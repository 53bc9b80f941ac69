"""How much is sent at once and how soon it is tried again: halve on trouble, grow by a quarter."""

import asyncio
import contextlib

from edge.platform import Platform
from protocol.replication import BATCH_ENTRIES_MAX, Trouble, Welcome

BACK_OFF_FIRST_S = 1.0
BACK_OFF_LAST_S = 60.0
RETRY_AFTER_S_MAX = 600.0
"""Longest that HQ may tell a box to wait: an HQ that says more is not well."""
ENTRIES_FIRST = 500
BYTES_MAX = 1_000_000
"""Raw bytes after which a batch is closed, well under what HQ takes."""


class Pace:
    """Additive increase, multiplicative decrease, and pauses with full jitter."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.size = ENTRIES_FIRST
        """Most entries of the next batch."""
        self.bytes_max = BYTES_MAX
        self.entries_max = BATCH_ENTRIES_MAX
        self.attempt = 0
        self.heard = asyncio.Event()

    def agree(self, welcome: Welcome) -> None:
        """Take HQ's limits; one that would let nothing through is not believed."""
        self.entries_max = max(1, min(BATCH_ENTRIES_MAX, welcome.entries_max))
        self.bytes_max = max(1, min(BYTES_MAX, welcome.bytes_max))
        self.size = min(self.size, self.entries_max)

    def went_through(self) -> None:
        """A batch was confirmed: send more at once, and pause shortly after the next trouble."""
        self.attempt = 0
        self.size = min(self.entries_max, self.size + self.size // 4 + 1)

    def halve(self, sent: int) -> None:
        """A batch of so many entries did not get through."""
        self.size = max(1, min(self.size, sent) // 2)

    async def pause(self, trouble: Trouble | None = None) -> None:
        """Wait until it is time to try again: a timer, never something new to send.

        What HQ asks for is waited in full; the rest anywhere below a ceiling that doubles.
        """
        ceiling = min(BACK_OFF_LAST_S, BACK_OFF_FIRST_S * 2 ** min(self.attempt, 10))
        self.attempt += 1
        if trouble is not None and trouble.entries_max is not None:
            self.size = max(1, min(self.size, trouble.entries_max))
        if trouble is not None and trouble.retry_after_s is not None:
            await asyncio.sleep(min(max(0.0, trouble.retry_after_s), RETRY_AFTER_S_MAX))
        self.heard.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.heard.wait(), self.platform.jitter(ceiling))

    def try_now(self) -> None:
        """HQ answers again: do not sit out a pause that grew while it was away."""
        self.heard.set()

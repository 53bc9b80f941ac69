"""Who is at which order now, and what each counter shows its guest: in memory, gone after a while."""

import asyncio
import contextlib
from collections.abc import Callable

from protocol.feed import Here

GONE_AFTER_MS = 30_000
"""A screen says every ten seconds where it is; three missed ones and it is taken to be away."""
SCREENS_MAX = 64
COUNTERS_MAX = 32
SHOWN_MAX = 64 * 1024
"""Bytes of a bill that is shown to a guest."""


class Presence:
    """Screens by the name they made up for themselves, each at one order at most.

    Nothing here is worth a write: after a restart every screen says so again within seconds. One
    screen more than there is room for takes the place of the one that was silent for longest.
    """

    def __init__(self, mono_ms: Callable[[], int]) -> None:
        self._mono_ms = mono_ms
        self._seen: dict[str, tuple[int, Here]] = {}

    def note(self, here: Here) -> None:
        """A screen is here; without an order it looks at none."""
        self._seen.pop(here.screen, None)
        if here.order_id is not None:
            while len(self._seen) >= SCREENS_MAX:
                self._seen.pop(next(iter(self._seen)))
            self._seen[here.screen] = (self._mono_ms(), here)

    def now(self) -> tuple[Here, ...]:
        """Everybody who has an order open, by screen."""
        least = self._mono_ms() - GONE_AFTER_MS
        present = [here for at, here in self._seen.values() if at >= least]
        return tuple(sorted(present, key=lambda here: here.screen))


class GuestView:
    """What each counter shows to the guest before it; a display waits here for the next picture."""

    def __init__(self) -> None:
        self._shown: dict[str, tuple[int, bytes]] = {}
        self._changed = asyncio.Condition()

    async def show(self, counter: str, picture: bytes) -> int:
        """Put up a picture (JSON) and wake whoever waits for it; the oldest counter makes room."""
        number = self._shown.pop(counter, (0, b""))[0] + 1
        while len(self._shown) >= COUNTERS_MAX:
            self._shown.pop(next(iter(self._shown)))
        async with self._changed:
            self._shown[counter] = (number, picture)
            self._changed.notify_all()
        return number

    async def after(self, counter: str, number: int, wait_s: float) -> tuple[int, bytes] | None:
        """The picture that is up when it is another than `number`, waiting so long; None: the same.

        Another is what counts, not a higher one: after a restart of the box numbers begin again.
        """

        def fresh() -> bool:
            return counter in self._shown and self._shown[counter][0] != number

        with contextlib.suppress(TimeoutError):
            async with self._changed:
                await asyncio.wait_for(self._changed.wait_for(fresh), wait_s)
        return self._shown[counter] if fresh() else None

    @property
    def counters(self) -> tuple[str, ...]:
        """Counters that have shown anything since the box started."""
        return tuple(sorted(self._shown))

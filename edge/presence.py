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
        self._news = asyncio.Event()
        self._ended = False

    def show(self, counter: str, picture: bytes) -> int:
        """Put up a picture (JSON) and wake whoever waits for it; the oldest counter makes room."""
        number = self._shown.pop(counter, (0, b""))[0] + 1
        while len(self._shown) >= COUNTERS_MAX:
            self._shown.pop(next(iter(self._shown)))
        self._shown[counter] = (number, picture)
        self._wake()
        return number

    async def after(self, counter: str, number: int, wait_s: float) -> tuple[int, bytes] | None:
        """The picture that is up when it is another than `number`, waiting so long; None: the same.

        Another is what counts, not a higher one: after a restart of the box numbers begin again.
        """
        clock = asyncio.get_running_loop().time
        until = clock() + wait_s
        while not self._ended:
            found = self._shown.get(counter)
            if found is not None and found[0] != number:
                return found
            rest_s = until - clock()
            if rest_s <= 0:
                return None
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), rest_s)
        return None

    def end(self) -> None:
        """Let go of every display that waits: the box stops."""
        self._ended = True
        self._wake()

    @property
    def counters(self) -> tuple[str, ...]:
        """Counters that have shown anything since the box started."""
        return tuple(sorted(self._shown))

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

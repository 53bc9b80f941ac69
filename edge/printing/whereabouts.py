"""Where a printer is now: known by its hardware address, looked for when its own has changed (FS-58).

The network's own list of neighbours says which hardware answers at which address. Only machines on
the same segment are in it; a printer behind a router, or without a `mac`, is known by its host name.
"""

import asyncio
import contextlib
import ipaddress
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

log = logging.getLogger("edge.printing")

NEIGHBOURS = Path("/proc/net/arp")
KNOCK_S = 0.5
KNOCKS_AT_ONCE = 32
"""A printer's whole segment of 254 addresses is asked within about 4 s, by timid means."""
SEARCH_EVERY_S = 20.0
_COMPLETE = 0x2


class Whereabouts:
    """Looks for one printer among the neighbours."""

    def __init__(
        self,
        mac: str,
        port: int,
        *,
        neighbours: Path | None = None,
        addresses: Callable[[str], Sequence[str]] | None = None,
    ) -> None:
        self.mac = mac.lower().replace("-", ":")
        self.port = port
        self._neighbours = neighbours or NEIGHBOURS
        self._addresses = addresses or segment_of
        self._searching: asyncio.Task[None] | None = None
        self._not_before = 0.0

    def is_it(self, address: str) -> bool:
        """Whether our printer answers there, as far as the network can tell."""
        return self._table().get(address, self.mac) == self.mac

    def search(self, last: str, found: Callable[[str], None]) -> None:
        """Begin to look for it around its last address, unless that is going on or was just done."""
        now = asyncio.get_running_loop().time()
        if now < self._not_before or (self._searching and not self._searching.done()):
            return
        self._not_before = now + SEARCH_EVERY_S
        self._searching = asyncio.create_task(self._search(last, found), name=f"find {self.mac}")

    async def stop(self) -> None:
        """Give up looking."""
        if self._searching is not None:
            self._searching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._searching

    async def _search(self, last: str, found: Callable[[str], None]) -> None:
        address = self._known_besides(last)
        if address is None:
            turns = asyncio.Semaphore(KNOCKS_AT_ONCE)
            await asyncio.gather(*(self._knock(a, turns) for a in self._addresses(last)))
            address = self._known_besides(last)
        if address is not None:
            log.warning("printer %s is at %s now (it was at %s)", self.mac, address, last)
            found(address)

    async def _knock(self, address: str, turns: asyncio.Semaphore) -> None:
        """Makes the network ask who is there; whether its port is open does not matter."""
        async with turns:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(KNOCK_S):
                    _, writer = await asyncio.open_connection(address, self.port)
                    writer.transport.abort()

    def _known_besides(self, last: str) -> str | None:
        """Where it answers now. The network remembers its last address for a while as well."""
        return next((a for a, mac in self._table().items() if mac == self.mac and a != last), None)

    def _table(self) -> dict[str, str]:
        try:
            rows = self._neighbours.read_text().splitlines()[1:]
        except OSError:
            return {}
        fields = [row.split() for row in rows]
        return {f[0]: f[3].lower() for f in fields if len(f) >= 4 and int(f[2], 16) & _COMPLETE}


def segment_of(address: str) -> list[str]:
    """The 254 addresses around an IPv4 address; none around a name or an IPv6 address."""
    with contextlib.suppress(ValueError):
        network = ipaddress.IPv4Network(f"{address}/24", strict=False)
        return [str(host) for host in network.hosts()]
    return []

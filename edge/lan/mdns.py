"""Tells the LAN where the box is, and finds boxes on it, over mDNS: the one door to zeroconf."""

import asyncio
import fcntl
import ipaddress
import logging
import socket
import struct
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from protocol.lan import MDNS_SERVICE

log = logging.getLogger("edge.lan.mdns")

LOOK_AGAIN_S = 10.0  # how long a new address, or a network that came back, may go unnoticed
GOODBYE_TIMEOUT_S = 3.0
LISTEN_S = 1.5  # two questions: those who just told everybody are silent for a second
RESOLVE_TIMEOUT_MS = 1_500
# Several programs of one machine share the mDNS port (avahi is one): an answer to one address
# reaches any of them, an answer to all reaches us too.
TO_ALL = zeroconf.DNSQuestionType.QM
LABEL_BYTES_MAX = 63  # RFC 1035, 2.3.4
# Networks that exist only inside this machine: their addresses lead a screen nowhere.
INSIDE_ONLY = ("lo", "docker", "br-", "veth", "virbr", "cni", "podman")
# Asks the kernel for an interface's IPv4 address (linux/sockios.h; sys/sockio.h on macOS).
SIOCGIFADDR = 0x8915 if sys.platform == "linux" else 0xC0206921


@dataclass(frozen=True, slots=True)
class FoundBox:
    """A box as it announces itself. It may be gone all the same: ask its /health before trusting.

    A box that lost power is not withdrawn until its records expire.
    """

    name: str
    host: str
    port: int
    addresses: tuple[str, ...]
    text: Mapping[str, str]


class Announcement:
    """Publishes the box as `<name>._kedai._tcp.local.` and `<host>.local.` until stop().

    It never fails the box: without a network it says so once and looks again every ten seconds;
    when addresses change it announces the new ones. If the name is taken on the LAN, it takes the
    name with a number.
    """

    def __init__(
        self,
        name: str,
        host: str,
        port: int,
        text: Mapping[str, str],
        *,
        addresses: Callable[[], Sequence[str]] | None = None,
        look_again_s: float = LOOK_AGAIN_S,
    ) -> None:
        self.published_at: tuple[str, ...] = ()
        self._name, self._host, self._port, self._text = name, host, port, dict(text)
        self._addresses = addresses or lan_addresses
        self._look_again_s = look_again_s
        self._responder: AsyncZeroconf | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._trouble: str | None = None

    async def start(self) -> None:
        """Begins to announce and returns at once."""
        assert self._keeper is None, "an announcement is started once"
        self._keeper = asyncio.create_task(self._keep_announced())

    async def stop(self) -> None:
        """Says goodbye to the LAN, so that screens forget the box at once."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None
        await self._withdraw()

    def describe(self) -> str:
        """In words, for the health page."""
        if self._trouble is not None:
            return f"not announced on the LAN: {self._trouble}"
        return (
            f"announced as {self._host}.local at {', '.join(self.published_at) or 'no address yet'}"
        )

    async def _keep_announced(self) -> None:
        while True:
            try:
                addresses = tuple(sorted(self._addresses()))
                if addresses != self.published_at:
                    await self._withdraw()
                    if addresses:
                        await self._publish(addresses)
                self._note(None if addresses else "no network")
            except (OSError, zeroconf.Error) as fault:
                await self._withdraw()
                self._note(str(fault) or type(fault).__name__)
            await asyncio.sleep(self._look_again_s)

    async def _publish(self, addresses: tuple[str, ...]) -> None:
        for address in addresses:
            _ensure_ours(address)
        self._responder = AsyncZeroconf(interfaces=list(addresses))
        info = AsyncServiceInfo(
            MDNS_SERVICE,
            f"{_label(self._name)}.{MDNS_SERVICE}",
            port=self._port,
            properties=dict(self._text),
            server=f"{_label(self._host)}.local.",
            parsed_addresses=list(addresses),
        )
        await _listen_for_names(self._responder)
        announced = await self._responder.async_register_service(info, allow_name_change=True)
        await announced
        self.published_at = addresses

    async def _withdraw(self) -> None:
        responder, self._responder, self.published_at = self._responder, None, ()
        if responder is not None:
            with suppress(OSError, zeroconf.Error):  # a network that is gone needs no goodbye
                async with asyncio.timeout(GOODBYE_TIMEOUT_S):
                    await responder.async_unregister_all_services()
            with suppress(OSError, zeroconf.Error):
                await responder.async_close()

    def _note(self, trouble: str | None) -> None:
        if trouble is not None and self._trouble is None:
            log.warning("The box is not announced on the LAN (%s). It is tried again.", trouble)
        elif trouble is None and self._trouble is not None:
            log.info("The box is announced on the LAN again.")
        self._trouble = trouble


async def browse(seconds: float, *, addresses: Sequence[str] | None = None) -> list[FoundBox]:
    """The boxes that answer within so many seconds, by name; [] when there is no network.

    addresses are our own on the networks to look at; without them, all LAN addresses.
    """
    interfaces = list(addresses if addresses is not None else lan_addresses())
    if not interfaces:
        return []
    names: set[str] = set()

    def note(name: str, state_change: zeroconf.ServiceStateChange, **_: object) -> None:
        if state_change is zeroconf.ServiceStateChange.Removed:
            names.discard(name)
        else:
            names.add(name)

    try:
        for address in interfaces:
            _ensure_ours(address)
        responder = AsyncZeroconf(interfaces=interfaces)
    except OSError as fault:
        log.warning("Boxes cannot be looked for on the LAN (%s).", fault)
        return []
    try:
        browser = AsyncServiceBrowser(
            responder.zeroconf, MDNS_SERVICE, handlers=[note], question_type=TO_ALL
        )
        await asyncio.sleep(seconds)
        found = await asyncio.gather(*(_resolve(responder, name) for name in sorted(names)))
        await browser.async_cancel()
    finally:
        await responder.async_close()
    return [box for box in found if box is not None]


async def _resolve(responder: AsyncZeroconf, name: str) -> FoundBox | None:
    info = AsyncServiceInfo(MDNS_SERVICE, name)
    if not await info.async_request(responder.zeroconf, RESOLVE_TIMEOUT_MS, TO_ALL):
        return None
    return FoundBox(
        name=name.removesuffix(f".{MDNS_SERVICE}"),
        host=(info.server or "").removesuffix("."),
        port=info.port or 0,
        addresses=tuple(info.parsed_addresses()),
        text={key: value or "" for key, value in info.decoded_properties.items()},
    )


def lan_addresses() -> list[str]:
    """This machine's IPv4 addresses on networks that others can reach, one per interface."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for _, interface in socket.if_nameindex():
            if not interface.startswith(INSIDE_ONLY):
                request = struct.pack("256s", interface.encode()[:15])
                with suppress(OSError):  # it has no address now
                    answer = fcntl.ioctl(asking, SIOCGIFADDR, request)
                    found.append(socket.inet_ntoa(answer[20:24]))
    return [text for text in found if not ipaddress.ip_address(text).is_loopback]


async def _listen_for_names(responder: AsyncZeroconf) -> None:
    """Learns which names are taken. zeroconf asks too, but so that the answer goes to one address,
    where another program of this machine may get it; then two boxes would share a name."""
    browser = AsyncServiceBrowser(
        responder.zeroconf, MDNS_SERVICE, handlers=[lambda **_: None], question_type=TO_ALL
    )
    await asyncio.sleep(LISTEN_S)
    await browser.async_cancel()


def _ensure_ours(address: str) -> None:
    """Raises OSError for an address that has left this machine: zeroconf would leak a socket."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((address, 0))


def _label(name: str) -> str:
    """A name as one DNS label: no dots, at most 63 bytes, cut between characters."""
    return (
        name.replace(".", " ").encode()[:LABEL_BYTES_MAX].decode(errors="ignore").strip() or "box"
    )

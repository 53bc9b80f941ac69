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
FOUND_MAX = 64  # boxes that are asked for their address: a flood of names costs no more
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
    when addresses change it announces the new ones, and when what is said of the box changes (its
    role), that. If another machine has the name, it takes the name with a number, says so, and
    asks for its own name again at the next change of address.
    """

    def __init__(
        self,
        name: str,
        host: str,
        port: int,
        text: Mapping[str, str] | Callable[[], Mapping[str, str]],
        *,
        addresses: Callable[[], Sequence[str]] | None = None,
        look_again_s: float = LOOK_AGAIN_S,
    ) -> None:
        self.published_at: tuple[str, ...] = ()
        self.published_as = ""
        self._name, self._host, self._port = name, host, port
        self._text = text if callable(text) else lambda: text
        self._info: AsyncServiceInfo | None = None
        self._told: dict[str, str] = {}
        self._warned_of_twin = False
        self._addresses = addresses or lan_addresses
        self._look_again_s = look_again_s
        self._responder: AsyncZeroconf | None = None
        self._keeper: asyncio.Task[None] | None = None
        self.trouble: str | None = None
        """Why the box is not announced, while it is not."""

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
        if self.trouble is not None:
            return f"not announced on the LAN: {self.trouble}"
        host = f"{self._host}.local"
        if self._info is not None:
            host = (self._info.server or host).removesuffix(".")
        where = f"announced as {host} at {', '.join(self.published_at) or 'no address yet'}"
        return f"{where}; another box here is called {self._name} too" if self.twin else where

    @property
    def twin(self) -> bool:
        """Whether another machine on the LAN has our name, so that we carry a number."""
        return self.published_as not in ("", _label(self._name))

    async def _keep_announced(self) -> None:
        while True:
            try:
                addresses = tuple(sorted(self._addresses()))
                if addresses != self.published_at:
                    await self._withdraw()
                    if addresses:
                        await self._publish(addresses)
                elif addresses and dict(self._text()) != self._told:
                    await self._tell_anew()
                self._note(None if addresses else "no network")
            except (OSError, zeroconf.Error) as fault:
                await self._withdraw()
                self._note(str(fault) or type(fault).__name__)
            await asyncio.sleep(self._look_again_s)

    async def _publish(self, addresses: tuple[str, ...]) -> None:
        for address in addresses:
            _ensure_ours(address)
        self._responder = AsyncZeroconf(interfaces=list(addresses))
        names, hosts = await _taken(self._responder)
        name, host = _free(_label(self._name), names), _free(_label(self._host), hosts)
        self._told = dict(self._text())
        while True:
            info = self._described(name, host, addresses)
            try:
                # Two that start together both heard nobody: the probe then finds the other one.
                await (await self._responder.async_register_service(info))
                break
            except zeroconf.NonUniqueNameException:
                names.add(name.lower())
                hosts.add(host.lower())
                name, host = _free(_label(self._name), names), _free(_label(self._host), hosts)
        self._info, self.published_as, self.published_at = info, name, addresses
        self._note_twin()

    def _described(self, name: str, host: str, addresses: Sequence[str]) -> AsyncServiceInfo:
        return AsyncServiceInfo(
            MDNS_SERVICE,
            f"{name}.{MDNS_SERVICE}",
            port=self._port,
            properties=self._told,
            server=f"{host}.local.",
            parsed_addresses=list(addresses),
        )

    async def _tell_anew(self) -> None:
        """What is said of the box has changed: everybody on the LAN hears it at once."""
        assert self._info is not None, "it is published"
        assert self._responder is not None, "it is published"
        self._told = dict(self._text())
        host = (self._info.server or "").removesuffix(".local.")
        self._info = self._described(self.published_as, host, self.published_at)
        await (await self._responder.async_update_service(self._info))

    async def _withdraw(self) -> None:
        responder, self._responder, self.published_at = self._responder, None, ()
        self._info, self.published_as = None, ""
        if responder is not None:
            with suppress(OSError, zeroconf.Error):  # a network that is gone needs no goodbye
                async with asyncio.timeout(GOODBYE_TIMEOUT_S):
                    await responder.async_unregister_all_services()
            with suppress(OSError, zeroconf.Error):
                await responder.async_close()

    def _note_twin(self) -> None:
        if self.twin and not self._warned_of_twin:
            log.warning(
                "Another machine on the LAN is called %s: this box is announced as %s.",
                *(self._name, self.published_as),
            )
        self._warned_of_twin = self.twin

    def _note(self, trouble: str | None) -> None:
        if trouble is not None and self.trouble is None:
            log.warning("The box is not announced on the LAN (%s). It is tried again.", trouble)
        elif trouble is None and self.trouble is not None:
            log.info("The box is announced on the LAN again.")
        self.trouble = trouble


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
        heard = sorted(names)[:FOUND_MAX]
        found = await asyncio.gather(*(_resolve(responder, name) for name in heard))
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


async def _taken(responder: AsyncZeroconf) -> tuple[set[str], set[str]]:
    """Which box names and host names are taken on the LAN, in small letters.

    zeroconf asks for the box's name as well, but so that the answer goes to one address, where
    another program of this machine may get it; and for host names it does not ask: then a screen
    would be led to one of two boxes by chance.
    """
    names: set[str] = set()

    def note(name: str, state_change: zeroconf.ServiceStateChange, **_: object) -> None:
        if state_change is not zeroconf.ServiceStateChange.Removed:
            names.add(name)

    browser = AsyncServiceBrowser(
        responder.zeroconf, MDNS_SERVICE, handlers=[note], question_type=TO_ALL
    )
    await asyncio.sleep(LISTEN_S)
    heard = sorted(names)[:FOUND_MAX]
    found = await asyncio.gather(*(_resolve(responder, name) for name in heard))
    await browser.async_cancel()
    hosts = {box.host.removesuffix(".local").lower() for box in found if box is not None}
    return {name.removesuffix(f".{MDNS_SERVICE}").lower() for name in names}, hosts


def _free(wanted: str, taken: set[str]) -> str:
    """The name, or the name with the lowest number that nobody has (RFC 6762, 9)."""
    name, number = wanted, 2
    while name.lower() in taken:
        suffix = f"-{number}"
        name = f"{_cut(wanted, LABEL_BYTES_MAX - len(suffix))}{suffix}"
        number += 1
    return name


def _ensure_ours(address: str) -> None:
    """Raises OSError for an address that has left this machine: zeroconf would leak a socket."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((address, 0))


def _label(name: str) -> str:
    """A name as one DNS label: no dots, at most 63 bytes, cut between characters."""
    return _cut(name.replace(".", " "), LABEL_BYTES_MAX) or "box"


def _cut(name: str, most: int) -> str:
    return name.encode()[:most].decode(errors="ignore").strip()

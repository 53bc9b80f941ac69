"""`kedai edge broker check`: what is wrong with the broker that runs, found by trying it."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edge.lan.broker_access import BrokerAccess
from edge.lan.broker_config import BOX, KEEPALIVE_MAX_S, PACKET_MAX, BrokerSettings
from edge.lan.broker_probe import NoBroker, Probe, probe
from edge.lan.packets import NOT_AUTHORIZED
from protocol import lan
from protocol.devices import DeviceKind

RELOADED_WITHIN_S = 10.0
HEARD_WITHIN_S = 1.0
SAVED_LATER_S = 3.0
MAXIMUM_PACKET_SIZE, SERVER_KEEP_ALIVE = 0x27, 0x13
YES = {0x00, 0x10}
WEBSOCKET_PORT = 9001
HOW = "`kedai edge broker config` writes the settings; put them in place and restart mosquitto."


class Finding(msgspec.Struct, frozen=True):
    """One thing that was tried: whether it is well, and in words what is, or what to do."""

    code: str
    ok: bool
    en: str


@dataclass(frozen=True, slots=True)
class Tried:
    """What the check goes by."""

    settings: BrokerSettings
    access: BrokerAccess
    outlet: str
    name: str
    """Of the throw-away device: nobody else's."""
    token: str
    reload: Callable[[], None]
    """Has the broker read its files again, where nothing else does it."""


async def check(tried: Tried) -> list[Finding]:
    """Everything that was tried, the gravest first. Leaves nothing behind on the broker."""
    settings = tried.settings
    found = [*_listeners(settings)]
    try:
        async with _as_box(tried) as box:
            if box.code != 0:
                found.append(
                    _bad("box", f"The broker refuses the box itself (code {box.code}). {HOW}")
                )
                return found
            found.append(_good("box", f"The box comes in at {settings.host}:{settings.port}."))
            found.extend(_limits(box))
            found.append(await _persistence(tried, box))
            if await _lets_anybody_in(settings, tried.name):
                found.append(_open_door(settings))
            else:
                found.append(_good("door", "Nobody comes in without a password."))
                found.extend(await _rights(tried, box))
    except NoBroker as fault:
        found.insert(0, _bad("answer", f"The broker does not work: {fault}. Is mosquitto running?"))
    return found


def _as_box(tried: Tried) -> contextlib.AbstractAsyncContextManager[Probe]:
    settings, access = tried.settings, tried.access
    return probe(settings.host, settings.port, f"{tried.name}-box", BOX, access.password(BOX))


def _limits(box: Probe) -> Iterator[Finding]:
    wanted = {MAXIMUM_PACKET_SIZE: PACKET_MAX, SERVER_KEEP_ALIVE: KEEPALIVE_MAX_S}
    if any(box.limits.get(name) != limit for name, limit in wanted.items()):
        yield _bad("settings", f"The broker runs with settings that are not ours. {HOW}")
    else:
        yield _good("settings", "The broker keeps our limits of size and silence.")


async def _persistence(tried: Tried, box: Probe) -> Finding:
    """Whether what is retained reaches the disk: when it may not write, mosquitto only logs it."""
    file = Path(tried.settings.state_dir) / "mosquitto.db"
    try:
        before = file.stat().st_mtime_ns if file.exists() else 0
        file.parent.stat()
    except PermissionError:
        return _good("disk", f"Not looked at: {file.parent} may be read by root only.")
    except OSError:
        before = 0
    topic = lan.presence_topic(tried.outlet, tried.name)
    await box.publish(topic, b"{}", retain=True)
    try:
        async with asyncio.timeout(tried.settings.save_every_s + SAVED_LATER_S):
            while not file.exists() or file.stat().st_mtime_ns == before:  # noqa: ASYNC110 -- files have no events
                await asyncio.sleep(0.1)
    except TimeoutError:
        return _bad(
            "disk",
            f"The broker does not save to {file}: a power cut loses what it retains. Its user must "
            "be allowed to write there (`chown mosquitto`).",
        )
    finally:
        await box.publish(topic, b"", retain=True)
    seconds = tried.settings.save_every_s
    return _good("disk", f"What the broker retains is on disk within {seconds} s.")


async def _lets_anybody_in(settings: BrokerSettings, name: str) -> bool:
    for user, password in ((None, ""), (BOX, "wrong")):
        try:
            async with probe(settings.host, settings.port, f"{name}-x", user, password) as stranger:
                if stranger.code == 0:
                    return True
        except NoBroker:
            pass
    return False


def _open_door(settings: BrokerSettings) -> Finding:
    if not settings.passwords:
        words = "Any program on this machine comes in without a password, as this demo is set up."
        return _good("door", words)
    return _bad("door", f"The broker lets anybody in without the right password. {HOW}")


async def _rights(tried: Tried, box: Probe) -> list[Finding]:
    """Lets a throw-away display in, tries what it must not do, and shuts it out again."""
    tried.access.grant(tried.name, DeviceKind.KITCHEN, tried.token)
    tried.reload()
    try:
        async with _display(tried) as display:
            if display is None:
                return [_not_read_again(tried)]
            found = [_good("join", "A device that joins is let in at once.")]
            found.append(await _what_it_may(tried, display, box))
            tried.access.withdraw(tried.name)
            tried.reload()
            if await display.is_cut(RELOADED_WITHIN_S):
                found.append(_good("revoked", "A device that is revoked is cut at once."))
            else:
                found.append(
                    _bad("revoked", "A revoked device stays connected. Restart mosquitto.")
                )
            return found
    finally:
        tried.access.withdraw(tried.name)
        tried.reload()


@contextlib.asynccontextmanager
async def _display(tried: Tried) -> AsyncIterator[Probe | None]:
    """The throw-away display's connection, once the broker knows it; None when it never does."""
    settings, loop = tried.settings, asyncio.get_running_loop()
    until_s = loop.time() + RELOADED_WITHIN_S
    while True:
        async with probe(
            settings.host, settings.port, tried.name, tried.name, tried.token
        ) as display:
            if display.code == 0 or loop.time() > until_s:
                yield display if display.code == 0 else None
                return
        await asyncio.sleep(0.2)


async def _what_it_may(tried: Tried, display: Probe, box: Probe) -> Finding:
    outlet, name = tried.outlet, tried.name
    await display.subscribe(f"{lan.TOPIC_ROOT}/{outlet}/#")
    # All of it is empty, not retained, and on topics of no station, order or device there is.
    own = await display.publish(lan.shown_topic(outlet, name))
    forbidden = (lan.ticket_topic(outlet, name, name), lan.shown_topic(outlet, f"{name}-other"))
    codes = [await display.publish(topic) for topic in forbidden]
    money, asked = lan.payment_topic(outlet, name), lan.device_commands_topic(outlet, name)
    for topic in (money, asked):
        await box.publish(topic)
    heard = await display.heard(HEARD_WITHIN_S)
    if own not in YES or asked not in heard:
        return _bad("rights", f"A display is not let do what it must. {_again(tried)}")
    if any(code != NOT_AUTHORIZED for code in codes) or money in heard:
        return _bad("rights", f"A display may do what only the box may. {_again(tried)}")
    return _good("rights", "A display hears its kitchen and writes under its own name only.")


def _not_read_again(tried: Tried) -> Finding:
    return _bad(
        "join",
        f"A device that joins is not let in: the broker does not read {tried.access.passwords} "
        "again. Is `kedai-broker-access.path` enabled?",
    )


def _again(tried: Tried) -> str:
    return f"Its rights are not those of {tried.access.acl}. {HOW}"


# ---------------------------------------------------------------- who listens


def _listeners(settings: BrokerSettings) -> Iterator[Finding]:
    """Where this machine listens on the broker's ports, by the kernel's own list (Linux)."""
    inside = [_address(host) for host, port in _listening() if port == settings.port]
    outside = sorted({host for host in inside if not _is_loopback(host)})
    if outside:
        yield _bad(
            "listener",
            f"Port {settings.port} is open to the network at {', '.join(outside)}, without "
            f"encryption. Screens come in through the box: it needs {settings.host} only. {HOW}",
        )
    elif inside:
        yield _good("listener", f"Port {settings.port} is open on this machine only.")
    if WEBSOCKET_PORT in {port for _, port in _listening()}:
        yield _bad(
            "websockets",
            f"Something listens on port {WEBSOCKET_PORT}. A WebSocket listener of mosquitto 2.0.11 "
            "is open to every network whatever its settings say; screens do not need it.",
        )


def _listening() -> Iterator[tuple[str, int]]:
    """(address in hexadecimal, port) of every TCP socket that listens; nothing where none is told."""
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
                columns = line.split()
                if columns[3] == "0A":
                    host, _, port = columns[1].rpartition(":")
                    yield host, int(port, 16)


def _address(packed: str) -> str:
    """The kernel writes each 32 bits in the order of this machine."""
    words = [packed[i : i + 8] for i in range(0, len(packed), 8)]
    raw = b"".join(bytes.fromhex(word)[::-1] for word in words)
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)


def _is_loopback(host: str) -> bool:
    return host == "::1" or host.removeprefix("::ffff:").startswith("127.")


def _good(code: str, en: str) -> Finding:
    return Finding(code, True, en)


def _bad(code: str, en: str) -> Finding:
    return Finding(code, False, en)

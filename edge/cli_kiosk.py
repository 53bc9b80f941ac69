"""`kedai kiosk`, the agent of a screen's machine, and `kedai edge approve` beside the box."""

import asyncio
import contextlib
import signal
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import msgspec

from protocol.devices import PairingWaiting

SCREENS = ("kiosk", "counter", "kitchen", "board")


@click.command()
@click.option(
    "--screen",
    type=click.Choice(SCREENS),
    default="kiosk",
    show_default=True,
    help="What this machine shows, and so what it may do at the box.",
)
@click.option("--name", default="", help="What people call this screen, such as `Grill 1`.")
@click.option("--box", "box_url", default="", help="Address of the box, where it cannot be found.")
@click.option(
    "--port",
    default=8088,
    show_default=True,
    help="Port on localhost. Keep it: what the screen stores belongs to this address.",
)
@click.option(
    "--data",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("~/.kedai-kiosk"),
    show_default=True,
    help="Folder of its own: pairing, copies of the screen, browser profile.",
)
@click.option("--browser", is_flag=True, help="Start Chromium full screen, and again when it dies.")
@click.option("--program", default="", help="Browser to start instead of the Chromium found.")
@click.option(
    "--language",
    type=click.Choice(["id", "en"]),
    default="id",
    show_default=True,
    help="Language that the agent's own page shows large.",
)
@click.option("--forget", is_flag=True, help="Give up the pairing first, and pair anew.")
@click.option("--log-level", default="INFO", show_default=True, help="How much is logged.")
def kiosk(folder: Path, *, forget: bool, log_level: str, screen: str, **given: Any) -> None:
    """Make this machine a screen of the outlet.

    It finds the box on the network, shows a code that somebody approves on a counter screen (or
    with `kedai edge approve` at the box), and then serves the screen at http://localhost:PORT.
    There the browser keeps everything it needs, so the screen starts and takes orders while the
    box is away, and goes on when the box comes back, at whatever address.

    A box with another certificate than the one it was paired with is refused.
    """
    from edge import logs
    from edge.kiosk import agent
    from edge.kiosk.memory import Memory
    from protocol.devices import DeviceKind

    logs.set_up(log_level, as_json=False)
    given["box_url"] = _address(given["box_url"])
    options = agent.Options(folder=folder.expanduser(), kind=DeviceKind(screen), **given)
    try:
        if forget:
            memory = Memory(options.folder)
            memory.load()
            memory.forget()
        asyncio.run(_until_told(options))
    except OSError as fault:
        _fail(
            f"The folder {options.folder} cannot be used: {fault.strerror}. Choose another --data."
        )
    except agent.CannotStart as fault:
        _fail(f"The agent cannot start: {fault}. Nothing was changed.")


@click.command()
@click.argument("code", required=False)
@click.option(
    "--box", default="http://127.0.0.1:8080", show_default=True, help="Address of the box."
)
@click.option("--deny", is_flag=True, help="Send the device away instead.")
@click.option("--name", default=None, help="Call the device this from now on.")
@click.option("--by", default="", help="Who says so, for the journal.")
def approve(code: str | None, box: str, *, deny: bool, name: str | None, by: str) -> None:
    """Let the device in that shows CODE; without CODE, list those that wait.

    Works on the box's own machine, also while nobody is paired and HQ is away.
    """
    try:
        said = asyncio.run(_decide(box, code, deny=deny, name=name, by=by))
        click.echo(said)
    except _No as no:
        _fail(str(no))


class _No(Exception):
    """It was not done; the sentence says why."""


async def _until_told(options: Any) -> None:
    from edge.kiosk import agent

    stopping = asyncio.Event()
    for told in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(told, stopping.set)
    await agent.run(options, stopping)


async def _decide(box: str, code: str | None, *, deny: bool, name: str | None, by: str) -> str:
    from edge.http_client import HTTPError, open_client

    try:
        async with open_client(box) as client:
            listed = await client.get("/api/devices/pairings")
            if listed.status_code != 200:
                raise _No(_why(listed.content) or f"{box} answered {listed.status_code}.")
            waiting = msgspec.json.decode(listed.content, type=list[PairingWaiting])
            if code is None:
                return _list_of(waiting)
            typed = code.strip().upper().replace(" ", "").replace("-", "")
            found = next((w for w in waiting if w.code == typed), None)
            if found is None:
                raise _No(f"No device shows {typed}. Nobody was let in.\n{_list_of(waiting)}")
            verb = "deny" if deny else "approve"
            body = {} if deny else {"by": by, "code": typed, "name": name}
            path = f"/api/devices/pairings/{found.pairing_id}/{verb}"
            done = await client.post(path, json=body)
            if done.status_code != 200:
                raise _No(_why(done.content) or f"{box} answered {done.status_code}.")
            return f"{name or found.name} ({found.kind}) {'was sent away' if deny else 'is in'}."
    except (HTTPError, msgspec.DecodeError) as fault:
        raise _No(
            f"{box} does not answer as a box ({type(fault).__name__}). Nobody was let in. Start the"
            " box, or say where it is with --box."
        ) from fault


def _address(text: str) -> str:
    """The box's address as a URL; a bare `192.168.1.10:8080` is meant as one."""
    url = text if "://" in text or not text else f"http://{text}"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if url and not usable:
        _fail(f"{text} is no address of a box; it looks like http://192.168.1.10:8080")
    return url.rstrip("/")


def _list_of(waiting: list[PairingWaiting]) -> str:
    if not waiting:
        return "No device waits to be let in."
    rows = [f"  {w.code}  {w.name} ({w.kind}), from {w.address}" for w in waiting]
    return "\n".join(["Waiting:", *rows])


def _why(body: bytes) -> str:
    with contextlib.suppress(msgspec.DecodeError, AttributeError):
        problem = msgspec.json.decode(body)
        return f"{problem.get('title', '')} {problem.get('what_to_do', '')}".strip()
    return ""


def _fail(sentence: str) -> None:
    click.echo(sentence, err=True)
    sys.exit(1)

"""`kedai edge broker`: the settings of the outlet's MQTT broker, and whether it keeps to them."""

import asyncio
import contextlib
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

import click
import msgspec
from msgspec.structs import replace

_config_option = click.option(
    "--config", "config_file", type=click.Path(path_type=Path), help="TOML file; see `config.py`."
)
_data_option = click.option("--data", "data_dir", help="Folder for journal, key and spool.")


@click.group()
def broker() -> None:
    """The MQTT broker beside the box."""


@broker.command()
@_config_option
@_data_option
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write mosquitto.conf, passwords and acl into this folder instead of printing.",
)
@click.option("--state", default="", help="Folder where mosquitto keeps its own state.")
@click.option("--lan-port", type=int, default=0, help="TLS port for devices that speak MQTT.")
@click.option("--certificate", type=click.Path(path_type=Path), help="Certificate for --lan-port.")
@click.option("--key", type=click.Path(path_type=Path), help="Key for --lan-port.")
def config(config_file: Path | None, data_dir: str | None, out: Path | None, **more: Any) -> None:
    """Print the settings for the system's mosquitto, made from the box's own.

    They belong in /etc/mosquitto/kedai.conf. With --out, password file and rights file are written
    beside them, and mosquitto can be started from that folder: mosquitto -c DIR/mosquitto.conf
    """
    from edge.lan.broker_config import mosquitto_conf, system_settings

    box = _config(config_file, data_dir)
    settings = system_settings(box.mqtt_host, box.mqtt_port)
    if more["state"]:
        settings = replace(settings, state_dir=more["state"])
    if more["lan_port"]:
        if more["certificate"] is None:
            _fail("--lan-port needs --certificate (and --key when that is another file).")
        settings = replace(
            settings,
            lan_port=more["lan_port"],
            certificate=str(more["certificate"].absolute()),
            key=str((more["key"] or more["certificate"]).absolute()),
        )
    if out is None:
        click.echo(mosquitto_conf(settings), nl=False)
        return
    out = out.absolute()
    settings = replace(settings, passwords=str(out / "passwords"), acl=str(out / "acl"))
    try:
        out.mkdir(parents=True, exist_ok=True)
        access = asyncio.run(_access(box))
        (out / "mosquitto.conf").write_text(mosquitto_conf(settings))
        for source in (access.passwords, access.acl):
            target = out / source.name
            target.touch(mode=0o640)
            target.write_bytes(source.read_bytes())
    except OSError as fault:
        _fail(f"Nothing was put in place: {fault}.")
    click.echo(
        f"{out} holds mosquitto.conf, passwords and acl. mosquitto's user must be able to read "
        "them; `kedai edge broker check` then says whether the broker keeps to them."
    )


@broker.command()
@_config_option
@_data_option
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def check(config_file: Path | None, data_dir: str | None, as_json: bool) -> None:
    """Try the running broker and say in words what is wrong; ends with 1 when something is.

    A throw-away device is let in, tries what it must not do, and is shut out again. Orders go on.
    """
    from edge.lan import broker_check
    from edge.platform import Platform

    box, platform = _config(config_file, data_dir), Platform()

    async def look() -> list[broker_check.Finding]:
        access = await _access(box)
        settings = _running_settings(box)
        tried = broker_check.Tried(
            settings=settings,
            access=access,
            outlet=_outlet(box),
            name=f"check-{platform.entropy(6).hex()}",
            token=platform.entropy(32).hex(),
            reload=lambda: _reload(settings.pid_file),
        )
        return await broker_check.check(tried)

    try:
        found = asyncio.run(look())
    except OSError as fault:
        _fail(f"The broker could not be tried: {fault}. Are you root, or the box's own user?")
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)))
    for finding in [] if as_json else found:
        click.echo(f"{'ok   ' if finding.ok else 'WRONG'} {finding.en}")
    sys.exit(0 if all(finding.ok for finding in found) else 1)


async def _access(box: Any) -> Any:
    from edge.lan.broker_access import BrokerAccess
    from edge.platform import Platform

    data = Path(box.data_dir)
    folder = Path(box.mqtt_access_dir or data / "broker-access")
    access = BrokerAccess(folder, data, _outlet(box), Platform())
    await access.start()
    return access


def _outlet(box: Any) -> str:
    from edge.node import Node

    node = Node(Path(box.data_dir))
    node.load()
    return node.enrolled.outlet_id if node.enrolled else "alone"


def _running_settings(box: Any) -> Any:
    """Of the system's mosquitto, or of the box's own, which chose its port itself."""
    from edge.lan.broker_config import system_settings

    settings = system_settings(box.mqtt_host, box.mqtt_port)
    if not box.mqtt_embedded:
        return settings
    folder = Path(box.data_dir) / "broker"
    with contextlib.suppress(OSError):
        text = (folder / "mosquitto.conf").read_text()
        if (line := re.search(r"^listener (\d+) (\S+)$", text, re.MULTILINE)) is not None:
            settings = replace(settings, port=int(line[1]), host=line[2])
        if "password_file" not in text:
            settings = replace(settings, passwords="")
    pid_file = str(folder / "broker.pid")
    return replace(settings, state_dir=str(folder), save_every_s=1, pid_file=pid_file)


def _reload(pid_file: str) -> None:
    """The system's broker is told by systemd when the files change; the box's own by us."""
    if not pid_file:
        return
    with contextlib.suppress(OSError, ValueError):
        pid = int(Path(pid_file).read_text())
        if Path(f"/proc/{pid}/comm").read_text().strip() == "mosquitto":
            os.kill(pid, signal.SIGHUP)


def _config(config_file: Path | None, data_dir: str | None) -> Any:
    from edge.config import ConfigError, load

    try:
        found = load(config_file)
    except ConfigError as fault:
        _fail(f"{fault}. Nothing was changed.")
    return found if data_dir is None else replace(found, data_dir=data_dir)


def _fail(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(1)

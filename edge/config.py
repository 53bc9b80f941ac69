"""The box's configuration: one TOML file, decoded once into a frozen struct, then passed around.

Each key can be set by an environment variable as well: `KEDAI_HTTP_PORT` for `http_port`.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_origin

import msgspec

from edge.printing.profiles import PROFILES

PREFIX = "KEDAI_"
FILE_VARIABLE = "KEDAI_EDGE_CONFIG"
_MAC = re.compile(r"([0-9a-f]{2}[:-]){5}[0-9a-f]{2}", re.ASCII | re.IGNORECASE)


class ConfigError(Exception):
    """The configuration cannot be used; the sentence says which key and what is wrong."""


class BrokerAddress(msgspec.Struct, frozen=True):
    """Where the outlet's MQTT broker listens."""

    host: str
    port: int


class PrinterConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One printer of the outlet. It prints the tickets of `stations`, and receipts if `receipts`.

    `network`: `host` (a name, where the network knows one, survives a new address) and `port`; with
    `mac`, the address on the printer's label, it is looked for when its address has changed. `usb`:
    `device`, such as /dev/usb/lp0. `virtual`: a printer of software that the box brings itself.
    `backup` is the printer that gets its kitchen tickets while it cannot print, and the backup's
    backup while neither can.
    """

    id: str
    name: str
    kind: Literal["network", "usb", "virtual"] = "network"
    host: str = ""
    port: int = 9100
    mac: str = ""
    device: str = ""
    profile: str = "80mm"
    stations: tuple[str, ...] = ()
    receipts: bool = False
    backup: str | None = None
    status: Literal["full", "realtime", "none"] = "full"
    timeout_s: float = 10


def stand_ins_of(printer: str, printers: Mapping[str, PrinterConfig]) -> tuple[str, ...]:
    """Who prints in place of a printer: its backup, that one's backup and so on, each once."""
    found: list[str] = []
    last = printers[printer].backup
    while last is not None and last in printers and last not in (printer, *found):
        found.append(last)
        last = printers[last].backup
    return tuple(found)


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything an operator can set on a box. Paths are absolute or relative to the start folder."""

    data_dir: str = "/var/lib/kedai"
    http_host: str = "0.0.0.0"  # noqa: S104 - screens on the outlet's LAN reach the box
    http_port: int = 8080
    hq_url: str = ""
    """Where HQ is; empty on a box that works alone."""
    outlet_name: str = ""
    """Only for a box that works alone; an enrolled box has its name from HQ."""
    currency: str = "IDR"
    zone: str = "Asia/Jakarta"
    rollover_hour: int = 0
    language: str = "id"
    tenders: tuple[str, ...] = ("cash", "card", "qris", "ewallet")
    mqtt_host: str = "127.0.0.1"
    mqtt_port: int = 1883
    mqtt_embedded: bool = False
    """Start a broker of our own on a free port instead: for a demo, or a box without mosquitto."""
    mqtt_access_dir: str = ""
    """Where the broker's password and rights files are kept for it; empty: in `data_dir`."""
    announce: bool = True
    """Tell the LAN over mDNS where the box is."""
    pairing: Literal["open", "required"] = "open"
    """Whether a screen must be paired to use the box: with "required", every call of the API but
    health and pairing needs a device's token, and so does `/mqtt`."""
    https_port: int = 0
    """Serve over TLS there as well, with the box's own certificate; 0 is off. Devices that were
    paired know it by its fingerprint and use it when it is there."""
    printers: tuple[PrinterConfig, ...] = ()
    receipt_header: tuple[str, ...] = ()
    """Lines beneath the outlet's name on each receipt: address, telephone, tax number."""
    receipt_footer: tuple[str, ...] = ()
    """Lines at the end of each receipt instead of the thanks."""
    receipt_url: str = ""
    """Where guests' phones reach the box for the digital receipt behind the QR code, such as
    https://struk.example.com. Empty: its name on the LAN, while it announces itself; `none`: there
    is no code."""
    journal_days: int = 14
    """Days that journal entries stay on the box at least, however safe they are at HQ."""
    ballast_mb: int = 64
    """Megabytes set aside on the disk, given up when it is nearly full so that orders go on."""
    pictures_mb: int = 200
    """Megabytes of dishes' pictures that are kept at most; they are the first to go as the disk fills."""
    sign_in: Literal["auto", "off"] = "auto"
    """Whether staff sign in with a PIN: "auto" as soon as somebody works here who has one, else never."""
    reprice: Literal["never", "unsent", "all_unpaid"] = "unsent"
    """Which unpaid lines take a new price: none, those the kitchen has not got, or all."""
    log_json: bool = False
    log_level: str = "INFO"


def load(path: Path | None, environ: Mapping[str, str] = os.environ) -> Config:
    """The configuration of a file (or none), with what the environment overrides.

    Raises ConfigError for a missing file, broken TOML, an unknown key or a wrong value.
    """
    given: dict[str, Any] = {}
    if path is None and environ.get(FILE_VARIABLE):
        path = Path(environ[FILE_VARIABLE])
    if path is not None:
        try:
            given = tomllib.loads(path.read_text())
        except OSError as fault:
            raise ConfigError(f"{path} cannot be read: {fault.strerror}") from fault
        except tomllib.TOMLDecodeError as fault:
            raise ConfigError(f"{path} is not TOML: {fault}") from fault
    given |= _from_environment(environ)
    try:
        config = msgspec.convert(given, Config)
    except msgspec.ValidationError as fault:
        raise ConfigError(f"configuration: {fault}") from fault
    _ensure_printers_fit(config)
    return config


def _ensure_printers_fit(config: Config) -> None:
    seen: set[str] = set()
    for printer in config.printers:
        if printer.id in seen:
            raise ConfigError(f"printer {printer.id!r} is configured twice")
        seen.add(printer.id)
    for printer in config.printers:
        if (wrong := _wrong_with(printer, seen)) is not None:
            raise ConfigError(f"printer {printer.id!r} {wrong}")


def _wrong_with(printer: PrinterConfig, known: set[str]) -> str | None:
    if printer.profile not in PROFILES:
        return f"has the unknown profile {printer.profile!r}; known are {', '.join(PROFILES)}"
    if printer.kind == "network" and not printer.host:
        return "is on the network and needs a host"
    if printer.kind == "usb" and not printer.device:
        return "is on USB and needs a device, such as /dev/usb/lp0"
    if printer.mac and _MAC.fullmatch(printer.mac) is None:
        return f"has {printer.mac!r} for a mac; it looks like 00:26:ab:01:02:03"
    if printer.backup is not None and printer.backup not in known - {printer.id}:
        return f"has {printer.backup!r} for a backup, which is no other printer of this box"
    return None


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(Config):
        text = environ.get(PREFIX + field.name.upper())
        if text is not None:
            found[field.name] = _parse(field.name, text, field.type)
    return found


def _parse(name: str, text: str, kind: Any) -> Any:
    if kind is str or get_origin(kind) is Literal:
        return text
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        pass
    if kind is bool and text.lower() in ("yes", "on", "no", "off"):
        return text.lower() in ("yes", "on")
    raise ConfigError(f"{PREFIX}{name.upper()}={text!r} is not a value for {name}")

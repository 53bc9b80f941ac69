"""What the outlet's mosquitto is told: its settings, its password file and its rights file."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping

import msgspec

from edge.lan.rights import TopicRights, ensure_device_id, rights_of, rights_of_unpaired
from protocol.devices import DeviceKind
from protocol.lan import TOPIC_ROOT

BOX, SCREENS = "box", "screens"
"""Users of the broker that are no devices: the box itself, and screens that were never paired,
for whom the bridge speaks."""
NO_DEVICES = {BOX, SCREENS}

HASH_ROUNDS = 101
"""mosquitto's own number (2.0, `mosquitto_passwd`). Our passwords are 256 random bits, which no
number of rounds makes stronger; a thousand would hold up its one thread at each connect."""
SALT_BYTES, HASH_BYTES = 12, 64

PACKET_MAX = 1_048_576
"""Bytes. An order has at most 200 lines, so its ticket stays well below; a larger packet would
end the box's own connection."""
QUEUED_MAX, QUEUED_BYTES_MAX = 10_000, 16_777_216
"""Per client: messages that wait while it is away or slow, and what is retained for a newcomer."""
INFLIGHT_MAX = 40
KEEPALIVE_MAX_S = 120
CONNECTIONS_MAX = 200


class BrokerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """All that differs between the broker of a demo, of a test and of an outlet."""

    state_dir: str
    """Where it keeps retained messages and sessions."""
    host: str = "127.0.0.1"
    port: int = 1883
    passwords: str = ""
    """Its password file; empty: anybody on this machine may do anything."""
    acl: str = ""
    save_every_s: int = 1
    """Its own default is half an hour, which a power cut would cost."""
    run_as: str = ""
    log: str = "stderr"
    pid_file: str = ""
    lan_host: str = ""
    lan_port: int = 0
    """A listener with TLS for devices that speak MQTT themselves; 0: none. Screens do not need it,
    they come through the box."""
    certificate: str = ""
    key: str = ""


SYSTEM_STATE = "/var/lib/mosquitto"
SYSTEM_SAVES_EVERY_S = 5
"""The whole file is written and flushed each time, whether or not anything is new: each second
would wear out a memory card. What a power cut takes, the box says again when it connects."""


def system_settings(host: str, port: int) -> BrokerSettings:
    """How the mosquitto of an outlet's box runs: see `firmware-config/README.md`."""
    return BrokerSettings(
        state_dir=SYSTEM_STATE,
        host=host,
        port=port,
        passwords=f"{SYSTEM_STATE}/kedai-passwords",
        acl=f"{SYSTEM_STATE}/kedai-acl",
        save_every_s=SYSTEM_SAVES_EVERY_S,
    )


def mosquitto_conf(settings: BrokerSettings) -> str:
    """The text of mosquitto.conf, for 2.0.11 (Debian 12) and later 2.0."""
    lines = [
        "# Written by `kedai edge broker config`; changes here are lost.",
        "# With true, 2.0.21 forgets what waits for a client that is away.",
        "per_listener_settings false",
        f"allow_anonymous {'false' if settings.passwords else 'true'}",
    ]
    if settings.passwords:
        lines += [f"password_file {settings.passwords}", f"acl_file {settings.acl}"]
    lines += [
        "",
        "persistence true",
        f"persistence_location {settings.state_dir.rstrip('/')}/",
        f"autosave_interval {settings.save_every_s}",
        "persistent_client_expiration 14d",
        "",
        f"max_queued_messages {QUEUED_MAX}",
        f"max_queued_bytes {QUEUED_BYTES_MAX}",
        f"max_inflight_messages {INFLIGHT_MAX}",
        f"max_packet_size {PACKET_MAX}",
        f"max_keepalive {KEEPALIVE_MAX_S}",
        "# Without it each exchange waits 40 ms for a delayed acknowledgement.",
        "set_tcp_nodelay true",
        "",
        f"log_dest {settings.log}",
        "log_type error",
        "log_type warning",
        "connection_messages false",
    ]
    if settings.pid_file:
        lines.append(f"pid_file {settings.pid_file}")
    if settings.run_as:
        lines.append(f"user {settings.run_as}")
    return "\n".join([*lines, "", *_listeners(settings)]) + "\n"


def _listeners(settings: BrokerSettings) -> list[str]:
    """No WebSocket listener: 2.0.11 binds it to every address whatever it is told."""
    lines = [
        "# For the box, and for screens through the box.",
        f"listener {settings.port} {settings.host}",
        f"max_connections {CONNECTIONS_MAX}",
    ]
    if settings.lan_port:
        assert settings.passwords, "a listener on the LAN asks for passwords"
        lines += [
            "",
            "# For devices that speak MQTT themselves. The name is the identity, so that no device",
            "# takes over the session of another, or of the box.",
            f"listener {settings.lan_port} {settings.lan_host}".rstrip(),
            f"max_connections {CONNECTIONS_MAX}",
            "use_username_as_clientid true",
            f"certfile {settings.certificate}",
            f"keyfile {settings.key}",
            "tls_version tlsv1.2",
        ]
    return lines


def acl_text(outlet: str, devices: Mapping[str, DeviceKind]) -> str:
    """The rights file: what each identity may read and write. Raises ValueError for a bad id."""
    parts = [
        "# Written by the box; changes here are lost.",
        f"user {BOX}\ntopic readwrite {TOPIC_ROOT}/{outlet}/#\ntopic read $SYS/broker/#",
        _section(SCREENS, rights_of_unpaired(outlet)),
    ]
    for device, kind in sorted(devices.items()):
        ensure_nameable(device)
        parts.append(_section(device, rights_of(kind, outlet, device)))
    return "\n\n".join(parts) + "\n"


def _section(user: str, rights: TopicRights) -> str:
    lines = [f"user {user}"]
    for topic in dict.fromkeys((*rights.reads, *rights.writes)):
        both = topic in rights.reads and topic in rights.writes
        way = "readwrite" if both else "read" if topic in rights.reads else "write"
        lines.append(f"topic {way} {topic}")
    return "\n".join(lines)


def ensure_nameable(device: str) -> None:
    """Raises ValueError for an id that no device may have on the broker."""
    ensure_device_id(device)
    if device in NO_DEVICES:
        raise ValueError(f"{device!r} is the broker's name for something else")


def password_line(user: str, password: str, salt: bytes) -> str:
    """One line of the password file, as mosquitto_passwd of 2.0 writes it: PBKDF2 over SHA-512."""
    assert len(salt) == SALT_BYTES
    digest = _digest(password, salt, HASH_ROUNDS)
    return f"{user}:$7${HASH_ROUNDS}${_b64(salt)}${_b64(digest)}"


def password_fits(line: str, password: str) -> bool:
    """Whether a line of the password file is of this password; False for one nobody can read."""
    try:
        _, _, kind, rounds, salt, digest = line.strip().replace(":", "$", 1).split("$")
        made = _digest(password, base64.b64decode(salt), int(rounds))
        return kind == "7" and hmac.compare_digest(made, base64.b64decode(digest))
    except ValueError:
        return False


def users_of(lines: Iterable[str]) -> dict[str, str]:
    """The lines of a password file by user."""
    return {line.split(":", 1)[0]: line for line in lines if ":" in line}


def _digest(password: str, salt: bytes, rounds: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds, HASH_BYTES)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()

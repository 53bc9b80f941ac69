"""Who may hear and say what on the outlet's broker: the one list that bridge and broker both obey."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from protocol.devices import DeviceCard, DeviceKind
from protocol.lan import TOPIC_ROOT

DEVICE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""What a device may be called on the broker. Anything else could slip a line into its rights
file, or a wildcard into a topic."""

Revoked = Callable[[str], None]


class Rights(Protocol):
    """The paired devices, as the bridge and the broker's files need to know them."""

    on_revoked: list[Revoked]
    """Called at once with the id of a device that lost its rights."""

    def find(self, device: str, token: str) -> DeviceKind | None:
        """What this device is there for, or None when the token is not (or no longer) its own."""
        raise NotImplementedError

    def holder(self, token: str) -> DeviceCard | None:
        """Whose token this is, for a connection that names no device; None when nobody's."""
        raise NotImplementedError

    def card(self, device: str) -> DeviceCard | None:
        """The device of this id if it was ever paired, revoked ones too."""
        raise NotImplementedError


class NobodyPaired:
    """The rights of a box that has paired nobody yet."""

    def __init__(self) -> None:
        self.on_revoked: list[Revoked] = []

    def find(self, device: str, token: str) -> DeviceKind | None:  # noqa: ARG002 -- of Rights
        """Nobody."""
        return None

    def holder(self, token: str) -> DeviceCard | None:  # noqa: ARG002 -- of Rights
        """Nobody."""
        return None

    def card(self, device: str) -> DeviceCard | None:  # noqa: ARG002 -- of Rights
        """No such device."""
        return None


@dataclass(frozen=True, slots=True)
class TopicRights:
    """Filters of what may be read and written. Own topics are in both."""

    reads: tuple[str, ...]
    writes: tuple[str, ...]

    def may_read(self, topic_filter: str) -> bool:
        """Whether every topic of a subscription's filter may be read."""
        return is_filter(topic_filter) and any(covers(own, topic_filter) for own in self.reads)

    def may_write(self, topic: str) -> bool:
        """Whether a message may be published on this topic."""
        return is_topic(topic) and any(covers(own, topic) for own in self.writes)


_EVERYBODY = ("status", "menu", "items/#")
_ALSO: dict[DeviceKind, tuple[str, ...]] = {
    DeviceKind.KITCHEN: ("kitchen/#", "devices/+/presence"),  # a display picks a free name
    DeviceKind.COUNTER: ("kitchen/#", "orders/#", "payments/#", "devices/+/presence"),
    DeviceKind.KIOSK: (),
    DeviceKind.BOARD: ("orders/#",),
}


def rights_of(kind: DeviceKind, outlet: str, device: str) -> TopicRights:
    """The topic rights of a paired device: what its kind needs, and its own corner to write in.

    Raises ValueError for an id that cannot be a level of a topic.
    """
    ensure_device_id(device)
    root, own = f"{TOPIC_ROOT}/{outlet}", f"{TOPIC_ROOT}/{outlet}/devices/{device}/#"
    reads = (*_EVERYBODY, *_ALSO[kind])
    return TopicRights((*(f"{root}/{name}" for name in reads), own), (own,))


def rights_of_unpaired(outlet: str) -> TopicRights:
    """What a screen that was never paired may do, where pairing is not required.

    It reads what a counter reads. Which corner it writes in is for the bridge to watch: one per
    connection, and never that of a paired device.
    """
    root = f"{TOPIC_ROOT}/{outlet}"
    reads = (*_EVERYBODY, *_ALSO[DeviceKind.COUNTER], "devices/+/commands")
    return TopicRights(tuple(f"{root}/{name}" for name in reads), (f"{root}/devices/+/#",))


def ensure_device_id(device: str) -> None:
    """Raises ValueError unless the id can stand in a topic and in the broker's files."""
    if DEVICE_ID.fullmatch(device) is None:
        raise ValueError(f"{device[:80]!r} cannot be the id of a device")


def covers(own: str, asked: str) -> bool:
    """Whether everything that the asked filter (or topic) matches is matched by the own filter."""
    mine, theirs = own.split("/"), asked.split("/")
    for index, level in enumerate(mine):
        if level == "#":
            return True
        if index >= len(theirs) or theirs[index] == "#":
            return False
        if level not in {"+", theirs[index]}:
            return False
    return len(mine) == len(theirs)


def is_topic(text: str) -> bool:
    """Whether this can name a topic to publish on (MQTT 5, 4.7)."""
    return 0 < len(text) <= 512 and not any(mark in text for mark in "+#\0")


def is_filter(text: str) -> bool:
    """Whether this can be a subscription's filter: wildcards fill whole levels, `#` the last."""
    levels = text.split("/")
    fits = all(level in {"+", "#"} or not {"+", "#"} & set(level) for level in levels)
    return 0 < len(text) <= 512 and "\0" not in text and fits and "#" not in levels[:-1]

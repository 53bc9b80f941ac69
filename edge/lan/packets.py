"""MQTT packets as bytes: cut from a stream, the few that carry rights read, and written anew.

Versions 3.1.1 and 5 (OASIS standards); section numbers are those of version 5.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum


class MalformedPacket(Exception):
    """The bytes are no MQTT packet, or one larger than agreed. The connection cannot go on."""


class Kind(IntEnum):
    """The first four bits of a packet (2.1.2)."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14
    AUTH = 15


_FLAGS_ARE_TWO = {Kind.PUBREL, Kind.SUBSCRIBE, Kind.UNSUBSCRIBE}
TOPIC_ALIAS = 0x23
BAD_PACKET, NOT_AUTHORIZED, TOO_MUCH, NOT_ACCEPTED = 0x81, 0x87, 0x97, 0x84
"""Reason codes of version 5: malformed packet, not authorized, quota exceeded, version refused."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One whole packet; `raw` is all of it, `body` what follows the length."""

    kind: Kind
    flags: int
    body: bytes
    raw: bytes


class Cutter:
    """Cuts a stream into packets, however it comes in pieces. Keeps at most one unfinished packet."""

    def __init__(self, size_max: int) -> None:
        self._size_max = size_max
        self._kept = bytearray()

    def feed(self, data: bytes) -> Iterator[Packet]:
        """The packets that are now whole. Raises MalformedPacket as soon as one cannot be."""
        self._kept += data
        while (packet := self._next()) is not None:
            yield packet

    def _next(self) -> Packet | None:
        if not self._kept:
            return None
        kind, flags = _first_byte(self._kept[0])
        length = 0
        for index in range(1, 5):
            if index >= len(self._kept):
                return None
            length |= (self._kept[index] & 0x7F) << (7 * (index - 1))
            if not self._kept[index] & 0x80:
                break
        else:
            raise MalformedPacket("its length has more than four bytes")
        whole = index + 1 + length
        if whole > self._size_max:
            raise MalformedPacket(f"a packet of {whole} bytes; {self._size_max} are allowed")
        if len(self._kept) < whole:
            return None
        raw = bytes(self._kept[:whole])
        del self._kept[:whole]
        return Packet(kind, flags, raw[index + 1 :], raw)


def _first_byte(byte: int) -> tuple[Kind, int]:
    kind, flags = byte >> 4, byte & 0x0F
    if kind == 0:
        raise MalformedPacket("packet kind 0")
    if kind != Kind.PUBLISH and flags != (2 if kind in _FLAGS_ARE_TWO else 0):
        raise MalformedPacket(f"{Kind(kind).name} with flags {flags}")
    if kind == Kind.PUBLISH and flags & 0x06 == 0x06:
        raise MalformedPacket("QoS 3")
    return Kind(kind), flags


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker is to say for a client that goes without a word."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    properties: bytes = b""


@dataclass(frozen=True, slots=True)
class Connect:
    """The first packet of a connection; properties are kept as they came."""

    level: int
    client_id: str
    clean: bool = True
    keepalive_s: int = 0
    user: str | None = None
    password: bytes | None = None
    will: Will | None = None
    properties: bytes = b""


@dataclass(frozen=True, slots=True)
class Publish:
    """Where a message goes; the payload is nobody's business here. `alias` is version 5's short
    form of a topic."""

    topic: str
    packet_id: int
    alias: int | None


@dataclass(slots=True)
class _Reader:
    data: bytes
    at: int = field(default=0)

    def take(self, count: int) -> bytes:
        found = self.data[self.at : self.at + count]
        if len(found) < count:
            raise MalformedPacket("it ends too early")
        self.at += count
        return found

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def binary(self) -> bytes:
        return self.take(self.number(2))

    def text(self) -> str:
        try:
            found = self.binary().decode()
        except UnicodeDecodeError:
            raise MalformedPacket("text that is not UTF-8") from None
        if "\0" in found:
            raise MalformedPacket("text with a NUL in it")
        return found

    def length(self) -> int:
        found = 0
        for turn in range(4):
            byte = self.number(1)
            found |= (byte & 0x7F) << (7 * turn)
            if not byte & 0x80:
                return found
        raise MalformedPacket("a length of more than four bytes")

    def properties(self, level: int) -> bytes:
        return self.take(self.length()) if level >= 5 else b""

    @property
    def more(self) -> bool:
        return self.at < len(self.data)


def read_connect(packet: Packet) -> Connect:
    """A CONNECT's content (3.1). Raises MalformedPacket; any version is read as far as known."""
    reader = _Reader(packet.body)
    name, level, flags = reader.text(), reader.number(1), reader.number(1)
    if name != "MQTT" or level not in {4, 5}:
        return Connect(level=0, client_id="")
    if flags & 1:
        raise MalformedPacket("CONNECT with a reserved flag")
    keepalive_s, properties = reader.number(2), reader.properties(level)
    client_id, will = reader.text(), None
    if flags & 0x04:
        about = reader.properties(level)
        topic, payload = reader.text(), reader.binary()
        will = Will(topic, payload, (flags >> 3) & 3, bool(flags & 0x20), about)
    user = reader.text() if flags & 0x80 else None
    password = reader.binary() if flags & 0x40 else None
    if reader.more or (will is None and flags & 0x38) or (will and will.qos == 3):
        raise MalformedPacket("CONNECT with something left over")
    clean = bool(flags & 0x02)
    return Connect(level, client_id, clean, keepalive_s, user, password, will, properties)


def write_connect(connect: Connect) -> bytes:
    """The packet of a CONNECT."""
    flags = connect.clean << 1
    rest = _text(connect.client_id)
    if (will := connect.will) is not None:
        flags |= 0x04 | will.qos << 3 | will.retain << 5
        about = _counted(will.properties) if connect.level >= 5 else b""
        rest += about + _text(will.topic) + _binary(will.payload)
    if connect.user is not None:
        flags, rest = flags | 0x80, rest + _text(connect.user)
    if connect.password is not None:
        flags, rest = flags | 0x40, rest + _binary(connect.password)
    about = _counted(connect.properties) if connect.level >= 5 else b""
    head = _text("MQTT") + bytes([connect.level, flags]) + connect.keepalive_s.to_bytes(2, "big")
    return write(Kind.CONNECT, 0, head + about + rest)


def read_publish(packet: Packet, level: int) -> Publish:
    """Where a PUBLISH goes (3.3). Raises MalformedPacket."""
    reader = _Reader(packet.body)
    topic = reader.text()
    packet_id = reader.number(2) if packet.flags & 0x06 else 0
    if packet.flags & 0x06 and packet_id == 0:
        raise MalformedPacket("PUBLISH without a number")
    about = reader.properties(level)
    return Publish(topic, packet_id, _alias(about) if about else None)


def read_filters(packet: Packet, level: int) -> tuple[int, tuple[str, ...]]:
    """The number of a SUBSCRIBE and the filters it asks for (3.8). Raises MalformedPacket."""
    reader = _Reader(packet.body)
    packet_id = reader.number(2)
    reader.properties(level)
    filters = []
    while reader.more:
        filters.append(reader.text())
        reader.number(1)
    if not filters or packet_id == 0:
        raise MalformedPacket("SUBSCRIBE without a filter")
    return packet_id, tuple(filters)


# What may follow each property's number, by its size in bytes; text and pairs have their own.
_SIZES = {0x01: 1, 0x02: 4, 0x11: 4, 0x17: 1, 0x18: 4, 0x19: 1, 0x21: 2, 0x22: 2, 0x23: 2}
_SIZES |= {0x13: 2, 0x24: 1, 0x25: 1, 0x27: 4, 0x28: 1, 0x29: 1, 0x2A: 1}
_BINARY = {0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1A, 0x1C, 0x1F}


def numbers_in(properties: bytes) -> dict[int, int]:
    """The properties that are numbers, by their identifier (2.2.2.2). Raises MalformedPacket."""
    reader, found = _Reader(properties), dict[int, int]()
    while reader.more:
        name = reader.number(1)
        if name in _SIZES:
            found[name] = reader.number(_SIZES[name])
        elif name in _BINARY:
            reader.binary()
        elif name == 0x0B:
            reader.length()
        elif name == 0x26:
            reader.binary(), reader.binary()
        else:
            raise MalformedPacket(f"unknown property {name}")
    return found


def _alias(properties: bytes) -> int | None:
    return numbers_in(properties).get(TOPIC_ALIAS)


# ---------------------------------------------------------------- written


def write(kind: Kind, flags: int, body: bytes) -> bytes:
    """A packet of this kind around a body."""
    return bytes([kind << 4 | flags]) + _length(len(body)) + body


def connack(level: int, code: int) -> bytes:
    """The refusal of a connection; code is version 5's and said in 3.1.1's words where needed."""
    if level >= 5:
        return write(Kind.CONNACK, 0, bytes([0, code, 0]))
    old = {NOT_ACCEPTED: 1, NOT_AUTHORIZED: 5, 0x86: 4, 0x88: 3}.get(code, 3)
    return write(Kind.CONNACK, 0, bytes([0, old]))


def suback(level: int, packet_id: int, count: int) -> bytes:
    """No to every filter of a SUBSCRIBE."""
    number = packet_id.to_bytes(2, "big")
    if level >= 5:
        return write(Kind.SUBACK, 0, number + b"\0" + bytes([NOT_AUTHORIZED]) * count)
    return write(Kind.SUBACK, 0, number + b"\x80" * count)


def disconnect(level: int, code: int) -> bytes:
    """The last words to a client; version 3.1.1 has none for a server."""
    return write(Kind.DISCONNECT, 0, bytes([code, 0])) if level >= 5 else b""


def publish(level: int, topic: str, payload: bytes, *, packet_id: int, retain: bool) -> bytes:
    """A message at QoS 1."""
    about = b"\0" if level >= 5 else b""
    body = _text(topic) + packet_id.to_bytes(2, "big") + about + payload
    return write(Kind.PUBLISH, 0x02 | retain, body)


def subscribe(level: int, packet_id: int, topic_filter: str) -> bytes:
    """A subscription at QoS 1."""
    about = b"\0" if level >= 5 else b""
    body = packet_id.to_bytes(2, "big") + about + _text(topic_filter) + b"\x01"
    return write(Kind.SUBSCRIBE, 2, body)


def _text(text: str) -> bytes:
    return _binary(text.encode())


def _binary(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


def _counted(data: bytes) -> bytes:
    return _length(len(data)) + data


def _length(number: int) -> bytes:
    found = bytearray()
    while True:
        number, low = number >> 7, number & 0x7F
        found.append(low | 0x80 if number else low)
        if not number:
            return bytes(found)

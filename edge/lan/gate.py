"""One screen's way to the broker: lets through what its rights allow, byte for byte, and no more."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from edge.lan import packets
from edge.lan.packets import Connect, Cutter, Kind, MalformedPacket, Packet
from edge.lan.rights import DEVICE_ID, Rights, TopicRights, rights_of, rights_of_unpaired
from protocol.asyncapi import channel_of
from protocol.devices import DeviceKind
from protocol.lan import TOPIC_ROOT

PACKET_MAX = 262_144
"""Bytes a screen may send in one packet; a presence has 200, a proof of 50 tickets 20,000."""
RATE_PER_S, BURST = 100.0, 1_000
"""Packets that a screen sends by itself."""
ACKNOWLEDGEMENT = 0.02
"""What an answer counts: after a reconnect a display may be told of thousands at once, and each
is acknowledged."""
_ANSWERS = {Kind.PUBACK, Kind.PUBREC, Kind.PUBREL, Kind.PUBCOMP}
CORNERS_MAX = 256
"""Unpaired screens that may write, by the names they chose, since the box started: each may leave
something retained on the broker."""
FILTERS_MAX = 50
ALIASES_MAX = 64


class TurnedAway(Exception):
    """The connection ends here. `goodbye` are the last bytes for the screen, in its own version."""

    def __init__(self, reason: str, goodbye: bytes = b"") -> None:
        super().__init__(reason)
        self.goodbye = goodbye


@dataclass(frozen=True, slots=True)
class House:
    """What every gate of a box goes by."""

    outlet: str
    rights: Rights
    required: bool
    """Whether a screen must be paired."""
    user: str
    password: str
    """What the box is to the broker when it speaks for a screen: a user who may write no ticket."""
    admitted: Callable[[str, DeviceKind, str], None]
    """Told of a paired device and its token when it comes in."""
    corners: set[str] = field(default_factory=set)
    """Names that unpaired screens have written under."""


@dataclass(slots=True)
class Passage:
    """What some bytes of a screen become."""

    to_broker: bytes = b""
    to_screen: bytes = b""


class Gate:
    """Reads what a screen sends, packet by packet. What it allows, the broker gets.

    The screen is told apart by user and password in its CONNECT (device and token), or by the
    token that came with the WebSocket. Its client id is put behind its own name, so that no screen
    takes over another's session, or the box's.
    """

    def __init__(self, house: House, bearer: str | None = None) -> None:
        self.device: str | None = None
        """Who this is, once it has said CONNECT; None for a screen that was never paired."""
        self.admitted = False
        self._house, self._bearer = house, bearer
        self._cutter = Cutter(PACKET_MAX)
        self._level = 4
        self._rights = TopicRights((), ())
        self._corner: str | None = None
        self._aliases: dict[int, str] = {}
        self._left, self._since_s = float(BURST), 0.0

    def take(self, data: bytes, now_s: float) -> Passage:
        """What becomes of these bytes. Raises TurnedAway when the connection must end."""
        passage = Passage()
        try:
            for packet in self._cutter.feed(data):
                self._pace(packet.kind, now_s)
                self._one(packet, passage)
        except MalformedPacket as fault:
            raise self._turn_away(f"sent what is no MQTT ({fault})", packets.BAD_PACKET) from None
        return passage

    def _one(self, packet: Packet, passage: Passage) -> None:
        if not self.admitted:
            if packet.kind is not Kind.CONNECT:
                raise self._turn_away("did not begin with CONNECT", packets.BAD_PACKET)
            passage.to_broker += packets.write_connect(self._admit(packets.read_connect(packet)))
            return
        match packet.kind:
            case Kind.PUBLISH:
                passage.to_broker += self._publish(packet)
            case Kind.SUBSCRIBE:
                self._subscribe(packet, passage)
            case (
                Kind.PUBACK
                | Kind.PUBREC
                | Kind.PUBREL
                | Kind.PUBCOMP
                | Kind.UNSUBSCRIBE
                | Kind.PINGREQ
                | Kind.DISCONNECT
            ):
                passage.to_broker += packet.raw
            case _:
                raise self._turn_away(f"sent {packet.kind.name}", packets.BAD_PACKET)

    # ------------------------------------------------------------ who it is

    def _admit(self, connect: Connect) -> Connect:
        """The CONNECT as the broker gets it. Raises TurnedAway."""
        if connect.level not in {4, 5}:
            self._level = 4
            raise self._refuse("speaks an MQTT that is neither 3.1.1 nor 5", packets.NOT_ACCEPTED)
        self._level = connect.level
        house, token = self._house, self._token_of(connect)
        self.device = self._identify(connect, token)
        if self.device is None:
            self._rights = rights_of_unpaired(house.outlet)
        if connect.will is not None and not self._may_write(connect.will.topic):
            raise self._refuse(f"left a last will on {connect.will.topic[:80]}")
        self.admitted = True
        return replace(
            connect,
            client_id=f"screen-{self.device or ''}-{connect.client_id}",
            user=house.user,
            password=house.password.encode(),
        )

    def _token_of(self, connect: Connect) -> str:
        if connect.password is not None:
            return connect.password.decode(errors="replace")
        return self._bearer or ""

    def _identify(self, connect: Connect, token: str) -> str | None:
        """The paired device, or None for an unpaired screen where that is allowed."""
        if not token and connect.user is None:
            if self._house.required:
                raise self._refuse("is not paired, and this outlet asks for pairing")
            return None
        rights = self._house.rights
        device = connect.user or ""
        if not device and (card := rights.holder(token)) is not None:
            device = card.device
        kind = rights.find(device, token) if DEVICE_ID.fullmatch(device) else None
        if kind is None:
            raise self._refuse(f"has no rights as {device[:80]!r}")
        self._rights = rights_of(kind, self._house.outlet, device)
        self._house.admitted(device, kind, token)
        return device

    # ------------------------------------------------------------ what it wants

    def _publish(self, packet: Packet) -> bytes:
        wanted = packets.read_publish(packet, self._level)
        topic = wanted.topic
        if wanted.alias is not None:
            if topic and len(self._aliases) < ALIASES_MAX:
                self._aliases[wanted.alias] = topic
            topic = topic or self._aliases.get(wanted.alias, "")
        if not self._may_write(topic):
            reason = f"wanted to publish on {topic[:80]!r}"
            raise self._turn_away(reason, packets.NOT_AUTHORIZED)
        return packet.raw

    def _may_write(self, topic: str) -> bool:
        """Its own corner, and there only what a device has to say: see `protocol/asyncapi.py`."""
        channel = channel_of(topic)
        if channel is None or channel.said_by != "device" or not self._rights.may_write(topic):
            return False
        return self.device is not None or self._is_own_corner(topic)

    def _is_own_corner(self, topic: str) -> bool:
        """An unpaired screen writes in one, the first that it chose, if nobody owns it."""
        corner = topic.removeprefix(f"{TOPIC_ROOT}/{self._house.outlet}/devices/").split("/")[0]
        corners = self._house.corners
        if self._corner is None and DEVICE_ID.fullmatch(corner):
            if corner not in corners and len(corners) >= CORNERS_MAX:
                return False
            corners.add(corner)
            self._corner = corner
        return corner == self._corner and self._house.rights.card(corner) is None

    def _subscribe(self, packet: Packet, passage: Passage) -> None:
        packet_id, filters = packets.read_filters(packet, self._level)
        if len(filters) > FILTERS_MAX:
            raise self._turn_away(f"asked for {len(filters)} filters at once", packets.TOO_MUCH)
        if all(self._rights.may_read(wanted) for wanted in filters):
            passage.to_broker += packet.raw
        else:
            passage.to_screen += packets.suback(self._level, packet_id, len(filters))

    def _pace(self, kind: Kind, now_s: float) -> None:
        self._left = min(BURST, self._left + (now_s - self._since_s) * RATE_PER_S)
        self._since_s = now_s
        if self._left < 1:
            raise self._turn_away("sent too many packets", packets.TOO_MUCH)
        self._left -= ACKNOWLEDGEMENT if kind in _ANSWERS else 1

    # ------------------------------------------------------------ no

    def _refuse(self, reason: str, code: int = packets.NOT_AUTHORIZED) -> TurnedAway:
        """A CONNECT that is not accepted."""
        return TurnedAway(reason, packets.connack(self._level, code))

    def _turn_away(self, reason: str, code: int) -> TurnedAway:
        goodbye = packets.disconnect(self._level, code) if self.admitted else b""
        return TurnedAway(reason, goodbye)

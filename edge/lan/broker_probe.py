"""One plain MQTT 5 connection, to find out what a broker really does; the box's link is another."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from edge.lan import packets
from edge.lan.packets import Connect, Cutter, Kind, MalformedPacket, Packet

ANSWER_WITHIN_S = 5.0
PACKET_MAX = 2_000_000
KEEPALIVE_WANTED_S = 65_535
"""More than any broker of ours grants: what it says instead is its own limit."""


class NoBroker(Exception):
    """Nothing answers there, or what answers is no MQTT broker."""


@dataclass(slots=True)
class Probe:
    """A connection and how it was answered. `code` 0 is welcome (MQTT 5, 2.4)."""

    code: int
    limits: dict[int, int]
    """What the broker said of its limits, by property number."""
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    cutter: Cutter
    kept: list[Packet] = field(default_factory=list)

    async def publish(self, topic: str, payload: bytes = b"", *, retain: bool = False) -> int:
        """The broker's answer to a message at QoS 1: 0, or 0x10 when nobody listens, is yes."""
        self.writer.write(packets.publish(5, topic, payload, packet_id=7, retain=retain))
        answer = await self._await(Kind.PUBACK)
        return answer.body[2] if len(answer.body) > 2 else 0

    async def subscribe(self, topic_filter: str) -> int:
        """The broker's answer: the QoS granted, or a code above 0x7F."""
        self.writer.write(packets.subscribe(5, 8, topic_filter))
        return (await self._await(Kind.SUBACK)).body[-1]

    async def heard(self, within_s: float) -> list[str]:
        """Topics of the messages that came, and come within this time."""
        with contextlib.suppress(TimeoutError, NoBroker):
            async with asyncio.timeout(within_s):
                await self._await(Kind.AUTH)
        return [packets.read_publish(p, 5).topic for p in self.kept if p.kind is Kind.PUBLISH]

    async def is_cut(self, within_s: float) -> bool:
        """Whether the broker ends this connection within the time."""
        try:
            async with asyncio.timeout(within_s):
                while await self.reader.read(65_536):
                    pass
        except TimeoutError:
            return False
        except ConnectionError:
            pass
        return True

    async def _await(self, kind: Kind) -> Packet:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                while True:
                    for index, packet in enumerate(self.kept):
                        if packet.kind is kind:
                            return self.kept.pop(index)
                    data = await self.reader.read(65_536)
                    if not data:
                        raise NoBroker("it ended the connection")
                    self.kept += self.cutter.feed(data)
        except TimeoutError:
            raise NoBroker(f"it did not answer within {ANSWER_WITHIN_S:.0f} s") from None
        except (ConnectionError, MalformedPacket) as fault:
            raise NoBroker(f"it is no MQTT broker ({fault})") from fault


@contextlib.asynccontextmanager
async def probe(
    host: str, port: int, client_id: str, user: str | None = None, password: str = ""
) -> AsyncIterator[Probe]:
    """Connects and says how that was answered. Raises NoBroker when it was not."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            reader, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError) as fault:
        raise NoBroker(f"nothing answers at {host}:{port}") from fault
    try:
        secret = password.encode() if user is not None else None
        hello = Connect(5, client_id, True, KEEPALIVE_WANTED_S, user, secret)
        writer.write(packets.write_connect(hello))
        found = Probe(0, {}, reader, writer, Cutter(PACKET_MAX))
        answer = (await found._await(Kind.CONNACK)).body  # noqa: SLF001 -- its own maker
        if len(answer) < 2:
            raise NoBroker("it is no MQTT broker")
        found.code = answer[1]
        found.limits = packets.numbers_in(answer[3:]) if len(answer) > 3 else {}
        yield found
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

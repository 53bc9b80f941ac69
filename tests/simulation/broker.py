"""The broker on an outlet's machine, in memory, and the box's real link to it.

It outlives the box's process, and forgets everything when the power goes. A message takes a moment
to arrive; one that was on its way when its sender died is lost.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Protocol

from simulation.loop import SimLoop

from edge import box as product
from edge.lan.inbox import Inbox, Message, topic_matches
from edge.lan.link import BrokerFault, Connection, Link

LAN_S = 0.004


class Listener(Protocol):
    """Somebody connected: a box or a display."""

    filters: list[str]

    def hear(self, message: Message) -> None:
        """A message that matches one of the filters."""


class Broker:
    """What is retained, and who is connected."""

    def __init__(self, loop: SimLoop) -> None:
        self.loop = loop
        self.on = True
        self.retained: dict[str, Message] = {}
        self.displays: list[Any] = []
        """Displays that find this broker on their LAN, connected or not."""
        self._listeners: list[Listener] = []
        self._box: _Line | None = None

    def connect(self, listener: Listener) -> None:
        """Somebody is there; what is retained comes with each subscription."""
        if isinstance(listener, _Line):
            self._box = listener
        self._listeners.append(listener)

    def disconnect(self, listener: Listener) -> None:
        """Somebody is gone."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    def tell_retained(self, listener: Listener, filters: Sequence[str]) -> None:
        """What was retained before somebody asked for it."""
        for topic, message in list(self.retained.items()):
            if any(topic_matches(wanted, topic) for wanted in filters):
                listener.hear(message)

    def publish(self, message: Message) -> None:
        """To everybody who asks for such."""
        if message.retain and message.payload:
            self.retained[message.topic] = message
        elif message.retain:
            self.retained.pop(message.topic, None)
        live = replace(message, retain=False)
        for listener in list(self._listeners):
            if any(topic_matches(wanted, message.topic) for wanted in listener.filters):
                listener.hear(live)

    def hang_up(self) -> None:
        """The box's process is dead: its socket closes, and its last will is read."""
        line, self._box = self._box, None
        if line is not None and line in self._listeners:
            self.disconnect(line)
            if line.will is not None:
                self.publish(line.will)

    def lose_power(self) -> None:
        """Nothing is retained and nobody is connected any more."""
        self.on, self._box = False, None
        self.retained.clear()
        self._listeners.clear()

    def switch_on(self) -> None:
        """Displays find it again."""
        if not self.on:
            self.on = True
            for display in self.displays:
                display.connect()


class SimLink(Link):
    """The box's link as it is, but for the socket."""

    def __init__(self, broker: Broker, client_id: str, will: Message | None) -> None:
        super().__init__("the simulated broker", client_id)
        self._broker, self._will = broker, will

    def _new_connection(self, inbox: Inbox) -> Connection:
        return _Line(self._broker, inbox, self._will)


@contextmanager
def linked_to(broker: Broker) -> Iterator[None]:
    """A box that is put together meanwhile has its link to this broker."""

    def link(host: str, port: int, client_id: str, *who: str, will: Message | None = None) -> Link:
        del host, port, who
        return SimLink(broker, client_id, will)

    real, product.MqttLink = product.MqttLink, link  # type: ignore[misc,assignment,attr-defined]
    try:
        yield
    finally:
        product.MqttLink = real  # type: ignore[misc,attr-defined]


class _Line:
    """One connection of a box."""

    def __init__(self, broker: Broker, inbox: Inbox, will: Message | None) -> None:
        self.will = will
        self.filters: list[str] = []
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._broker, self._inbox = broker, inbox
        self._received = 0
        self._out: list[tuple[Message, asyncio.Future[None]]] = []

    async def open(self) -> str:
        await asyncio.sleep(LAN_S)
        if not self._broker.on:
            return "connection refused"
        self._broker.connect(self)
        return ""

    def send(self, message: Message) -> "asyncio.Future[None]":
        loop = asyncio.get_running_loop()
        confirmation: asyncio.Future[None] = loop.create_future()
        if self.ended.done():
            confirmation.set_exception(BrokerFault("the connection has ended"))
            return confirmation
        self._out.append((message, confirmation))
        if len(self._out) == 1:
            loop.call_later(LAN_S, self._arrive)
        return confirmation

    def _arrive(self) -> None:
        out, self._out = self._out, []
        for message, confirmation in out:
            self._broker.publish(message)
            if not confirmation.done():
                confirmation.set_result(None)

    async def subscribe(self, filters: Sequence[tuple[str, int]]) -> None:
        await asyncio.sleep(LAN_S)
        names = [name for name, _ in filters]
        self.filters += names
        self._broker.tell_retained(self, names)

    def hear(self, message: Message) -> None:
        self._received += 1
        self._inbox.put(self, self._received, message)

    def acknowledge(self, mid: int) -> None:
        """What came once does not come again."""

    def tick(self) -> None:
        """There is no socket that could be dead."""

    def leave(self) -> None:
        self._end("")

    def cut(self, reason: str) -> None:
        self._end(reason)

    def _end(self, reason: str) -> None:
        self._broker.disconnect(self)
        if not self.ended.done():
            self.ended.set_result(reason)
        out, self._out = self._out, []
        for _, confirmation in out:
            if not confirmation.done():
                confirmation.set_exception(BrokerFault(f"the link broke first: {reason}"))

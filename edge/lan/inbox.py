"""Received MQTT messages waiting for their handlers: bounded, and acknowledged only when handled."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

log = logging.getLogger("edge.lan.mqtt")

HANDLER_ATTEMPTS_MAX = 10  # with the pauses below: about five minutes
RETRY_FIRST_S, RETRY_LAST_S = 0.5, 60.0


@dataclass(frozen=True, slots=True)
class Message:
    """One MQTT message. An empty retained payload clears what was retained on the topic.

    `reply_to` and `correlation` are MQTT 5 request properties; they travel only where the broker
    speaks version 5, so nothing that matters may depend on them.
    """

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
    reply_to: str | None = None
    correlation: bytes | None = None


Handler = Callable[[Message], Awaitable[None]]


class Origin(Protocol):
    """The connection a message came over; an acknowledgement means nothing on another one."""

    def acknowledge(self, mid: int) -> None:
        """Tells the broker that the message with this number is handled."""


@dataclass(slots=True)
class InboxCounters:
    """What happened to received messages, for /metrics. All only ever grow."""

    received: int = 0
    dropped: int = 0  # QoS 0 and the inbox was full: gone
    deferred: int = 0  # QoS 1 and the inbox was full: left to the broker, which sends it again
    handler_failures: int = 0
    abandoned: int = 0  # acknowledged unhandled after HANDLER_ATTEMPTS_MAX
    unclaimed: int = 0  # acknowledged because nobody here asks for such messages any more


@dataclass(slots=True)
class Subscription:
    """Who wants the messages of one topic filter, and how surely they must arrive."""

    qos: int
    handlers: list[Handler] = field(default_factory=list)


@dataclass(slots=True)
class _Delivery:
    origin: Origin
    mid: int
    message: Message
    failures: int = 0


class Inbox:
    """Hands each message to its handlers, one after the other, and then acknowledges it.

    A handler that raises is called again with growing pauses, while other messages go on. When
    the inbox is full, a QoS 0 message is dropped and counted; a QoS 1 message is left
    unacknowledged and counted, and `owed` says that the broker must be asked for it again.
    """

    def __init__(self, subscriptions: dict[str, Subscription], size_max: int) -> None:
        self.counters = InboxCounters()
        self.owed = False
        self._subscriptions = subscriptions
        self._queue: asyncio.Queue[_Delivery] = asyncio.Queue(size_max)
        self._size_max = size_max
        self._origin: Origin | None = None
        self._unacknowledged = 0

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing will be tried again."""
        return self._queue.empty() and self._unacknowledged == 0

    def begin(self, origin: Origin | None) -> None:
        """Forgets what came over an earlier connection: the broker sends it again."""
        self._origin, self._unacknowledged, self.owed = origin, 0, False
        while not self._queue.empty():
            self._queue.get_nowait()

    def put(self, origin: Origin, mid: int, message: Message) -> None:
        """Takes a message as it arrives; never waits and never raises."""
        if origin is not self._origin:
            return  # the last bytes of a connection that was cut
        self.counters.received += 1
        full = self._queue.full() or self._unacknowledged >= self._size_max
        if full and message.qos == 0:
            self.counters.dropped += 1
        elif full:
            self._turn_away()
        else:
            self._unacknowledged += message.qos > 0
            self._queue.put_nowait(_Delivery(origin, mid, message))

    def _turn_away(self) -> None:
        if not self.owed:
            log.warning(
                "The MQTT inbox is full (%d messages). The broker keeps the rest and will be asked "
                "for it when the inbox has drained.",
                self._size_max,
            )
        self.owed = True
        self.counters.deferred += 1

    async def run(self) -> None:
        """Delivers until cancelled. What is cut short stays unacknowledged."""
        while True:
            delivery = await self._queue.get()
            if delivery.origin is self._origin:
                await self._deliver(delivery)

    async def _deliver(self, delivery: _Delivery) -> None:
        message, claimed = delivery.message, False
        try:
            for topic_filter, subscription in list(self._subscriptions.items()):
                if topic_matches(topic_filter, message.topic):
                    claimed = True
                    for handler in subscription.handlers:
                        await handler(message)
        except Exception as failure:
            self.counters.handler_failures += 1
            delivery.failures += 1
            if delivery.failures < HANDLER_ATTEMPTS_MAX:
                self._try_again_later(delivery, failure)
                return
            self.counters.abandoned += 1
            log.error(  # noqa: TRY400 -- the traceback is given by hand: exc_info
                "Gave up on a message on %s after %d attempts. It is not handled.",
                message.topic,
                delivery.failures,
                exc_info=failure,
            )
        self.counters.unclaimed += not claimed
        if message.qos > 0 and delivery.origin is self._origin:
            self._unacknowledged -= 1
            delivery.origin.acknowledge(delivery.mid)

    def _try_again_later(self, delivery: _Delivery, failure: Exception) -> None:
        if delivery.failures == 1:
            log.warning(
                "A message on %s was not handled and will be tried again.",
                delivery.message.topic,
                exc_info=failure,
            )
        pause_s = min(RETRY_LAST_S, RETRY_FIRST_S * 2 ** (delivery.failures - 1))
        asyncio.get_running_loop().call_later(pause_s, self._requeue, delivery)

    def _requeue(self, delivery: _Delivery) -> None:
        if delivery.origin is not self._origin:
            return
        if self._queue.full():
            asyncio.get_running_loop().call_later(RETRY_FIRST_S, self._requeue, delivery)
        else:
            self._queue.put_nowait(delivery)


def topic_matches(topic_filter: str, topic: str) -> bool:
    """Whether a topic falls under a filter: `+` is one level, `#` all that remain (MQTT 5, 4.7).

    A filter that begins with a wildcard does not match topics that begin with `$`.
    """
    wanted, levels = topic_filter.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in {"+", "#"}:
        return False
    for index, part in enumerate(wanted):
        if part == "#":
            return True
        if index >= len(levels) or part not in {"+", levels[index]}:
            return False
    return len(wanted) == len(levels)

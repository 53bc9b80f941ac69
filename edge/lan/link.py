"""A lasting link to the outlet's broker: what it promises, whatever library speaks MQTT for it."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol

from edge.lan.inbox import Handler, Inbox, InboxCounters, Message, Subscription

log = logging.getLogger("edge.lan.mqtt")

FollowUp = Callable[[], Awaitable[None]]

INFLIGHT_MAX = 100  # unacknowledged publishes; further ones wait their turn
INBOX_MAX = 1_000
ACK_TIMEOUT_S = 5.0
BUSY_TIMEOUTS_MAX = 10  # timeouts one publish waits through while others are acknowledged
TICK_S = 1.0
LEAVE_TIMEOUT_S = 2.0
STEADY_AFTER_S = 10.0  # a connection that lived shorter keeps its back-off growing
RECONNECT_FIRST_S, RECONNECT_LAST_S = 0.25, 15.0


class BrokerFault(Exception):
    """The broker did not do it: not connected, not acknowledged in time, or refused.

    The link keeps nothing: whoever published still owns the message and publishes it again.
    """


class BrokerRefusal(BrokerFault):
    """The broker answered, and the answer was no: its access rules, or its limits."""


@dataclass(slots=True)
class LinkCounters:
    """What the link did since it was made, for /metrics. All only ever grow."""

    connects: int = 0
    breaks: int = 0
    published: int = 0
    publish_faults: int = 0


class Link(ABC):
    """A lasting link to one broker: it connects again by itself, and then subscribes again.

    `on_connected` holds coroutine functions, awaited in order after each connect; they publish
    again what must be retained. An incoming QoS 1 message is acknowledged only after its handlers
    returned, and comes again after a crash or a break: handlers see messages at least once.
    Whoever wants messages subscribes before the link starts: what the broker kept for us comes with
    the first breath, and what nobody asks for is acknowledged and gone (counted as `unclaimed`).
    What happens when the inbox is full: see `Inbox`. Reading never stops, so acknowledgements of
    our own publishes keep arriving.
    """

    def __init__(
        self,
        name: str,
        client_id: str,
        *,
        ack_timeout_s: float = ACK_TIMEOUT_S,
        inbox_max: int = INBOX_MAX,
    ) -> None:
        self.counters = LinkCounters()
        self.on_connected: list[FollowUp] = []
        self._name, self._client_id = name, client_id
        self._ack_timeout_s = ack_timeout_s
        self._subscriptions: dict[str, Subscription] = {}
        self._inbox = Inbox(self._subscriptions, inbox_max)
        self._window = asyncio.Semaphore(INFLIGHT_MAX)
        self._current: Connection | None = None  # being opened, or open
        self._healthy = asyncio.Event()
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._broken_since: float | None = None

    @abstractmethod
    def _new_connection(self, inbox: Inbox) -> "Connection":
        """A connection that is not yet open and will put what it receives in the inbox."""

    def _gives_way(self, refusal: str) -> bool:  # noqa: ARG002 -- for those that can
        """Whether the next connection is made differently because of this refusal."""
        return False

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted us and the connection has not ended since."""
        return self._healthy.is_set()

    @property
    def inbox_counters(self) -> InboxCounters:
        """What happened to received messages."""
        return self._inbox.counters

    async def start(self) -> None:
        """Begins to connect and returns at once: the box starts without its broker too."""
        assert not self._tasks, "a link is started once"
        self._tasks = [
            asyncio.create_task(self._keep_connected()),
            asyncio.create_task(self._inbox.run()),
        ]

    async def wait_connected(self, timeout_s: float) -> None:
        """Returns once connected. Raises BrokerFault after timeout_s."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._healthy.wait()
        except TimeoutError:
            raise BrokerFault(f"no connection to {self._name} within {timeout_s} s") from None

    async def stop(self) -> None:
        """Says goodbye to the broker, so that no last will is published, and ends."""
        self._stopping.set()
        if self._current is not None:
            self._current.leave()
        if self._tasks:
            keeper, deliverer = self._tasks
            await asyncio.wait({keeper}, timeout=LEAVE_TIMEOUT_S)
            if self._current is not None:
                self._current.cut("stopped")
            await keeper
            deliverer.cancel()
            await asyncio.gather(deliverer, return_exceptions=True)
        self._tasks = []

    # ------------------------------------------------------------ publishing and subscribing

    async def publish(
        self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False
    ) -> None:
        """Returns when the broker has acknowledged (QoS 0: when it was handed to the socket).

        Many may be awaited at once: they are pipelined. Raises BrokerFault when there is no
        connection, it breaks, the broker refuses, or does not acknowledge within the timeout.
        """
        await self.publish_many([Message(topic, payload, qos, retain)])

    async def publish_many(self, messages: Iterable[Message]) -> None:
        """Publishes in order without waiting in between; returns when all are acknowledged.

        Raises BrokerFault at the first failure; the others may or may not have arrived.
        """
        sent: list[asyncio.Future[None]] = []
        try:
            for message in messages:
                sent.append(await self._send(message))  # noqa: PERF401 -- one fails: the rest is known
            for confirmation in sent:
                await self._acknowledged(confirmation)
                confirmation.result()
        except TimeoutError:
            self.counters.publish_faults += 1
            if self._current is not None:  # whoever stops acknowledging is broken, socket or not
                self._current.cut(f"did not acknowledge within {self._ack_timeout_s} s")
            raise BrokerFault(f"{self._name} did not acknowledge in time") from None
        except BrokerFault:
            self.counters.publish_faults += 1
            raise
        finally:
            for confirmation in sent:
                if not confirmation.cancel() and not confirmation.cancelled():
                    confirmation.exception()  # looked at: several fail together when a link breaks

    async def _send(self, message: Message) -> asyncio.Future[None]:
        await self._take_turn()
        try:
            confirmation = self._ensure_connected().send(message)
        except BaseException:
            self._window.release()
            raise
        confirmation.add_done_callback(self._sent)
        return confirmation

    async def _acknowledged(self, confirmation: asyncio.Future[None]) -> None:
        """Waits for one acknowledgement. Raises TimeoutError when the broker gives none at all.

        A broker that acknowledges others is only busy, and so may this process have been: what
        lies in the socket is read before anybody is called broken.
        """
        for _ in range(BUSY_TIMEOUTS_MAX):
            published = self.counters.published
            await asyncio.wait({confirmation}, timeout=self._ack_timeout_s)
            if not confirmation.done():
                await asyncio.sleep(0.01)
            if confirmation.done():
                return
            if self.counters.published == published:
                break
        raise TimeoutError

    async def _take_turn(self) -> None:
        """Waits for room in the window, as long as acknowledgements keep coming."""
        while True:
            published = self.counters.published
            try:
                async with asyncio.timeout(self._ack_timeout_s):
                    await self._window.acquire()
                return
            except TimeoutError:
                await asyncio.sleep(0.01)  # whatever the socket holds is read first
                if self.counters.published == published:
                    raise

    def _ensure_connected(self) -> "Connection":
        if self._current is None or not self.connected:
            raise BrokerFault(f"not connected to {self._name}")
        return self._current

    def _sent(self, confirmation: asyncio.Future[None]) -> None:
        self._window.release()
        if not confirmation.cancelled() and confirmation.exception() is None:
            self.counters.published += 1

    async def subscribe(self, topic_filter: str, handler: Handler, qos: int = 1) -> None:
        """Hands every message that matches to handler, now and after each reconnect.

        Returns when the broker has agreed, or at once while not connected. Raises BrokerFault if
        the broker refuses. QoS 2 is not offered: handlers must bear repeats anyway.
        """
        assert qos in {0, 1}, "QoS 2 is not offered"
        subscription = self._subscriptions.setdefault(topic_filter, Subscription(qos))
        subscription.handlers.append(handler)
        subscription.qos = max(subscription.qos, qos)
        if self._current is not None and self.connected:
            await self._current.subscribe([(topic_filter, subscription.qos)])

    # ------------------------------------------------------------ staying connected

    async def _keep_connected(self) -> None:
        loop = asyncio.get_running_loop()
        attempt = 0
        while not self._stopping.is_set():
            began_s = loop.time()
            reason = await self._connect_once()
            attempt = 0 if loop.time() - began_s > STEADY_AFTER_S else attempt + 1
            if reason and not self._stopping.is_set():
                self._note_break(reason)
            await self._pause(attempt)

    async def _connect_once(self) -> str:
        """Lives one connection to its end and says why it ended; "" if we left it."""
        connection = self._current = self._new_connection(self._inbox)
        self._inbox.begin(connection)  # before it opens: kept messages follow CONNACK at once
        try:
            refused = await connection.open()
            if refused and self._gives_way(refused):
                return ""
            if not refused:
                await self._live(connection)
        finally:
            self._healthy.clear()
            self._inbox.begin(None)
            connection.cut("the link ends")
            self._current = None
        return refused or connection.ended.result()

    async def _live(self, connection: "Connection") -> None:
        # Noted before anyone knows of the connection: whoever subscribes from now on does it alone.
        filters = [(name, wanted.qos) for name, wanted in self._subscriptions.items()]
        self._healthy.set()
        self.counters.connects += 1
        self._note_heal()
        greeting = asyncio.create_task(self._greet(connection, filters, list(self.on_connected)))
        try:
            while not connection.ended.done():
                await asyncio.wait({connection.ended}, timeout=TICK_S)
                connection.tick()
                if self._inbox.owed and self._inbox.idle:
                    connection.leave()
        finally:
            greeting.cancel()
            await asyncio.gather(greeting, return_exceptions=True)

    async def _greet(
        self,
        connection: "Connection",
        filters: Sequence[tuple[str, int]],
        follow_ups: Sequence[FollowUp],
    ) -> None:
        try:
            await connection.subscribe(filters)
        except BrokerRefusal as refusal:
            log.error("%s does not let us subscribe (%s); the link stays.", self._name, refusal)  # noqa: TRY400 -- said in words
        except BrokerFault as fault:
            connection.cut(str(fault))
            return
        try:
            for follow_up in follow_ups:
                await follow_up()
        except BrokerFault as fault:
            log.info("What follows a connect to %s was cut short (%s).", self._name, fault)
        except Exception:
            log.exception("What follows a connect to %s failed; the link stays.", self._name)

    async def _pause(self, attempt: int) -> None:
        """Full jitter: anywhere up to a doubling bound, so that many clients spread out.

        Where exactly follows from our name and count: it differs among clients, and a recorded
        run can be repeated.
        """
        bound_s = min(RECONNECT_LAST_S, RECONNECT_FIRST_S * 2 ** min(attempt, 16))
        seed = f"{self._client_id} {self.counters.connects} {attempt}".encode()
        share = int.from_bytes(blake2b(seed, digest_size=4).digest(), "big") / 2**32
        with suppress(TimeoutError):
            async with asyncio.timeout(bound_s * share):
                await self._stopping.wait()

    def _note_break(self, reason: str) -> None:
        if self._broken_since is None:
            self._broken_since = asyncio.get_running_loop().time()
            self.counters.breaks += 1
            log.warning(
                "The link to %s is broken (%s). It will be tried again.", self._name, reason
            )

    def _note_heal(self) -> None:
        if self._broken_since is not None:
            gone_s = asyncio.get_running_loop().time() - self._broken_since
            log.info("The link to %s is back after %.1f s.", self._name, gone_s)
        self._broken_since = None


class Connection(Protocol):
    """One connection from CONNECT to its end; never opened twice."""

    ended: asyncio.Future[str]  # why, once it has ended

    async def open(self) -> str:
        """Connects. Returns "" when accepted, else why not, in words."""

    def send(self, message: Message) -> asyncio.Future[None]:
        """Sends; the future is settled by the acknowledgement, or fails with BrokerFault."""
        raise NotImplementedError

    async def subscribe(self, filters: Sequence[tuple[str, int]]) -> None:
        """Returns when the broker has agreed to all (filter, QoS). Raises BrokerFault."""

    def acknowledge(self, mid: int) -> None:
        """Tells the broker that a received QoS 1 message is handled."""

    def tick(self) -> None:
        """Looks after the keep-alive; called about each second."""

    def leave(self) -> None:
        """Ends in good order, for the reason "": the broker publishes no last will."""

    def cut(self, reason: str) -> None:
        """Ends at once, whatever the other side does."""

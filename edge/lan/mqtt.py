"""The box's link to the outlet's MQTT broker, driven by the event loop: the one door to paho."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from socket import IPPROTO_TCP, SHUT_RDWR, TCP_NODELAY
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge.lan.inbox import Handler, Inbox, InboxCounters, Message
from edge.lan.link import (
    ACK_TIMEOUT_S,
    INBOX_MAX,
    INFLIGHT_MAX,
    BrokerFault,
    BrokerRefusal,
    Link,
    LinkCounters,
)

__all__ = [
    "BrokerFault",
    "BrokerRefusal",
    "Handler",
    "InboxCounters",
    "LinkCounters",
    "Message",
    "MqttLink",
]

CONNECT_TIMEOUT_S = 5.0
SESSION_KEPT_S = 14 * 24 * 3600  # how long the broker keeps messages for us while we are away


class MqttLink(Link):
    """A lasting link to one broker: MQTT 5 where the broker speaks it, else 3.1.1.

    `keepalive_s` bounds how long a dead broker or cable goes unnoticed: about twice as long.
    """

    def __init__(
        self,
        host: str,
        port: int,
        client_id: str,
        username: str | None = None,
        password: str | None = None,
        will: Message | None = None,
        keepalive_s: int = 10,
        *,
        ack_timeout_s: float = ACK_TIMEOUT_S,
        inbox_max: int = INBOX_MAX,
    ) -> None:
        super().__init__(
            f"the MQTT broker at {host}:{port}",
            client_id,
            ack_timeout_s=ack_timeout_s,
            inbox_max=inbox_max,
        )
        self._protocol = MQTTProtocolVersion.MQTTv5
        self._connect_with = partial(
            _Connection, host, port, client_id, (username, password), will, keepalive_s
        )

    @property
    def mqtt_version(self) -> str:
        """The version spoken: "5", or "3.1.1" once the broker has refused 5."""
        return "5" if self._protocol is MQTTProtocolVersion.MQTTv5 else "3.1.1"

    def _new_connection(self, inbox: Inbox) -> "_Connection":
        return self._connect_with(self._protocol, inbox)

    def _gives_way(self, refusal: str) -> bool:
        if "protocol version" in refusal and self._protocol is MQTTProtocolVersion.MQTTv5:
            self._protocol = MQTTProtocolVersion.MQTTv311
            return True
        return False


class _Connection:
    """One connection from CONNECT to its end: a paho client whose socket the event loop watches.

    A new client is made for each connection, so nothing is sent twice behind our back.
    """

    def __init__(
        self,
        host: str,
        port: int,
        client_id: str,
        credentials: tuple[str | None, str | None],
        will: Message | None,
        keepalive_s: int,
        protocol: MQTTProtocolVersion,
        inbox: Inbox,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._inbox = inbox
        self.ended: asyncio.Future[str] = self._loop.create_future()
        self._opened: asyncio.Future[str] = self._loop.create_future()
        self._unconfirmed: dict[int, asyncio.Future[None]] = {}
        self._thread = threading.get_ident()
        self._fd = -1
        self._left = False
        self._is_5 = is_5 = protocol is MQTTProtocolVersion.MQTTv5
        self._client = client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id,
            clean_session=None if is_5 else False,
            protocol=protocol,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.max_inflight_messages_set(INFLIGHT_MAX)
        if credentials[0] is not None:
            client.username_pw_set(*credentials)
        if will is not None:
            client.will_set(will.topic, will.payload, will.qos, will.retain)
        client.on_socket_open = self._socket_opened
        client.on_socket_close = self._socket_closed
        client.on_socket_register_write = lambda *_: self._on_loop(self._watch_writing)
        client.on_socket_unregister_write = lambda *_: self._on_loop(self._unwatch_writing)
        client.on_connect = lambda _c, _u, _f, code, _p: self._settle_opened(code)
        client.on_disconnect = lambda _c, _u, flags, code, _p: self._end(
            f"the broker ended it: {code}"
            if flags.is_disconnect_packet_from_server
            else "the connection was lost"
        )
        client.on_publish = lambda _c, _u, mid, code, _p: self._confirm(mid, [code])
        client.on_subscribe = lambda _c, _u, mid, codes, _p: self._confirm(mid, codes)
        client.on_message = self._received
        if is_5:
            kept = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            kept.SessionExpiryInterval = SESSION_KEPT_S
            client.connect_async(host, port, keepalive_s, clean_start=False, properties=kept)
        else:
            client.connect_async(host, port, keepalive_s)

    async def open(self) -> str:
        """Connects. Returns "" when accepted, else why not, in words."""
        try:
            # The blocking part of paho is only this: the name look-up and the TCP connect.
            await asyncio.to_thread(self._client.reconnect)
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await asyncio.wait({self._opened, self.ended}, return_when=asyncio.FIRST_COMPLETED)
        except OSError as fault:
            return str(fault)
        except TimeoutError:
            return f"no answer to CONNECT within {CONNECT_TIMEOUT_S} s"
        return self._opened.result() if self._opened.done() else self.ended.result()

    def send(self, message: Message) -> asyncio.Future[None]:
        """Gives a message to paho; the future is settled by the broker's acknowledgement."""
        info = self._client.publish(
            message.topic,
            message.payload,
            message.qos,
            message.retain,
            self._request_properties(message),
        )
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise BrokerFault(f"could not publish on {message.topic}: {paho.error_string(info.rc)}")
        return self._awaiting(info.mid)

    async def subscribe(self, filters: Sequence[tuple[str, int]]) -> None:
        """Returns when the broker has agreed to all filters. Raises BrokerFault if it does not."""
        if not filters:
            return
        if self._is_5:
            wanted: Any = [(name, SubscribeOptions(qos)) for name, qos in filters]
        else:
            wanted = list(filters)
        code, mid = self._client.subscribe(wanted)
        if mid is None:
            raise BrokerFault(f"could not subscribe: {paho.error_string(code)}")
        try:
            async with asyncio.timeout(ACK_TIMEOUT_S):
                await self._awaiting(mid)
        except TimeoutError:
            raise BrokerFault("the broker did not answer a subscription in time") from None

    def acknowledge(self, mid: int) -> None:
        """Tells the broker that a received QoS 1 message is handled."""
        self._client.ack(mid, 1)

    def tick(self) -> None:
        """Lets paho look after its keep-alive; called about each second."""
        self._client.loop_misc()

    def leave(self) -> None:
        """Ends in good order: the broker keeps our session and publishes no last will."""
        if self._opened.done():
            self._left = True
            self._client.disconnect()
        else:
            self.cut("left before it was open")

    def cut(self, reason: str) -> None:
        """Ends at once, whatever the other side does."""
        self._end(reason)
        sock: Any = self._client.socket()
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(SHUT_RDWR)
            self._client.loop_read()  # reads the end of the stream, so paho closes its socket

    # ------------------------------------------------------------ called by paho

    def _socket_opened(self, _client: object, _data: object, sock: Any) -> None:
        sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)  # else each exchange waits 44 ms for an ACK
        # The number is kept: when paho's client is garbage-collected its socket says -1.
        self._fd = sock.fileno()
        self._on_loop(self._loop.add_reader, self._fd, self._client.loop_read)

    def _socket_closed(self, *_: object) -> None:
        if self._fd >= 0 and not self._loop.is_closed():
            self._loop.remove_reader(self._fd)
            self._loop.remove_writer(self._fd)
        self._fd = -1

    def _watch_writing(self) -> None:
        if self._fd >= 0:
            self._loop.add_writer(self._fd, self._client.loop_write)

    def _unwatch_writing(self) -> None:
        if self._fd >= 0:
            self._loop.remove_writer(self._fd)

    def _on_loop(self, call: Callable[..., object], *arguments: object) -> None:
        """paho calls back on the thread that connects as well; the loop is touched on its own."""
        if threading.get_ident() == self._thread:
            call(*arguments)
        else:
            self._loop.call_soon_threadsafe(call, *arguments)

    def _settle_opened(self, code: ReasonCode) -> None:
        if not self._opened.done():
            self._opened.set_result(str(code) if code.is_failure else "")

    def _received(self, _client: object, _data: object, received: paho.MQTTMessage) -> None:
        about = received.properties
        message = Message(
            received.topic,
            bytes(received.payload),
            received.qos,
            received.retain,
            getattr(about, "ResponseTopic", None),
            getattr(about, "CorrelationData", None),
        )
        self._inbox.put(self, received.mid, message)

    def _awaiting(self, mid: int) -> asyncio.Future[None]:
        confirmation: asyncio.Future[None] = self._loop.create_future()
        if self.ended.done():
            confirmation.set_exception(BrokerFault("the connection has ended"))
        else:
            self._unconfirmed[mid] = confirmation
        return confirmation

    def _confirm(self, mid: int, codes: Sequence[ReasonCode]) -> None:
        confirmation = self._unconfirmed.pop(mid, None)
        if confirmation is None or confirmation.done():
            return
        refused = [str(code) for code in codes if code.is_failure]
        if refused:
            confirmation.set_exception(BrokerRefusal(f"the broker refused: {refused[0]}"))
        else:
            confirmation.set_result(None)

    def _end(self, reason: str) -> None:
        if not self.ended.done():
            self.ended.set_result("" if self._left else reason)
        for confirmation in self._unconfirmed.values():
            if not confirmation.done():
                confirmation.set_exception(BrokerFault(f"the link broke first: {reason}"))
        self._unconfirmed.clear()

    def _request_properties(self, message: Message) -> Properties | None:
        if not self._is_5 or message.reply_to is None:
            return None
        about = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        about.ResponseTopic = message.reply_to
        if message.correlation is not None:
            about.CorrelationData = message.correlation
        return about

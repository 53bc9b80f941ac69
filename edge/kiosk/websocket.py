"""A WebSocket to the box (RFC 6455), as a client: the one door to wsproto."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Sequence

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.utilities import ProtocolError

OPEN_WITHIN_S = 5.0
CHUNK = 65_536
MESSAGE_MAX = 4 * 1024 * 1024
"""Bytes of one message: a broker behind the box allows no more in one either."""
GONE_AFTER_MS = 15_000


class SocketFault(Exception):
    """The other side did not agree, broke off, or spoke nonsense; the sentence says which."""


class BoxSocket:
    """An open WebSocket. Reading and writing may go on at once, each by one task."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: WSConnection
    ) -> None:
        self._reader, self._writer, self._connection = reader, writer, connection
        self._arrived: list[Event] = []
        self.subprotocol: str | None = None

    async def send(self, data: bytes | str) -> None:
        """Send one message; waits while the other side does not read. Raises SocketFault."""
        await self._write(
            TextMessage(data=data) if isinstance(data, str) else BytesMessage(data=data)
        )

    async def receive(self) -> bytes | str | None:
        """The next whole message; None when the other side is done. Raises SocketFault."""
        parts: list[bytes | str] = []
        size = 0
        while True:
            event = await self._next()
            if isinstance(event, Ping):
                await self._write(event.response())
            elif isinstance(event, (TextMessage, BytesMessage)):
                parts.append(event.data if isinstance(event, TextMessage) else bytes(event.data))
                size += len(event.data)
                if size > MESSAGE_MAX:
                    raise SocketFault(f"a message of more than {MESSAGE_MAX} bytes")
                if event.message_finished:
                    return _joined(parts)
            elif isinstance(event, CloseConnection):
                with contextlib.suppress(SocketFault, ProtocolError):
                    await self._write(event.response())
                return None

    async def close(self, code: int = 1000) -> None:
        """Say goodbye and let go; safe in any state."""
        with contextlib.suppress(SocketFault, ProtocolError):
            await self._write(CloseConnection(code=code))
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._writer.wait_closed()

    async def _next(self) -> Event:
        while not self._arrived:
            try:
                data = await self._reader.read(CHUNK)
                self._connection.receive_data(data or None)
                self._arrived = list(self._connection.events())
            except (OSError, ProtocolError) as fault:
                raise SocketFault(str(fault) or type(fault).__name__) from fault
            if not data and not self._arrived:
                raise SocketFault("the connection ended")
        return self._arrived.pop(0)

    async def _write(self, event: Event) -> None:
        try:
            self._writer.write(self._connection.send(event))
            await self._writer.drain()
        except (OSError, ProtocolError) as fault:
            raise SocketFault(str(fault) or type(fault).__name__) from fault

    async def shake_hands(self, request: Request) -> None:
        """Open the conversation. Raises SocketFault when the other side says no."""
        await self._write(request)
        while True:
            event = await self._next()
            if isinstance(event, AcceptConnection):
                self.subprotocol = event.subprotocol
                return
            if isinstance(event, RejectConnection):
                raise SocketFault(f"the box answered {event.status_code}")


async def open_socket(
    host: str,
    port: int,
    target: str,
    *,
    tls: ssl.SSLContext | None = None,
    headers: Sequence[tuple[bytes, bytes]] = (),
    subprotocols: Sequence[str] = (),
) -> BoxSocket:
    """A WebSocket to this address of the box. Raises SocketFault."""
    try:
        async with asyncio.timeout(OPEN_WITHIN_S):
            reader, writer = await asyncio.open_connection(
                host, port, ssl=tls, server_hostname=host if tls else None
            )
    except (OSError, TimeoutError) as fault:
        raise SocketFault(f"the box cannot be reached ({type(fault).__name__})") from fault
    raw = writer.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE_AFTER_MS)
    opened = BoxSocket(reader, writer, WSConnection(ConnectionType.CLIENT))
    request = Request(
        host=f"{host}:{port}",
        target=target,
        extra_headers=list(headers),
        subprotocols=list(subprotocols),
    )
    try:
        async with asyncio.timeout(OPEN_WITHIN_S):
            await opened.shake_hands(request)
    except BaseException as fault:
        writer.close()
        if isinstance(fault, TimeoutError):
            raise SocketFault("the box did not answer") from fault
        raise
    return opened


def _joined(parts: Sequence[bytes | str]) -> bytes | str:
    if isinstance(parts[0], str):
        return "".join(p for p in parts if isinstance(p, str))
    return b"".join(p for p in parts if isinstance(p, bytes))

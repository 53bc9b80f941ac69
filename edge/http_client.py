"""The door to HTTP as a client: the one place that knows which library speaks it."""

from collections.abc import Mapping
from ssl import SSLContext

from httpx import AsyncClient, ConnectError, HTTPError, Limits, Response, Timeout, TransportError

__all__ = ["AsyncClient", "ConnectError", "HTTPError", "Response", "TransportError", "open_client"]

CONNECTIONS_MAX = 16


def open_client(
    base_url: str = "",
    *,
    timeout_s: float = 10,
    headers: Mapping[str, str] | None = None,
    tls: SSLContext | None = None,
) -> AsyncClient:
    """A client for one server, to be used with `async with`; it keeps its connections open.

    `timeout_s` bounds each of connecting, sending, and waiting for the next bytes. Proxies named
    in the environment are not used: the box talks to its own LAN and to HQ. A request raises
    `TransportError` when no answer came, so whether it was done is not known. `tls` says whom to
    trust instead of the machine's own list.
    """
    return AsyncClient(
        base_url=base_url,
        timeout=Timeout(timeout_s),
        headers=dict(headers or {}),
        limits=Limits(max_connections=CONNECTIONS_MAX, max_keepalive_connections=CONNECTIONS_MAX),
        trust_env=False,
        verify=True if tls is None else tls,
    )

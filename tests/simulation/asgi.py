"""An ASGI application called in memory: what a server and a socket would do between the two."""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit


class Answer(NamedTuple):
    """What the application said."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


async def ask(
    app: Any, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> Answer:
    """One request to an application; returns its whole answer."""
    parts = urlsplit(path)
    sent = [(n.lower().encode(), v.encode()) for n, v in (headers or {}).items()]
    sent.append((b"content-length", b"%d" % len(body)))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(b"host", b"simulated"), *sent],
        "client": ("10.0.0.2", 1234),
        "server": ("10.0.0.1", 80),
        "state": {},
    }
    given = False
    status, said, answered = 0, [], []

    async def receive() -> dict[str, Any]:
        nonlocal given
        if given:
            await asyncio.Event().wait()  # whoever asked does not hang up
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            answered.extend(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            said.append(message.get("body", b""))

    await app(scope, receive, send)
    return Answer(status, b"".join(said), tuple(answered))

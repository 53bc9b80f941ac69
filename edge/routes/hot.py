"""The short way in for the two addresses that every order comes through.

Behind the framework's routing, an order costs twice the processor time it costs here. Decoding,
answers and problems are the very functions that the framework's handlers of these addresses use,
and those handlers stay: they are the documentation, and serve whatever is unusual here.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from edge.asking import Asking
from edge.database import Busy, DatabaseBroken
from edge.routes.asker import caller_of
from edge.routes.commands import answer_commands
from edge.routes.errors import BODY_MAX, PROBLEM, UNREADABLE, bug_at, problem_of, unreadable
from edge.routes.orders import answer_order
from edge.taking import Taking
from protocol.refusals import Refusal

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]

_encode = msgspec.json.Encoder().encode
_JSON = (b"content-type", b"application/json")
_PROBLEM = (b"content-type", PROBLEM.encode())


class HotPath:
    """An ASGI application that answers `POST /api/orders` and `/api/commands`, and hands on the rest."""

    def __init__(
        self, app: App, taking: Callable[[], Taking], asking: Callable[[], Asking] | None = None
    ) -> None:
        self.app = app
        self._taking = taking
        self._asking = asking

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection event of the server."""
        path = scope.get("path")
        if scope.get("method") in ("POST", "PATCH") and _from_a_foreign_page(scope):
            await _send(send, Refusal("not_json"))
            return
        hot = path in ("/api/orders", "/api/commands") and scope.get("method") == "POST"
        if not hot:
            await self.app(scope, receive, send)
            return
        body = await _body(receive)
        if body is None:
            return  # the screen hung up: nothing was taken, nobody waits
        try:
            if len(body) > BODY_MAX:
                outcome: Any = Refusal("too_large", {"most": str(BODY_MAX)})
            else:
                outcome = await self._answer(scope, body)
        except UNREADABLE as error:
            outcome = unreadable(error)
        except Busy:
            outcome = Refusal("busy")
        except DatabaseBroken:
            outcome = Refusal("stopping")
        except Exception as bug:  # noqa: BLE001 - whoever asked is told
            outcome = bug_at(str(path), bug)
        await _send(send, outcome)

    async def _answer(self, scope: Scope, body: bytes) -> Any:
        caller = None if self._asking is None else caller_of(scope, self._asking())
        if scope["path"] == "/api/orders":
            return await answer_order(self._taking(), body, _idempotency_key(scope), caller)
        return await answer_commands(self._taking(), body, caller)


async def _body(receive: Receive) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if not message.get("more_body") or size > BODY_MAX:
            return parts[0] if len(parts) == 1 else b"".join(parts)


async def _send(send: Send, outcome: Any) -> None:
    status, kind = 200, _JSON
    if isinstance(outcome, Refusal):
        outcome = problem_of(outcome)
        status, kind = outcome.status, _PROBLEM
    body = _encode(outcome)
    headers = [kind, (b"content-length", b"%d" % len(body))]
    if status == 503:
        headers.append((b"retry-after", b"2"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _from_a_foreign_page(scope: Scope) -> bool:
    """Whether this may be a page of somebody else's asking in a browser's name.

    Such a page can send text without anybody's leave, but JSON only after asking us first, which
    we never grant. Our own screens send JSON; what is no browser sends no Origin.
    """
    headers = dict(scope["headers"])
    return b"origin" in headers and not headers.get(b"content-type", b"").startswith(_JSON[1])


def _idempotency_key(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"idempotency-key":
            return str(value.decode("latin-1"))
    return None

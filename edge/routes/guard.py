"""Who may use the box's API: asked in front of everything else, the short way in included."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from edge.devices import Devices
from edge.routes.devices import bearer_of, is_own_machine
from edge.routes.errors import PROBLEM, problem_of
from protocol.refusals import Refusal

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]

PAIRINGS = "/api/devices/pairings"
OPEN = (f"{PAIRINGS}/", "/api/box/proof", "/api/schema")
"""What a device needs before it is paired; approving and the like ask for more by themselves."""


class Guard:
    """An ASGI application in front of another: a request without a device's token gets 401.

    Only where pairing is required, and for a token that is shown and is not (or no longer) good.
    Pages, health and pairing stay open; `/mqtt` asks by itself. The box's own machine needs no
    token: whoever works there has the files.
    """

    def __init__(self, app: App, devices: Callable[[], Devices], *, required: bool) -> None:
        self.app = app
        self._devices = devices
        self._required = required

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection event of the server."""
        if scope["type"] == "http" and scope["path"].startswith("/api/") and self._refuses(scope):
            await _refuse(send)
            return
        await self.app(scope, receive, send)

    def _refuses(self, scope: Scope) -> bool:
        devices = self._devices()
        if not self._required and not devices.anybody:
            return False  # nobody was ever paired: no token is to be asked about
        token = bearer_of(scope)
        if token is not None:
            card = scope["device"] = devices.holder(token)
            return card is None and not _is_open(scope)
        return self._required and not _is_open(scope) and not is_own_machine(scope)


def _is_open(scope: Scope) -> bool:
    path: str = scope["path"]
    return path.startswith(OPEN) or (path == PAIRINGS and scope["method"] == "POST")


async def _refuse(send: Send) -> None:
    problem = problem_of(Refusal("not_paired"))
    body = msgspec.json.encode(problem)
    headers = [
        (b"content-type", PROBLEM.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"www-authenticate", b"Bearer"),
    ]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

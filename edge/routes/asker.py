"""Whose request it is, from its headers: the session of a person, the token of a device."""

from typing import Any

from edge.asking import Asking, Caller
from edge.pin_desk import Door
from edge.routes.devices import is_own_machine
from edge.sessions import Sessions
from protocol.devices import DeviceCard
from protocol.sign_in import HEADER, Session

_HEADER = HEADER.encode()


def caller_of(scope: Any, asking: Asking) -> Caller | None:
    """Who sent a request; None where that makes no difference."""
    device: DeviceCard | None = scope.get("device")
    if not asking.cares(device):
        return None
    return Caller(asking, session_token(scope), device, lambda: is_own_machine(scope))


def done_by(caller: Caller | None, screen: str) -> str:
    """Whose deed this is, for what is no command: the person, else what the screen calls itself."""
    actor = None if caller is None else caller.asking.person(caller)
    return screen if actor is None or actor.staff_id is None else actor.staff_id


def session_of(scope: Any, sessions: Sessions) -> Session | None:
    """Who is signed in where a request comes from."""
    device: DeviceCard | None = scope.get("device")
    return sessions.find(session_token(scope), None if device is None else device.device)


def session_token(scope: Any) -> str:
    """The session that a request carries; empty for none."""
    for name, value in scope["headers"]:
        if name == _HEADER:
            return str(value.decode("latin-1"))
    return ""


def door_of(scope: Any, screen: str = "") -> Door:
    """Where a PIN is typed: the paired device, else the address it comes from.

    What a screen calls itself is for people; it does not give it tries of its own.
    """
    device: DeviceCard | None = scope.get("device")
    if device is not None:
        return Door(device.device, device.name or screen)
    client = scope.get("client")
    address = str(client[0]) if client else ""
    if ":" in address:  # one machine has as many IPv6 addresses as it likes
        address = ":".join(address.split(":")[:4])
    return Door(f"@{address}", screen[:60] or address)

"""Tills: opened, moved, counted, closed; and the close of the day."""

from protocol import till_commands as t
from protocol.events import Event
from protocol.refusals import Refusal
from protocol.rules.state import Moment, State, refuse


def open_shift(state: State, command: t.OpenShift, moment: Moment) -> list[Event] | Refusal:
    """Not yet."""
    del state, command, moment
    return refuse("bad_request", detail="not built yet")


def move_cash(state: State, command: t.MoveCash, moment: Moment) -> list[Event] | Refusal:
    """Not yet."""
    del state, command, moment
    return refuse("bad_request", detail="not built yet")


def open_drawer(state: State, command: t.OpenDrawer, moment: Moment) -> list[Event] | Refusal:
    """Not yet."""
    del state, command, moment
    return refuse("bad_request", detail="not built yet")


def close_shift(state: State, command: t.CloseShift, moment: Moment) -> list[Event] | Refusal:
    """Not yet."""
    del state, command, moment
    return refuse("bad_request", detail="not built yet")


def close_day(state: State, command: t.CloseDay, moment: Moment) -> list[Event] | Refusal:
    """Not yet."""
    del state, command, moment
    return refuse("bad_request", detail="not built yet")

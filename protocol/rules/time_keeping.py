"""When people begin and end work."""

from protocol import till_commands as t
from protocol.events import Event
from protocol.refusals import Refusal
from protocol.rules.state import Moment, State, refuse


def clock_in(state: State, command: t.ClockIn, moment: Moment) -> list[Event] | Refusal:
    """Not yet."""
    del state, command, moment
    return refuse("bad_request", detail="not built yet")


def clock_out(state: State, command: t.ClockOut, moment: Moment) -> list[Event] | Refusal:
    """Not yet."""
    del state, command, moment
    return refuse("bad_request", detail="not built yet")

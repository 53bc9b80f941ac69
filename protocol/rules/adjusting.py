"""Taking something off a bill, and charging it again."""

from protocol import floor_commands as f
from protocol.events import Event
from protocol.refusals import Refusal
from protocol.rules.state import Moment, State, refuse


def adjust(state: State, command: f.Adjust, moment: Moment) -> list[Event] | Refusal:
    """Not yet."""
    del state, command, moment
    return refuse("bad_request", detail="not built yet")


def remove(state: State, command: f.RemoveAdjustment, moment: Moment) -> list[Event] | Refusal:
    """Not yet."""
    del state, command, moment
    return refuse("bad_request", detail="not built yet")

"""When people begin and end work, and their breaks. Said twice it is said once."""

from protocol import till_commands as t
from protocol.events import Event
from protocol.floor_events import ClockedIn, ClockedOut
from protocol.refusals import Refusal
from protocol.rules.state import Moment, State


def clock_in(state: State, command: t.ClockIn, moment: Moment) -> list[Event] | Refusal:
    """Work begins, or goes on after a break; whoever works already goes on."""
    if state.clocked == "in":
        return []
    return [
        ClockedIn(staff_id=command.staff_id, at_ms=moment.at_ms, business_date=moment.business_date)
    ]


def clock_out(state: State, command: t.ClockOut, moment: Moment) -> list[Event] | Refusal:
    """Work ends, or a break begins. A break can become an end; nobody rests who is not at work."""
    # Of somebody who was never seen here it is told all the same: a box that was exchanged does not
    # know who came in this morning.
    if state.clocked == "out" or (command.on_break and state.clocked == "break"):
        return []
    return [
        ClockedOut(
            staff_id=command.staff_id,
            at_ms=moment.at_ms,
            business_date=moment.business_date,
            on_break=command.on_break,
        )
    ]

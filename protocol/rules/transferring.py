"""Lines that go over to another order."""

from protocol import floor_commands as f
from protocol.events import Event
from protocol.refusals import Refusal
from protocol.rules.state import Moment, State, refuse


def transfer(state: State, command: f.TransferLines, moment: Moment) -> list[Event] | Refusal:
    """Not yet."""
    del state, command, moment
    return refuse("bad_request", detail="not built yet")

"""Money given back, and closed orders brought back."""

from protocol import floor_commands as f
from protocol.events import Event
from protocol.refusals import Refusal
from protocol.rules.state import Moment, State, refuse


def refund(state: State, command: f.RefundPayment, moment: Moment) -> list[Event] | Refusal:
    """Not yet."""
    del state, command, moment
    return refuse("bad_request", detail="not built yet")


def reopen(state: State, command: f.ReopenOrder, moment: Moment) -> list[Event] | Refusal:
    """Not yet."""
    del state, command, moment
    return refuse("bad_request", detail="not built yet")

"""The rules: `decide` turns a command into events or a refusal, `apply` folds events into an order.

Both are pure. Everything they need to know is in `State` and `Moment`; nothing else is looked up.
"""

from collections.abc import Callable
from typing import Any

from protocol import commands as c
from protocol.events import Event
from protocol.refusals import Refusal
from protocol.rules import firing, menu_keeping, taking, tendering
from protocol.rules.folding import apply
from protocol.rules.state import Moment, State

__all__ = ["RULES", "Moment", "State", "apply", "decide"]

Decision = list[Event] | Refusal

RULES: dict[type, Callable[[State, Any, Moment], Decision]] = {
    c.PlaceOrder: taking.place,
    c.AddLines: taking.add_lines,
    c.VoidLine: taking.void_line,
    c.HoldOrder: taking.hold,
    c.RecallOrder: taking.recall,
    c.FireOrder: firing.fire,
    c.ChangeOrderStatus: firing.change_status,
    c.BumpTicket: firing.bump,
    c.RecallTicket: firing.recall,
    c.TenderPayment: tendering.tender,
    c.EightySixItem: menu_keeping.eighty_six,
    c.RestoreItem: menu_keeping.restore,
}
"""The one dispatch table: each command has exactly one rule."""


def decide(state: State, command: c.Command, moment: Moment) -> Decision:
    """What follows from a command: events to commit together, or a refusal that changes nothing."""
    return RULES[type(command)](state, command, moment)

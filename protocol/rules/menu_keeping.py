"""The outlet's own say on the menu: 86 an item, and restore it."""

from protocol import commands as c
from protocol.events import Event, ItemEightySixed, ItemRestored
from protocol.refusals import Refusal
from protocol.rules.state import Moment, State, refuse


def eighty_six(state: State, command: c.EightySixItem, moment: Moment) -> list[Event] | Refusal:
    """Mark an item sold out; doing so again changes nothing and is no error."""
    if command.item_id not in state.menu.items:
        return refuse("unknown_item", variant_id=command.item_id)
    if command.item_id in state.eighty_six:
        return []
    return [ItemEightySixed(item_id=command.item_id, at_ms=moment.at_ms, reason=command.reason)]


def restore(state: State, command: c.RestoreItem, moment: Moment) -> list[Event] | Refusal:
    """Make an item available again; doing so again changes nothing and is no error."""
    if command.item_id not in state.eighty_six:
        if command.item_id not in state.menu.items:
            return refuse("unknown_item", variant_id=command.item_id)
        return []
    return [ItemRestored(item_id=command.item_id, at_ms=moment.at_ms)]

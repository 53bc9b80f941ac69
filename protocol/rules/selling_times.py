"""Dayparts and opening hours where guests order by themselves; staff may sell what they can make."""

from protocol.commands import NewLine
from protocol.dayparts import hours_of, offered_now, open_now, spans_of
from protocol.menu import name_in
from protocol.orders import Source
from protocol.refusals import Refusal
from protocol.rules.state import Moment, State, refuse


def untimely(
    state: State, lines: tuple[NewLine, ...], moment: Moment, source: Source
) -> Refusal | None:
    """Why a guest cannot have these new lines at this time of day; None when they can.

    What a box said yes to before is no question any more, and staff decide for themselves: only
    orders from kiosks are held to the hours. `source` is where the order comes from.
    """
    house = state.house
    if not (house.dayparts or house.kiosk.hours) or state.offered or not _by_guest(state, source):
        return None
    if not open_now(house, moment.local):
        return refuse("kiosk_closed", hours=hours_of(house.kiosk.hours) or "–")
    for line in lines:
        found = state.menu.variants.get(line.variant_id)
        if found is None or offered_now(house, found[0], moment.local):
            continue
        hours = hours_of(spans_of(house, found[0])) or "–"
        item = found[0]
        return refuse(
            "not_at_this_time", item=name_in(item.names, "en"), item_id=item.id, hours=hours
        )
    return None


def _by_guest(state: State, source: Source) -> bool:
    """A guest's own screen: somebody who is signed in there is no guest."""
    if state.actor is not None:
        return state.actor.staff_id is None
    if source is not Source.KIOSK:
        return False
    # Where nobody signs in: another screen that adds to a kiosk's order is the counter.
    return state.order is None or state.order.screen == state.screen

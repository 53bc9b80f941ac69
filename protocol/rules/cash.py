"""What cash comes to where there are no small coins, and which till it goes into."""

from fractions import Fraction

from protocol.money import Rounding, round_to
from protocol.orders import Order, Source
from protocol.refusals import Refusal
from protocol.rules.state import State, refuse

CASH = "cash"
"""The one tender that gives change and lies in a drawer."""


def rounding_of(state: State, order: Order, amount: int) -> int:
    """What cash differs by from an amount that it settles (minor units); 0 without bill rules."""
    rules = order.rules
    if rules is None:
        return 0
    step = rules.cash_step if rules.cash_step is not None else state.currency.cash_step
    return round_to(Fraction(amount), Rounding(rules.cash_rounding), max(1, step)) - amount


def till_refused(state: State, order: Order, tender: str) -> Refusal | None:
    """The refusal of cash that lies in no open till, where it should.

    The house may want one for all cash. And as long as tills are open, cash of somebody who is signed
    in belongs into one of them: beside them it would be in no count.
    """
    if tender != CASH or order.source is Source.IMPORT or state.shift is not None or state.offered:
        return None
    beside = state.actor is not None and state.tills_open > 0
    return refuse("no_shift") if state.house.till_needed or beside else None

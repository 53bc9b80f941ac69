"""A cart that several screens edit at once: per-line counters per actor, joined without a master."""

import msgspec

from protocol.ids import LineId, ModifierId, VariantId


class Tally(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One actor's counters on one line: added, taken off, and how much of each a removal had seen.

    All four only ever grow, so joining is taking the larger of each.
    """

    added: int = 0
    taken: int = 0
    seen_added: int = 0
    seen_taken: int = 0


class CartChoice(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A modifier on a line of a cart."""

    modifier_id: ModifierId
    quantity: int = 1


class CartNote(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A note on a line: the last one written wins, by (stamp, actor, text).

    `stamp` counts milliseconds and is raised above every note seen; no hybrid stamp, which a browser
    could not count to.
    """

    stamp: int = 0
    actor: str = ""
    text: str = ""


class CartLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a cart: what it is never changes, how many is in the tallies by actor."""

    variant_id: VariantId
    choices: tuple[CartChoice, ...] = ()
    tallies: dict[str, Tally] = {}
    note: CartNote = CartNote()


class Cart(msgspec.Struct, frozen=True, kw_only=True):
    """Lines by id. A line nobody wants any more stays with quantity 0, so that a join remembers."""

    lines: dict[LineId, CartLine] = {}

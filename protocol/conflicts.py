"""How disagreements end: a decision that says why, and a card for a person where no rule may decide."""

import msgspec

from protocol.ids import OutletId, derive


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """What one side did: who (`HQ`, a screen, a person, a box), what in words, when."""

    who: str
    what: str
    at_ms: int | None = None


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One disagreement and how it ended, or that it waits for a person (`automatic` false).

    `decision_id` follows from kind and subject, so that working it out again is the same decision.
    `money` (minor units) is the effect on the outlet: above zero, the outlet got more than it
    should have. Sentences come from `KINDS` with `params`.
    """

    decision_id: str
    kind: str
    outlet_id: OutletId
    subject: str
    """Id of the line, order, item or stream concerned."""
    automatic: bool
    sides: tuple[Side, Side]
    at_ms: int
    money: int = 0
    currency: str = ""
    order_id: str | None = None
    params: dict[str, str] = {}


class KindText(msgspec.Struct, frozen=True):
    """Why, in one sentence, and what we suggest; in English and Indonesian."""

    why_en: str
    todo_en: str
    why_id: str
    todo_id: str


KINDS: dict[str, KindText] = {}
"""One entry per kind of disagreement; `protocol/rules/resolving.py` fills sides and params."""


def decision_id(kind: str, outlet_id: str, subject: str) -> str:
    """The id of the one decision of a kind on a subject."""
    return derive("decision", kind, outlet_id, subject)

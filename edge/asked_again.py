"""The same command a second time: which no passes by itself, and who may ask again after one."""

from edge.order_state import Answer
from protocol.box_events import CommandOvertaken
from protocol.commands import Envelope
from protocol.events import Event

NOT_NOW = frozenset({"not_ready", "disk_full", "disk_nearly_full"})
"""Refusals with which a screen tries again by itself (HTTP 5xx): no answer yet, so not remembered."""
PASSES = frozenset({"in_the_future", "unknown_order", "standby"})
"""Refusals that pass by themselves: a clock is set, the order's own command gets through, another
box is put in charge. Whoever heard one as the first answer was told no, so a late copy of the command
stays refused; only what a box said yes to once, or an import, may come again."""


def may_come_again(envelope: Envelope, digest: bytes, known: Answer) -> bool:
    """Whether a box said yes to what this one refused, and it is offered now that that has passed."""
    passed = known.refusal is not None and known.refusal.code in PASSES
    return passed and envelope.offered and known.digest == digest


def is_overtaken(events: list[Event]) -> bool:
    """Whether all that came of it is that it was written down: nothing was done."""
    return bool(events) and isinstance(events[0], CommandOvertaken)

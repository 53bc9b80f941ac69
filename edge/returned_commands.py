"""Commands that came back from HQ without their body: what is known of them, and what they cannot be.

A screen may offer such a command again, and is answered with the order as it now is. But an
idempotency key that a program uses a second time, for another wish, is another command: of a returned
one the box still knows what it was about and what came of it.
"""

from protocol import commands as c

RETURNED = b"event:"
"""Begins what is kept instead of a digest, which is sixteen bytes."""

MAKES: dict[type[c.Command], frozenset[str]] = {
    c.HoldOrder: frozenset({"order.held"}),
    c.RecallOrder: frozenset({"order.recalled"}),
    c.FireOrder: frozenset({"order.fired"}),
    c.RushOrder: frozenset({"order.rushed"}),
    c.TenderPayment: frozenset({"payment.taken"}),
    c.ChangeOrderStatus: frozenset(
        {"order.held", "order.recalled", "order.fired", "order.served", "order.cancelled"}
        | {"ticket.bumped", "stock.moved"}
    ),
}
"""All that can come of the commands whose addresses take a key and little else; others say by their
own ids (of a line, of an order) which command they are."""


def mark_of(event_type: str) -> bytes:
    """What is kept of a returned command: the type of the first entry that came of it."""
    return RETURNED + event_type.encode()


def is_another(kept: bytes, about: str | None, command: c.Command) -> bool:
    """Whether a command cannot be the returned one of which this is kept, and which was `about` that
    order."""
    if not kept.startswith(RETURNED):
        return False
    order_id = getattr(command, "order_id", None)
    if order_id is not None and about is not None and order_id != about:
        return True
    made = MAKES.get(type(command))
    return made is not None and kept.removeprefix(RETURNED).decode() not in made

"""Line prices and the totals of a bill; taxes, service and discounts have their place already."""

from collections.abc import Iterable

from protocol.menu import Variant
from protocol.orders import Choice, Line, LineStatus, Totals


def line_amount(variant: Variant, choices: Iterable[Choice], quantity: int) -> int:
    """What the menu asks for a line: (variant + modifiers) × quantity, in minor units."""
    return (variant.price + sum(c.price * c.quantity for c in choices)) * quantity


def totals_of(lines: Iterable[Line]) -> Totals:
    """The bill of these lines; voided lines do not count."""
    amount = sum(line.amount for line in lines if line.status is not LineStatus.VOIDED)
    return Totals(lines=amount, total=amount)

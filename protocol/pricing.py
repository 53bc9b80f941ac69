"""Line prices and the totals of a bill; taxes, service and discounts have their place already."""

from collections.abc import Iterable
from typing import NamedTuple

from protocol.bill import Adjustment, BillRules
from protocol.menu import Variant
from protocol.orders import Choice, DiningOption, Line, LineStatus, Order, Totals


class Terms(NamedTuple):
    """What a bill depends on beside its lines."""

    rules: BillRules | None = None
    adjustments: tuple[Adjustment, ...] = ()
    dining_option: DiningOption = DiningOption.DINE_IN
    covers: int | None = None


def terms_of(order: Order) -> Terms:
    """The terms of an order as it is."""
    return Terms(order.rules, order.adjustments, order.dining_option, order.covers)


def line_amount(variant: Variant, choices: Iterable[Choice], quantity: int) -> int:
    """What the menu asks for a line: (variant + modifiers) × quantity, in minor units."""
    return (variant.price + sum(c.price * c.quantity for c in choices)) * quantity


def totals_of(lines: Iterable[Line], terms: Terms) -> Totals:
    """The bill of these lines; voided lines do not count."""
    del terms
    amount = sum(line.amount for line in lines if line.status is not LineStatus.VOIDED)
    return Totals(lines=amount, total=amount)

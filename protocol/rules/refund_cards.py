"""Money that went back twice: two boxes that could not hear each other each gave it."""

from protocol.checks import shares_of
from protocol.conflicts import Decision, Side, decision_id
from protocol.ids import OutletId
from protocol.money import CURRENCIES, format_amount
from protocol.orders import Order, find_line


def refunded_beyond(order: Order) -> int:
    """What went back beyond what was paid, or for more of a dish than was sold (minor units).

    One journal refuses both. Where two journals each gave it, both are kept: it has left a drawer.
    """
    back: dict[str, int] = {}
    for each in (x for refund in order.refunds for x in refund.lines):
        back[each.line_id] = back.get(each.line_id, 0) + each.quantity
    shares, beyond = shares_of(order), 0
    for line_id, quantity in back.items():
        line = find_line(order, line_id)
        if line is not None and quantity > line.quantity:
            share = shares.get(line_id, line.amount)
            beyond += share * (quantity - line.quantity) // line.quantity
    return max(beyond, -order.paid, 0)


def refunded_twice(outlet_id: OutletId, order: Order) -> Decision | None:
    """A card for somebody who asks where the money went; None when nothing went back twice."""
    beyond = refunded_beyond(order)
    if not beyond:
        return None
    first, last = order.refunds[0], order.refunds[-1]

    def money(minor: int) -> str:
        currency = CURRENCIES.get(order.currency)
        return str(minor) if currency is None else format_amount(minor, currency)

    def side(who: str, amount: int, at_ms: int) -> Side:
        text = money(amount)
        return Side(who=who, what=f"gave {text}", what_id=f"memberi {text}", at_ms=at_ms)

    return Decision(
        decision_id=decision_id("refunded_twice", outlet_id, order.order_id),
        kind="refunded_twice",
        outlet_id=outlet_id,
        subject=order.order_id,
        automatic=False,
        sides=(
            side("box", first.amount, first.at_ms),
            side("other_box", last.amount, last.at_ms),
        ),
        at_ms=last.at_ms,
        money=-beyond,
        currency=order.currency,
        order_id=order.order_id,
        params={"number": order.number, "over": money(beyond)},
    )

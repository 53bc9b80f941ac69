"""What a box had accepted, lost, and could not do again: a decision about it, told to people."""

from protocol.box_events import CommandOvertaken
from protocol.conflicts import Decision, Side, decision_id
from protocol.ids import OutletId
from protocol.money import CURRENCIES, format_amount
from protocol.refusals import REFUSALS
from protocol.rules.wording import COMMANDS

TOUCHES_THE_BILL = frozenset(
    {
        *("order.place", "lines.add", "line.void", "cart.merge", "payment.tender", "order.status"),
        *("bill.adjust", "bill.unadjust", "lines.transfer", "payment.refund"),
    }
)
"""Commands whose loss a person looks at; a ticket that was bumped meanwhile is information."""
OF_TILLS = frozenset({"shift.open", "shift.close", "cash.move", "drawer.open", "day.close"})
"""Those about cash and days: a person looks at each, since a count may not add up without it."""


def overtaken(outlet_id: OutletId, event: CommandOvertaken, event_id: str, number: str) -> Decision:
    """What a box had accepted, lost, and could not do again. A person looks when money or the
    guest's order was touched; a ticket that was bumped meanwhile is information."""
    what_en, what_id = COMMANDS.get(event.command, (event.command, event.command))
    of_till = event.command in OF_TILLS
    params = {"what_en": what_en, "what_id": what_id}
    if of_till:
        params["amount"] = format_amount(event.amount, CURRENCIES[event.currency])
    else:
        params["number"] = number or "?"
    why_en, why_id = why_not(event.reason, number)
    return Decision(
        decision_id=decision_id("overtaken", outlet_id, event_id),
        kind="overtaken_cash" if of_till else "overtaken",
        outlet_id=outlet_id,
        subject=event.subject,
        automatic=not of_till and event.command not in TOUCHES_THE_BILL,
        sides=(
            Side(who="screen", what=what_en, what_id=what_id),
            Side(who="box", what=why_en, what_id=why_id, at_ms=event.at_ms),
        ),
        at_ms=event.at_ms,
        money=0 if of_till else -event.amount,
        currency=event.currency,
        order_id=event.subject if event.of_order else None,
        params=params,
    )


def why_not(code: str, number: str) -> tuple[str, str]:
    """What a refusal said, in English and Indonesian. Of what it spoke only the order is known here."""
    text = REFUSALS.get(code)
    if text is None:
        return "It could not be done any more.", "Sudah tidak bisa dilakukan."
    known = _Known(number=number or "…")
    return text.en.format_map(known), text.id.format_map(known)


class _Known(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"

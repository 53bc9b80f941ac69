"""Facts that disagree, as decisions: who did what, why it ended so, and what a person may do."""

from protocol.box_events import BoxRecovered, StreamForked
from protocol.conflicts import Decision, Side, decision_id
from protocol.events import CartMerged, LineRepriced
from protocol.ids import ItemId, OutletId
from protocol.menu import name_in
from protocol.money import CURRENCIES, format_amount
from protocol.orders import Line, Order, Payment, find_line
from protocol.rules.carts import quantity
from protocol.rules.price_cards import Lost, part_of
from protocol.rules.price_verdicts import Reason, Ruling, Verdict
from protocol.rules.product_fields import Written
from protocol.rules.tendering import overpaid_by
from protocol.rules.wording import REASONS, line_state, tender_phrases, thing_params


def price_variance(
    outlet_id: OutletId,
    order: Order,
    line: Line,
    ruling: Ruling,
    at_ms: int,
    lost: Lost | None = None,
) -> Decision | None:
    """One record for a paid line that was not charged HQ's price; None when the ruling is no variance.

    A person looks when the guest paid too much, or when HQ cannot say: at one card for all lines
    that deviate alike (`price_cards`), at the record itself when there is none. The rest is
    information. `lost` is the publish that the line was priced by and HQ does not know.
    """
    if ruling.verdict is not Verdict.VARIANCE or ruling.reason is None:
        return None
    unknown = ruling.reason is Reason.UNKNOWN_VERSION
    expected = "?" if unknown else _money(order, line.amount - ruling.money)
    english, indonesian = (
        text.format(why=line.price_reason or "") for text in REASONS[ruling.reason]
    )
    item = name_in(line.names, "en")
    charged = _money(order, line.amount)
    part = part_of(order, line, ruling, lost)
    right = ruling.money <= 0 and not unknown
    return Decision(
        decision_id=decision_id("price_variance", outlet_id, line.line_id),
        kind="price_variance",
        outlet_id=outlet_id,
        subject=line.line_id,
        automatic=ruling.reason is Reason.OVERRIDE or right or part != "",
        sides=(
            Side(who="box", what=f"{item}: {charged}", at_ms=line.priced_ms or order.placed_ms),
            Side(who="HQ", what=f"{item}: {expected}"),
        ),
        at_ms=at_ms,
        money=0 if unknown else ruling.money,
        currency=order.currency,
        order_id=order.order_id,
        params={
            "item": item,
            "number": order.number,
            "charged": charged,
            "amount": str(line.amount),
            "expected": expected,
            "difference": _money(order, abs(ruling.money)),
            "reason": ruling.reason.value,
            "reason_en": english,
            "reason_id": indonesian,
        },
        part_of=part,
    )


def repriced(outlet_id: OutletId, order: Order, event: LineRepriced, event_id: str) -> Decision:
    """A bill that nobody had paid took new prices."""
    was, now = _money(order, event.was), _money(order, event.totals.total)
    return Decision(
        decision_id=decision_id("repriced", outlet_id, event_id),
        kind="repriced",
        outlet_id=outlet_id,
        subject=order.order_id,
        automatic=True,
        sides=(
            Side(who="box", what=was, at_ms=order.placed_ms),
            Side(who="HQ", what=now, at_ms=event.at_ms),
        ),
        at_ms=event.at_ms,
        currency=order.currency,
        order_id=order.order_id,
        params={"number": order.number, "was": was, "now": now},
    )


def product_field_lost(
    outlet_id: OutletId,
    item: tuple[ItemId, str],
    field: str,
    kept: tuple[str, Written],
    lost: tuple[str, Written],
    at_ms: int,
) -> Decision | None:
    """Two wrote one field and the later one won; None when both wrote the same.

    `item` is (id, name); `kept` and `lost` are (who, what was written).
    """
    (winner, won), (loser, gone) = kept, lost
    if won.value == gone.value:
        return None
    item_id, name = item
    subject = f"{item_id}:{field}:{gone.stamp}:{gone.origin}"
    return Decision(
        decision_id=decision_id("product_field_lost", outlet_id, subject),
        kind="product_field_lost",
        outlet_id=outlet_id,
        subject=item_id,
        automatic=True,
        sides=(
            Side(who=loser, what=gone.value, at_ms=gone.stamp >> 16),
            Side(who=winner, what=won.value, at_ms=won.stamp >> 16),
        ),
        at_ms=at_ms,
        params={
            "item": name,
            "field": field,
            "kept": won.value,
            "winner": winner,
            "lost": gone.value,
            "loser": loser,
        },
    )


def oversold(
    outlet_id: OutletId, item: tuple[ItemId, str], level: int, count_id: str, at_ms: int
) -> Decision | None:
    """More went out than was counted; None when the level is not below zero.

    One card per count (`count_id`): selling on below zero changes only its words.
    """
    if level >= 0:
        return None
    item_id, name = item
    return Decision(
        decision_id=decision_id("oversold", outlet_id, f"{item_id}:{count_id}"),
        kind="oversold",
        outlet_id=outlet_id,
        subject=item_id,
        automatic=False,
        sides=(
            Side(
                who="outlet",
                what=f"{-level} more went out than were counted",
                what_id=f"keluar {-level} lebih banyak dari hitungan",
            ),
            Side(who="HQ", what=f"reckons {level} left", what_id=f"menghitung sisa {level}"),
        ),
        at_ms=at_ms,
        params={"item": name, "level": str(level), "short": str(-level)},
    )


def overpaid(outlet_id: OutletId, order: Order, at_ms: int) -> Decision | None:
    """More was paid than the order costs: two screens, or two boxes, took the money. None if not."""
    over = overpaid_by(order)
    if over <= 0:
        return None
    last = order.payments[-1]
    first = order.payments[0]
    tender_en, tender_id = tender_phrases(last)
    return Decision(
        decision_id=decision_id("overpaid", outlet_id, order.order_id),
        kind="overpaid",
        outlet_id=outlet_id,
        subject=order.order_id,
        automatic=False,
        sides=(_paid(order, "first_payment", first), _paid(order, "last_payment", last)),
        at_ms=at_ms,
        money=over,
        currency=order.currency,
        order_id=order.order_id,
        params={
            "number": order.number,
            "total": _money(order, order.totals.total),
            "paid": _money(order, order.paid),
            "over": _money(order, over),
            "tender_en": tender_en,
            "tender_id": tender_id,
            "amount": _money(order, last.amount),
        },
    )


def _paid(order: Order, who: str, payment: Payment) -> Side:
    english, indonesian = tender_phrases(payment)
    amount = _money(order, payment.amount)
    return Side(
        who=who,
        what=f"{amount}, {english}",
        what_id=f"{amount}, {indonesian}",
        at_ms=payment.at_ms,
    )


def late_cart_edits(
    outlet_id: OutletId, order: Order, event: CartMerged, who: str
) -> tuple[Decision, ...]:
    """Edits of lines that the kitchen had, or that were struck, when they came; one card each.

    `order` is the order after the event, `who` the screen or person that sent it.
    """
    return tuple(
        _late_cart_edit(outlet_id, order, line, quantity(event.cart.lines[line_id]), event, who)
        for line_id in event.late
        if (line := find_line(order, line_id)) is not None and line_id in event.cart.lines
    )


def _late_cart_edit(
    outlet_id: OutletId, order: Order, line: Line, wanted: int, event: CartMerged, who: str
) -> Decision:
    item = name_in(line.names, "en")
    there = f"{line.quantity} × {item}"
    state_en, state_id = line_state(line)
    return Decision(
        decision_id=decision_id("late_cart_edit", outlet_id, f"{line.line_id}:{wanted}"),
        kind="late_cart_edit",
        outlet_id=outlet_id,
        subject=line.line_id,
        automatic=False,
        sides=(
            Side(who=who, what=f"{wanted} × {item}", at_ms=event.at_ms),
            Side(
                who="kitchen" if line.fired_ms is not None else "box",
                what=f"{there}, {state_en}",
                what_id=f"{there}, {state_id}",
                at_ms=line.fired_ms,
            ),
        ),
        at_ms=event.at_ms,
        order_id=order.order_id,
        currency=order.currency,
        params={
            "who": who,
            "item": item,
            "number": order.number,
            "wanted": str(wanted),
            "there": str(line.quantity),
        },
    )


def event_differs(
    outlet_id: OutletId,
    event_id: str,
    event_type: str,
    first: Side,
    second: Side,
    at_ms: int,
    order_id: str | None = None,
) -> Decision:
    """One event id came with two bodies; HQ goes by the first and keeps both."""
    return Decision(
        decision_id=decision_id("event_differs", outlet_id, event_id),
        kind="event_differs",
        outlet_id=outlet_id,
        subject=event_id,
        automatic=False,
        sides=(first, second),
        at_ms=at_ms,
        order_id=order_id,
        params=thing_params(event_type),
    )


def clone(outlet_id: OutletId, event: StreamForked) -> Decision:
    """Two boxes had written one stream; this one's part went on under a name of its own."""
    return Decision(
        decision_id=decision_id("clone", outlet_id, f"{event.stream}:{event.moved_to}"),
        kind="clone",
        outlet_id=outlet_id,
        subject=event.stream,
        automatic=False,
        sides=(
            Side(
                who="other_box",
                what=f"wrote on after record {event.common_seq}",
                what_id=f"terus menulis setelah catatan {event.common_seq}",
            ),
            Side(
                who=event.node_id,
                what=f"keeps {event.moved} records under a new name",
                what_id=f"menyimpan {event.moved} catatan dengan nama baru",
                at_ms=event.at_ms,
            ),
        ),
        at_ms=event.at_ms,
        params={"moved": str(event.moved)},
    )


def two_boxes(
    outlet_id: OutletId, primary: str, standby: str, at_ms: int, *, episode: str = ""
) -> Decision:
    """Two boxes of an outlet speak to HQ at the same time; names as people know them.

    `episode` names this time, so that the same two on another day are a card of their own.
    """
    return Decision(
        decision_id=decision_id("two_boxes", outlet_id, f"{standby}:{episode}"),
        kind="two_boxes",
        outlet_id=outlet_id,
        subject=standby,
        automatic=False,
        sides=(
            Side(who=primary, what="takes orders", what_id="menerima pesanan"),
            Side(who=standby, what="stands by", what_id="siaga", at_ms=at_ms),
        ),
        at_ms=at_ms,
        params={"primary": primary, "standby": standby},
    )


def box_restored(outlet_id: OutletId, event: BoxRecovered, event_id: str) -> Decision:
    """A box came back from an older state, or is new, and got back what its outlet had done."""
    return Decision(
        decision_id=decision_id("box_restored", outlet_id, event_id),
        kind="box_restored",
        outlet_id=outlet_id,
        subject=event.node_id,
        automatic=True,
        sides=(
            Side(
                who=event.node_id,
                what="had an older state",
                what_id="kembali ke keadaan lama",
                at_ms=event.at_ms,
            ),
            Side(
                who="HQ",
                what=f"gave {event.entries} records back",
                what_id=f"mengembalikan {event.entries} catatan",
            ),
        ),
        at_ms=event.at_ms,
        params={
            "entries": str(event.entries),
            "number": event.last_number,
            "open": str(event.open_orders),
            "series": event.series,
        },
    )


def hq_restored(
    outlet_id: OutletId, incarnation: str, box: str, entries: int, at_ms: int
) -> Decision:
    """HQ came back from a backup and the box sent again what HQ had lost."""
    return Decision(
        decision_id=decision_id("hq_restored", outlet_id, f"{incarnation}:{box}"),
        kind="hq_restored",
        outlet_id=outlet_id,
        subject=box,
        automatic=True,
        sides=(
            Side(
                who="HQ",
                what="had an older state",
                what_id="kembali ke keadaan lama",
                at_ms=at_ms,
            ),
            Side(
                who=box,
                what=f"sent {entries} records again",
                what_id=f"mengirim ulang {entries} catatan",
            ),
        ),
        at_ms=at_ms,
        params={"entries": str(entries)},
    )


def parked(
    outlet_id: OutletId, thing: str, event_type: str, reason: str, *, by: str, at_ms: int
) -> Decision:
    """HQ cannot read an entry yet; only what it belongs to waits. `by` is who could not read it."""
    return Decision(
        decision_id=decision_id("parked", outlet_id, f"{by}:{thing}"),
        kind="parked",
        outlet_id=outlet_id,
        subject=thing,
        automatic=False,
        sides=(Side(who="box", what=event_type), Side(who="HQ", what=reason, at_ms=at_ms)),
        at_ms=at_ms,
        params={"subject": thing, "type": event_type, "reason": reason, **thing_params(event_type)},
    )


def _money(order: Order, minor: int) -> str:
    currency = CURRENCIES.get(order.currency)
    return str(minor) if currency is None else format_amount(minor, currency)

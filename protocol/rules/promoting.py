"""Offers follow the bill: whenever lines change, what they earn is worked out anew.

Also where some of it is paid: a dish that is struck takes the offer along that it had earned. They
stand as they are (`stand`) once a check of the party was paid, or money went back for dishes.
"""

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from protocol import commands as c
from protocol import events as e
from protocol import floor_events as f
from protocol.bill import Adjustment, AdjustmentKind
from protocol.discounts import rounding_of, with_given
from protocol.floor_commands import Adjust, RemoveAdjustment
from protocol.house import House, Promotion
from protocol.house_checks import percent_of
from protocol.menu import Names
from protocol.offers import Party, code_key, offer_of, offers_on
from protocol.orders import Line, LineStatus, Order, OrderStatus, Source
from protocol.pricing import Terms, terms_of, totals_of
from protocol.refusals import Refusal
from protocol.rules.floor_folding import FROM_OFFERS
from protocol.rules.folding import apply
from protocol.rules.state import Moment, State, refuse

CHANGES_A_BILL = (
    *(e.OrderPlaced, e.LinesAdded, e.LineVoided, e.LineReduced, e.LineRepriced, e.CartMerged),
    *(f.DetailsChanged, f.BillAdjusted, f.AdjustmentRemoved, f.LinesLeft, f.LinesCame),
)
OFFER_BYTES_MAX = 2_000
"""Of an offer that is known from a screen only."""
OVER = frozenset({OrderStatus.CLOSED, OrderStatus.CANCELLED})


def followed(
    state: State, command: c.Command, events: list[e.Event], moment: Moment
) -> list[e.Event]:
    """What was decided, and after it the offers that each bill touched by it then earns."""
    touched = [x.order_id for x in events if isinstance(x, CHANGES_A_BILL)]
    known = {o.order_id: o for o in (state.order, state.other) if o is not None}
    told = () if state.accepted is None else (state.accepted,)
    if not touched or not _may_change(state.house, (*known.values(), *told)):
        return events
    codes = getattr(command, "codes", ())
    applied: list[e.Event] = []
    for order_id in dict.fromkeys(touched):
        order = known.get(order_id)
        for event in events:
            if isinstance(event, e.OrderEvent) and event.order_id == order_id:
                order = apply(order, event)
        assert order is not None, "an event of an order that nobody has"
        promised = _promised(state, command, order)
        offers = applied_to(order, state.house, moment, codes, promised)
        if offers is not None:
            applied.append(offers)
    return [*events, *applied]


def coupons_told(
    state: State, command: c.Command, events: list[e.Event], moment: Moment
) -> Iterable[f.CouponGiven]:
    """Which coupons somebody at the counter put on a bill, or took off it, by this command.

    A guest who shows one at the kiosk takes nothing from anybody.
    """
    if isinstance(command, c.PlaceOrder) and command.source is Source.COUNTER and command.codes:
        order_id = command.order_id
    elif isinstance(command, Adjust | RemoveAdjustment) and state.order is not None:
        order_id = state.order.order_id
    else:
        return
    before = _coupons_on(state.order.adjustments if state.order is not None else ())
    after = before
    for event in events:
        if isinstance(event, f.PromotionsApplied):
            after = _coupons_on(event.promotions)
    for code in sorted(before.keys() ^ after.keys()):
        names, given = after.get(code) or before[code]
        yield f.CouponGiven(
            order_id=order_id,
            at_ms=moment.at_ms,
            code=code,
            names=names,
            given=given,
            back=code not in after,
        )


def _coupons_on(adjustments: Iterable[Adjustment]) -> dict[str, tuple[Names, int]]:
    """The coupons among these by their code, with what they take off in all."""
    found: dict[str, tuple[Names, int]] = {}
    for a in adjustments:
        if a.kind is AdjustmentKind.COUPON:
            found[a.code] = (a.names, found.get(a.code, (a.names, 0))[1] + a.given)
    return found


def applied_to(
    order: Order,
    house: House,
    moment: Moment,
    codes: Iterable[str] = (),
    promised: tuple[Adjustment, ...] | None = None,
) -> f.PromotionsApplied | None:
    """The event by which an order takes the offers it earns now; None when it has them already.

    `promised` are those of a first answer: the guest has seen them, whatever the house says now.
    """
    if stand(order) or order.status in OVER or order.source is Source.IMPORT:
        return None
    if promised is None and _knows_no_offers_yet(house):
        return None
    had = tuple(a for a in order.adjustments if a.kind in FROM_OFFERS)
    new = promised
    if new is None:
        shown = {*map(code_key, codes), *(code_key(a.code) for a in had if a.code)}
        new = earned(house, order.lines, terms_of(order), moment, frozenset(shown))
    own = tuple(a for a in order.adjustments if a.kind not in FROM_OFFERS)
    if _without_given(new) == _without_given(had):
        return None
    told = with_given(order.lines, (*own, *new), rounding_of(order.rules))
    return f.PromotionsApplied(
        order_id=order.order_id,
        at_ms=moment.at_ms,
        promotions=told[len(own) :],
        totals=totals_of(order.lines, terms_of(replace(order, adjustments=told))),
    )


def stand(order: Order) -> bool:
    """Whether the offers of an order stay as they are, whatever its lines become.

    One guest of a party that pays in checks has paid their part of them: were they worked out anew,
    the others would pay for what that guest got, or get what that guest paid for. What was given
    back for dishes was their price with the offers of then: with others, more could have gone back
    than was ever charged.
    """
    return order.credited > 0 or (bool(order.checks) and order.paid > 0)


def goes_below_paid(state: State, after: Order, moment: Moment) -> bool:
    """Whether a changed order would cost less than was paid and given back of it, offers and all.

    One that is overpaid already may not become cheaper still.
    """
    before = state.order
    assert before is not None, "something was changed about it"
    least = min(before.kept, before.totals.total)
    if least <= 0:
        return False
    applied = applied_to(after, state.house, moment)
    return (after if applied is None else applied).totals.total < least


def earned(
    house: House, lines: Iterable[Line], terms: Terms, moment: Moment, codes: frozenset[str]
) -> tuple[Adjustment, ...]:
    """The offers that these lines earn. `codes` are coupons as `code_key` compares them."""
    if not house.promotions:
        return ()
    comps = (a for a in terms.adjustments if a.kind is AdjustmentKind.COMP)
    party = Party(
        local=moment.local,
        at_ms=moment.at_ms,
        dining_option=terms.dining_option,
        codes=codes,
        comped=frozenset(a.line_id for a in comps if a.line_id is not None),
    )
    live = [line for line in lines if line.status is not LineStatus.VOIDED]
    return offers_on(house.promotions, live, party)


def terms_with_offers(state: State, command: c.PlaceOrder, lines: tuple[Line, ...],
                      terms: Terms, moment: Moment) -> Terms:  # fmt: skip
    """The terms of an order that is about to be placed, with what its guest is offered."""
    if command.source is Source.IMPORT or not state.house.promotions:
        return terms
    codes = frozenset(map(code_key, command.codes))
    return terms._replace(adjustments=earned(state.house, lines, terms, moment, codes))


def codes_refused(state: State, codes: Iterable[str]) -> Refusal | None:
    """Why a coupon cannot be taken: the house has none of that code, or it is used up.

    One that is on the order already is not used once more, and what was accepted before, as the
    box itself knows or nobody signs in to deny, was used then.
    """
    has = {a.promotion_id for a in state.order.adjustments} if state.order is not None else set()
    was_used = state.offered and (state.proven or state.actor is None)
    for code in codes:
        coupon = find_coupon(state.house, code)
        if coupon is None:
            return refuse("unknown_coupon", coupon=code)
        if coupon.uses is None or coupon.id in has or was_used:
            continue
        if state.sums.coupons.get(coupon.id, 0) >= coupon.uses:
            return refuse("coupon_used_up", coupon=coupon.code, uses=coupon.uses)
    return None


def find_coupon(house: House, code: str) -> Promotion | None:
    """The promotion that a coupon is for."""
    key = code_key(code)
    return next((p for p in house.promotions if p.code and code_key(p.code) == key), None)


def _may_change(house: House, orders: Iterable[Order]) -> bool:
    offered = any(a.kind in FROM_OFFERS for o in orders for a in o.adjustments)
    return bool(house.promotions) or offered


def _knows_no_offers_yet(house: House) -> bool:
    """A box that was lost hears from its screens before it hears from HQ: what its orders had been
    promised is nothing that it could work out, and stays."""
    return house.version == 0 and not house.promotions


def _promised(state: State, command: c.Command, order: Order) -> tuple[Adjustment, ...] | None:
    """The offers of the first answer to an order that is placed again, if they can be believed.

    One that the house does not know (any more, or not yet: the box is new) is believed as it stands
    when the box knows that the answer was a box's own. A new box believes so of all that changed
    the order later, too; any other works those out anew for the moment of the first answer.
    """
    accepted = state.accepted
    if accepted is None or accepted.order_id != order.order_id or not state.offered:
        return None
    if not isinstance(command, c.PlaceOrder) and not _knows_no_offers_yet(state.house):
        return None
    known = {p.id: p for p in state.house.promotions}
    ids = {line.line_id for line in order.lines} | {None}
    told: list[Adjustment] = []
    for offer in (a for a in accepted.adjustments if a.kind in FROM_OFFERS):
        promotion = known.get(offer.promotion_id)
        if offer.line_id not in ids or not _can_be_given(offer):
            return None
        if promotion is not None:
            told.append(offer_of(promotion, offer.line_id, offer.percent, offer.amount))
        elif state.proven and len(msgspec.json.encode(offer)) <= OFFER_BYTES_MAX:
            told.append(replace(offer, given=0))
        else:
            return None
    return tuple(told)


def _can_be_given(offer: Adjustment) -> bool:
    if offer.percent is None:
        return offer.amount is not None and 0 <= offer.amount <= c.AMOUNT_MAX
    percent = percent_of(offer.percent)
    return percent is not None and 0 < percent <= 100


def _without_given(adjustments: tuple[Adjustment, ...]) -> list[Adjustment]:
    return [replace(a, given=0) for a in adjustments]

"""Taking an order: place, add lines, void a line, hold and recall."""

from msgspec.structs import replace

from protocol import commands as c
from protocol.events import (
    Event,
    LineReduced,
    LinesAdded,
    LineVoided,
    OrderFired,
    OrderHeld,
    OrderPlaced,
    OrderRecalled,
)
from protocol.ids import OrderId, is_uuid
from protocol.menu import Item, MenuIndex, Variant, groups_of, name_in
from protocol.orders import (
    ORDER_MAY_BECOME,
    TAKES_LINES,
    TRANSFERRED,
    Choice,
    Line,
    LineStatus,
    Order,
    OrderStatus,
    Source,
    find_line,
)
from protocol.pricing import Terms, line_amount, terms_of, totals_of
from protocol.refusals import Refusal
from protocol.rules.carts import resized
from protocol.rules.coursing import IN_THE_KITCHEN, goes_at_once, of_courses
from protocol.rules.promoting import codes_refused, goes_below_paid, terms_with_offers
from protocol.rules.selling_times import untimely
from protocol.rules.state import Moment, State, refuse
from protocol.rules.stock_keeping import moved_by
from protocol.staff import May


def place(state: State, command: c.PlaceOrder, moment: Moment) -> list[Event] | Refusal:
    """Price the lines from the box's menu and take the order.

    What is not held, and not of a course that is to wait, goes to the kitchen at once.
    """
    imported = command.source is Source.IMPORT
    refusal = _placing_refused(state, command)
    refusal = refusal or _lines_refused(state, command.lines, imported)
    refusal = refusal or untimely(state, command.lines, moment, command.source)
    refusal = refusal or codes_refused(state, command.codes)
    if refusal is not None:
        return refusal
    eats = command.dining_option
    lines = price_lines(state, command.lines, moment, eats, imported=imported)
    if isinstance(lines, Refusal):
        return lines
    rules = None if imported else state.house.bill.on(moment.business_date)
    terms = Terms(rules, (), command.dining_option, command.covers)
    totals = totals_of(lines, terms)
    offered = terms_with_offers(state, command, lines, terms, moment)
    asked = totals if offered is terms else totals_of(lines, offered)
    refusal = _price_seen_differs(state, command, asked.total)
    if refusal is not None:
        return refusal
    placed = OrderPlaced(
        order_id=command.order_id,
        number=state.order_number,
        business_date=moment.business_date,
        hour=moment.hour,
        at_ms=moment.at_ms,
        confidence=moment.confidence,
        source=command.source,
        dining_option=command.dining_option,
        lines=lines,
        totals=totals,
        currency=state.menu.menu.currency,
        menu_version=state.menu.menu.version,
        held=command.hold,
        table=command.table,
        tab_name=command.tab_name,
        covers=command.covers,
        screen=state.screen,
        staff=state.staff,
        device_ms=state.device_ms,
        rules=rules,
    )
    at_once = () if command.hold else of_courses(lines, command.fire_courses)
    return [
        placed,
        *fired_now(command.order_id, at_once, moment.at_ms),
        *moved_by(command.order_id, (), lines, moment.at_ms),
    ]


def add_lines(state: State, command: c.AddLines, moment: Moment) -> list[Event] | Refusal:
    """Put further lines on an order; one that is in the kitchen already sends them at once.

    Lines of a course that still waits wait with it.
    """
    order = changeable(state, command.order_id)
    if isinstance(order, Refusal):
        return order
    imported = order.source is Source.IMPORT
    refusal = _lines_refused(state, command.lines, imported)
    refusal = refusal or untimely(state, command.lines, moment, order.source)
    if refusal is not None:
        return refusal
    for line in command.lines:
        if find_line(order, line.line_id):
            return refuse("duplicate_id", id=line.line_id)
    eats = order.dining_option
    lines = price_lines(state, command.lines, moment, eats, imported=imported)
    if isinstance(lines, Refusal):
        return lines
    added = LinesAdded(
        order_id=order.order_id,
        at_ms=moment.at_ms,
        lines=lines,
        totals=totals_of((*order.lines, *lines), terms_of(order)),
    )
    at_once = goes_at_once(order, lines) if order.status in IN_THE_KITCHEN else ()
    return [
        added,
        *fired_now(order.order_id, at_once, moment.at_ms),
        *moved_by(order.order_id, (), lines, moment.at_ms),
    ]


def void_line(state: State, command: c.VoidLine, moment: Moment) -> list[Event] | Refusal:
    """Take a line off before it was made, or some of it; the kitchen sees it struck out."""
    order = changeable(state, command.order_id)
    if isinstance(order, Refusal):
        return order
    line = find_line(order, command.line_id)
    if line is None or line.void_reason == TRANSFERRED:
        return refuse("unknown_line", number=order.number, line_id=command.line_id)
    if line.status not in (LineStatus.WAITING, LineStatus.FIRED):
        item = name_in(line.names, "en")
        return refuse("line_made", item=item, status=line.status.value)
    if command.quantity not in (None, line.quantity):
        return _reduce(state, order, line, command, moment)
    if len(order.live_lines) == 1:
        return refuse("last_line", item=name_in(line.names, "en"), number=order.number)
    rest = tuple(x for x in order.lines if x.line_id != command.line_id)
    totals = totals_of(rest, terms_of(order))
    if goes_below_paid(state, replace(order, lines=rest, totals=totals), moment):
        return refuse("paid_order", number=order.number, paid=state.money(order.paid))
    voided = LineVoided(
        order_id=order.order_id,
        line_id=line.line_id,
        at_ms=moment.at_ms,
        reason=command.reason,
        totals=totals,
        approved_by=state.approver(order.order_id, May.VOID_FIRED),
        approval_id=command.approval_id,
    )
    return [voided, *moved_by(order.order_id, (line,), (), moment.at_ms)]


def _reduce(
    state: State, order: Order, line: Line, command: c.VoidLine, moment: Moment
) -> list[Event] | Refusal:
    by = command.quantity
    assert by is not None, "all of a line is a void"
    # What a person priced is priced as a whole: there is no price for some of it.
    if by > line.quantity or line.price_reason is not None:
        return refuse("wrong_quantity", quantity=by, most=line.quantity)
    left = resized(line, line.quantity - by)
    lines = tuple(left if x is line else x for x in order.lines)
    totals = totals_of(lines, terms_of(order))
    if goes_below_paid(state, replace(order, lines=lines, totals=totals), moment):
        return refuse("paid_order", number=order.number, paid=state.money(order.paid))
    reduced = LineReduced(
        order_id=order.order_id,
        line_id=line.line_id,
        at_ms=moment.at_ms,
        by=by,
        reason=command.reason,
        totals=totals,
        approved_by=state.approver(order.order_id, May.VOID_FIRED),
        approval_id=command.approval_id,
    )
    return [reduced, *moved_by(order.order_id, (line,), (left,), moment.at_ms)]


def hold(state: State, command: c.HoldOrder, moment: Moment) -> list[Event] | Refusal:
    """Park an order that the kitchen has not been told of."""
    order = ensure_may_become(state, command.order_id, OrderStatus.HELD)
    if isinstance(order, Refusal):
        return order
    return [OrderHeld(order_id=order.order_id, at_ms=moment.at_ms)]


def recall(state: State, command: c.RecallOrder, moment: Moment) -> list[Event] | Refusal:
    """Bring a held order back to a screen."""
    order = ensure_may_become(state, command.order_id, OrderStatus.OPEN)
    if isinstance(order, Refusal):
        return order
    return [OrderRecalled(order_id=order.order_id, at_ms=moment.at_ms)]


def ensure_may_become(state: State, order_id: str, wanted: OrderStatus) -> Order | Refusal:
    """The order, when its status may become `wanted`; else the refusal to answer."""
    order = state.order
    if order is None:
        return refuse("unknown_order", order_id=order_id)
    if wanted not in ORDER_MAY_BECOME[order.status]:
        return refuse(
            "not_possible_now",
            number=order.number,
            status=order.status.value,
            wanted=wanted.value,
        )
    return order


def _placing_refused(state: State, command: c.PlaceOrder) -> Refusal | None:
    if state.menu.menu.version == 0:
        return refuse("not_ready")
    if not is_uuid(command.order_id):
        return refuse("bad_id", id=command.order_id)
    if state.order is not None:
        return refuse("duplicate_id", id=command.order_id)
    return None


def _lines_refused(state: State, lines: tuple[c.NewLine, ...], imported: bool) -> Refusal | None:
    seen: set[str] = set()
    for line in lines:
        if not is_uuid(line.line_id):
            return refuse("bad_id", id=line.line_id)
        if line.line_id in seen or line.line_id in state.taken_ids:
            return refuse("duplicate_id", id=line.line_id)
        seen.add(line.line_id)
        if not 1 <= line.quantity <= c.QUANTITY_MAX:
            return refuse("wrong_quantity", quantity=line.quantity, most=c.QUANTITY_MAX)
        if line.amount is not None:
            if not imported:
                return refuse("not_an_import")
            if not 0 <= line.amount <= c.AMOUNT_MAX:
                return refuse("wrong_amount", amount=state.money(line.amount))
    return None


# With dated prices the same menu costs another sum at another time: the screen looks again.
def _price_seen_differs(state: State, command: c.PlaceOrder, total: int) -> Refusal | None:
    version, seen = state.menu.menu.version, command.expected_total
    same_menu = command.menu_version in (None, version)
    if seen == total or (seen is None and same_menu):
        return None
    shown = "?" if seen is None else state.money(seen)
    if same_menu and not state.prices.version:
        return refuse("total_differs", shown=shown, now=state.money(total), total=total)
    return refuse(
        "stale_menu",
        shown=shown,
        now=state.money(total),
        screen_version=version if same_menu else command.menu_version,
        version=version,
        total=total,
    )


def changeable(state: State, order_id: str) -> Order | Refusal:
    """The order, when it still takes lines; else the refusal to answer."""
    order = state.order
    if order is None:
        return refuse("unknown_order", order_id=order_id)
    if order.merged_into is not None:
        return refuse("order_merged", number=order.number)
    if order.status not in TAKES_LINES:
        return refuse("order_closed", number=order.number, status=order.status.value)
    return order


def price_lines(
    state: State, lines: tuple[c.NewLine, ...], moment: Moment, eats: str, *, imported: bool
) -> tuple[Line, ...] | Refusal:
    """The lines at the prices in force for guests who eat so, or why the first cannot be sold."""
    menu = state.menu.priced_at(state.prices, moment.at_ms, eats)
    priced: list[Line] = []
    for new in lines:
        line = _priced_line(state, menu, new, moment, imported)
        if isinstance(line, Refusal):
            return line
        priced.append(line)
    return tuple(priced)


def _priced_line(
    state: State, menu: MenuIndex, new: c.NewLine, moment: Moment, imported: bool
) -> Line | Refusal:
    found = menu.variants.get(new.variant_id)
    if found is None:
        return refuse("unknown_item", variant_id=new.variant_id)
    item, variant = found
    if not imported and (not item.available or item.id in state.eighty_six):
        return refuse("item_unavailable", item=name_in(item.names, "en"), item_id=item.id)
    choices = _choose(menu, item, variant, new, imported)
    if isinstance(choices, Refusal):
        return choices
    expected = line_amount(variant, choices, new.quantity)
    amount = expected if new.amount is None else new.amount
    if amount < 0:
        # A dated price below what a modifier takes off: the guest's bill would be the outlet's debt.
        return refuse("wrong_amount", amount=state.money(amount))
    route = menu.route_of(item)
    return Line(
        line_id=new.line_id,
        item_id=item.id,
        variant_id=variant.id,
        plu=variant.plu,
        names=item.names,
        variant_names=variant.names,
        category_id=item.category_id,
        size=variant.size,
        quantity=new.quantity,
        unit_price=variant.price,
        expected=expected,
        amount=amount,
        choices=choices,
        note=new.note,
        seat=new.seat,
        course=item.course if new.course is None else new.course,
        station_ids=route.station_ids,
        tax_class=item.tax_class,
        price_reason=None if amount == expected else "imported",
        menu_version=menu.menu.version,
        price_version=menu.book.version,
        priced_ms=moment.at_ms,
        price_names=menu.ruled[variant.id].names if variant.id in menu.ruled else {},
        # History: what it sold is not taken from today's shelf.
        counted=not imported and item.id in state.tracked,
        allergens=item.allergens,
        target_s=route.target_s,
        expo_ids=route.expo_ids,
    )


def _choose(
    menu: MenuIndex, item: Item, variant: Variant, new: c.NewLine, imported: bool
) -> tuple[Choice, ...] | Refusal:
    groups = [menu.groups[g] for g in groups_of(item, variant)]
    allowed = {m.id: (g, m) for g in groups for m in g.modifiers}
    counts = {g.id: 0 for g in groups}
    choices: list[Choice] = []
    for chosen in new.choices:
        found = allowed.get(chosen.modifier_id)
        if found is None:
            item_name = name_in(item.names, "en")
            return refuse("unknown_modifier", item=item_name, modifier_id=chosen.modifier_id)
        group, modifier = found
        counts[group.id] += chosen.quantity
        choices.append(
            Choice(
                modifier_id=modifier.id,
                names=modifier.names,
                price=modifier.price,
                quantity=chosen.quantity,
            )
        )
    for group in groups:
        count = counts[group.id]
        if not imported and not group.min <= count <= group.max:
            return refuse(
                "modifier_count",
                item=name_in(item.names, "en"),
                group=name_in(group.names, "en"),
                least=group.min,
                most=group.max,
                count=count,
            )
    return tuple(choices)


def fired_now(order_id: OrderId, lines: tuple[Line, ...], at_ms: int) -> list[Event]:
    """These lines go to the kitchen at once; nothing happens when there are none."""
    if not lines:
        return []
    line_ids = tuple(line.line_id for line in lines)
    return [OrderFired(order_id=order_id, at_ms=at_ms, line_ids=line_ids)]

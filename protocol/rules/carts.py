"""A cart that several screens edit at once, with or without each other: joined, never overwritten.

Each line counts per actor what was added and taken, and how much of each a removal had seen. All
counters only grow, so joining two carts is taking the larger of each: commutative, associative,
idempotent. What somebody added unseen survives another's removal, and taking off what is no longer
there leaves no debt behind.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from protocol.cart import Cart, CartChoice, CartLine, CartNote, Tally
from protocol.ids import LineId
from protocol.orders import Line, LineStatus, Order

ORDER = "order"
"""The actor of what an order had before anybody edited it as a cart."""
TAKEN_OFF = "cart"
"""Void reason of a line that the cart has none of any more; it lives again when it has."""


def quantity(line: CartLine) -> int:
    """How many of a line are wanted."""
    added = sum(max(0, t.added - t.seen_added) for t in line.tallies.values())
    taken = sum(max(0, t.taken - t.seen_taken) for t in line.tallies.values())
    return max(0, added - taken)


def add(cart: Cart, actor: str, line_id: LineId, count: int, what: CartLine | None = None) -> Cart:
    """`count` more of a line; `what` says what it is when it is new.

    A line that shows none starts afresh: what others took in vain is not owed by this one.
    """
    line = cart.lines.get(line_id) or what
    if line is None or count <= 0:
        return cart
    if quantity(line) == 0:
        line = _seen(line)
    tally = line.tallies.get(actor, Tally())
    return _put(cart, line_id, line, actor, replace(tally, added=tally.added + count))


def take(cart: Cart, actor: str, line_id: LineId, count: int) -> Cart:
    """`count` fewer of a line, at most what is shown."""
    line = cart.lines.get(line_id)
    if line is None:
        return cart
    count = min(count, quantity(line))
    if count <= 0:
        return cart
    tally = line.tallies.get(actor, Tally())
    return _put(cart, line_id, line, actor, replace(tally, taken=tally.taken + count))


def remove(cart: Cart, line_id: LineId) -> Cart:
    """All of a line that this cart has seen; what others add unseen stays."""
    line = cart.lines.get(line_id)
    if line is None:
        return cart
    return replace(cart, lines={**cart.lines, line_id: _seen(line)})


def write_note(cart: Cart, actor: str, line_id: LineId, text: str, stamp: int) -> Cart:
    """A note on a line; a `stamp` not above the one it has seen is raised above it."""
    line = cart.lines.get(line_id)
    if line is None:
        return cart
    note = CartNote(stamp=max(stamp, line.note.stamp + 1), actor=actor, text=text)
    return replace(cart, lines={**cart.lines, line_id: replace(line, note=note)})


def join(one: Cart, other: Cart) -> Cart:
    """Both carts in one; lines in the order of their ids."""
    ids = sorted(one.lines.keys() | other.lines.keys())
    return Cart(lines={i: _join_lines(one.lines.get(i), other.lines.get(i)) for i in ids})


def cart_of(order: Order) -> Cart:
    """The order's cart; lines that no cart has held yet are the order's own."""
    cart = order.cart or Cart()
    own = {
        line.line_id: CartLine(
            variant_id=line.variant_id,
            choices=tuple(
                CartChoice(modifier_id=x.modifier_id, quantity=x.quantity) for x in line.choices
            ),
            tallies={ORDER: Tally(added=line.quantity)},
            note=CartNote(text=line.note),
        )
        for line in order.live_lines
        if line.line_id not in cart.lines
    }
    return join(cart, Cart(lines=own))


def came_over(cart: Cart, lines: Iterable[Line]) -> Cart:
    """The cart when lines come to its order from another one, where they may have been changed.

    Of those it knows from before it counts what came; edits that it has not seen yet still count.
    """
    for line in lines:
        known = cart.lines.get(line.line_id)
        if known is None:
            continue
        seen = _seen(known)
        tally = seen.tallies.get(ORDER, Tally())
        more = replace(tally, added=tally.added + line.quantity)
        cart = _put(cart, line.line_id, seen, ORDER, more)
    return cart


def follow_cart(lines: Iterable[Line], cart: Cart, fresh: Iterable[Line] = ()) -> tuple[Line, ...]:
    """An order's lines as its cart has them; `fresh` are lines priced for what it did not have.

    A waiting line follows the cart's quantity and note; with none left it is struck, and lives
    again when the cart has some again. Lines in the kitchen, and those that a person struck or
    priced by hand, stay as they are.
    """
    new = {line.line_id: line for line in fresh}
    after: list[Line] = []
    for line in lines:
        wanted = cart.lines.get(line.line_id)
        if wanted is None or not follows(line):
            after.append(line)
            new.pop(line.line_id, None)
            continue
        newer = new.pop(line.line_id, None)
        struck = line.status is LineStatus.VOIDED
        after.append(_as_wanted(newer if struck and newer else line, wanted))
    late_comers = (x for x in new.values() if x.line_id in cart.lines)
    after.extend(_as_wanted(x, cart.lines[x.line_id]) for x in late_comers)
    return tuple(after)


def resized(line: Line, count: int) -> Line:
    """The line with another quantity at its own prices."""
    each = line.unit_price + sum(x.price * x.quantity for x in line.choices)
    return replace(line, quantity=count, expected=each * count, amount=each * count)


def _as_wanted(line: Line, wanted: CartLine) -> Line:
    count = quantity(wanted)
    if count == 0:
        return replace(line, status=LineStatus.VOIDED, void_reason=TAKEN_OFF)
    if count != line.quantity:
        line = resized(line, count)
    if wanted.note.stamp and wanted.note.text != line.note:
        line = replace(line, note=wanted.note.text)
    if line.status is LineStatus.VOIDED:
        line = replace(line, status=LineStatus.WAITING, void_reason=None)
    return line


def follows(line: Line) -> bool:
    """Whether a line goes by the cart: it waits, or only the cart struck it."""
    if line.price_reason is not None:
        return False
    return line.status is LineStatus.WAITING or taken_off(line)


def taken_off(line: Line) -> bool:
    """Whether a line was struck because the cart has none of it any more."""
    return line.status is LineStatus.VOIDED and line.void_reason == TAKEN_OFF


def _join_lines(one: CartLine | None, other: CartLine | None) -> CartLine:
    if one is None or other is None:
        line = one or other
        assert line is not None
        return line
    # What a line is never changes; should two screens ever disagree, all keep the same of the two.
    what = max((one, other), key=lambda x: (x.variant_id, _choices_key(x)))
    actors = sorted(one.tallies.keys() | other.tallies.keys())
    return CartLine(
        variant_id=what.variant_id,
        choices=what.choices,
        tallies={
            a: _join_tallies(one.tallies.get(a, Tally()), other.tallies.get(a, Tally()))
            for a in actors
        },
        note=max(one.note, other.note, key=lambda x: (x.stamp, x.actor, x.text)),
    )


def _join_tallies(one: Tally, other: Tally) -> Tally:
    return Tally(
        added=max(one.added, other.added),
        taken=max(one.taken, other.taken),
        seen_added=max(one.seen_added, other.seen_added),
        seen_taken=max(one.seen_taken, other.seen_taken),
    )


def _choices_key(line: CartLine) -> tuple[tuple[str, int], ...]:
    return tuple((x.modifier_id, x.quantity) for x in line.choices)


def _seen(line: CartLine) -> CartLine:
    tallies = {
        actor: replace(t, seen_added=t.added, seen_taken=t.taken)
        for actor, t in line.tallies.items()
    }
    return replace(line, tallies=tallies)


def _put(cart: Cart, line_id: LineId, line: CartLine, actor: str, tally: Tally) -> Cart:
    changed = replace(line, tallies={**line.tallies, actor: tally})
    return replace(cart, lines={**cart.lines, line_id: changed})

"""The checks of a party: what each comes to, what was paid on it, and what is still due."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import lcm

from msgspec.structs import replace

from protocol.bill import Check, CheckLine
from protocol.money import allocate
from protocol.orders import Order
from protocol.pricing import line_contributions, terms_of


def rechecked(order: Order) -> Order:
    """The order with checks that add up to its total, whatever has changed about it.

    A line that is in no check yet falls to the first one with lines that is not paid in full. No
    check comes to less than what was paid on it, as long as the order costs that much: the others
    come to so much less.
    """
    if not order.checks:
        return order
    checks = _with_new_lines(order)
    fair = _totals(order, checks)
    floors = [_kept_on(order, check.check_id) for check in checks]
    totals = _not_below(fair, floors)
    after = tuple(replace(c, total=t) for c, t in zip(checks, totals, strict=True))
    return order if after == order.checks else replace(order, checks=after)


def dues(order: Order) -> dict[str, int]:
    """What each check still owes (minor units), in their order; together what the order owes.

    Money that was paid or given back without naming a check counts for the first that owes.
    """
    owed = {c.check_id: c.total - _kept_on(order, c.check_id) for c in order.checks}
    loose = sum(owed.values()) - order.due
    for check_id, due in owed.items():
        part = min(loose, max(0, due)) if loose > 0 else loose
        owed[check_id] -= part
        loose -= part
    if loose and owed:
        owed[next(iter(owed))] -= loose
    return owed


def find_check(order: Order, check_id: str) -> Check | None:
    """The check with this id."""
    return next((c for c in order.checks if c.check_id == check_id), None)


def paid_checks(order: Order) -> tuple[Check, ...]:
    """Those that something was paid on and not given back."""
    return tuple(c for c in order.checks if _paid_on(order, c.check_id))


def shares_of(order: Order) -> dict[str, int]:
    """What each live line comes to on the bill, discounts, service and taxes included.

    Together the order's total, to the minor unit.
    """
    weights = _weights(order)
    ids = list(weights)
    return dict(zip(ids, share_out(order.totals.total, list(weights.values())), strict=True))


def share_out(amount: int, weights: Sequence[Fraction]) -> list[int]:
    """`amount` by exact weights (largest remainder); all to the first when none weighs anything."""
    if not weights:
        return []
    if not any(weights):
        return [amount, *(0 for _ in weights[1:])]
    scale = lcm(*(w.denominator for w in weights))
    return allocate(amount, [int(w * scale) for w in weights])


def _weights(order: Order) -> dict[str, Fraction]:
    given = line_contributions(order.lines, terms_of(order))
    return {x.line_id: max(Fraction(0), Fraction(given[x.line_id])) for x in order.live_lines}


def _with_new_lines(order: Order) -> tuple[Check, ...]:
    """The checks with every live line in them, in full."""
    missing: dict[str, Fraction] = {x.line_id: Fraction(1) for x in order.live_lines}
    for check in order.checks:
        for part in check.lines:
            if part.line_id in missing:
                missing[part.line_id] -= Fraction(part.parts, part.of)
    new = tuple(
        CheckLine(line_id=i, parts=rest.numerator, of=rest.denominator)
        for i, rest in missing.items()
        if rest > 0
    )
    with_lines = [c for c in order.checks if c.parts is None and c.amount is None]
    if not new or not with_lines:
        return order.checks
    unpaid = (c for c in with_lines if c.total > _kept_on(order, c.check_id))
    taker = next(unpaid, with_lines[0])
    return tuple(replace(c, lines=(*c.lines, *new)) if c is taker else c for c in order.checks)


def _totals(order: Order, checks: Sequence[Check]) -> list[int]:
    """What each comes to: the fixed amounts first, then the rest by parts or by lines."""
    weights = _weights(order)
    left, fixed = order.totals.total, {}
    for check in checks:
        if check.amount is not None:
            fixed[check.check_id] = min(check.amount, max(0, left))
            left -= fixed[check.check_id]
    rest = [c for c in checks if c.amount is None]
    if not rest:  # the amounts were all of it: what the bill is more by now, the last one pays
        fixed[checks[-1].check_id] += left
    shared = share_out(left, [_weight(c, weights) for c in rest])
    by_id = fixed | {c.check_id: t for c, t in zip(rest, shared, strict=True)}
    return [by_id[c.check_id] for c in checks]


def _weight(check: Check, lines: Mapping[str, Fraction]) -> Fraction:
    if check.parts is not None:
        return Fraction(check.parts)
    return sum(
        (lines.get(x.line_id, Fraction(0)) * Fraction(x.parts, x.of) for x in check.lines),
        Fraction(0),
    )


def _not_below(fair: list[int], floors: list[int]) -> list[int]:
    """The totals with none below its floor and the same sum, where the sum is enough for that."""
    short = sum(max(0, floor - t) for t, floor in zip(fair, floors, strict=True))
    if not short or sum(floors) > sum(fair):
        return fair
    slack = [max(0, t - floor) for t, floor in zip(fair, floors, strict=True)]
    less = allocate(short, slack)
    return [max(t, floor) - x for t, floor, x in zip(fair, floors, less, strict=True)]


def _paid_on(order: Order, check_id: str) -> int:
    """What was paid on a check and not given back, in minor units."""
    mine = {p.payment_id: p.amount for p in order.payments if p.check_id == check_id}
    return sum(mine.values()) - sum(r.amount for r in order.refunds if r.payment_id in mine)


def _kept_on(order: Order, check_id: str) -> int:
    """What was paid on a check, without what was given back of it while it costs as much as before."""
    mine = {p.payment_id: p.amount for p in order.payments if p.check_id == check_id}
    back = (r.amount - r.credit for r in order.refunds if r.payment_id in mine)
    return sum(mine.values()) - sum(back)

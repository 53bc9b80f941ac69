"""What adjustments take off a bill: first off lines, then off what is left of the whole, shared out.

Comps come before offers and offers before discounts that staff give, whatever the order in which
they were entered; a percentage is always of what is left. Nothing ever goes below zero.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

from msgspec.structs import replace

from protocol.bill import Adjustment, AdjustmentKind, BillRules
from protocol.money import Rounding, allocate, round_ratio
from protocol.orders import Line, LineStatus

_TURN = {
    AdjustmentKind.COMP: 0,
    AdjustmentKind.PROMOTION: 1,
    AdjustmentKind.COUPON: 1,
    AdjustmentKind.DISCOUNT: 2,
}


class TakenOff(NamedTuple):
    """What adjustments came to, in minor units.

    `left` and `comped` are by line as the lines came: what is still charged, and what was on the
    house; `given` is by adjustment id.
    """

    left: list[int]
    comped: list[int]
    given: dict[str, int]


def take_off(
    lines: Sequence[Line], adjustments: Sequence[Adjustment], rounding: Rounding
) -> TakenOff:
    """Take all adjustments off these (live) lines."""
    left = [line.amount for line in lines]
    comped = [0] * len(lines)
    given = {a.adjustment_id: 0 for a in adjustments}
    places: dict[str, int] = {line.line_id: i for i, line in enumerate(lines)}
    for adjustment in in_turn(adjustments):
        if adjustment.line_id is None:
            before = sum(left)
            off = amount_off(before, adjustment.percent, adjustment.amount, rounding)
            if off:
                shares = allocate(off, [max(mine, 0) for mine in left])
                left = [mine - share for mine, share in zip(left, shares, strict=True)]
        else:
            at = places.get(adjustment.line_id)
            if at is None:
                continue
            off = amount_off(left[at], adjustment.percent, adjustment.amount, rounding)
            left[at] -= off
            if adjustment.kind is AdjustmentKind.COMP:
                comped[at] += off
        given[adjustment.adjustment_id] = off
    return TakenOff(left, comped, given)


def in_turn(adjustments: Iterable[Adjustment]) -> list[Adjustment]:
    """The adjustments in the order in which they are taken off."""
    return sorted(adjustments, key=lambda a: (a.line_id is None, _TURN[a.kind]))


def amount_off(left: int, percent: str | None, amount: int | None, rounding: Rounding) -> int:
    """What a percentage (decimal text) or an amount takes off what is left, in minor units."""
    if left <= 0:
        return 0
    if percent is None:
        return min(max(amount or 0, 0), left)
    part = Fraction(percent)
    off = round_ratio(left * part.numerator, part.denominator * 100, rounding)
    return min(max(off, 0), left)


def rounding_of(rules: BillRules | None) -> Rounding:
    """How a bill rounds what is taken off it."""
    return Rounding.HALF_UP if rules is None else Rounding(rules.rounding)


def with_given(
    lines: Iterable[Line], adjustments: tuple[Adjustment, ...], rounding: Rounding
) -> tuple[Adjustment, ...]:
    """The adjustments, each saying what it came to on these lines."""
    live = [line for line in lines if line.status is not LineStatus.VOIDED]
    given = take_off(live, adjustments, rounding).given
    return tuple(
        a if a.given == given[a.adjustment_id] else replace(a, given=given[a.adjustment_id])
        for a in adjustments
    )

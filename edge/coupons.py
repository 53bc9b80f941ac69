"""How often coupons with a limit were used, as far as this box knows: here, and in what came back.

Counted from the orders themselves: one that is called off, or gives its coupon back, counts no more,
and after a loss everything that HQ gives back counts again, without a table that could say otherwise.
"""

import sqlite3
from collections.abc import Iterable

import msgspec

from protocol.bill import AdjustmentKind
from protocol.commands import Command
from protocol.floor_commands import Adjust
from protocol.house import House, Promotion
from protocol.offers import code_key

WITH_COUPON = """instr(body, CAST('"kind":"coupon"' AS BLOB)) > 0"""
"""Orders with a coupon on the bill, as the index `orders_with_coupons` has them."""


def limited_coupons(house: House, command: Command) -> tuple[Promotion, ...]:
    """The coupons that a command brings, of those that may be used so many times only."""
    codes: Iterable[str] = getattr(command, "codes", ())
    if isinstance(command, Adjust) and command.kind is AdjustmentKind.COUPON:
        codes = (command.code,)
    if not codes:
        return ()
    wanted = set(map(code_key, codes))
    return tuple(
        p for p in house.promotions if p.uses is not None and p.code and code_key(p.code) in wanted
    )


def count_uses(db: sqlite3.Connection, coupons: Iterable[Promotion]) -> dict[str, int]:
    """How many orders have each of these coupons, by the promotion's id."""
    found: dict[str, int] = {}
    for coupon in coupons:
        named = b'"promotion_id":' + msgspec.json.encode(coupon.id)
        (found[coupon.id],) = db.execute(
            f"SELECT count(*) FROM orders WHERE {WITH_COUPON} AND status <> 'cancelled'"
            " AND instr(body, ?) > 0",
            (named,),
        ).fetchone()
    return found

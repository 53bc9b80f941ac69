"""Z numbers that two boxes of an outlet both made while neither could hear the other.

Each of the two stands as it was printed. The next Z names both, and from then on there is one line of
numbers again; what both had counted is named, so that nobody adds it up twice.
"""

from collections.abc import Sequence
from typing import NamedTuple

from cloud.database import Transaction
from cloud.day_ledger import closed_days, line_to, orders_of
from cloud.follower import Place
from protocol.floor_events import DayClosed


class Beside(NamedTuple):
    """How a Z stands to the others of its outlet."""

    follows: bool
    """The one before is the one it names."""
    double: bool = False
    """Another box made the same number."""
    joined: bool = False
    """A later Z follows both."""
    orders_twice: int = 0
    """Orders that the other one counts as well, and what they came to (minor units)."""
    amount_twice: int = 0


async def beside(tx: Transaction, at: Place, closed: DayClosed) -> Beside:
    """How a Z stands to the one before and to one of its own number."""
    rows = await tx.fetch(
        """SELECT number_z, digest FROM closed_days WHERE tenant_id = $1 AND outlet_id = $2
           AND (number_z IN ($3, $4) OR digest = ANY($5))""",
        *(*at, closed.number_z - 1, closed.number_z, list(closed.joins)),
    )
    before = {r["digest"] for r in rows if r["number_z"] < closed.number_z}
    follows = closed.previous in before if closed.number_z > 1 else not closed.previous
    follows = follows and before.issuperset(closed.joins)
    others = {r["digest"] for r in rows if r["number_z"] == closed.number_z} - {closed.digest}
    if not others:
        return Beside(follows)
    days = await closed_days(tx, at)
    other = [d for d in days if d.digest in others]
    mine = {o.order_id: o.totals.total for o in await orders_of(tx, at, closed)}
    theirs = {o.order_id for d in other for o in await orders_of(tx, at, d)}
    twice = [amount for order_id, amount in mine.items() if order_id in theirs]
    return Beside(
        follows,
        double=True,
        joined=_met_again(days, {closed.digest, *others}),
        orders_twice=len(twice),
        amount_twice=sum(twice),
    )


def _met_again(days: Sequence[DayClosed], digests: set[str]) -> bool:
    """Whether one Z goes back to all of these."""
    return any(
        digests <= {d.digest for d in line_to(days, last.digest)}
        for last in reversed(days)
        if last.joins
    )

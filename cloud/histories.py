"""Orders as the ledger tells them: every event of one, in causal order, folded as far as it goes."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from cloud.database import Row, Transaction
from cloud.follower import Place
from protocol import events as e
from protocol.orders import Order
from protocol.rules.folding import OutOfPlace, fold_all

COLUMNS = """position, event_id, type, aggregate_kind, aggregate_id, stamp, wall_ms, actor, body,
    duplicate"""

KNOWN_TAGS = frozenset(str(t.__struct_config__.tag) for t in e.Event.__args__)
BESIDE_ORDERS = KNOWN_TAGS - e.ORDER_TAGS
"""Events that are filed under an order but do not change it, such as a printed receipt."""


class Stuck(NamedTuple):
    """The event that a history cannot get past, and why."""

    row: Row
    reason: str


class Folded(NamedTuple):
    """What a history makes: the order up to the first event that does not fit, if any."""

    order_id: str
    order: Order | None
    stuck: Stuck | None


class Judged(NamedTuple):
    """An order, or another thing, with all its events; `known` when it came before this tick."""

    thing: str
    order: Order | None
    rows: Sequence[Row]
    known: bool


class Judge(Protocol):
    """Works out the decisions about orders from what was folded already, in one transaction with it."""

    async def judge(self, tx: Transaction, at: Place, judged: Sequence[Judged]) -> dict[str, str]:
        """Say everything there is to say about these. Returns why some could not be judged."""

    async def drop(self, tx: Transaction, at: Place) -> None:
        """Forget what was said about an outlet; what a person settled stays."""


def fold_history(order_id: str, rows: Iterable[Row]) -> Folded:
    """Fold an order's events, whatever order they arrived in.

    They are sorted by their stamps, so the result depends on the set of events alone. An event
    that cannot be read, or cannot follow, stops this order there, and no other.
    """
    order, stuck = fold_all(rows, read=lambda row: _read(order_id, row), when=_in_time)
    return Folded(order_id, order, None if stuck is None else Stuck(*stuck))


async def read_histories(
    tx: Transaction, tenant_id: str, outlet_id: str, order_ids: list[str], before: int
) -> Sequence[Row]:
    """Every event of these things below a ledger position; what came twice is read once."""
    return await tx.fetch(
        # A look-up each, so that no plan made from old statistics reads the whole ledger.
        f"""SELECT history.* FROM unnest($3::text[]) AS asked (id) CROSS JOIN LATERAL
                (SELECT {COLUMNS} FROM ledger WHERE tenant_id = $1 AND outlet_id = $2
                 AND aggregate_id = asked.id AND position < $4 AND NOT duplicate
                 OFFSET 0) AS history""",
        *(tenant_id, outlet_id, order_ids, before),
    )


def _read(order_id: str, row: Row) -> e.OrderEvent | None:
    if row["type"] in BESIDE_ORDERS:
        return None
    event = e.decode(row["body"])
    if not isinstance(event, e.OrderEvent):
        return None
    if event.order_id != order_id:
        raise OutOfPlace(f"it is filed under {order_id} and speaks of another order")
    return event


def _in_time(row: Row) -> tuple[int, bytes]:
    return row["stamp"], row["event_id"]

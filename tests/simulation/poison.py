"""Entries that nobody can use, put into a box's journal as a broken or a newer build would."""

from random import Random
from typing import TYPE_CHECKING, Any

import msgspec

from protocol.events import LineVoided
from protocol.ids import CommandId, LineId, OrderId
from protocol.orders import Totals

if TYPE_CHECKING:
    from simulation.world import Place, World


class MysteryHappened(msgspec.Struct, frozen=True, kw_only=True, tag="mystery.happened"):
    """An event of a build that is not out yet."""

    order_id: str


class BrokenServing(msgspec.Struct, frozen=True, kw_only=True, tag="order.served"):
    """An event whose body is not what its type says."""

    order_id: str
    at_ms: str = "yesterday"


async def poison(world: "World", place: "Place", dice: Random) -> None:
    """One such entry, about an order of its own or about one that guests sit at."""
    site = place.site
    if not site.up or site.box is None or site.process is None:
        return
    orders = [row[0] for row in site.read("SELECT order_id FROM orders ORDER BY order_id")]
    order_id: Any = (
        dice.choice(orders) if orders and dice.random() < 0.3 else place.screens[0].new_id()
    )
    event = dice.choice((
        MysteryHappened(order_id=order_id),
        BrokenServing(order_id=order_id),
        LineVoided(order_id=OrderId(order_id), line_id=LineId("none"), at_ms=0, reason="",
                   totals=Totals()),
    ))  # fmt: skip
    box, command_id = site.box, CommandId(f"poison-{len(world.poison)}-{place.name}")
    world.poison[command_id] = order_id
    world.count("poison")

    def put(db: Any) -> None:
        box.journal.append(db, [event], box.journal.reading(), command_id=command_id)  # type: ignore[list-item]

    site.process.spawn(box.database.write(put), "poison")

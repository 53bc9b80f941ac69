"""What people change while others sell: prices, product texts, stock; at HQ and at outlets at once."""

from random import Random
from typing import TYPE_CHECKING, Any

from simulation import menus

from protocol.commands import CountStock, EditProduct, MoveStock
from protocol.prices import Price, PriceBook

if TYPE_CHECKING:
    from simulation.screens import Screen
    from simulation.world import Place, World


async def prices(world: "World", place: "Place", dice: Random) -> None:
    """HQ publishes a book of prices, some of which begin later today."""
    if not world.hq.up:
        return
    world.count("prices published")
    now_ms = world.hq.clock.true_ms()
    book = PriceBook(
        version=0,
        currency="IDR",
        prices=tuple(
            Price(
                id=variant,
                amount=9_000 + 500 * dice.randint(0, 30),
                from_ms=now_ms + dice.choice((0, 0, 3_600_000)),
            )
            for variant in dice.sample(menus.variants(), 3)
        ),
    )
    tenant_id = place.tenant.tenant_id
    await world.at_hq(lambda hq: hq.prices.publish(tenant_id, book))


async def products(world: "World", place: "Place", dice: Random) -> None:
    """Two managers write the same field of one product, perhaps at two outlets."""
    world.count("product edited twice")
    item: Any = dice.choice(menus.DISHES)
    for somewhere in (place, dice.choice(world.places)):
        value = f"{item} {dice.randint(1, 999)}"
        edit = EditProduct(item_id=item, field=dice.choice(("name:id", "name:en")), value=value)
        people = dice.choice(somewhere.people)
        people.screen.process.spawn(people.hands.do(edit), "manager")
        await world.rest(dice.uniform(0, 30))


async def stock(world: "World", place: "Place", dice: Random) -> None:
    """Somebody counts, or a delivery comes, while guests order."""
    item: Any = dice.choice(menus.DISHES[:3])
    screen = dice.choice(place.screens)
    if dice.random() < 0.6:
        world.count("stock counted")
        _ask(screen, CountStock(item_id=item, quantity=dice.randint(0, 60)))
    else:
        world.count("stock moved")
        _ask(screen, MoveStock(item_id=item, delta=dice.randint(-5, 40), reason="delivery"))


def _ask(screen: "Screen", command: Any) -> None:
    screen.process.spawn(screen.submit(command), "manager")

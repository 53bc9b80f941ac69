"""The first morning: tenants with their menus and people, outlets with boxes, screens and drawers."""

from functools import partial
from typing import TYPE_CHECKING, Any

from simulation import menus
from simulation.crew import Hands, hired
from simulation.displays import Display, look_later
from simulation.evenings import Evenings
from simulation.network import Link
from simulation.people import People
from simulation.screens import Screen
from simulation.till_habits import TillHabits

from cloud import outlets

if TYPE_CHECKING:
    from simulation.world import Place, World


async def add_tenant(world: "World", number: int) -> None:
    """A tenant whose menu, house and people HQ has published. Of two, one has nobody sign in."""
    hq = world.hq.hq
    tenant = await world.hq.run(
        outlets.add_tenant(
            hq.database,
            hq.menus._platform,
            name=f"Warung {number}",
            currency="IDR",
            zone="Asia/Jakarta",
        )
    )
    world.tenants.append(tenant)
    tenant_id = tenant.tenant_id
    world.menus[tenant_id] = menus.first_menu()
    await world.hq.run(hq.menus.publish(tenant_id, menus.first_menu()))
    sign_in = number % 2 == 0
    world.crews[tenant_id] = (
        await hired(world.hq, tenant_id, world.dice(f"crew {number}")) if sign_in else None
    )
    await world.hq.run(hq.house.publish(tenant_id, menus.house(till_needed=sign_in)))


async def add_outlet(world: "World", number: int, tenant: Any) -> None:
    """An outlet of a tenant, with an enrolled box and somebody at each screen."""
    from simulation.world import Place

    name = f"outlet-{number}"
    hq = world.hq.hq
    outlet_id = await world.hq.run(
        outlets.add_outlet(hq.database, hq.menus._platform, tenant, name=name)
    )
    place = Place(name, tenant, outlet_id, None, None)  # type: ignore[arg-type]
    await world.new_box(place)
    for index in range(world.plan.screens):
        _add_screen(world, place, index)
    for station in menus.STATIONS:
        label = f"{name}-{station}"
        display = Display(world.loop, label, str(outlet_id), station, world.dice(label))
        place.displays.append(display)
        display.turn_to(place.site.lan)
    tills = [people.till for people in place.people]
    place.evenings = Evenings(tills, world.dice(f"evenings {name}"))
    world.places.append(place)


def _add_screen(world: "World", place: "Place", index: int) -> None:
    label = f"{place.name}-screen-{index}"
    lan = Link(world.loop, label, world.dice(f"lan {label}"), world.lan_weather())
    screen = Screen(
        world.loop, label, place.outlet_id, place.site, lan, world.book, world.dice(label)
    )
    screen.on_first_yes = partial(look_later, world)
    place.screens.append(screen)
    hands = Hands(screen, world.dice(f"hands {label}"), world.crews[place.tenant.tenant_id])
    till_id = menus.TILLS[index % len(menus.TILLS)]
    till = TillHabits(hands, world.dice(f"till {label}"), till_id)
    people = People(
        till, world.dice(f"people {label}"), menus.variants(), world.plan.orders_per_hour
    )
    people.home = lambda: place.site
    place.people.append(people)

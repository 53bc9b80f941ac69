"""One simulated world: HQ, outlets with their screens, people, faults, and the end of the story."""

import asyncio
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from simulation import menus
from simulation.engine import first_file
from simulation.hq import SimHq
from simulation.loop import SimLoop
from simulation.medium import Image
from simulation.network import FAIR, ROUGH, Line, Link
from simulation.people import People
from simulation.postgres import Postgres
from simulation.screens import Book, Screen
from simulation.site import Site

from cloud import distribution, follower, outlets
from edge import follower as edge_follower
from edge import replication, resolutions
from edge.node import Node
from edge.product import PRODUCT
from protocol import PROTOCOL
from protocol.replication import Enrolment

DAY_S = 86_400.0
CONVERGE_WITHIN_S = 600.0
"""Virtual seconds after which waiting for the end is given up."""


@dataclass(frozen=True)
class Plan:
    """What is simulated."""

    seed: int = 1
    days: float = 1.0
    outlets: int = 1
    screens: int = 3
    tenants: int = 1
    orders_per_hour: float = 5.0
    """Of each screen, outside the rush hours."""
    faults: tuple[str, ...] = ()


@dataclass
class Place:
    """An outlet as the world knows it: whose it is, its boxes now and before, its screens."""

    name: str
    tenant: Any
    outlet_id: str
    site: Site
    wan: Link
    screens: list[Screen] = field(default_factory=list)
    people: list[People] = field(default_factory=list)


class World:
    """Everything there is. Made from a plan; the same plan gives the same story."""

    def __init__(self, plan: Plan, loop: SimLoop, postgres: Postgres, folder: Path) -> None:
        self.plan = plan
        self.loop = loop
        self.postgres = postgres
        self.folder = folder
        self.hq = SimHq(loop, postgres, f"kedai_{plan.seed}_live", self.dice)
        self.book = Book(loop)
        self.places: list[Place] = []
        self.tenants: list[Any] = []
        self.sites: list[Site] = []
        self.converged_s: float | None = None
        self.counts: dict[str, int] = {}
        self._image = Image({"box.db": first_file()})

    def dice(self, name: str) -> Random:
        """Dice of their own for everybody, so that one thing drawn more does not move all others."""
        return Random(f"{self.plan.seed} {name}")

    def count(self, what: str) -> None:
        """A fault happened."""
        self.counts[what] = self.counts.get(what, 0) + 1
        self.loop.note("fault", what)

    # ------------------------------------------------------------ the beginning

    async def begin(self) -> None:
        """HQ with its tenants and menus, outlets with enrolled boxes, screens with people."""
        self.postgres.copy(TEMPLATE, self.hq.database_name)
        await self.hq.start()
        for number in range(self.plan.tenants):
            await self._add_tenant(number)
        for number in range(self.plan.outlets):
            await self._add_outlet(number, self.tenants[number % len(self.tenants)])
        for place in self.places:
            await place.site.start()
        for place in self.places:
            for screen in place.screens:
                screen.open()
            for people in place.people:
                people.screen.process.spawn(people.work(), "people")

    async def _add_tenant(self, number: int) -> None:
        hq = self.hq.hq
        tenant = await self.hq.run(
            outlets.add_tenant(
                hq.database,
                hq.menus._platform,
                name=f"Warung {number}",
                currency="IDR",
                zone="Asia/Jakarta",
            )
        )
        self.tenants.append(tenant)
        await self.hq.run(hq.menus.publish(tenant.tenant_id, menus.first_menu()))

    async def _add_outlet(self, number: int, tenant: Any) -> None:
        name = f"outlet-{number}"
        hq = self.hq.hq
        outlet_id = await self.hq.run(
            outlets.add_outlet(hq.database, hq.menus._platform, tenant, name=name)
        )
        place = Place(name, tenant, outlet_id, None, None)  # type: ignore[arg-type]
        await self.new_box(place)
        for index in range(self.plan.screens):
            label = f"{name}-screen-{index}"
            lan = Link(self.loop, label, self.dice(f"lan {label}"), self._lan_weather())
            screen = Screen(
                self.loop, label, outlet_id, place.site, lan, self.book, self.dice(label)
            )
            place.screens.append(screen)
            people = People(
                screen, self.dice(f"people {label}"), menus.variants(), self.plan.orders_per_hour
            )
            place.people.append(people)
        self.places.append(place)

    async def new_box(self, place: Place) -> Site:
        """A machine with an empty disk, enrolled as the outlet's box; screens turn to it."""
        name = f"{place.name}-box-{sum(s.name.startswith(place.name + '-') for s in self.sites)}"
        folder = self.folder / name
        folder.mkdir()
        dice = self.dice(f"key {name}")
        (folder / "node.key").write_bytes(dice.randbytes(32))
        node = Node(folder)
        node.load()
        hq = self.hq.hq
        code, _ = await self.hq.run(
            outlets.make_code(
                hq.database, hq.menus._platform, place.tenant.tenant_id, place.outlet_id
            )
        )
        enrolment = Enrolment(
            code=code, public_key=node.public_key(), protocol=PROTOCOL, product=PRODUCT
        )
        node.keep(await self.hq.run(hq.nodes.enrol(enrolment)), "http://hq")
        wan = Link(self.loop, name, self.dice(f"wan {name}"), self._wan_weather())
        site = Site(self.loop, name, folder, self._image, self.dice, self.line(wan))
        place.site, place.wan = site, wan
        for screen in place.screens:
            screen.site = site
        self.sites.append(site)
        return site

    def line(self, wan: Link) -> Any:
        """What a box opens to reach HQ over this link."""

        def open_line(base_url: str = "", *, timeout_s: float = 10, headers: Any = None) -> Any:
            del base_url, timeout_s, headers
            return Line(wan, self.hq.deliver)

        return open_line

    def _wan_weather(self) -> Any:
        return ROUGH if "network" in self.plan.faults else FAIR

    def _lan_weather(self) -> Any:
        from dataclasses import replace

        if "network" not in self.plan.faults:
            return FAIR
        return replace(ROUGH, delay_s=(0.002, 0.2), mutilated=0.0)

    # ------------------------------------------------------------ the end

    async def settle(self) -> None:
        """No more faults and no more orders: wait until all is everywhere, and note how long."""
        for place in self.places:
            for people in place.people:
                people.stopped = True
        began_s = self.loop.now_s
        while self.loop.now_s - began_s < CONVERGE_WITHIN_S:
            if self.settled():
                self.converged_s = self.loop.now_s - began_s
                return
            await asyncio.sleep(0.25)

    def settled(self) -> bool:
        """Whether every screen is answered and every box sent."""
        for place in self.places:
            if any(s.queue for s in place.screens):
                return False
            box = place.site.box
            if not place.site.up or box is None or box.replication is None:
                return False
            if box.replication.unsent or box.replication.incarnation == "":
                return False
        return self.projected()

    def projected(self) -> bool:
        """Whether HQ's projections have read every ledger to its end."""
        hq = self.hq.hq
        names = [p.name for p in hq.parts() if isinstance(p, follower.Follower)]
        return not self.hq.rows(
            "SELECT 1 FROM cursors c JOIN outlets o USING (tenant_id, outlet_id)"
            " WHERE c.position < o.head AND c.projection = ANY($1::text[]) LIMIT 1",
            names,
        )

    async def end(self) -> None:
        """Everything off."""
        for site in self.sites:
            site.kill()
        self.hq.kill()


TEMPLATE = "kedai_template"

PACE: tuple[tuple[Any, str, float], ...] = (
    # Polls that find nothing cost real time and prove nothing; what wakes them otherwise is real.
    (follower, "POLL_S", 300.0),
    (resolutions, "FEED_WAIT_S", 1800),
    (distribution, "WAIT_S_MAX", 1800),
    (replication, "LINGER_S", 6.0),
    (replication, "HELLO_EVERY_S", 3600.0),
    (edge_follower, "SAVE_EVERY_S", 120.0),
)


@contextmanager
def pace() -> Iterator[None]:
    """The product's intervals stretched, so that a night costs nothing."""
    before = [(module, name, getattr(module, name)) for module, name, _ in PACE]
    for module, name, value in PACE:
        setattr(module, name, value)
    silenced = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        logging.disable(silenced)
        for module, name, value in before:
            setattr(module, name, value)


@contextmanager
def made(plan: Plan, postgres: Postgres) -> Iterator[World]:
    """A world on a loop of its own, taken apart at the end."""
    postgres.prepare(TEMPLATE)
    loop = SimLoop(plan.seed)
    with pace(), tempfile.TemporaryDirectory(prefix="kedai-sim-") as folder:
        world = World(plan, loop, postgres, Path(folder))
        try:
            yield world
        finally:
            for site in world.sites:
                site.disk.close()
            postgres.drop(world.hq.database_name)

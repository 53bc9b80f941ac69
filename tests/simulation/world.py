"""One simulated world: HQ, outlets with their screens, people, faults, and the end of the story."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from simulation import faults, opening
from simulation.crew import Crew
from simulation.displays import Display
from simulation.engine import first_file
from simulation.evenings import Evenings
from simulation.fault_hypothesis import Hypothesis
from simulation.faults_of_history import put_in_charge
from simulation.hq import SimHq
from simulation.loop import SimLoop
from simulation.medium import Image
from simulation.network import FAIR, ROUGH, Dropped, Line, Link
from simulation.pacing import pace, quicken
from simulation.people import People
from simulation.postgres import Postgres
from simulation.screens import Book, Screen
from simulation.settling import settled
from simulation.site import Site

from cloud import outlets
from edge.node import Node
from edge.product import PRODUCT
from protocol import PROTOCOL
from protocol.menu import Menu
from protocol.replication import Enrolment

DAY_S = 86_400.0
COPIES_MAX = 16
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
    displays: list[Display] = field(default_factory=list)
    evenings: Evenings | None = None


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
        self.too_late = 0
        """Entries about what a box had accepted, lost, and could not do any more."""
        self.hypothesis = Hypothesis(self)
        self.poison: dict[str, str] = {}
        """Ids of entries that were made to be unusable, with what they are about."""
        self.menus: dict[str, Menu] = {}
        self.crews: dict[str, Crew | None] = {}
        """By tenant; None where nobody signs in."""
        self.days: dict[str, list[Any]] = {}
        """Closed days by outlet, as HQ shows them in the end."""
        self.last_closes: dict[str, str] = {}
        """Why the last close of an outlet was refused; nothing where it was not."""
        self.unseen: list[Any] = []
        """What was found of lines that nobody had in time."""
        self.looks = 0
        self.peace: asyncio.Future[None] = loop.create_future()
        self._wans: list[Link] = []
        self._copies: dict[str, list[tuple[float, Image]]] = {}
        self._faults: dict[asyncio.Task[None], None] = {}
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
            await opening.add_tenant(self, number)
        for number in range(self.plan.outlets):
            tenant = self.tenants[number % len(self.tenants)]
            await opening.add_outlet(self, number, tenant)
        for place in self.places:
            await place.site.start()
        for place in self.places:
            for screen in place.screens:
                screen.open()
            for people in place.people:
                people.screen.process.spawn(people.work(), "people")
            assert place.evenings is not None, "made with the outlet"
            place.evenings.begin()
            self.loop.create_task(faults.trouble(self, place, self.dice(f"trouble {place.name}")))
        self.loop.create_task(self.keep_copies())

    async def new_box(self, place: Place) -> Site:
        """A machine with an empty disk, enrolled as the outlet's box; screens turn to it."""
        name = f"{place.name}-box-{sum(s.name.startswith(place.name + '-') for s in self.sites)}"
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        dice = self.dice(f"key {name}")
        (folder / "node.key").write_bytes(dice.randbytes(32))
        await self._enrol(place, folder)
        wan = Link(self.loop, name, self.dice(f"wan {name}"), self._wan_weather())
        site = Site(self.loop, name, folder, self._image, self.dice, self.line(wan))
        place.site, place.wan = site, wan
        site.on_damaged = lambda: self.begin_fault(self._replace_damaged(place, site))
        self._wans.append(wan)
        for screen in place.screens:
            screen.site = site
        for display in place.displays:
            display.turn_to(site.lan)
        self.sites.append(site)
        return site

    async def _enrol(self, place: Place, folder: Path) -> None:
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

    async def enrol_strangers(self) -> None:
        """Every box that HQ does not know any more gets a new code; the outlet's own one last."""
        for place in self.places:
            for site in (*self.clones_of(place), place.site):
                node = Node(site.folder)
                node.load()
                assert node.enrolled is not None, "every box was enrolled once"
                if not self.hq.rows(
                    "SELECT 1 FROM nodes WHERE node_id = $1", node.enrolled.node_id
                ):
                    self.count("box enrolled again")
                    with suppress(Dropped):
                        await self._enrol(place, site.folder)

    def line(self, wan: Link) -> Any:
        """What a box opens to reach HQ over this link."""

        def open_line(base_url: str = "", *, timeout_s: float = 10, headers: Any = None) -> Any:
            del base_url, timeout_s, headers
            return Line(wan, self.hq.deliver)

        return open_line

    @property
    def _rough(self) -> bool:
        return not self.peaceful and bool({"network", "all"} & set(self.plan.faults))

    def _wan_weather(self) -> Any:
        return ROUGH if self._rough else FAIR

    def lan_weather(self) -> Any:
        """What screens meet on their way to the box."""
        if not self._rough:
            return FAIR
        return replace(ROUGH, delay_s=(0.002, 0.2), mutilated=0.0)

    # ------------------------------------------------------------ in the middle

    @property
    def peaceful(self) -> bool:
        """Whether no more harm is to be done."""
        return self.peace.done()

    async def rest(self, seconds: float) -> None:
        """How long a fault lasts: so long, or until the peace."""
        await asyncio.wait([self.peace], timeout=seconds)

    async def until(self, ripe: Callable[[], bool], within_s: float = 900.0) -> None:
        """Wait for the moment at which a fault does most harm."""
        left_s = within_s
        while left_s > 0 and not ripe() and not self.peaceful:
            await asyncio.sleep(1.0)
            left_s -= 1.0

    def begin_fault(self, fault: Coroutine[Any, Any, None]) -> None:
        """Let a fault run beside everything else."""
        task = self.loop.create_task(fault, name="fault")
        self._faults[task] = None
        task.add_done_callback(lambda done: self._faults.pop(done, None))

    async def at_hq(self, work: Callable[[Any], Any]) -> Any:
        """Something that staff do at HQ; tried again until HQ has done it."""
        while True:
            try:
                await self.hq.start_again()
                return await self.hq.run(work(self.hq.hq))
            except Dropped:
                await asyncio.sleep(5)

    async def keep_copies(self) -> None:
        """Every few hours somebody, or something, copies the boxes' disks."""
        while not self.peaceful:
            await self.rest(3 * 3600)
            for site in self.sites:
                if site.up:
                    kept = self._copies.setdefault(site.name, [])
                    kept.append((self.loop.now_s, site.disk.snapshot()))
                    if len(kept) > COPIES_MAX:
                        del kept[1 + len(kept) % (COPIES_MAX - 1)]

    def copies_of(self, site: Site) -> list[tuple[float, Image]]:
        """Old copies of a box's disk with when they were made."""
        return self._copies.get(site.name, [])

    async def put_back(self, site: Site, image: Image, pause_s: float) -> None:
        """A box gets an old disk."""
        site.kill("kill9")
        site.disk.become(image)
        await self.rest(pause_s)
        await site.start_again()

    async def replace_box(self, place: Place) -> None:
        """A new machine in the place of one whose disk is gone for good."""
        place.site.gone = True
        while True:
            try:
                site = await self.new_box(place)
                break
            except Dropped:
                await asyncio.sleep(10)
        await site.start_again()

    async def _replace_damaged(self, place: Place, site: Site) -> None:
        """The technician comes: another machine for the outlet's box, none for a copy of it."""
        self.count("damaged box put away")
        await self.rest(600)
        if site is place.site:
            await self.replace_box(place)
        site.gone = True

    def clones_of(self, place: Place) -> list[Site]:
        """Copies of an outlet's box that are not switched off yet."""
        own = place.name + "-"
        return [s for s in self.living_sites() if s.name.startswith(own) and s is not place.site]

    async def clone(self, place: Place, *, live: bool) -> Site:
        """A second machine with the same disk and the same key."""
        old = place.site
        name = f"{old.name}-copy-{sum(s.name.startswith(old.name) for s in self.sites)}"
        shutil.copytree(old.folder, self.folder / name)
        wan = Link(self.loop, name, self.dice(f"wan {name}"), self._wan_weather())
        self._wans.append(wan)
        image = old.disk.snapshot()
        site = Site(self.loop, name, self.folder / name, image, self.dice, self.line(wan))
        site.on_damaged = lambda: self.begin_fault(self._replace_damaged(place, site))
        self.sites.append(site)
        await site.start(old if live else None)
        return site

    # ------------------------------------------------------------ the end

    async def settle(self) -> None:
        """No more faults and no more orders: wait until all is everywhere, and note how long."""
        self.peace.set_result(None)
        for link in self.links():
            link.weather = FAIR
        for place in self.places:
            for people in place.people:
                people.stop()
            if place.evenings is not None:
                place.evenings.stop()
        while self._faults:
            await asyncio.wait(list(self._faults))
        quicken(self.hq.hq, [(p.tenant.tenant_id, p.outlet_id) for p in self.places])
        self.loop.note("peace")
        peace_s = began_s = self.loop.now_s
        while self.loop.now_s - peace_s < CONVERGE_WITHIN_S:
            if settled(self):
                self.converged_s = self.loop.now_s - began_s
                break
            for place in self.places:
                if await put_in_charge(self, place):
                    began_s = self.loop.now_s  # that nobody was in charge was the last fault
            await asyncio.sleep(0.25)

    def sent(self, site: Site) -> bool:
        """Whether a box has told HQ all it has, and knows which HQ that is."""
        if not site.up or site.box is None or site.box.replication is None:
            return False
        line = site.box.replication
        whole = line.greeted > 0 and line.not_back is None and not line.unsent
        return whole and line.incarnation == self.incarnation() and self._knows_all(site)

    def _knows_all(self, site: Site) -> bool:
        """Whether a box has what others of its outlet have told HQ, by HQ's count of entries."""
        assert site.box is not None
        assert site.box.replication is not None
        head = self.hq.rows(
            "SELECT head FROM outlets WHERE outlet_id = $1", site.box.outlet.outlet_id
        )[0][0]
        known = site.box.replication._known
        return known is not None and known >= head

    def incarnation(self) -> str:
        """Which life HQ's database is in."""
        return str(self.hq.rows("SELECT incarnation FROM installation")[0][0])

    def links(self) -> list[Link]:
        """Every line there ever was."""
        return [*self._wans, *(s.link for p in self.places for s in p.screens)]

    def living_sites(self) -> list[Site]:
        """Boxes that are not gone for good."""
        return [site for site in self.sites if not site.gone]

    async def end(self) -> None:
        """Everything off."""
        for site in self.sites:
            site.kill()
        self.hq.kill()


TEMPLATE = "kedai_template"


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

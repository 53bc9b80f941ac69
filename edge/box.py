"""The box, composed: parts start in the order listed and stop in reverse. Constructors do nothing."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from edge.alarms import Alarms
from edge.backfill import BackFill
from edge.box_figures import figures
from edge.certifying import Certifier
from edge.claim import Claim
from edge.config import BrokerAddress, Config
from edge.database import Database, Engine
from edge.day_desk import DayDesk
from edge.delivery import Desk
from edge.devices import Devices
from edge.feed import Feed
from edge.feed_rows import digests
from edge.health import Health
from edge.housekeeping import Housekeeping
from edge.http_client import open_client
from edge.journal import Journal
from edge.kinds import feed_rows_of
from edge.kitchen import Kitchen, farewell
from edge.lan.bridge import Bridge
from edge.lan.broker import EmbeddedBroker
from edge.lan.broker_access import BrokerAccess
from edge.lan.broker_config import BOX, SCREENS
from edge.lan.certificate import Certificate
from edge.lan.gate import House
from edge.lan.mdns import Announcement
from edge.lan.mqtt import MqttLink
from edge.menu import Menus
from edge.metrics import Metrics
from edge.migrations import migrate
from edge.moved_twice import MovedTwice
from edge.node import Node
from edge.outlet import outlet_of, slug
from edge.pictures import Pictures
from edge.platform import Platform
from edge.presence import GuestView, Presence
from edge.printing.links import SECRET_BYTES, ReceiptLinks, base_of, secret_in
from edge.printing.spool import Spool
from edge.product import PRODUCT
from edge.products import Products
from edge.proofs import Proofs
from edge.replication import Replication
from edge.repricing import Repricing
from edge.resolutions import FeedDown
from edge.retention import Retention
from edge.role import Role
from edge.space import Level, Space
from edge.staffing import Staffing
from edge.taking import Taking
from edge.taking_orders import OpenForGuests
from edge.telemetry import THERMAL, Samples, machine_figures
from edge.uplink import OpenLine, Uplink
from protocol import PROTOCOL
from protocol.ids import OrderId

log = logging.getLogger("edge")


class Part(Protocol):
    """Something with a life: everything the box is made of."""

    async def start(self) -> None:
        """Begin."""

    async def stop(self) -> None:
        """End; called once after a start that came through."""


class Box:
    """Everything one outlet's server is made of."""

    certifier: Certifier | None = None
    """Only a box with an HQ has one."""

    def __init__(
        self,
        config: Config,
        platform: Platform | None = None,
        *,
        engine: Engine | None = None,
        open_line: OpenLine = open_client,
    ) -> None:
        self.config = config
        self.platform = platform or Platform()
        self.engine = engine
        self.open_line = open_line
        self.data_dir = Path(config.data_dir)
        self.node = Node(self.data_dir)
        self.certificate = Certificate(self.data_dir)
        self.claim = Claim(self.data_dir)
        self.broken = asyncio.Event()
        self._started: list[Part] = []

    async def start(self) -> None:
        """Bring up every part; what was started is stopped again when one cannot start."""
        try:
            self._prepare_disk()
            self.node.load()
            self._compose()
            for part in self._parts():
                await part.start()
                self._started.append(part)
            await self._prepare_menu()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop every started part, last first; one that fails does not keep the others."""
        while self._started:
            part = self._started.pop()
            try:
                await asyncio.wait_for(part.stop(), 5)
            except Exception:
                log.exception("%s did not stop cleanly", type(part).__name__)
        self.claim.release()

    def end_streams(self) -> None:
        """Let go of every live screen, so that the server need not wait for them."""
        self.guest_view.end()
        for part in self._started:
            if isinstance(part, Feed):
                part.end_all()

    def _prepare_disk(self) -> None:
        self.claim.take()
        migrate(self.data_dir / "box.db")
        self.certificate.load()
        self.receipt_secret = secret_in(self.data_dir, self.platform.entropy(SECRET_BYTES))

    def _compose(self) -> None:
        config = self.config
        self.outlet = outlet_of(config, self.node.enrolled)
        self.database = Database(self.data_dir / "box.db", self.engine)
        self.database.on_broken = lambda _: self.broken.set()
        self.journal = Journal(
            self.database, self.platform, node_id=self.outlet.node_id, product=PRODUCT
        )
        self.products = Products(self.journal, self.outlet.outlet_id)
        self.menus = Menus(self.journal, self.products)
        self.repricing = Repricing(self.journal, self.menus, config.reprice, self.outlet)
        self.taking = Taking(self.database, self.journal, self.menus, self.outlet)
        self.devices = Devices(
            *(self.database, self.journal, self.platform, self.outlet),
            fingerprint=self.certificate.fingerprint,
        )
        self.staffing = Staffing(
            *(self.database, self.journal, self.platform, self.devices),
            folder=self.data_dir,
            mode=config.sign_in,
        )
        self.taking.proofs = Proofs(self.staffing.people, self.outlet.outlet_id)
        self.staffing.asking.proofs = self.taking.proofs
        self.day_desk = DayDesk(self.database, self.journal, self.outlet)
        self.day_desk.join(self.taking)
        self.alarms = Alarms(self.database, self.journal)
        self.role = Role(self.database, self.platform, self.alarms)
        self.space = Space(self.data_dir, self.database, self.alarms, ballast_mb=config.ballast_mb)
        self.taking.guards += [self.role.guard, self.space.refusal]
        self._compose_health()
        self.spool = Spool(config.printers, self.journal, self.database, self.outlet)
        self.open_for_guests = OpenForGuests(
            *(self.menus, self.platform, self.database, self.role, self.devices, self.spool)
        )
        self.taking.guards.append(self.open_for_guests.refusal)
        self._compose_broker()
        self.uplink: Uplink | None = None
        self.replication: Replication | None = None
        self.feed_down: FeedDown | None = None
        if self.node.enrolled is not None:
            self._compose_line()
        self.feed = Feed(
            *(self.journal, self.database, self.outlet, self.platform),
            *(self.replication, self.health, self.menus),
        )
        self.devices.on_revoked.append(self.feed.end_device)
        self.presence, self.guest_view = Presence(self.platform.mono_ms), GuestView()
        self.feed.here, self.feed.taking_orders = self.presence.now, self.open_for_guests.now
        self.metrics = Metrics(lambda: figures(self))
        self.pictures = Pictures(
            self.space, self.database, self.menus, self.uplink, megabytes=config.pictures_mb
        )
        self.samples = Samples(
            *(self.database, self.platform, self.uplink, self._telemetry),
            dropping=lambda: self.space.level >= Level.FILLING,
        )

    def _compose_health(self) -> None:
        self.health = Health(self.database, self.journal, self.outlet)
        self.health.fingerprint = self.certificate.fingerprint
        self.health.menu_version = lambda: self.menus.version
        self.health.price_version = lambda: self.menus.price_version
        self.health.house_version = lambda: self.menus.house_version
        self.health.strays = lambda: self.menus.strays
        self.health.news = self.repricing.notices

    def _compose_broker(self) -> None:
        """Who the broker is to know, and the broker itself where it is ours."""
        config = self.config
        folder = Path(config.mqtt_access_dir or self.data_dir / "broker-access")
        self.access = BrokerAccess(folder, self.data_dir, self.outlet.outlet_id, self.platform)
        host = slug(self.outlet.name)
        base = base_of(
            config.receipt_url, announced=config.announce, host=host, port=config.http_port
        )
        self.receipt_links = ReceiptLinks(self.receipt_secret, base, self.data_dir)
        self.spool.link_of = self.receipt_links.link
        self.embedded: EmbeddedBroker | None = None
        if config.mqtt_embedded:
            strict = self.access if config.pairing == "required" else None
            self.embedded = EmbeddedBroker(
                self.data_dir / "broker", config.mqtt_port, access=strict
            )

    def _compose_line(self) -> None:
        """Everything that a box with an HQ has besides."""
        hq_url = self.config.hq_url or self.node.hq_url
        self.uplink = Uplink(self.node, hq_url, open_line=self.open_line)
        kept = (self.uplink, self.journal, self.database, self.platform)
        self.backfill = BackFill(*kept, self.alarms)
        twice = MovedTwice(self.journal, self.database, self.platform, self.outlet)
        self.backfill.on_returned += [twice.settle, self._show_returned]
        self.replication = Replication(
            *kept,
            product=PRODUCT,
            alarms=self.alarms,
            role=self.role,
            backfill=self.backfill,
        )
        self.day_desk.follow(self.replication, self.backfill)
        self.certifier = certifier = Certifier(
            *(self.uplink, self.replication, self.node),
            *(self.day_desk, self.journal, self.database),
        )
        self.health.uncertified = lambda: certifier.waiting
        self.replication.digests = digests
        self.replication.note_pepper = self.staffing.people.note_welcome
        self.replication.receipts = self.receipt_links
        rows = feed_rows_of(
            *(self.journal, self.menus, self.products, self.taking, self.repricing),
            self.staffing.people,
        )
        self.feed_down = FeedDown(self.uplink, self.journal, self.database, rows, self.replication)
        self.replication.note_welcome = self.feed_down.note_welcome

    def _parts(self) -> Iterable[Part]:
        """The box on one screen. The kitchen is made once the broker's port is known."""
        yield self.database
        yield _Started(self.journal.start)
        yield self.alarms
        yield self.devices
        yield self.staffing
        yield self.role
        yield self.space
        yield self.taking
        yield self.access
        if self.embedded is not None:
            yield self.embedded
        yield _Started(self._make_kitchen)
        yield self.desk
        yield self.link
        yield self.kitchen
        yield self.spool
        yield self.feed
        for part in (self.uplink, self.replication, self.feed_down, self.certifier):
            if part is not None:
                yield part
        self.health.spool = self.spool
        self.health.replication = self.replication
        self.health.alarms = self.alarms
        self.health.feed_down = self.feed_down
        self.health.followers = (self.kitchen.follower, self.spool.follower, self.desk.follower)
        yield self.pictures
        yield self.samples
        yield Housekeeping(self.database, self.journal, self._retention())
        if self.config.announce:
            yield self._announcement()

    async def _make_kitchen(self) -> None:
        port = self.embedded.port if self.embedded else self.config.mqtt_port
        self.broker = BrokerAddress(self.config.mqtt_host, port)
        self.link = MqttLink(
            self.broker.host,
            self.broker.port,
            f"kedai-box-{self.outlet.node_id}",
            *(BOX, self.access.password(BOX)),
            will=farewell(self.outlet.outlet_id),
        )
        await self.devices.hear(self.link)
        self.bridge = self._make_bridge()
        self.kitchen = Kitchen(
            *(self.link, self.journal, self.database, self.outlet, self.platform),
            flooded=lambda: self.taking.flooded,
            replicated=lambda: self.replication.replicated if self.replication else 0,
        )
        self.desk = Desk(
            *(self.link, self.journal, self.database, self.outlet, self.menus),
            self.config.printers,
            flooded=lambda: self.taking.flooded,
            knows=self._is_welcome,
            prints=lambda printer: self.spool.faults.get(printer) is None,
        )
        self.open_for_guests.line = self.link
        self.open_for_guests.displays = self.desk.inbox
        self.feed.sent = lambda: self.kitchen.follower.position
        self.feed.printer_names = {p.id: p.name for p in self.config.printers}
        self.health.kitchen = self.kitchen
        self.health.desk = self.desk.wrong

    def _is_welcome(self, device: str) -> bool:
        """Whether what a device proves counts: it was let in, or nobody here has to be."""
        card = self.devices.card(device)
        if card is None:
            return self.config.pairing != "required"
        return card.revoked_ms is None

    def _make_bridge(self) -> Bridge:
        """The screens' way to the broker, and who of the devices the broker itself still knows."""
        here = {c.device: c.kind for c in self.devices.cards() if c.paired_ms and not c.revoked_ms}
        self.access.keep_only(here)
        self.devices.on_paired.append(self.access.grant)
        self.devices.on_revoked.append(self.access.withdraw)
        house = House(
            outlet=self.outlet.outlet_id,
            rights=self.devices,
            required=self.config.pairing == "required",
            user=SCREENS,
            password=self.access.password(SCREENS),
            admitted=self.access.grant,
        )
        return Bridge(house, lambda: self.broker)

    def _announcement(self) -> Announcement:
        outlet = self.outlet

        def properties() -> dict[str, str]:
            return {
                "v": str(PROTOCOL),
                "outlet": outlet.outlet_id,
                "name": outlet.name,
                "path": "/",
                "mqtt": str(self.broker.port),
                "ws": "/mqtt",
                "tls": self.certificate.fingerprint,
                "role": self.role.value,
            }

        host = slug(outlet.name)
        announced = Announcement(outlet.name, host, self.config.http_port, properties)
        self.health.announcement = announced
        return announced

    def _retention(self) -> Retention:
        return Retention(
            self.journal,
            self.database,
            days=self.config.journal_days,
            followers=lambda: [f.name for f in self.health.followers],
            busy=lambda: self.taking.flooded or self.taking.waiting > 0,
        )

    async def _show_returned(self, orders: Sequence[OrderId]) -> None:
        await self.kitchen.show(orders)
        await self.feed.begin_anew()

    def _telemetry(self) -> Iterable[tuple[str, float]]:
        yield "disk_percent", self.space.percent
        yield "kitchen_lag", self.kitchen.follower.lag
        yield "printing_lag", self.spool.follower.lag
        yield "unsent", self.replication.unsent if self.replication else 0
        yield "screens", self.feed.screens
        yield "clock_confirmed", float(self.platform.clock_synced)
        yield from machine_figures(THERMAL)

    async def _prepare_menu(self) -> None:
        index = await self.database.write(self.menus.current)
        log.info("%s: menu version %d, journal at %d", self.outlet.name, index.menu.version,
                 self.journal.position)  # fmt: skip


class _Started:
    """A part that only has a beginning."""

    def __init__(self, begin: Any) -> None:
        self._begin = begin

    async def start(self) -> None:
        await self._begin()

    async def stop(self) -> None:
        pass

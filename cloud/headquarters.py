"""The parts of HQ, made but not started: what routes may reach."""

from dataclasses import dataclass, field
from typing import Protocol

from cloud import follower, outlets
from cloud.access import Access
from cloud.admission import Admission
from cloud.clock import Clock
from cloud.config import Config
from cloud.database import Database
from cloud.days import ClosedDays
from cloud.distribution import Distribution, FeedNews
from cloud.feed import LiveFigures
from cloud.follower import Follower, Projection
from cloud.greeting import Greeting
from cloud.house import Houses
from cloud.intake import Intake
from cloud.menu_import import MenuImports
from cloud.menus import Menus
from cloud.metrics import Metrics
from cloud.news import News
from cloud.nodes import Nodes
from cloud.own import Own
from cloud.people import People
from cloud.pictures import Pictures
from cloud.platform import Platform
from cloud.prices import PriceBooks
from cloud.products import Products
from cloud.projections.boxes import BoxJudge
from cloud.projections.clocks import ClockTimes
from cloud.projections.coupons import CouponJudge
from cloud.projections.days import Days
from cloud.projections.people import PinChanges
from cloud.projections.prices import PriceJudge
from cloud.projections.products import ProductEdits
from cloud.projections.sales import Sales
from cloud.projections.stock import StockLevels
from cloud.refusals import Refusals
from cloud.reports import Reports
from cloud.resolution import Resolution
from cloud.routing import Routings
from cloud.stock import StockRoom
from cloud.telemetry import Telemetries
from cloud.witness import Witnesses


def sales_projection(platform: Platform) -> Sales:
    """The sales projection with its judges: whatever drives it, a tick without them would lose cards."""
    return Sales(platform, [PriceJudge(), BoxJudge(), CouponJudge()])


def projections(platform: Platform) -> tuple[Sales, list[Projection]]:
    """Everything that is made from the ledger: the sales, and what few entries speak of."""
    sales = sales_projection(platform)
    return sales, [
        ProductEdits(platform),
        PinChanges(platform),
        StockLevels(platform),
        ClockTimes(platform, sales.judge_again),
        Days(platform),
    ]


class Part(Protocol):
    """Something that runs."""

    async def start(self) -> None:
        """Begin; returns once it works."""

    async def stop(self) -> None:
        """End; what was promised is kept."""


@dataclass
class Headquarters:
    """Everything one HQ process consists of. Constructors do nothing; `cloud.app` starts parts."""

    config: Config
    database: Database
    platform: Platform = field(default_factory=Platform)

    def __post_init__(self) -> None:
        database, platform = self.database, self.platform
        self.metrics = Metrics()
        self.nodes = Nodes(database, platform)
        self.access = Access(database, platform)
        self.clock = Clock(platform)
        self.greeting = Greeting(database, platform, self.clock)
        self.intake = Intake(database, platform, self.metrics, self.clock)
        # Twice what the pool serves: the next batches are read while these are written.
        self.admission = Admission(platform, 2 * self.config.pool_size)
        self.refusals = Refusals(database, platform)
        self.own = Own(database)
        self.telemetry = Telemetries(database, platform)
        self.witnesses = Witnesses(database, platform)
        self.menus = Menus(database, platform)
        self.menu_imports = MenuImports(database, self.menus)
        sales, rare = projections(platform)
        self.sales = Follower(database, self.metrics, sales)
        self.rare = [Follower(database, self.metrics, projection) for projection in rare]
        self.reports = Reports(database, platform)
        self.resolution = Resolution(database, platform)
        self.prices = PriceBooks(database, platform)
        self.products = Products(database, platform)
        self.pictures = Pictures(database, platform, self.products)
        self.people = People(database, platform)
        self.routing = Routings(database, platform)
        self.house = Houses(database, platform)
        self.stock = StockRoom(database, platform)
        self.days = ClosedDays(database, platform, self.nodes)
        self.live = LiveFigures(self.reports, platform, self.metrics)
        self.feed_news = FeedNews()
        self.distribution = Distribution(database, platform, self.metrics, self.feed_news)
        self.news = News(
            database,
            {outlets.FEED_CHANNEL: self.feed_news.tell, follower.CHANNEL: self.live.projected},
            missed=self.feed_news.tell_all,
        )

    def parts(self) -> list[Part]:
        """What runs, in the order it is started."""
        return [self.database, self.news, self.sales, *self.rare]

    def wake(self, tenant_id: str, outlet_id: str) -> None:
        """New entries of an outlet are in the ledger: those who follow it begin."""
        self.sales.wake(tenant_id, outlet_id)

    def release_waiting(self) -> None:
        """HQ is stopping: whoever waits for news gets an answer now."""
        self.feed_news.stop()
        self.live.stop()

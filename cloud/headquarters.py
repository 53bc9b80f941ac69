"""The parts of HQ, made but not started: what routes may reach."""

from dataclasses import dataclass, field
from typing import Protocol

from cloud.access import Access
from cloud.config import Config
from cloud.database import Database
from cloud.distribution import Distribution, FeedNews
from cloud.follower import Follower
from cloud.intake import Intake
from cloud.menus import Menus
from cloud.metrics import Metrics
from cloud.nodes import Nodes
from cloud.platform import Platform
from cloud.projections.sales import Sales


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
        self.news = FeedNews()
        self.nodes = Nodes(database, platform)
        self.access = Access(database, platform)
        self.intake = Intake(database, platform, self.metrics)
        self.menus = Menus(database, platform)
        self.sales = Follower(database, self.metrics, Sales(platform))
        self.distribution = Distribution(database, platform, self.metrics, self.news)

    def parts(self) -> list[Part]:
        """What runs, in the order it is started."""
        return [self.database, self.sales]

    def wake(self, tenant_id: str, outlet_id: str) -> None:
        """New entries of an outlet are in the ledger: those who follow it begin."""
        self.sales.wake(tenant_id, outlet_id)

    def release_waiting(self) -> None:
        """HQ is stopping: whoever waits for news gets an answer now."""
        self.news.stop()

"""Parts of the box as handlers ask for them: by name, from the list in `edge.app.GIVEN`."""

from litestar.di import NamedDependency

from edge import database, feed, health, journal, menu, metrics, outlet, platform, taking
from edge.config import BrokerAddress

Broker = NamedDependency[BrokerAddress]
Database = NamedDependency[database.Database]
Feed = NamedDependency[feed.Feed]
Health = NamedDependency[health.Health]
Journal = NamedDependency[journal.Journal]
Menus = NamedDependency[menu.Menus]
Metrics = NamedDependency[metrics.Metrics]
Outlet = NamedDependency[outlet.Outlet]
Platform = NamedDependency[platform.Platform]
Taking = NamedDependency[taking.Taking]

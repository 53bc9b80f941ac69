"""Parts of the box as handlers ask for them: by name, from the list in `edge.app.GIVEN`."""

from litestar.di import NamedDependency

from edge import (
    config,
    database,
    devices,
    feed,
    health,
    journal,
    menu,
    metrics,
    outlet,
    platform,
    presence,
    role,
    taking,
    taking_orders,
)
from edge.lan import bridge, certificate
from edge.printing import links, spool

Bridge = NamedDependency[bridge.Bridge]
Certificate = NamedDependency[certificate.Certificate]
Config = NamedDependency[config.Config]
Database = NamedDependency[database.Database]
Devices = NamedDependency[devices.Devices]
Feed = NamedDependency[feed.Feed]
GuestView = NamedDependency[presence.GuestView]
Health = NamedDependency[health.Health]
Journal = NamedDependency[journal.Journal]
Menus = NamedDependency[menu.Menus]
Metrics = NamedDependency[metrics.Metrics]
OpenForGuests = NamedDependency[taking_orders.OpenForGuests]
Outlet = NamedDependency[outlet.Outlet]
Platform = NamedDependency[platform.Platform]
Presence = NamedDependency[presence.Presence]
ReceiptLinks = NamedDependency[links.ReceiptLinks]
Role = NamedDependency[role.Role]
Spool = NamedDependency[spool.Spool]
Taking = NamedDependency[taking.Taking]

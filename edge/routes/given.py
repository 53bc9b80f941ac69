"""Parts of the box as handlers ask for them: by name, from the list in `edge.app.GIVEN`."""

from litestar.di import NamedDependency

from edge import (
    asking,
    config,
    database,
    day_desk,
    devices,
    feed,
    health,
    journal,
    menu,
    metrics,
    node,
    outlet,
    pictures,
    platform,
    presence,
    role,
    staffing,
    taking,
    taking_orders,
)
from edge.lan import bridge, certificate
from edge.printing import links, spool

Asker = NamedDependency[asking.Caller | None]
"""Who sent the request, see `edge/asking.py`; None where that makes no difference."""
Bridge = NamedDependency[bridge.Bridge]
Certificate = NamedDependency[certificate.Certificate]
Config = NamedDependency[config.Config]
Database = NamedDependency[database.Database]
DayDesk = NamedDependency[day_desk.DayDesk]
Devices = NamedDependency[devices.Devices]
Feed = NamedDependency[feed.Feed]
GuestView = NamedDependency[presence.GuestView]
Health = NamedDependency[health.Health]
Journal = NamedDependency[journal.Journal]
Menus = NamedDependency[menu.Menus]
Metrics = NamedDependency[metrics.Metrics]
Node = NamedDependency[node.Node]
OpenForGuests = NamedDependency[taking_orders.OpenForGuests]
Outlet = NamedDependency[outlet.Outlet]
Pictures = NamedDependency[pictures.Pictures]
Platform = NamedDependency[platform.Platform]
Presence = NamedDependency[presence.Presence]
ReceiptLinks = NamedDependency[links.ReceiptLinks]
Role = NamedDependency[role.Role]
Spool = NamedDependency[spool.Spool]
Staffing = NamedDependency[staffing.Staffing]
Taking = NamedDependency[taking.Taking]

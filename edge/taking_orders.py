"""Whether guests can order now: known before they choose, and before anybody takes their money.

An order that no cook can hear of is no order (FS-48): when every way to the kitchen is gone, kiosks
are told at once and refuse; staff at the counter go on, because they can walk over and say it.
"""

from collections.abc import Sequence
from typing import Protocol

from edge.database import Database
from edge.devices import Devices
from edge.menu import Menus
from edge.platform import Platform
from edge.printing.spool import Spool
from edge.role import STANDBY, Role
from protocol.commands import Envelope, PlaceOrder
from protocol.devices import DeviceKind
from protocol.feed import TakingOrders
from protocol.ids import StationId
from protocol.menu import EXPO, MenuIndex, Station
from protocol.orders import Source
from protocol.refusals import Refusal

GRACE_MS = 5_000
"""How long every way to a station must be gone: a display that changes its access point, or a
printer between two papers, is no reason to send guests away."""
START_MS = 60_000
"""After a start displays and printers come back first; what kiosks kept meanwhile is taken."""


class Displays(Protocol):
    """What is known of displays: who shows a station's tickets, now and since the box started."""

    def someone_shows(self, station: str) -> bool:
        """Whether a display of this very station is there now."""

    def has_shown(self, station: str) -> bool:
        """Whether one was there since the box started."""


EVERY_STATION = "+"


class Line(Protocol):
    """The way to the displays: the broker's."""

    @property
    def connected(self) -> bool:
        """Whether it is there now."""


class OpenForGuests:
    """Looks at what an order would meet; asked with each heartbeat, so it reads no disk."""

    def __init__(
        self,
        menus: Menus,
        platform: Platform,
        database: Database,
        role: Role,
        devices: Devices,
        spool: Spool,
    ) -> None:
        self.menus = menus
        self.platform = platform
        self.database = database
        self.role = role
        self.devices = devices
        self.spool = spool
        self.line: Line | None = None
        self.displays: Displays | None = None
        self.grace_ms = GRACE_MS
        self.start_ms = START_MS
        self._since_ms = platform.mono_ms()
        self._gone: dict[StationId, int] = {}
        """Since when each station cannot be reached, on the monotonic clock."""

    def now(self) -> TakingOrders:
        """What screens are told."""
        if self.database.broken is not None or self.database.full:
            return TakingOrders(yes=False, why="disk")
        index = self.menus.last_used
        if index.menu.version == 0:
            return TakingOrders(yes=False, why="menu")
        if self.role.value == STANDBY:
            return TakingOrders(yes=False, why="standby")
        makers = [s for s in index.menu.stations if s.kind != EXPO]
        blind = self._blind(makers)
        known = [s.id for s in makers if self._known(s)]
        if known and all(s in blind for s in known):
            return TakingOrders(yes=False, why="kitchen", stations=blind)
        return TakingOrders(stations=blind)

    def unreachable(self) -> tuple[str, ...]:
        """Items of which no maker can be reached: guests are offered something else meanwhile."""
        blind = set(self.now().stations)
        if not blind:
            return ()
        index: MenuIndex = self.menus.last_used
        return tuple(i.id for i in index.menu.items if blind.issuperset(index.stations_of(i)))

    def refusal(self, envelope: Envelope) -> Refusal | None:
        """A kiosk that has not heard yet is told when it sends; whatever was taken before counts."""
        command = envelope.command
        if not isinstance(command, PlaceOrder) or command.source is not Source.KIOSK:
            return None
        if envelope.offered or envelope.accepted is not None:
            return None
        return Refusal("kitchen_away") if self.now().why == "kitchen" else None

    def _blind(self, makers: Sequence[Station]) -> tuple[StationId, ...]:
        """Stations that had a way once and have had none for a while."""
        now_ms = self.platform.mono_ms()
        gone = [s.id for s in makers if self._known(s) and not self._reached(s)]
        self._gone = {s: self._gone.get(s, now_ms) for s in gone}
        if now_ms - self._since_ms < self.start_ms:
            return ()
        return tuple(s for s in gone if now_ms - self._gone[s] >= self.grace_ms)

    def _known(self, station: Station) -> bool:
        """Whether anybody ever heard of this station's tickets; where nobody does, staff just cook."""
        shown = self.displays is not None and self.displays.has_shown(station.id)
        return shown or bool(self._printers_of(station)) or self._has_displays()

    def _has_displays(self) -> bool:
        """Whether this outlet has kitchen displays of its own, here now or not."""
        cards = self.devices.cards()
        return any(c.kind is DeviceKind.KITCHEN and not c.revoked_ms for c in cards)

    def _reached(self, station: Station) -> bool:
        names = [station.id, EVERY_STATION, *([station.backup] if station.backup else [])]
        connected = self.line is not None and self.line.connected
        shows = self.displays.someone_shows if self.displays is not None and connected else None
        if shows is not None and any(map(shows, names)):
            return True
        faults = self.spool.faults
        return any(faults.get(printer) is None for printer in self._printers_of(station))

    def _printers_of(self, station: Station) -> frozenset[str]:
        """Printers that print its tickets, or stand in for one that does."""
        wanted = {station.id, station.backup}
        printers = self.spool.configs
        own = {p.id for p in printers.values() if wanted & set(p.stations)}
        stand_ins = {printers[p].backup for p in own}
        return frozenset(own | {p for p in stand_ins if p is not None and p in printers})

"""What displays tell the box over MQTT: what they have drawn, and whether they are there.

Anybody on the LAN may send anything: what is not understood, speaks for another device, or comes
from a device this outlet does not know is refused, said once per device, and harms nobody.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec

from edge.journal import Journal
from edge.lan.inbox import Handler, Message
from protocol import lan

log = logging.getLogger("edge.delivery")

HEARD_MAX = 500
"""Proofs that wait for the desk; with more the broker keeps the rest and sends them afterwards."""
DEVICES_MAX = 200
"""Devices whose presence is kept; an outlet has a dozen. Of more the one that has been away longest is
forgotten: browsers that were never paired leave a name behind each."""
BYTES_MAX = 256 * 1024
TICKETS_MAX = 1_000
LINES_MAX = 500
NAME_MAX = 100
STATIONS_MAX = 200
"""Stations that are remembered to have had a display; anybody may make names up. Of more the one that
no display spoke of for longest is forgotten, and displays speak every twenty seconds."""
SILENT_MS = 90_000
"""A display says every twenty seconds that it is there; after so long without a word it is not. The
broker that would have told may have lost its memory while the display died."""
EVERY_STATION = "+"

_T = TypeVar("_T", lan.Shown, lan.Presence)
_V = TypeVar("_V")
_shown_decoder = msgspec.json.Decoder(lan.Shown)
_presence_decoder = msgspec.json.Decoder(lan.Presence)


class DeliveryInbox:
    """Takes messages as they arrive; the desk takes them from here."""

    def __init__(
        self,
        outlet_id: str,
        journal: Journal,
        knows: Callable[[str], bool],
        connected: Callable[[], bool] = lambda: True,
    ) -> None:
        self.outlet_id = outlet_id
        self.journal = journal
        self.knows = knows
        self.connected = connected
        self.on_heard: Callable[[], None] = lambda: None
        self.presence: dict[str, lan.Presence] = {}
        """What each device said last of itself."""
        self.refused = 0
        self._heard: asyncio.Queue[tuple[int, lan.Shown]] = asyncio.Queue(HEARD_MAX)
        self._shown_stations: dict[str, None] = {}
        self._heard_ms: dict[str, int] = {}
        """When each device last said of itself how it is, on the monotonic clock."""
        self._listening_ms = self._now_ms()
        """Since when the broker can be heard again."""
        self._online_since: dict[str, str] = {}
        """The display that last came online for each station."""
        self._complained: set[str] = set()

    def subscriptions(self) -> list[tuple[str, Handler]]:
        """Topic filters with who handles them."""
        return [
            (lan.devices_filter(self.outlet_id, "shown"), self._hear_shown),
            (lan.devices_filter(self.outlet_id, "presence"), self._hear_presence),
        ]

    def take(self) -> Iterable[tuple[int, lan.Shown]]:
        """Everything that waits, with the journal's position when it came."""
        while not self._heard.empty():
            yield self._heard.get_nowait()

    def shows(self, device: str, station: str) -> bool:
        """Whether a display says that it is this very station's."""
        there = self.presence.get(device)
        return there is not None and station in there.stations

    def sees_at_home(self, device: str, station: str) -> bool:
        """Whether a display gets a station's tickets as the station does; one that never said what
        it shows is believed to."""
        there = self.presence.get(device)
        if there is None or not there.stations:
            return True
        return station in there.stations or EVERY_STATION in there.stations

    def someone_shows(self, station: str) -> bool:
        """Whether a display of this very station is there now."""
        return any(self._is_there(p) for p in self.presence.values() if station in p.stations)

    def _is_there(self, display: lan.Presence) -> bool:
        """One that was shut out is not: its goodbye is refused like everything else it says."""
        if not display.online or not self.knows(display.device):
            return False
        if not self.connected():
            return True  # nobody can be heard: that says nothing of the display
        heard_ms = max(self._heard_ms.get(display.device, 0), self._listening_ms)
        return self._now_ms() - heard_ms < SILENT_MS

    async def begin_anew(self) -> None:
        """The broker is back: whoever is there has their time to say so."""
        self._listening_ms = self._now_ms()

    def _now_ms(self) -> int:
        return self.journal.platform.mono_ms()

    def has_shown(self, station: str) -> bool:
        """Whether a display for this station's tickets was there since the box started."""
        return station in self._shown_stations or EVERY_STATION in self._shown_stations

    def gone_dark(self, station: str) -> str | None:
        """The name of a station's display when it had some since the box started and none is left."""
        known = station if station in self._online_since else EVERY_STATION
        if known not in self._online_since or self.someone_shows(known):
            return None
        return self._online_since[known]

    async def _hear_shown(self, message: Message) -> None:
        shown = self._understood(message, _shown_decoder)
        if shown is None:
            return
        if message.retain:
            self._refuse(message, "a proof that was retained says nothing of now")
            return
        lines = max((len(t.line_ids) for t in shown.tickets), default=0)
        if len(shown.tickets) > TICKETS_MAX or lines > LINES_MAX:
            self._refuse(message, "it names more tickets or lines than any display shows")
            return
        _remember(self._shown_stations, dict.fromkeys(t.station_id for t in shown.tickets))
        # Waits while the desk has its hands full: the broker is told only when it was taken.
        await self._heard.put((self.journal.position, shown))
        self.on_heard()

    async def _hear_presence(self, message: Message) -> None:
        if not message.payload:
            self._forget(message.topic.split("/")[3])
            return
        there = self._understood(message, _presence_decoder)
        if there is None:
            return
        self.presence.pop(there.device, None)
        self.presence[there.device] = there
        self._heard_ms[there.device] = self._now_ms()
        if len(self.presence) > DEVICES_MAX:
            self._forget_one()
        if there.online:
            _remember(self._shown_stations, dict.fromkeys(there.stations))
            names = dict.fromkeys(there.stations, there.name or there.device)
            _remember(self._online_since, names)
        self.on_heard()

    def _forget_one(self) -> None:
        gone = (device for device, there in self.presence.items() if not there.online)
        self._forget(next(gone, next(iter(self.presence))))

    def _forget(self, device: str) -> None:
        self.presence.pop(device, None)
        self._heard_ms.pop(device, None)

    def _understood(self, message: Message, decoder: "msgspec.json.Decoder[_T]") -> _T | None:
        if len(message.payload) > BYTES_MAX:
            self._refuse(message, f"it has more than {BYTES_MAX} bytes")
            return None
        try:
            said = decoder.decode(message.payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
            self._refuse(message, str(fault))
            return None
        device = message.topic.split("/")[3]
        if said.device != device:
            self._refuse(message, f"it speaks for {said.device[:NAME_MAX]!r}")
        elif not self.knows(device):
            self._refuse(message, "this outlet does not know the device")
        elif len(said.name) > NAME_MAX:
            self._refuse(message, "its name is too long")
        else:
            return said
        return None

    def _refuse(self, message: Message, why: str) -> None:
        self.refused += 1
        device = message.topic.split("/")[3][:NAME_MAX]
        if device not in self._complained and len(self._complained) < DEVICES_MAX:
            self._complained.add(device)
            log.warning("a message of device %r was refused: %s", device, why)


def _remember(kept: dict[str, _V], news: dict[str, _V]) -> None:
    """The newest last, and no more than `STATIONS_MAX`."""
    for name, value in news.items():
        kept.pop(name, None)
        kept[name] = value
    while len(kept) > STATIONS_MAX:
        del kept[next(iter(kept))]

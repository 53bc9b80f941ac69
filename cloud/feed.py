"""Live figures for dashboards: a snapshot, then what changed, and a heartbeat when nothing did."""

import asyncio
from collections.abc import AsyncIterator, Iterable

import msgspec

from cloud.completeness import Completeness
from cloud.metrics import Metrics
from cloud.platform import Platform
from cloud.reports import OutletToday, Reports, Today
from protocol.ids import TenantId
from protocol.reports import Figure

HEARTBEAT_S = 5.0
PACE_S = 0.25
"""Changes are gathered this long: a rush of sales is four updates a second, not hundreds."""
LISTENERS_MAX = 500


class TodayChanged(msgspec.Struct, frozen=True, kw_only=True):
    """The outlets whose figures changed, as they now are; the totals are of all outlets."""

    at_ms: int
    totals: Figure
    outlets: tuple[OutletToday, ...]


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """HQ is alive; how complete each outlet is now."""

    at_ms: int
    completeness: tuple[Completeness, ...]


Message = tuple[str, Today | TodayChanged | Heartbeat]


class TooMany(Exception):
    """More dashboards are open than one process serves."""


class _Listener:
    """One open dashboard. What waits for it is a set of outlets, so it is never a long queue."""

    def __init__(self, tenant_id: str) -> None:
        self.tenant_id = tenant_id
        self.changed: set[str] = set()
        self.woken = asyncio.Event()


class LiveFigures:
    """Tells dashboards what the projections wrote."""

    def __init__(self, reports: Reports, platform: Platform, metrics: Metrics) -> None:
        self._reports = reports
        self._platform = platform
        self._metrics = metrics
        self._listeners: set[_Listener] = set()
        self._stopped = False

    def projected(self, places: Iterable[tuple[str, str]]) -> None:
        """The figures of these outlets, as (tenant, outlet), have changed."""
        for tenant_id, outlet_id in places:
            for listener in self._listeners:
                if listener.tenant_id == tenant_id:
                    listener.changed.add(outlet_id)
                    listener.woken.set()

    def stop(self) -> None:
        """End every stream: HQ is stopping."""
        self._stopped = True
        for listener in self._listeners:
            listener.woken.set()

    async def follow(self, tenant_id: TenantId) -> AsyncIterator[Message]:
        """Messages as (event, value) for as long as somebody listens. Raises TooMany."""
        if len(self._listeners) >= LISTENERS_MAX:
            raise TooMany
        # Registered before the snapshot is read: what changes in between is told again, not lost.
        listener = _Listener(tenant_id)
        self._listeners.add(listener)
        self._metrics.listeners.inc()
        try:
            shown = await self._reports.today(tenant_id)
            yield "snapshot", shown
            beat_ms = self._platform.mono_ms()
            while not self._stopped:
                left_s = HEARTBEAT_S - (self._platform.mono_ms() - beat_ms) / 1000
                if left_s <= 0:
                    now = await self._reports.today(tenant_id)
                    # Midnight passed somewhere, or an outlet opened: what is shown is of another day.
                    anew = _days(now) != _days(shown)
                    shown = now
                    yield ("snapshot", now) if anew else ("heartbeat", _heartbeat(now))
                    beat_ms = self._platform.mono_ms()
                elif await _happens(listener.woken, left_s) and not self._stopped:
                    await asyncio.sleep(PACE_S)
                    changed, listener.changed = listener.changed, set()
                    listener.woken.clear()
                    now = await self._reports.today(tenant_id, changed)
                    yield (
                        "change",
                        TodayChanged(at_ms=now.at_ms, totals=now.totals, outlets=now.outlets),
                    )
        finally:
            self._listeners.discard(listener)
            self._metrics.listeners.dec()


def _days(today: Today) -> list[tuple[str, str]]:
    return [(o.outlet_id, o.business_date) for o in today.outlets]


def _heartbeat(today: Today) -> Heartbeat:
    return Heartbeat(at_ms=today.at_ms, completeness=tuple(o.completeness for o in today.outlets))


async def _happens(event: asyncio.Event, timeout_s: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), timeout_s)
    except TimeoutError:
        return False
    return True

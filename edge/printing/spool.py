"""Stage 5: entries become durable papers; each printer takes its own, one after another.

A paper is written in the same transaction as the spool's cursor, so that it exists exactly once. It
counts as printed only with the printer's proof. One that may have printed already is printed again
with DUPLICATE on it, never silently.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence

import msgspec

from edge.config import PrinterConfig, stand_ins_of
from edge.database import Database
from edge.follower import Follower, save_cursor
from edge.journal import Followed, Journal
from edge.journal_table import RETURNED
from edge.order_state import load_order
from edge.outlet import Outlet, zone_of
from edge.printing import papers
from edge.printing.desk import Desk
from edge.printing.moving import hold_for_nobody
from edge.printing.owner import Owner
from edge.printing.papers import OVER, Job, forget_old_papers
from edge.printing.printers import NetworkPrinter, Printer, PrinterFault
from edge.printing.profiles import PROFILES, PrinterProfile
from edge.printing.rerouting import reroute
from edge.printing.till_papers import (
    TILL_PRINTS,
    TillPrinters,
    read_till_printers,
    receipt_printers,
    till_papers,
)
from edge.printing.usb import UsbPrinter
from edge.printing.virtual import VirtualPrinter
from edge.printing.wanted import PRINTS, Wanted, wanted_by
from edge.printing.whereabouts import Whereabouts
from protocol.clock import Confidence, wall_ms_of
from protocol.events import Event, PaymentTaken, TicketRerouted
from protocol.events import decode as decode_event
from protocol.ids import derive
from protocol.journal import Entry
from protocol.orders import Order, Source
from protocol.trading_day import local_time

__all__ = ["Spool", "forget_old_papers"]

log = logging.getLogger("edge.printing")

SET_ASIDE_SAID_MS = 24 * 3600 * 1000
"""How long the health page speaks of papers that were not printed."""
_ENDS = frozenset({"order.served", "payment.taken"})
"""Entries after which an order may be over."""


class Spool:
    """Turns entries into papers, and gives each printer its owner."""

    def __init__(
        self,
        printers: Sequence[PrinterConfig],
        journal: Journal,
        database: Database,
        outlet: Outlet,
    ) -> None:
        self.configs = {p.id: p for p in printers}
        self.journal = journal
        self.database = database
        self.outlet = outlet
        self.owners: dict[str, Owner] = {}
        self.virtual: dict[str, VirtualPrinter] = {}
        """The printers of software that this box brings itself, by id."""
        self.desk = Desk(self.configs, journal, database, outlet, self._news)
        self.link_of: Callable[[str], str] = lambda _: ""
        """Where a guest finds the receipt of an order again; it becomes the QR code."""
        self._aside: list[tuple[str, int]] = []
        self.follower = Follower("printing", journal, database, self._follow)

    @property
    def faults(self) -> dict[str, PrinterFault | None]:
        """Why each printer does not print; None for one that is well."""
        return {p: self.owners[p].fault if p in self.owners else None for p in self.configs}

    @property
    def printed(self) -> int:
        """Papers proven since the start."""
        return sum(owner.printed for owner in self.owners.values())

    async def start(self) -> None:
        """Take up what a stop or crash left, then follow."""
        await self._hold_for_nobody()
        await self._count_aside()
        for config in self.configs.values():
            if config.kind == "virtual":
                printer = await self._bring(config)
            else:
                printer = PRINTERS[config.kind](config, PROFILES[config.profile])
            self.owners[config.id] = Owner(
                *(config, printer, self.journal, self.database),
                note_aside=self._note_aside,
                clock_text=self._clock_text,
            )
        self.desk.link_of = self.link_of
        for owner in self.owners.values():
            names = stand_ins_of(owner.config.id, self.configs)
            owner.backups = tuple(self.owners[name] for name in names)
        await self.follower.start()
        for owner in self.owners.values():
            owner.start()

    async def _hold_for_nobody(self) -> None:
        known, now_ms = frozenset(self.configs), self.journal.reading().wall_ms
        gone = await self.database.write(lambda db: hold_for_nobody(db, known, now_ms))
        if gone:
            log.warning("papers waited for %s, not configured any more; held", ", ".join(gone))

    async def stop(self) -> None:
        """Stop following and printing; what is queued stays queued."""
        await self.follower.stop()
        await asyncio.gather(*(owner.stop() for owner in self.owners.values()))
        for virtual in self.virtual.values():
            await virtual.stop()

    def printers_of(self, station_id: str) -> list[PrinterConfig]:
        """The printers that have a station's tickets."""
        return [p for p in self.configs.values() if station_id in p.stations]

    def set_aside(self, printer: str) -> int:
        """Papers of the last day that wait for a person: too old, or this build cannot draw them."""
        since = self._aside_since()
        return sum(1 for name, at_ms in self._aside if name == printer and at_ms >= since)

    def set_aside_for_nobody(self) -> dict[str, int]:
        """The same of printers that are not configured any more."""
        gone = sorted({name for name, _ in self._aside} - set(self.configs))
        return {name: count for name in gone if (count := self.set_aside(name))}

    async def _bring(self, config: PrinterConfig) -> Printer:
        profile = PROFILES[config.profile]
        folder = self.database.path.parent / "papers" / config.id
        clock = self.journal.platform.wall_ms
        virtual = VirtualPrinter(clock, dots=profile.dots, folder=folder)
        await virtual.start()
        self.virtual[config.id] = virtual
        return NetworkPrinter(virtual.host, virtual.port, profile, timeout_s=config.timeout_s)

    async def _follow(self, batch: Sequence[Followed]) -> None:
        works: list[Callable[[sqlite3.Connection], Iterable[str]]] = []
        for followed in batch:
            works.extend(await self._works_of(followed))
        if not works:
            return
        position = batch[-1].at.position

        def write(db: sqlite3.Connection) -> set[str]:
            woken = {printer for work in works for printer in work(db)}
            save_cursor(db, self.follower.name, position)
            return woken

        await self._news(await self.database.write(write))

    async def _works_of(
        self, followed: Followed
    ) -> list[Callable[[sqlite3.Connection], Iterable[str]]]:
        """What an entry changes in the table of papers; each returns the printers with news."""
        entry = followed.entry
        if not self.configs or entry.type not in PRINTS | TILL_PRINTS | _ENDS:
            return []
        if followed.standing == RETURNED:
            return []  # it happened before a loss, and its paper came out then
        if entry.type in TILL_PRINTS:
            return await self._till_works(entry)
        event, order_id = decode_event(entry.body), entry.aggregate_id
        order = followed.order or await self.database.read(lambda db: load_order(db, order_id))
        if order is None or order.source is Source.IMPORT:
            return []
        works: list[Callable[[sqlite3.Connection], Iterable[str]]] = []
        created_ms = self._taken_ms(entry) - _taken_before_ms(entry, event)
        if isinstance(event, TicketRerouted):
            works.append(self._rerouting(event, entry, order))
        else:
            link = self.link_of(order_id) if entry.type == "payment.taken" else ""
            printers = tuple(self.configs.values())
            wanted: list[Wanted] = []
            if isinstance(event, PaymentTaken):
                tills = await self._tills(event.payment.shift_id, names=False)
                wanted = till_papers(event, printers, tills, self.outlet, order.currency, 0)
                printers = tuple(receipt_printers(event, printers, tills))
            wanted = [*wanted_by(event, order, printers, self.outlet, link), *wanted]
            jobs = [_job(entry, i, w, order_id, created_ms) for i, w in enumerate(wanted)]
            works.append(lambda db: _keep(db, jobs))
        if entry.type in _ENDS and order.status in OVER:
            now_ms = self.journal.reading().wall_ms
            works.append(lambda db: _end(db, order.order_id, now_ms))
        return works

    async def _till_works(
        self, entry: Entry
    ) -> list[Callable[[sqlite3.Connection], Iterable[str]]]:
        """Papers of tills and days; the drawer too."""
        event, created_ms = decode_event(entry.body), self._taken_ms(entry)
        tills = await self._tills(None, names=True)
        wanted = till_papers(
            event,
            tuple(self.configs.values()),
            tills,
            self.outlet,
            self.outlet.currency,
            created_ms,
        )
        jobs = [_job(entry, i, w, "", created_ms) for i, w in enumerate(wanted)]
        return [lambda db: _keep(db, jobs)]

    async def _tills(self, shift_id: str | None, *, names: bool) -> TillPrinters:
        language = self.outlet.language if names else None
        return await self.database.read(lambda db: read_till_printers(db, shift_id, language))

    def _rerouting(
        self, event: TicketRerouted, entry: Entry, order: Order
    ) -> Callable[[sqlite3.Connection], Iterable[str]]:
        """Nobody has seen these lines: another printer gets them."""
        printer = self.configs.get(event.to)
        if not event.by_printer or printer is None:
            return lambda _: ()
        now_ms = self.journal.reading().wall_ms
        owed = [p.name for p in self.printers_of(event.station_id) if p.id != printer.id]
        name = owed[0] if owed else event.station_id
        return lambda db: reroute(db, event, order, printer, name, self.outlet, entry, now_ms)

    def _taken_ms(self, entry: Entry) -> int:
        """When an entry was taken, in today's time: a clock set right meanwhile makes nothing old."""
        now = self.journal.reading()
        if entry.boot == now.boot:
            return now.wall_ms - (now.mono_ms - entry.mono_ms)
        return wall_ms_of(entry.stamp)

    async def _news(self, printers: Iterable[str]) -> None:
        """These printers have something new, or lost something."""
        for printer in printers:
            if printer in self.owners:
                self.owners[printer].wake()
        await self._count_aside()

    async def _count_aside(self) -> None:
        since = self._aside_since()
        self._aside = await self.database.read(lambda db: papers.set_aside_since(db, since))

    def _note_aside(self, printer: str, created_ms: int) -> None:
        self._aside.append((printer, created_ms))

    def _clock_text(self, at_ms: int) -> str:
        return local_time(at_ms, zone_of(self.outlet.zone)).strftime("%d/%m/%Y %H:%M")

    def _aside_since(self) -> int:
        return self.journal.reading().wall_ms - SET_ASIDE_SAID_MS


PRINTERS: dict[str, Callable[[PrinterConfig, PrinterProfile], Printer]] = {
    "network": lambda c, p: NetworkPrinter(
        *(c.host, c.port, p),
        timeout_s=c.timeout_s,
        status=c.status,
        whereabouts=Whereabouts(c.mac, c.port) if c.mac else None,
    ),
    "usb": lambda c, p: UsbPrinter(c.device, p, timeout_s=c.timeout_s, status=c.status),
}
"""How a printer of each kind is reached; `virtual` is brought by the box itself."""


def _job(entry: Entry, index: int, wanted: Wanted, order_id: str, created_ms: int) -> Job:
    return Job(
        derive(entry.event_id, wanted.printer.id, str(index)),
        wanted.printer.id,
        wanted.kind,
        order_id,
        msgspec.json.encode(wanted.paper),
        created_ms,
        station_id=wanted.station_id,
        line_ids=wanted.line_ids,
    )


def _keep(db: sqlite3.Connection, jobs: Sequence[Job]) -> list[str]:
    papers.keep(db, jobs)
    return [job.printer for job in jobs]


def _end(db: sqlite3.Connection, order_id: str, now_ms: int) -> Iterable[str]:
    papers.discard_of_order(db, order_id, now_ms)
    return ()


def _taken_before_ms(entry: Entry, event: Event) -> int:
    """How long before its entry something was taken, when a screen offered it again to a box that
    had lost it: the kitchen had that ticket hours ago. Money's paper is printed whatever its age.
    """
    at_ms: int | None = getattr(event, "at_ms", None)
    if at_ms is None or entry.confidence not in (Confidence.SYNCED, Confidence.FREE):
        return 0
    return max(0, entry.wall_ms - at_ms)

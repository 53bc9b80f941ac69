"""The delivery desk: every line the kitchen should have is confirmed, sent another way, or told.

A follower that starts a clock for each fired line, and an inbox for what displays prove. What is
not confirmed in time goes to the station's backup once, and then to a person. It writes entries
only for first proofs and for what it does itself, many in one commit; it never changes an order.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from edge.ages import age_ms
from edge.config import PrinterConfig
from edge.database import Busy, Database, DatabaseBroken
from edge.deliveries import MOVED_TAG, SPEAKING, keep
from edge.delivery_board import CONFIRM_MS, REROUTED_MS, Board, Due, Key, Prover, stations_of
from edge.delivery_inbox import DeliveryInbox
from edge.delivery_moves import Moves
from edge.delivery_routes import other_route
from edge.delivery_start import unconfirmed, unproven_lines
from edge.delivery_words import dark_words, unseen_words
from edge.follower import Follower
from edge.journal import Followed, Journal
from edge.journal_table import RETURNED
from edge.lan.link import BrokerFault
from edge.lan.mqtt import MqttLink
from edge.menu import Menus
from edge.order_state import load_order
from edge.outlet import Outlet
from protocol.deliveries import Delivery
from protocol.events import (
    ORDER_TAGS,
    Event,
    OrderFired,
    PaperPrinted,
    TicketEscalated,
    TicketRerouted,
    TicketShown,
    decode,
)
from protocol.ids import CommandId, LineId, StationId
from protocol.lan import Shown
from protocol.menu import Names, Station
from protocol.orders import Source

log = logging.getLogger("edge.delivery")

AGE_MAX_MS = 30 * 60 * 1000
"""What was fired longer ago is waited for no more: a box that was off for the night must not shout
about yesterday. The same as for kitchen tickets on paper."""
LEAST_MS = 1_000
"""A display has so long at least, however late the desk itself hears of a line."""
GATHER_S = 0.05
"""Proofs that come within this time share one commit."""
ROUND_MAX = 200
"""Most entries in one commit: whoever orders meanwhile waits for no more than that."""
FLOOD_HOLD_MS = 20_000
"""While commands flood in (an import, a load test), lines may be late by this much more."""
FLOOD_REST = 8
BOARD_MAX = 20_000
"""Tickets waited for; with more the desk stands still in the journal until some are settled."""
SETTLED_MAX = 10_000
RETRY_S = 1.0

Line = tuple[Key, LineId]


class Desk:
    """Follows the journal, hears the displays, and sees to it that no line is with nobody."""

    def __init__(
        self,
        link: MqttLink,
        journal: Journal,
        database: Database,
        outlet: Outlet,
        menus: Menus,
        printers: Sequence[PrinterConfig] = (),
        *,
        flooded: Callable[[], bool] = lambda: False,
        knows: Callable[[str], bool] = lambda _: True,
        prints: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self.prints = prints
        self.link = link
        self.journal = journal
        self.database = database
        self.menus = menus
        self.printers = printers
        self.flooded = flooded
        self.confirm_ms = CONFIRM_MS
        self.rerouted_ms = REROUTED_MS
        self.fault: str | None = None
        self.board = Board()
        self.moves = Moves(self.board)
        self.inbox = DeliveryInbox(outlet.outlet_id, journal, knows, lambda: link.connected)
        link.on_connected.append(self.inbox.begin_anew)
        self.follower = Follower("delivery", journal, database, self._follow, flooded=flooded)
        self.station_names: dict[StationId, Names] = {}
        self._printer_names = {p.id: p.name for p in printers}
        self._loaded_at = 0
        self._pending: deque[tuple[int, Shown]] = deque()
        self._settled: dict[Line, None] = {}
        self._fired_ms: dict[StationId, int] = {}
        """When each station was last sent something, on the monotonic clock."""
        self._blind = False
        self._room = asyncio.Event()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take up what waited, then follow and listen. Starts before the link connects."""
        await self._take_up()
        self.inbox.on_heard = self._wake.set
        for topics, handler in self.inbox.subscriptions():
            with contextlib.suppress(BrokerFault):  # subscribed again with the next connection
                await self.link.subscribe(topics, handler)
        await self.follower.start()
        self._task = asyncio.create_task(self._run(), name="delivery desk")

    async def stop(self) -> None:
        """Stop; what waits is taken up again by the next start."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self.follower.stop()

    def wrong(self) -> list[tuple[str, str, str]]:
        """What a person must see to: a code, and a sentence in English and Indonesian."""
        found: list[tuple[str, str, str]] = []
        numbers: dict[StationId, list[str]] = {}
        for station, number in self.board.escalated():
            numbers.setdefault(station, []).append(number)
        if numbers:
            words = unseen_words(numbers, self.served, self.station_names)
            found.append(("kitchen_unseen", *words))
        since_ms = self.journal.platform.mono_ms() - AGE_MAX_MS
        busy = [s for s, at_ms in self._fired_ms.items() if at_ms >= since_ms]
        if gone := {s: d for s in sorted(busy) if (d := self.inbox.gone_dark(s)) is not None}:
            found.append(("kitchen_display", *dark_words(gone, self.station_names)))
        return found

    def served(self, station: StationId) -> bool:
        """Whether anything has shown or can print this station's tickets since the box started."""
        return self.inbox.has_shown(station) or any(station in p.stations for p in self.printers)

    # ------------------------------------------------------------ along the journal

    async def _follow(self, batch: Sequence[Followed]) -> None:
        while len(self.board) >= BOARD_MAX:
            self._room.clear()
            await self._room.wait()
        told: list[Event] = []
        for followed in batch:
            told.extend(await self._follow_one(followed))
        if told:
            await self.database.write(lambda db: keep(db, told, self._printer_names))
        self._wake.set()

    async def _follow_one(self, followed: Followed) -> list[Event]:
        """What the entry says that the table does not have yet."""
        entry = followed.entry
        if followed.standing == RETURNED:
            # Happened before a loss: it is known again where lines were, and nobody is alarmed.
            return [decode(entry.body)] if entry.type in SPEAKING else []
        if entry.type == "paper.printed":
            event = decode(entry.body)
            assert isinstance(event, PaperPrinted)
            if event.kind != "kitchen_ticket" or event.station_id is None:
                return []
            return [event, *self.moves.printed(event)]
        if entry.type in ORDER_TAGS:
            if followed.at.position > self._loaded_at:  # else the board was made from what it did
                await self._see(followed)
            return [decode(entry.body)] if entry.type in SPEAKING else []
        return []  # our own were kept with the commit that made them

    async def _see(self, followed: Followed) -> None:
        order_id = followed.entry.aggregate_id
        order = followed.order or await self.database.read(lambda db: load_order(db, order_id))
        if order is None:
            return
        if followed.entry.type in ("lines.left", MOVED_TAG):
            self.moves.note(decode(followed.entry.body), order)
        if followed.entry.type == "order.fired" and order.source is not Source.IMPORT:
            event, now = decode(followed.entry.body), self.journal.reading()
            assert isinstance(event, OrderFired)
            age = age_ms(followed.entry, event.at_ms, now)
            if age <= AGE_MAX_MS:
                self._fired_ms.update(dict.fromkeys(stations_of(order), now.mono_ms - age))
                due_ms = now.mono_ms + max(min(LEAST_MS, self.confirm_ms), self.confirm_ms - age)
                self.board.wait_for(order, event.line_ids, Delivery.SENT, due_ms)
        self.board.see(order)

    async def _take_up(self) -> None:
        """After a start everything unconfirmed gets its time anew: displays come back first."""
        await self._stations()
        now = self.journal.reading()
        since_ms = now.wall_ms - AGE_MAX_MS
        self._loaded_at, waiting = await self.database.read(partial(unconfirmed, since_ms=since_ms))
        for order, station, state, line_ids in waiting:
            due_ms = None if state is Delivery.ESCALATED else now.mono_ms + self.confirm_ms
            self.board.wait_for(order, line_ids, state, due_ms, at=station)

    # ------------------------------------------------------------ what is proven, what is late

    async def _run(self) -> None:
        while True:
            await self._wait()
            began = asyncio.get_running_loop().time()
            try:
                await self._round()
                self._note_heal()
            except (Busy, DatabaseBroken) as no:
                await self._rest(f"the delivery desk waits: {no}")
            except Exception as bug:  # noqa: BLE001 - it goes on, and says so once
                self._pending.clear()  # displays prove everything again with their next connection
                await self._rest("the delivery desk stumbled", bug)
            took = asyncio.get_running_loop().time() - began
            await asyncio.sleep(max(GATHER_S, took * FLOOD_REST if self.flooded() else 0.0))

    async def _rest(self, sentence: str, bug: Exception | None = None) -> None:
        if self.fault is None:
            log.warning("%s", sentence, exc_info=bug)
        self.fault = sentence
        await asyncio.sleep(RETRY_S)
        self._wake.set()

    def _note_heal(self) -> None:
        if self.fault is not None:
            log.info("the delivery desk goes on")
        self.fault = None

    async def _wait(self) -> None:
        due_ms = self.board.next_due_ms()
        now_ms = self.journal.platform.mono_ms()
        timeout = None if due_ms is None else max(0.0, (due_ms - now_ms) / 1000)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._wake.wait()
        self._wake.clear()

    async def _round(self) -> None:
        self._pending.extend(self.inbox.take())
        heard = self._caught_up()
        events = await self._proven(heard)
        events += await self._late()
        for first in range(0, len(events), ROUND_MAX):
            part = events[first : first + ROUND_MAX]
            await self.database.write(partial(self._keep, events=part))
            for event in part:
                self._apply(event)
        for _ in heard:
            self._pending.popleft()
        if self._blind and not any(self.board.escalated()):
            log.info("every ticket is with somebody again")
            self._blind = False
        self._room.set()
        if self._pending:
            self._wake.set()

    def _caught_up(self) -> list[Shown]:
        """A display may be faster than the desk: what it drew is looked at once its entry was."""
        return [shown for position, shown in self._pending if position <= self.follower.position]

    async def _proven(self, heard: Sequence[Shown]) -> list[Event]:
        claimed: set[Line] = set()
        found: dict[tuple[Key, Prover], list[LineId]] = {}
        for shown in heard:
            prover = Prover(shown.device, shown.name or shown.device)
            for ticket in shown.tickets:
                key = Key(ticket.order_id, ticket.station_id)
                ids = [x for x in ticket.line_ids if (key, x) not in claimed]
                lines = [
                    *self._accepted(key, self.board.waits(key, ids), prover),
                    *await self._unknown_but_unproven(key, ids),
                ]
                if lines:
                    claimed.update((key, x) for x in lines)
                    found.setdefault((key, prover), []).extend(lines)
        return [self._shown(key, lines, prover) for (key, prover), lines in found.items()]

    def _accepted(self, key: Key, lines: list[LineId], prover: Prover) -> list[LineId]:
        """What this display proves now. One at the pass proves for a cook only when none of his own
        displays is there, or stays silent: else a blind station would not be noticed."""
        if not lines:
            return []
        ticket = self.board.tickets[key]
        own = self.inbox.shows(prover.device, key.station_id)
        sent_there = ticket.routed_to is not None and self.inbox.shows(
            prover.device, ticket.routed_to
        )
        if own or sent_there or ticket.escalated or not self.inbox.someone_shows(key.station_id):
            return lines
        self.board.hold(key, lines, prover)
        return []

    async def _unknown_but_unproven(self, key: Key, ids: Iterable[LineId]) -> list[LineId]:
        """Lines nobody waits for any more (too old, or back from HQ): a first proof is kept too."""
        ticket = self.board.tickets.get(key)
        asked = [
            x
            for x in ids
            if (key, x) not in self._settled and (ticket is None or x not in ticket.lines)
        ]
        if not asked:
            return []
        unproven = await self.database.read(partial(unproven_lines, key=key))
        # Those that are kept now are remembered once they are on disk.
        self._remember((key, x) for x in asked if x not in unproven)
        return [x for x in asked if x in unproven]

    async def _late(self) -> list[Event]:
        now_ms = self.journal.platform.mono_ms()
        over = self.board.over(now_ms - (FLOOD_HOLD_MS if self.flooded() else 0), ROUND_MAX)
        if not over:
            return []
        stations = await self._stations()
        return [self._next_step(due, stations.get(due.key.station_id)) for due in over]

    async def _stations(self) -> dict[str, Station]:
        index = await self.database.read(self.menus.current)
        self.station_names = {s.id: s.names for s in index.menu.stations}
        return index.stations

    def _next_step(self, due: Due, station: Station | None) -> Event:
        (order_id, station_id), lines = due.key, due.line_ids
        if due.elsewhere is not None:
            return self._shown(due.key, lines, due.elsewhere)
        at_ms = self.journal.reading().wall_ms
        if due.state in (Delivery.QUEUED, Delivery.SENT):
            backup = station.backup if station else None
            # Without the broker no display is a way, however alive it was a moment ago.
            there = backup is not None and self.inbox.someone_shows(backup)
            shown = there and self.link.connected
            to = other_route(station_id, backup, self.printers, shown=shown, prints=self.prints)
            if to is not None:
                return TicketRerouted(
                    order_id=order_id,
                    station_id=station_id,
                    line_ids=lines,
                    to=to[0],
                    by_printer=to[1],
                    at_ms=at_ms,
                )
        return TicketEscalated(
            order_id=order_id, station_id=station_id, line_ids=lines, at_ms=at_ms
        )

    # ------------------------------------------------------------ what is written down

    def _shown(self, key: Key, lines: Iterable[LineId], prover: Prover) -> TicketShown:
        return TicketShown(
            order_id=key.order_id,
            station_id=key.station_id,
            line_ids=tuple(lines),
            device=prover.device,
            screen=prover.name,
            at_ms=self.journal.reading().wall_ms,
            elsewhere=not self.inbox.sees_at_home(prover.device, key.station_id),
        )

    def _keep(self, db: sqlite3.Connection, events: Sequence[Event]) -> None:
        reading = self.journal.reading()
        self.journal.open_stream(db, reading)
        for event in events:
            actor = event.device if isinstance(event, TicketShown) else ""
            command = CommandId(self.journal.platform.new_id())
            self.journal.stage([event], reading, command_id=command, actor=actor)
        self.journal.write(db)
        keep(db, events, self._printer_names)

    def _apply(self, event: Event) -> None:
        match event:
            case TicketShown():
                key = Key(event.order_id, event.station_id)
                self.board.settle(key, event.line_ids)
                self._remember((key, x) for x in event.line_ids)
            case TicketRerouted():
                key = Key(event.order_id, event.station_id)
                due_ms = self.journal.platform.mono_ms() + self.rerouted_ms
                to = None if event.by_printer else StationId(event.to)
                self.board.reroute(key, event.line_ids, to, due_ms)
            case TicketEscalated():
                self.board.escalate(Key(event.order_id, event.station_id), event.line_ids)
                if not self._blind:
                    log.warning("nobody at %s has order %s", event.station_id, event.order_id)
                self._blind = True

    def _remember(self, lines: Iterable[Line]) -> None:
        self._settled.update(dict.fromkeys(lines))
        while len(self._settled) > SETTLED_MAX:
            del self._settled[next(iter(self._settled))]

"""What screens are told: a snapshot and its position, then every change, each with the state after.

A screen that falls behind or loses the line simply starts again: recovery is the ordinary start.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial

import msgspec

from edge.database import Database
from edge.deliveries import MOVED_TAG, TOLD_TAGS, after, deliveries_of, proofs_of
from edge.health import Health
from edge.journal import Followed, Journal
from edge.journal_table import RETURNED
from edge.menu import Menus, eighty_six_list
from edge.order_state import load_order
from edge.outlet import Outlet
from edge.platform import Platform
from edge.replication import Replication
from protocol.deliveries import LineDelivery
from protocol.events import ORDER_TAGS, Event, ItemEightySixed, ItemRestored, MenuApplied, decode
from protocol.feed import (
    Change,
    FeedMessage,
    Heartbeat,
    Here,
    Notice,
    Snapshot,
    TakingOrders,
)
from protocol.ids import OrderId
from protocol.orders import Order

log = logging.getLogger("edge.feed")

HEARTBEAT_S = 5.0
NOTICE_S = 0.25
"""How often it is looked whether something new is wrong: staff see an empty roll within 3 s (FS-52)."""
WAITING_MAX = 1_000
"""Changes that may wait for one screen; one further behind is cut off and starts again."""
SCREENS_MAX = 64
RESUME_MAX = 500

_order_decoder = msgspec.json.Decoder(Order)


class TooManyScreens(Exception):
    """Every place for a live screen is taken."""


class Feed:
    """Reads the journal once for all screens."""

    def __init__(
        self,
        journal: Journal,
        database: Database,
        outlet: Outlet,
        platform: Platform,
        replication: Replication | None,
        health: Health,
        menus: Menus,
    ) -> None:
        self.menus = menus
        self.journal = journal
        self.database = database
        self.outlet = outlet
        self.platform = platform
        self.replication = replication
        self.health = health
        self.sent: Callable[[], int] = lambda: 0
        """Up to which position the kitchen's broker has everything."""
        self.here: Callable[[], tuple[Here, ...]] = tuple
        """Screens that have an order open."""
        self.taking_orders: Callable[[], TakingOrders] = TakingOrders
        """Whether guests can order now."""
        self.printer_names: dict[str, str] = {}
        self._screens: dict[asyncio.Queue[Change | None], str] = {}
        """Who listens, and the paired device it is (empty: unpaired)."""
        self._task: asyncio.Task[None] | None = None
        self._resumes_from = -1
        """A screen that heard only what was up to here starts anew."""

    @property
    def screens(self) -> int:
        """Screens that listen now."""
        return len(self._screens)

    async def start(self) -> None:
        """Begin to listen to the journal."""
        self._task = asyncio.create_task(self._run(), name="screen feed")

    async def stop(self) -> None:
        """End every screen's stream."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self.end_all()

    async def begin_anew(self, _: Sequence[str] = ()) -> None:
        """Every screen starts with a fresh snapshot: more has changed than the journal's end tells."""
        self._resumes_from = self.journal.position
        self.end_all()

    def end_all(self) -> None:
        """End every screen's stream now; screens connect again."""
        for queue in self._screens:
            _end(queue)

    def end_device(self, device: str) -> None:
        """End the streams of a device that lost its right, now: it hears nothing more of the outlet."""
        for queue, listening in self._screens.items():
            if listening == device:
                _end(queue)

    async def follow(
        self, since: int | None = None, device: str = ""
    ) -> AsyncIterator[FeedMessage]:
        """Messages for one screen, for ever: a snapshot (or the changes after `since`), changes, and
        a heartbeat at least every `HEARTBEAT_S`, or as soon as something else is wrong than before or
        somebody else is here.
        Raises TooManyScreens.
        """
        if len(self._screens) >= SCREENS_MAX:
            raise TooManyScreens
        queue: asyncio.Queue[Change | None] = asyncio.Queue(WAITING_MAX)
        self._screens[queue] = device
        try:
            position, told, here = 0, tuple[Notice, ...](), tuple[Here, ...]()
            taking = TakingOrders()
            async for first in self._begin(since):
                position = first.position
                told = getattr(first, "notices", told)
                taking = getattr(first, "taking_orders", taking)
                yield first
            begun = position
            clock = asyncio.get_running_loop().time
            due_s, look_s = clock() + HEARTBEAT_S, clock() + NOTICE_S
            while True:
                if clock() >= look_s:
                    look_s = clock() + NOTICE_S
                    if self._news() != (told, here, taking):
                        due_s = clock()
                # In a rush as well: changes say neither what HQ has confirmed nor what is wrong.
                if clock() >= due_s:
                    beat = self.heartbeat(position)
                    told, here, taking = beat.notices, beat.here, beat.taking_orders
                    yield beat
                    due_s = clock() + HEARTBEAT_S
                try:
                    rest_s = max(0.0, min(due_s, look_s) - clock())
                    change = await asyncio.wait_for(queue.get(), rest_s)
                except TimeoutError:
                    continue
                if change is None:
                    return
                if change.position > begun:  # else it was told with the beginning
                    position = change.position
                    yield change
        finally:
            self._screens.pop(queue, None)

    def _news(self) -> tuple[tuple[Notice, ...], tuple[Here, ...], TakingOrders]:
        """What no entry of the journal tells, and no screen should hear late."""
        return self.health.notices(), self.here(), self.taking_orders()

    def heartbeat(self, position: int) -> Heartbeat:
        """The box is alive, and this is what is wrong.

        `position` is what this screen was told, never what the journal has by now: a screen that
        believed the latter would pass over what is still on its way to it.
        """
        return Heartbeat(
            position=position,
            boot=self.platform.boot,
            unsent=self.replication.unsent if self.replication else 0,
            notices=self.health.notices(),
            replicated=self._replicated,
            menu_revision=self.menus.shown,
            here=self.here(),
            taking_orders=self.taking_orders(),
            at_ms=self.journal.reading().wall_ms,
        )

    @property
    def _replicated(self) -> int:
        return self.replication.replicated if self.replication else 0

    async def snapshot(self) -> Snapshot:
        """Everything a screen needs to begin."""
        sent = self.sent()
        position, orders, deliveries, gone, version = await self.database.read(
            partial(_snapshot, sent=sent)
        )
        return Snapshot(
            position=position,
            boot=self.platform.boot,
            outlet_name=self.outlet.name,
            menu_version=version,
            eighty_six=gone,
            orders=tuple(orders),
            notices=self.health.notices(),
            replicated=self._replicated,
            menu_revision=self.menus.shown,
            deliveries=deliveries,
            taking_orders=self.taking_orders(),
            at_ms=self.journal.reading().wall_ms,
        )

    async def _begin(self, since: int | None) -> AsyncIterator[FeedMessage]:
        head = self.journal.position
        if since is not None and since <= self._resumes_from:
            since = None
        if since is not None and 0 <= since <= head <= since + RESUME_MAX:
            missed = await self.journal.read_after(since, RESUME_MAX)
            for change in await self._changes(missed):
                yield change
            yield self.heartbeat(missed[-1].at.position if missed else since)
            return
        yield await self.snapshot()

    async def _run(self) -> None:
        position = self.journal.position
        while True:
            await self.journal.wait_after(position)
            if not self._screens:
                position = self.journal.position
                continue
            try:
                found = await self.journal.read_after(position, 200)
                changes = await self._changes(found)
            except Exception:
                log.exception("entries after %d cannot be shown; screens start again", position)
                self.end_all()
                position = self.journal.position
                continue
            for change in changes:
                for queue in self._screens:
                    _put(queue, change)
            position = found[-1].at.position

    async def _changes(self, found: Sequence[Followed]) -> list[Change]:
        changes: list[Change] = []
        for followed in found:
            if (change := await self._change(followed)) is not None:
                changes.append(change)
                if followed.entry.type == MOVED_TAG:
                    changes.append(await self._whereabouts(followed, decode(followed.entry.body)))
        return changes

    async def _change(self, followed: Followed) -> Change | None:
        if followed.standing == RETURNED:
            return None  # screens get a snapshot once it is folded: see `begin_anew`
        entry, position = followed.entry, followed.at.position
        if entry.type in ORDER_TAGS:
            order_id = entry.aggregate_id
            order = followed.order or await self.database.read(lambda db: load_order(db, order_id))
            return Change(
                position=position, kind="order", key=order_id, event=entry.type, value=order
            )
        try:
            event = decode(entry.body)
        except msgspec.DecodeError:
            return None
        if entry.type in TOLD_TAGS:
            return await self._whereabouts(followed, event)
        match event:
            case ItemEightySixed() | ItemRestored():
                gone = isinstance(event, ItemEightySixed)
                value = {"item_id": event.item_id, "eighty_six": gone}
                kind = "item"
            case MenuApplied():
                kind, value = "menu", {"version": event.version}
            case _:
                kind, value = "box", {}
        return Change(
            position=position, kind=kind, key=entry.aggregate_id, event=entry.type, value=value
        )

    async def _whereabouts(self, followed: Followed, event: Event) -> Change:
        """Where an order's lines are once an entry has spoken of them."""
        sent, order_id = self.sent(), followed.entry.aggregate_id
        value = await self.database.read(
            partial(
                after,
                event=event,
                names=self.printer_names,
                order_id=OrderId(order_id),
                sent=sent,
            )
        )
        return Change(
            position=followed.at.position,
            kind="delivery",
            key=order_id,
            event=followed.entry.type,
            value=value,
        )


def _put(queue: asyncio.Queue[Change | None], change: Change) -> None:
    if queue.qsize() >= WAITING_MAX - 1:
        _end(queue)
        return
    queue.put_nowait(change)


def _end(queue: asyncio.Queue[Change | None]) -> None:
    while not queue.empty():
        queue.get_nowait()
    queue.put_nowait(None)


def _snapshot(
    db: sqlite3.Connection, sent: int
) -> tuple[int, list[Order], dict[OrderId, tuple[LineDelivery, ...]], tuple[str, ...], int]:
    db.execute("BEGIN")
    try:
        position = db.execute("SELECT coalesce(max(position), 0) FROM journal").fetchone()[0]
        rows = db.execute(
            "SELECT body, position FROM orders WHERE status NOT IN ('closed', 'cancelled')"
            " ORDER BY placed_ms DESC LIMIT 2000"
        )
        orders = [(_order_decoder.decode(body), at) for body, at in rows]
        proofs = proofs_of(db, [o.order_id for o, _ in orders])
        where = {
            o.order_id: found
            for o, at in orders
            if (found := deliveries_of(o, proofs.get(o.order_id, {}), sent=at <= sent))
        }
        version = db.execute("SELECT max(version) FROM menus").fetchone()[0] or 0
        return position, [o for o, _ in orders], where, eighty_six_list(db), version
    finally:
        db.execute("COMMIT")

"""Stage 4: entries become tickets per station, retained on the LAN's broker until they are done."""

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from edge.database import Database
from edge.deliveries import TOLD_TAGS
from edge.follower import BATCH_MAX, Fault, Follower
from edge.journal import Followed, Journal
from edge.journal_table import RETURNED
from edge.lan.mqtt import BrokerFault, Message, MqttLink
from edge.menu import eighty_six_list
from edge.order_state import load_order
from edge.outlet import Outlet
from edge.platform import Platform
from edge.ticket_topics import TicketTopics, late_lines
from protocol import lan
from protocol.events import ORDER_TAGS, ItemEightySixed, ItemRestored, MenuApplied, decode
from protocol.floor_events import LinesLeft
from protocol.orders import Order, Source

HEARTBEAT_S = 3.0
SHOWN_AGAIN = 2_000
"""Entries looked back after a reconnect: their tickets are put right, done and struck ones too."""

_encode = msgspec.json.Encoder().encode
_order_decoder = msgspec.json.Decoder(Order)


class Kitchen:
    """Keeps the broker's retained tickets equal to the orders' open tickets."""

    def __init__(
        self,
        link: MqttLink,
        journal: Journal,
        database: Database,
        outlet: Outlet,
        platform: Platform,
        *,
        flooded: Callable[[], bool] = lambda: False,
        replicated: Callable[[], int] = lambda: 0,
    ) -> None:
        self.link = link
        self.replicated = replicated
        self.journal = journal
        self.database = database
        self.outlet = outlet
        self.platform = platform
        self.follower = Follower("kitchen", journal, database, self._follow, flooded=flooded)
        self.topics = TicketTopics(outlet.outlet_id)
        self.published = 0
        self._owed: set[str] = set()
        self._publishing = asyncio.Lock()
        """One at a time: an older picture of an order never overtakes a newer one."""
        self._heart: asyncio.Task[None] | None = None
        link.on_connected.append(self._show_everything)

    async def start(self) -> None:
        """Follow the journal and beat."""
        self.topics.take_up(await self.database.read(late_lines))
        await self.follower.start()
        self._heart = asyncio.create_task(self._beat(), name="kitchen heartbeat")

    async def stop(self) -> None:
        """Stop following; say goodbye so that displays know at once."""
        if self._heart is not None:
            self._heart.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._heart
        await self.follower.stop()
        with contextlib.suppress(BrokerFault):
            await self.link.publish_many([farewell(self.outlet.outlet_id)])

    async def _follow(self, batch: Sequence[Followed]) -> None:
        async with self._publishing:
            await self._follow_batch(batch)

    async def _follow_batch(self, batch: Sequence[Followed]) -> None:
        last: dict[str, Followed] = {}
        moved: dict[str, int] = {}
        left: set[str] = set()
        messages: list[Message] = []
        for followed in batch:
            order_id = followed.entry.aggregate_id
            if followed.standing == RETURNED:
                continue  # shown once it is folded and all of it is here: see `show`
            if followed.entry.type in ORDER_TAGS:
                last[order_id] = followed
                if followed.entry.type == "lines.left":
                    left.add(order_id)
                    self._move(followed)
            elif followed.entry.type in TOLD_TAGS:
                if self.topics.note(decode(followed.entry.body)):
                    moved[order_id] = followed.at.position
            elif followed.entry.aggregate_kind != "order":
                messages.extend(self._news(followed))
        # Where lines came to is told before where they left: they are never nowhere.
        for order_id, followed in sorted(last.items(), key=lambda x: x[0] in left):
            order = followed.order or await self._order(order_id)
            if order is not None and order.source is not Source.IMPORT:
                messages.extend(self._order_messages(order, followed.at.position))
        for order_id, position in moved.items():
            shows = last[order_id].at.position if order_id in last else 0
            for order, at in await self.database.read(partial(_order_at, order_id=order_id)):
                messages.extend(self.topics.messages(order, max(position, shows, at)))
        await self._publish(messages)

    def _move(self, followed: Followed) -> None:
        event = decode(followed.entry.body)
        assert isinstance(event, LinesLeft)
        self.topics.move(event)

    async def show(self, order_ids: Sequence[str]) -> None:
        """Put the tickets of these orders right: what came back from HQ was folded without news.

        Open ones appear, finished ones go. Without a broker they are owed until it is back.
        """
        async with self._publishing:
            self._owed.update(order_ids)
            with contextlib.suppress(Fault):
                await self._show_owed()

    async def _show_owed(self) -> None:
        gone = await self.database.read(eighty_six_list)
        await self._publish([self._availability(i, True, self.journal.position) for i in gone])
        ids = sorted(self._owed)
        for first in range(0, len(ids), BATCH_MAX):
            part = ids[first : first + BATCH_MAX]
            orders = await self.database.read(partial(_orders, ids=part))
            position = self.journal.position
            await self._publish([m for o in orders for m in self.topics.messages(o, position)])
            self._owed.difference_update(part)

    async def _publish(self, messages: list[Message]) -> None:
        if not messages:
            return
        try:
            await self.link.publish_many(messages)
        except BrokerFault as fault:
            self.topics.forget()
            raise Fault(str(fault)) from fault
        self.published += len(messages)

    async def _order(self, order_id: str) -> Order | None:
        return await self.database.read(lambda db: load_order(db, order_id))

    def _order_messages(self, order: Order, position: int) -> list[Message]:
        outlet = self.outlet.outlet_id
        news = lan.OrderNews(
            order_id=order.order_id,
            number=order.number,
            status=order.status.value,
            total=order.totals.total,
            due=order.due,
            position=position,
        )
        return [
            *self.topics.messages(order, position),
            Message(lan.order_topic(outlet, order.order_id), _encode(news)),
        ]

    def _news(self, followed: Followed) -> list[Message]:
        outlet, position = self.outlet.outlet_id, followed.at.position
        match decode(followed.entry.body):
            case MenuApplied() as applied:
                news = lan.MenuNews(version=applied.version, position=position)
                return [Message(lan.menu_topic(outlet), _encode(news), retain=True)]
            case ItemEightySixed() as gone:
                return [self._availability(gone.item_id, True, position)]
            case ItemRestored() as back:
                return [self._availability(back.item_id, False, position)]
            case _:
                return []

    def _availability(self, item_id: str, gone: bool, position: int) -> Message:
        payload = lan.Availability(item_id=item_id, eighty_six=gone, position=position)
        topic = lan.availability_topic(self.outlet.outlet_id, item_id)
        return Message(topic, _encode(payload) if gone else b"", retain=True)

    async def _show_everything(self) -> None:
        """After a (re)connect: the broker may have lost what it retained, or its last deletions."""
        async with self._publishing:
            self.topics.forget()
            position = self.journal.position
            orders, gone = await self.database.read(_to_show)
            messages = [self._status()]
            for order in orders:
                messages.extend(self.topics.messages(order, position))
            messages.extend(self._availability(item, True, position) for item in gone)
            with contextlib.suppress(Fault):  # the link reconnects and calls again
                await self._publish(messages)
                await self._show_owed()

    async def _beat(self) -> None:
        while True:
            if self.link.connected:
                with contextlib.suppress(BrokerFault):
                    await self.link.publish_many([self._status()])
            await asyncio.sleep(HEARTBEAT_S)

    def _status(self) -> Message:
        status = lan.BoxStatus(
            online=True,
            position=self.journal.position,
            boot=self.platform.boot,
            at_ms=self.journal.reading().wall_ms,
            every_ms=int(HEARTBEAT_S * 1000),
            replicated=self.replicated(),
        )
        return Message(lan.status_topic(self.outlet.outlet_id), _encode(status), retain=True)


def farewell(outlet_id: str) -> Message:
    """What the broker says for the box when it is gone: last will and goodbye."""
    payload = _encode(lan.BoxStatus(online=False, position=0))
    return Message(lan.status_topic(outlet_id), payload, retain=True)


def _orders(db: sqlite3.Connection, ids: Sequence[str]) -> list[Order]:
    rows = db.execute(
        "SELECT body FROM orders WHERE order_id IN (SELECT value FROM json_each(?))",
        (json.dumps(ids),),
    )
    orders = [_order_decoder.decode(r[0]) for r in rows]
    return [o for o in orders if o.source is not Source.IMPORT]


def _order_at(db: sqlite3.Connection, order_id: str) -> list[tuple[Order, int]]:
    rows = db.execute("SELECT body, position FROM orders WHERE order_id = ?", (order_id,))
    return [(_order_decoder.decode(body), position) for body, position in rows]


def _to_show(db: sqlite3.Connection) -> tuple[list[Order], tuple[str, ...]]:
    rows = db.execute(
        "SELECT body FROM orders WHERE status NOT IN ('closed', 'cancelled')"
        " UNION SELECT body FROM orders WHERE order_id IN"
        " (SELECT aggregate_id FROM journal WHERE aggregate_kind = 'order' AND position >"
        " (SELECT coalesce(max(position), 0) - ? FROM journal))",
        (SHOWN_AGAIN,),
    )
    orders = [_order_decoder.decode(r[0]) for r in rows]
    return [o for o in orders if o.source is not Source.IMPORT], eighty_six_list(db)

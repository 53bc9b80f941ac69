"""Guests who order by themselves: plausible orders through the box's public API, cooked and paid."""

import asyncio
import contextlib
import logging
import random
from typing import Any

import msgspec

from edge.demo.people import Employee
from edge.http_client import AsyncClient, HTTPError, open_client
from edge.platform import Platform
from protocol import commands as c
from protocol.ids import CommandId, LineId, OrderId, PaymentId
from protocol.menu import Item, Menu, MenuIndex
from protocol.orders import DiningOption, Order, OrderStatus, Source
from protocol.sign_in import HEADER as SESSION

log = logging.getLogger("edge.demo")

BETWEEN_S = (4.0, 12.0)
COOKING_S = (15.0, 45.0)
OPEN_MAX = 12
"""Guests wait outside while so many orders are in the kitchen."""
NOTES = ("", "", "", "kurang manis", "pedas", "tanpa es", "bungkus terpisah")


class Traffic:
    """One stream of guests, on or off. `seed` makes the same guests come again."""

    def __init__(
        self, box_url: str, platform: Platform, cashier: Employee | None = None, seed: int = 7
    ) -> None:
        self.box_url = box_url
        self.platform = platform
        self.on = False
        self._cashier = cashier
        self._session = ""
        self._random = random.Random(seed)  # noqa: S311 - guests, not secrets
        self._tasks: set[asyncio.Task[None]] = set()
        self._arrivals: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin with nobody; `switch` lets them in."""
        self._arrivals = asyncio.create_task(self._arrive(), name="guests")

    async def stop(self) -> None:
        """Send everybody home."""
        tasks = [*self._tasks, *([self._arrivals] if self._arrivals else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def switch(self, on: bool) -> None:
        """Let guests come, or stop new ones."""
        self.on = on

    async def _arrive(self) -> None:
        while True:
            await asyncio.sleep(self._random.uniform(*BETWEEN_S) if self.on else 0.5)
            if self.on and len(self._tasks) < OPEN_MAX:
                task = asyncio.create_task(self._guest())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _guest(self) -> None:
        with contextlib.suppress(HTTPError, msgspec.MsgspecError):
            async with open_client(self.box_url, timeout_s=10) as box:
                menu = msgspec.json.decode((await box.get("/api/menu")).content, type=Menu)
                if menu.version:
                    await self._sign_in(box)
                    await self._visit(box, MenuIndex(menu))

    async def _sign_in(self, box: AsyncClient) -> None:
        """The guests' cashier signs in, unless a session of theirs is still good."""
        me = await box.get("/api/staff/me", headers={SESSION: self._session})
        if self._cashier is None or msgspec.json.decode(me.content) is not None:
            return
        people = msgspec.json.decode((await box.get("/api/staff")).content)["people"]
        for person in people:
            if person["name"] == self._cashier.name:
                asked = {
                    "staff_id": person["staff_id"],
                    "pin": self._cashier.pin,
                    "screen": "guest",
                }
                answer = await box.post("/api/staff/sign-in", content=msgspec.json.encode(asked))
                if answer.status_code == 200:
                    self._session = msgspec.json.decode(answer.content)["token"]

    async def _visit(self, box: AsyncClient, menu: MenuIndex) -> None:
        order = await self._ask(box, self._order(menu))
        if order is None:
            return
        await asyncio.sleep(self._random.uniform(1, 6))
        await self._pay(box, order)
        for station in sorted({s for x in order.lines for s in x.station_ids}):
            await asyncio.sleep(self._random.uniform(*COOKING_S))
            await self._ask(box, c.BumpTicket(order_id=order.order_id, station_id=station))
        await asyncio.sleep(self._random.uniform(3, 10))
        served = OrderStatus.SERVED
        await self._ask(box, c.ChangeOrderStatus(order_id=order.order_id, status=served))

    async def _pay(self, box: AsyncClient, order: Order) -> None:
        due = order.totals.total
        tender = self._random.choice(("cash", "qris", "qris", "card"))
        note = 50_000 if order.currency == "IDR" else 20_00
        tendered = -(-due // note) * note if tender == "cash" else due
        payment_id = PaymentId(self.platform.new_id())
        await self._ask(
            box,
            c.TenderPayment(
                order_id=order.order_id, payment_id=payment_id, tendered=tendered, tender=tender
            ),
        )

    def _order(self, menu: MenuIndex) -> c.PlaceOrder:
        items = [i for i in menu.menu.items if i.available]
        chosen = self._random.sample(items, k=min(len(items), self._random.choice((1, 1, 2, 2, 3))))
        dine_in = self._random.random() < 0.6
        return c.PlaceOrder(
            order_id=OrderId(self.platform.new_id()),
            lines=tuple(self._line(menu, item) for item in chosen),
            source=Source.KIOSK if self._random.random() < 0.4 else Source.COUNTER,
            dining_option=DiningOption.DINE_IN if dine_in else DiningOption.TAKEAWAY,
            table=str(self._random.randint(1, 16)) if dine_in else None,
        )

    def _line(self, menu: MenuIndex, item: Item) -> c.NewLine:
        choices: list[c.NewChoice] = []
        for group_id in item.modifier_group_ids:
            group = menu.groups[group_id]
            count = min(len(group.modifiers), max(group.min, self._random.randint(0, 1)), group.max)
            picked = self._random.sample(group.modifiers, k=count)
            choices += [c.NewChoice(modifier_id=m.id) for m in picked]
            if count < group.min:
                missing = group.min - count
                choices.append(c.NewChoice(modifier_id=group.modifiers[0].id, quantity=missing))
        return c.NewLine(
            line_id=LineId(self.platform.new_id()),
            variant_id=self._random.choice(item.variants).id,
            quantity=self._random.choice((1, 1, 1, 2)),
            choices=tuple(choices),
            note=self._random.choice(NOTES),
        )

    async def _ask(self, box: AsyncClient, command: c.Command) -> Order | None:
        envelope = c.Envelope(
            command_id=CommandId(self.platform.new_id()), command=command, screen="guest"
        )
        body = msgspec.json.encode(envelope)
        answer = await box.post(
            "/api/commands",
            content=body,
            headers={"content-type": "application/json", SESSION: self._session},
        )
        if answer.status_code != 200:
            log.info("a guest was refused: %s", _title(answer.content))
            return None
        return msgspec.json.decode(answer.content, type=c.Accepted).order


def _title(content: bytes) -> Any:
    with contextlib.suppress(msgspec.DecodeError):
        return msgspec.json.decode(content).get("title")
    return content[:100]

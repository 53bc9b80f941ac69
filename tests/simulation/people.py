"""The people of the simulation: guests who order, change their minds, pay; staff who void and 86."""

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

from simulation.floor_habits import FloorHabits
from simulation.site import Site
from simulation.till_habits import TillHabits

from protocol.commands import (
    AddLines,
    BumpTicket,
    ChangeOrderStatus,
    EightySixItem,
    FireOrder,
    NewLine,
    PlaceOrder,
    RestoreItem,
    TenderPayment,
    VoidLine,
)
from protocol.orders import OrderStatus, Source

OPEN_HOURS = (10, 22)
JAKARTA_H = 7
RUSH = {12: 2.0, 13: 2.0, 18: 1.6, 19: 2.2, 20: 1.6}


class People:
    """Guests and staff at one screen, from opening to closing time."""

    def __init__(
        self, till: TillHabits, dice: Random, variants: list[str], per_hour: float
    ) -> None:
        self.till = till
        self.hands = till.hands
        self.screen = screen = till.hands.screen
        self.dice = dice
        self.variants = variants
        self.per_hour = per_hour
        self.stopped = False
        self.home: Callable[[], Site] = lambda: screen.site
        """Which box is the outlet's own, whatever copies of it run."""
        self.floor = FloorHabits(till, dice)
        self._calling = False
        self._parties: dict[Any, None] = {}

    async def work(self) -> None:
        """Orders come, more of them at noon and in the evening."""
        while not self.stopped:
            hour = self._hour()
            if not OPEN_HOURS[0] <= hour < OPEN_HOURS[1]:
                wait_s = ((OPEN_HOURS[0] - hour) % 24) * 3600 - self._into_hour_s()
                await asyncio.sleep(max(wait_s, 60.0) + self.dice.uniform(0, 300))
                continue
            rate = self.per_hour * RUSH.get(hour, 1.0)
            await asyncio.sleep(self.dice.expovariate(rate / 3600))
            if self.stopped or not self.screen.selling:
                continue
            if self.dice.random() < 0.02:
                self._begin(self._eighty_six())
            if self.dice.random() < 0.04:
                self._begin(self.dice.choice((self.till.move, self.hands.change_over))())
            self._begin(self._party())

    def stop(self) -> None:
        """Closing time: nobody asks for anything any more."""
        self.stopped = True
        for party in list(self._parties):
            party.cancel()

    def _call_for_help(self) -> None:
        """The box says that another is in charge: somebody types `kedai edge take-over` at it."""
        if not self._calling:
            self._calling = True
            self._begin(self._take_over())

    async def _take_over(self) -> None:
        await asyncio.sleep(self.dice.uniform(60, 900))
        site = self.screen.site
        box = site.box
        self._calling = False
        if site is not self.home() or box is None or box.replication is None or not site.process:
            return
        if box.replication.role == "standby":
            site.process.spawn(box.replication.take_over(), "take-over")

    def _begin(self, party: Coroutine[Any, Any, None]) -> None:
        task = self.screen.process.spawn(party, f"people at {self.screen.name}")
        self._parties[task] = None
        task.add_done_callback(lambda done: self._parties.pop(done, None))

    def _hour(self) -> int:
        return (self.screen.site.clock.true_ms() // 3_600_000 + JAKARTA_H) % 24

    def _into_hour_s(self) -> float:
        return self.screen.site.clock.true_ms() % 3_600_000 / 1000

    async def _party(self) -> None:
        """One party: they order, perhaps more, somebody changes a mind, they pay, and go."""
        dice, screen = self.dice, self.screen
        order_id: Any = screen.new_id()
        lines = self._lines()
        placed = PlaceOrder(order_id=order_id, lines=lines, source=Source.COUNTER,
                            hold=dice.random() < 0.1)  # fmt: skip
        answer = await screen.submit(placed)
        if answer.code == "standby":
            self._call_for_help()
        if answer.code:
            return
        screen.orders_taken += 1
        self.floor.opened(order_id)
        if dice.random() < 0.3:
            await asyncio.sleep(dice.uniform(30, 600))
            await screen.submit(AddLines(order_id=order_id, lines=self._lines()))
        if dice.random() < 0.15:
            await asyncio.sleep(dice.uniform(5, 120))
            line = dice.choice(lines).line_id
            await self.hands.do(VoidLine(order_id=order_id, line_id=line, reason="wrong"))
        if placed.hold:
            await screen.submit(FireOrder(order_id=order_id))
        if dice.random() < 0.5:
            await asyncio.sleep(dice.uniform(60, 900))
            await screen.submit(BumpTicket(order_id=order_id, station_id="kitchen"))
        if dice.random() < 0.04:
            cancel = ChangeOrderStatus(
                order_id=order_id, status=OrderStatus.CANCELLED, reason="left"
            )
            await self.hands.do(cancel)
            return
        if not await self.floor.live(order_id, lines):
            return
        await asyncio.sleep(dice.uniform(10, 1200))
        if not await self.floor.pay_apart(order_id):
            await self._pay(order_id)
        await self.floor.complain(order_id, lines)

    async def _pay(self, order_id: Any) -> None:
        payment_id: Any = self.screen.new_id()
        tender = self.dice.choice(("cash", "cash", "qris", "card"))
        pay = TenderPayment(
            order_id=order_id, payment_id=payment_id, tendered=10_000_000, tender="cash"
        )
        if tender != "cash":
            pay = TenderPayment(
                order_id=order_id, payment_id=payment_id, tendered=1_000, tender=tender
            )
        answer = await self.till.pay(pay)
        if answer.code or tender == "cash":
            return
        rest: Any = self.screen.new_id()
        await self.till.pay(
            TenderPayment(order_id=order_id, payment_id=rest, tendered=10_000_000, tender="cash")
        )

    async def _eighty_six(self) -> None:
        item: Any = self.dice.choice(self.variants).split("-")[0]
        await self.screen.submit(EightySixItem(item_id=item, reason="sold out"))
        await asyncio.sleep(self.dice.uniform(600, 3600))
        await self.screen.submit(RestoreItem(item_id=item))

    def _lines(self) -> tuple[NewLine, ...]:
        dice, new_id = self.dice, self.screen.new_id
        return tuple(
            NewLine(
                line_id=new_id(),  # type: ignore[arg-type]
                variant_id=dice.choice(self.variants),  # type: ignore[arg-type]
                quantity=dice.choice((1, 1, 1, 2, 3)),
            )
            for _ in range(dice.randint(1, 3))
        )

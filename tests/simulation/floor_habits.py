"""What parties do on the floor beside eating: they change tables, join others, split, get refunds."""

import asyncio
from random import Random
from typing import Any

from simulation.till_habits import TillHabits

from protocol.bill import AdjustmentKind, Check, RefundLine
from protocol.commands import ChangeOrderStatus, Command, NewLine, TenderPayment
from protocol.floor_commands import (
    Adjust,
    ChangeDetails,
    RefundPayment,
    ReopenOrder,
    SplitChecks,
    TransferLines,
)
from protocol.orders import OrderStatus

OPEN_MAX = 20
"""Orders that a waiter at one screen remembers to be open."""


class FloorHabits:
    """Habits of the parties and waiters at one screen; each is rare."""

    def __init__(self, till: TillHabits, dice: Random) -> None:
        self.till = till
        self.hands = till.hands
        self.screen = till.hands.screen
        self.dice = dice
        self._open: list[Any] = []

    def opened(self, order_id: Any) -> None:
        """Others may join this order from now on."""
        self._open.append(order_id)
        del self._open[:-OPEN_MAX]

    async def live(self, order_id: Any, lines: tuple[NewLine, ...]) -> bool:
        """Before they pay; returns whether they still pay for themselves."""
        dice = self.dice
        if dice.random() < 0.1:
            table = str(dice.randint(1, 20))
            await self._ask(
                ChangeDetails(order_id=order_id, table=table, covers=dice.randint(1, 6))
            )
        if dice.random() < 0.05:
            await self._take_off(order_id, lines)
        if dice.random() < 0.08:
            return not await self._go_over(order_id, lines)
        return True

    async def pay_apart(self, order_id: Any) -> bool:
        """They pay in two halves; returns whether they did so instead of together."""
        if self.dice.random() >= 0.08:
            return False
        halves = tuple(Check(check_id=name, parts=1) for name in ("a", "b"))
        if await self._ask(SplitChecks(order_id=order_id, checks=halves)):
            return False
        for check in halves:
            payment_id: Any = self.screen.new_id()
            await self.till.pay(
                TenderPayment(
                    order_id=order_id,
                    payment_id=payment_id,
                    tendered=10_000_000,
                    check_id=check.check_id,
                    tip=self.dice.choice((0, 0, 5_000)),
                )
            )
            await asyncio.sleep(self.dice.uniform(5, 120))
        return True

    async def complain(self, order_id: Any, lines: tuple[NewLine, ...]) -> None:
        """After they paid: a dish was cold, or the wrong tender was typed."""
        if self.dice.random() < 0.04:
            await asyncio.sleep(self.dice.uniform(10, 600))
            back = RefundLine(line_id=self.dice.choice(lines).line_id, quantity=1)
            await self._ask(self._refund(order_id, lines=(back,), reason="cold"))
        if self.dice.random() < 0.03:
            status = OrderStatus.SERVED
            await self._ask(ChangeOrderStatus(order_id=order_id, status=status))
            await self._ask(ReopenOrder(order_id=order_id, reason="wrong tender"))
            await self._ask(self._refund(order_id, amount=1_000, reason="wrong tender"))
            payment_id: Any = self.screen.new_id()
            await self.till.pay(
                TenderPayment(order_id=order_id, payment_id=payment_id, tendered=1_000)
            )

    async def _take_off(self, order_id: Any, lines: tuple[NewLine, ...]) -> None:
        comp = self.dice.random() < 0.3
        await self._ask(
            Adjust(
                order_id=order_id,
                adjustment_id=self.screen.new_id(),
                kind=AdjustmentKind.COMP if comp else AdjustmentKind.DISCOUNT,
                line_id=self.dice.choice(lines).line_id if comp else None,
                percent=None if comp else "10",
                reason="a friend of the house",
            )
        )

    async def _go_over(self, order_id: Any, lines: tuple[NewLine, ...]) -> bool:
        """They sit down with others, or hand one dish over; returns whether all of it went."""
        others = [other for other in self._open if other != order_id]
        if not others:
            return False
        whole = self.dice.random() < 0.5
        ids = () if whole else (self.dice.choice(lines).line_id,)
        no = await self._ask(
            TransferLines(order_id=order_id, to_order_id=self.dice.choice(others), line_ids=ids)
        )
        return whole and not no

    def _refund(self, order_id: Any, **given: Any) -> RefundPayment:
        refund_id: Any = self.screen.new_id()
        return RefundPayment(
            order_id=order_id, refund_id=refund_id, till_id=self.till.till_id, **given
        )

    async def _ask(self, command: Command) -> str:
        answer = await self.hands.do(command)
        return answer.code

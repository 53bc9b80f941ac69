"""Replays recorded sales through a box's public API, so that doing it twice changes nothing.

Every id is computed from the outlet, the order's key and its time, and nothing else: a file
renamed, corrected or joined with another still names each order the same. The box answers what it
has with its first answer, so a replay that was cut off is simply started again.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

from edge.replay.box import Answer, Box, Outlet
from edge.replay.sales_file import SoldOrder, read_sales
from protocol.commands import (
    LINES_MAX,
    AddLines,
    ChangeOrderStatus,
    Command,
    Envelope,
    NewLine,
    PlaceOrder,
    TenderPayment,
)
from protocol.ids import CommandId, LineId, OrderId, PaymentId, named_uuid
from protocol.importing.sheet import RowFault
from protocol.menu import MenuIndex
from protocol.money import CURRENCIES, Currency
from protocol.orders import OrderStatus, Source
from protocol.refusals import REFUSALS, Refusal, sentence

BATCH_ORDERS_MAX = 50
SCREEN = "replay"

Progress = Callable[[int, int], None]
"""Told after each batch: orders done, orders in all."""


@dataclass(frozen=True, slots=True)
class RefusedOrder:
    """An order the box would not take as it stands, with its answer in words."""

    order: str
    row: int
    code: str
    sentence: str


@dataclass(slots=True)
class Outcome:
    """What came of a replay. Lines, units and amount are of the orders the box now has."""

    currency: Currency
    orders: int = 0
    accepted: int = 0
    repeated: int = 0
    """Orders the box had already, exactly so; also those whose answer was lost the first time."""
    refused: list[RefusedOrder] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    lines: int = 0
    units: int = 0
    amount: int = 0
    """Minor units."""

    @property
    def done(self) -> int:
        """Orders that have been answered."""
        return self.accepted + self.repeated + len(self.refused)

    @property
    def clean(self) -> bool:
        """Whether everything in the file is now on the box."""
        return not (self.refused or self.faults or self.left_out)


class BrokenFile(Exception):
    """The file has broken rows and nothing was imported; `faults` lists them."""

    def __init__(self, faults: list[RowFault], left_out: int, whole: int, usable: bool) -> None:
        remedy = (
            f"{whole} whole orders can be imported without the {left_out} with broken rows: "
            "add --skip-broken"
            if usable
            else "Which orders are whole cannot be known, so --skip-broken does not apply"
        )
        count = f"{len(faults)} fault{'s' if len(faults) > 1 else ''}"
        super().__init__(f"{count} in the file; nothing was imported. {remedy}.")
        self.faults = faults


async def replay(
    path: Path,
    box_url: str,
    *,
    outlet: str = "",
    name: str = "",
    skip_broken: bool = False,
    speed: float = 0,
    patience_s: float = 60,
    in_flight: int = 1,
    on_progress: Progress | None = None,
) -> Outcome:
    """Drive a file of sales through a box with the times it records.

    `outlet` chooses the rows of one outlet; `name` keeps two sets of sales apart that share order
    keys and times. `speed` 60 lets a minute pass in a second, 0 goes as fast as the box answers.
    A box that does not answer is asked again for `patience_s`. With more than one request
    `in_flight` order numbers may come out of step with the times.

    Raises BrokenFile when rows are broken and `skip_broken` is not set, SalesFault when an outlet
    must be chosen, BoxFault when the box stays away or is not a box, OSError for the file.
    """
    async with Box.at(box_url, patience_s) as box:
        there = await box.get_outlet()
        menu = MenuIndex(await box.get_menu(there.currency))
        sales = read_sales(
            path, CURRENCIES[there.currency], there.tzinfo, outlet=outlet, plus=menu.by_plu
        )
        if sales.faults and not (skip_broken and sales.usable):
            left_out = len(sales.left_out)
            raise BrokenFile(sales.faults, left_out, len(sales.orders), sales.usable)
        outcome = Outcome(
            currency=CURRENCIES[there.currency],
            orders=len(sales.orders),
            faults=sales.faults,
            left_out=sales.left_out,
        )
        plan = _Plan(there, menu, name)
        batches = _paced(sales.orders, speed)
        # Sales that keep their pace have one sender: there is nothing to win by several.
        sending = [
            asyncio.create_task(_send(box, plan, batches, outcome, on_progress))
            for _ in range(1 if speed else in_flight)
        ]
        try:
            await asyncio.gather(*sending)
        finally:
            for task in sending:
                task.cancel()
            await asyncio.gather(*sending, return_exceptions=True)
    return outcome


async def _paced(orders: list[SoldOrder], speed: float) -> AsyncIterator[list[SoldOrder]]:
    """Orders in batches: full ones, or at a `speed` those whose time has come."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    sent = 0
    while sent < len(orders):
        size = BATCH_ORDERS_MAX
        if speed > 0:
            due = [
                began + (order.at_ms - orders[0].at_ms) / 1000 / speed
                for order in orders[sent : sent + size]
            ]
            await asyncio.sleep(due[0] - loop.time())
            size = max(1, sum(at <= loop.time() for at in due))
        yield orders[sent : sent + size]
        sent += size


async def _send(
    box: Box,
    plan: "_Plan",
    batches: AsyncIterator[list[SoldOrder]],
    outcome: Outcome,
    on_progress: Progress | None,
) -> None:
    async for batch in batches:
        commands = [plan.commands_of(order) for order in batch]
        answers = iter(await box.command([e for envelopes in commands for e in envelopes]))
        for order, envelopes in zip(batch, commands, strict=True):
            _count(outcome, plan, order, [next(answers) for _ in envelopes])
        if on_progress:
            on_progress(outcome.done, outcome.orders)


def _count(outcome: Outcome, plan: "_Plan", order: SoldOrder, answers: list[Answer]) -> None:
    refusal = plan.find_refusal(order, answers)
    if refusal is not None:
        words = _words_of(refusal)
        outcome.refused.append(RefusedOrder(order.key, order.lines[0].row, refusal.code, words))
        return
    if all(answer.repeated or answer.refused for answer in answers):
        outcome.repeated += 1
    else:
        outcome.accepted += 1
    outcome.lines += len(order.lines)
    outcome.units += sum(line.quantity for line in order.lines)
    outcome.amount += plan.total_of(order)


def _words_of(refusal: Answer) -> str:
    # An answer is remembered for weeks, an order for ever: then its own id is what is in use.
    if refusal.code in ("command_reused", "duplicate_id"):
        return (
            "The box has this order of this outlet and time with other content. That one stands, "
            "nothing was changed. If this is another set of sales, replay it with --name."
        )
    if refusal.code not in REFUSALS:
        return "The box gives a reason this version does not know."
    return " ".join(sentence(Refusal(refusal.code, refusal.params)))


@dataclass(frozen=True, slots=True)
class _Plan:
    """How an order of the file becomes commands, the same ones whenever it is asked."""

    outlet: Outlet
    menu: MenuIndex
    name: str

    def commands_of(self, order: SoldOrder) -> list[Envelope]:
        """Place it, take the money for it, call it served."""
        order_id = OrderId(self._id(order, "order"))
        lines = tuple(self._line(order, at) for at in range(len(order.lines)))
        commands: list[Command] = [
            PlaceOrder(
                order_id=order_id,
                lines=lines[:LINES_MAX],
                source=Source.IMPORT,
                dining_option=order.dining_option,
                table=order.table or None,
            )
        ]
        commands += [
            AddLines(order_id=order_id, lines=lines[at : at + LINES_MAX])
            for at in range(LINES_MAX, len(lines), LINES_MAX)
        ]
        total = self.total_of(order)
        if total > 0:
            commands.append(
                TenderPayment(
                    order_id=order_id,
                    payment_id=PaymentId(self._id(order, "payment")),
                    tendered=total,
                    tender=order.tender,
                    label=order.tender_label,
                )
            )
        commands.append(ChangeOrderStatus(order_id=order_id, status=OrderStatus.SERVED))
        return [
            Envelope(
                command_id=CommandId(self._id(order, "command", str(at))),
                command=command,
                screen=SCREEN,
                staff=order.staff or None,
                happened_ms=order.at_ms,
            )
            for at, command in enumerate(commands)
        ]

    def total_of(self, order: SoldOrder) -> int:
        """What the order comes to in minor units: what was charged, else the menu's prices."""
        return sum(
            self.menu.by_plu[line.plu][1].price * line.quantity
            if line.amount is None
            else line.amount
            for line in order.lines
        )

    def find_refusal(self, order: SoldOrder, answers: list[Answer]) -> Answer | None:
        """The first no among the answers to an order's commands.

        An order without recorded amounts is paid at the menu's prices of the day it was first
        replayed. Replayed again under other prices its payment differs; the first one stands.
        """
        refusal = next((answer for answer in answers if answer.refused), None)
        if refusal is None or refusal.code != "command_reused" or not answers[0].repeated:
            return refusal
        priced_by_menu = any(line.amount is None for line in order.lines)
        return None if priced_by_menu else refusal

    def _line(self, order: SoldOrder, at: int) -> NewLine:
        line = order.lines[at]
        return NewLine(
            line_id=LineId(self._id(order, "line", str(at))),
            variant_id=self.menu.by_plu[line.plu][1].id,
            quantity=line.quantity,
            note=line.note,
            amount=line.amount,
        )

    def _id(self, order: SoldOrder, *parts: str) -> str:
        when = order.local.isoformat()
        return named_uuid(
            "replay", self.name, self.outlet.outlet_id, order.outlet, order.key, when, *parts
        )

"""What is done with drawers: opened with change, moved out of and into, counted, and the day closed."""

import asyncio
from functools import partial
from random import Random
from typing import Any, TypeVar

import httpx
import msgspec
from simulation.crew import Hands
from simulation.screens import Answer

from edge.till_views import StandingView, TillsView
from protocol.commands import TenderPayment
from protocol.till_commands import CloseDay, CloseShift, MoveCash, OpenDrawer, OpenShift
from protocol.tills import CashKind, Shift

T = TypeVar("T")
CLOSES_TRIED = 4
"""How often a close is asked for again when something came in between."""


class TillHabits:
    """What somebody at one screen does with the drawer there; two screens may share one."""

    def __init__(self, hands: Hands, dice: Random, till_id: str) -> None:
        self.hands = hands
        self.dice = dice
        self.till_id = till_id

    async def pay(self, tender: TenderPayment) -> Answer:
        """Take money; a till that turns out to be closed is opened first."""
        asked = msgspec.structs.replace(tender, till_id=self.till_id)
        answer = await self.hands.do(asked)
        if answer.code == "no_shift":
            await self.open()
            answer = await self.hands.do(asked)
        return answer

    async def open(self) -> None:
        """Put change into the drawer; one that somebody has opened already stays so."""
        shift_id: Any = self.hands.screen.new_id()
        opening = self.dice.choice((0, 100_000, 250_000))
        await self.hands.do(OpenShift(shift_id=shift_id, till_id=self.till_id, opening=opening))

    async def move(self) -> None:
        """Cash comes or goes without a sale, or the drawer is opened to change a note."""
        shift = await self._shift()
        if shift is None:
            return
        own_id: Any = self.hands.screen.new_id()
        if self.dice.random() < 0.25:
            await self.hands.do(
                OpenDrawer(shift_id=shift.shift_id, open_id=own_id, reason="change")
            )
            return
        kind, amount = self.dice.choice(tuple(CashKind)), 1_000 * self.dice.randint(1, 90)
        await self.hands.do(
            MoveCash(
                shift_id=shift.shift_id, move_id=own_id, kind=kind, amount=amount, reason="ice"
            )
        )

    async def count(self) -> None:
        """Count what is in the drawer, and close it."""
        shift = await self._shift()
        if shift is not None:
            counted = 500 * self.dice.randint(0, 4_000)
            await self.hands.do(
                CloseShift(shift_id=shift.shift_id, counted=counted, reason="counted")
            )

    async def _shift(self) -> Shift | None:
        tills = await _read(self.hands, "/api/tills", TillsView)
        found = (t.shift for t in tills.tills if t.till_id == self.till_id) if tills else ()
        return next((shift for shift in found if shift is not None), None)


async def close_day(tills: list[TillHabits], date: str | None = None) -> str:
    """Count every till that is open and close the day, at the first one's screen.

    Returns why it was refused, "away" when the box did not answer, or nothing.
    """
    code, hands = "away", tills[0].hands
    for _ in range(CLOSES_TRIED):
        for till in tills:
            await till.count()
        asked = "" if date is None else f"?date={date}"
        standing = await _read(hands, f"/api/days/standing{asked}", StandingView)
        if standing is not None:
            close = CloseDay(
                close_id=hands.screen.new_id(),
                business_date=standing.business_date,
                knowing=tuple(o.id for o in standing.outstanding),
            )
            code = (await hands.as_manager(partial(hands.screen.submit, close))).code
            if code not in ("shifts_open", "outstanding", "day_coming_back", "not_allowed"):
                break
        await asyncio.sleep(tills[0].dice.uniform(5, 30))
    return code


async def _read(hands: Hands, path: str, shape: type[T]) -> T | None:
    """What the box shows at an address; None when it said no, or nothing."""
    try:
        answer = await hands.screen.ask("GET", path)
        return None if answer.status != 200 else msgspec.json.decode(answer.body, type=shape)
    except (httpx.TransportError, msgspec.DecodeError):
        return None

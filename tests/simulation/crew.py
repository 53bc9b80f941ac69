"""The people who work at an outlet: they sign in at a screen, change over, and fetch who may more."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
import msgspec
from msgspec.structs import replace
from simulation.screens import Answer, Screen

from cloud.people import PersonWish
from protocol.commands import Command
from protocol.sign_in import ApprovalAsked, SignInAsked
from protocol.staff import Role

if TYPE_CHECKING:
    from simulation.hq import SimHq

ROLES = (Role.MANAGER, Role.CASHIER, Role.CASHIER)
TRIES_MAX = 20
"""How often somebody types a PIN before they give up until the screen asks again."""


class Worker(NamedTuple):
    """Somebody whom HQ knows, with the PIN in their head."""

    staff_id: str
    pin: str


class Crew(NamedTuple):
    """Who works at the outlets of a tenant."""

    manager: Worker
    cashiers: tuple[Worker, ...]


async def hired(hq: "SimHq", tenant_id: str, dice: Random) -> Crew:
    """A manager and two cashiers, entered at HQ with their PINs."""
    found = []
    for number, role in enumerate(ROLES):
        pin = f"{dice.choice((4711, 2580, 9042))}{number}"
        wish = PersonWish(name=f"{role.value} {number}", role=role)
        person = await hq.run(hq.hq.people.add(tenant_id, wish, pin))
        found.append(Worker(person.staff_id, pin))
    return Crew(found[0], tuple(found[1:]))


class Hands:
    """Whoever stands at one screen, and does things in their own name where people sign in."""

    def __init__(self, screen: Screen, dice: Random, crew: Crew | None) -> None:
        self.screen = screen
        self.dice = dice
        self.crew = crew
        self._coming = False
        screen.sign_in_first = self._called

    async def do(self, command: Command) -> Answer:
        """Ask for something; what a cashier may not, the manager approves or does."""
        answer = await self.screen.submit(command)
        if answer.code != "not_allowed" or self.crew is None:
            return answer
        await asyncio.sleep(self.dice.uniform(5, 90))
        if not hasattr(command, "approval_id"):
            return await self.as_manager(lambda: self.screen.submit(command))
        approval_id = await self._approval(answer.params)
        if approval_id is None:
            return answer
        approved: Any = replace(command, approval_id=approval_id)
        return await self.screen.submit(approved)

    async def as_manager(self, work: Callable[[], Awaitable[Answer]]) -> Answer:
        """The manager signs in at this screen, does it, and a cashier goes on."""
        if self.crew is None:
            return await work()
        await self._sign_in(self.crew.manager)
        answer = await work()
        await self.change_over()
        return answer

    async def change_over(self) -> None:
        """A cashier signs in; whoever was there is signed out by that."""
        if self.crew is not None:
            await self._sign_in(self.dice.choice(self.crew.cashiers))

    async def _approval(self, wanted: dict[str, str]) -> str | None:
        assert self.crew is not None
        asked = ApprovalAsked(
            staff_id=self.crew.manager.staff_id,
            pin=self.crew.manager.pin,
            action=wanted["action"],  # type: ignore[arg-type]
            subject=wanted["subject"],
            amount=int(wanted["amount"]),
            screen=self.screen.name,
        )
        said = await self._told("/api/staff/approvals", asked)
        return None if said is None else str(said["approval_id"])

    def _called(self) -> None:
        """The screen shows the sign-in: somebody comes."""
        if self.crew is not None and not self._coming:
            self._coming = True
            self.screen.process.spawn(self._come(), f"who comes to {self.screen.name}")

    async def _come(self) -> None:
        await asyncio.sleep(self.dice.uniform(2, 15))
        try:
            for _ in range(TRIES_MAX):
                await self.change_over()
                if self.screen.session:
                    return
                await asyncio.sleep(self.dice.uniform(2, 15))
        finally:
            self._coming = False

    async def _sign_in(self, worker: Worker) -> None:
        pin = worker.pin if self.dice.random() >= 0.03 else "1590"
        asked = SignInAsked(
            staff_id=worker.staff_id,
            pin=pin,
            screen=self.screen.name,
            waiting=self.screen.waiting_under(self.screen.session),
        )
        said = await self._told("/api/staff/sign-in", asked)
        if said is not None:
            await self.screen.signed_in(str(said["token"]))

    async def _told(self, path: str, asked: msgspec.Struct) -> dict[str, Any] | None:
        """What the box said; None when it said no, or nothing."""
        try:
            answer = await self.screen.ask("POST", path, msgspec.json.encode(asked))
        except httpx.TransportError:
            return None
        if answer.status != 200:
            return None
        try:
            said: dict[str, Any] = msgspec.json.decode(answer.body)
        except msgspec.DecodeError:
            return None
        return said

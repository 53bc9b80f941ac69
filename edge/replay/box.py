"""A box as the replay sees it: asked over its public API, again and again until it answers."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import tzinfo
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from edge.http_client import AsyncClient, Response, TransportError, open_client
from protocol.commands import Envelope
from protocol.menu import Menu
from protocol.money import CURRENCIES

T = TypeVar("T")

TIMEOUT_S = 30.0
COMMANDS_MAX = 500
"""Most commands the box takes in one request."""
BACK_OFF_FIRST_S, BACK_OFF_LAST_S = 0.2, 5.0
NOT_YET = frozenset({"busy", "stopping", "not_ready"})
"""Refusals that only mean: later. The command was not taken, and the same one may come again."""


class BoxFault(Exception):
    """The box stayed away longer than we were patient, or answers like something else."""


class Outlet(msgspec.Struct, frozen=True):
    """Whose box it is."""

    outlet_id: str
    name: str
    currency: str
    zone: str

    @property
    def tzinfo(self) -> tzinfo:
        """The outlet's time zone."""
        return ZoneInfo(self.zone)


class Answer(msgspec.Struct, frozen=True):
    """The box's word on one command: accepted, or refused with a code."""

    repeated: bool = False
    code: str = ""
    params: dict[str, str] = {}

    @property
    def refused(self) -> bool:
        """Whether the rules said no."""
        return bool(self.code)


class Box:
    """One box at an address; each request is repeated while the box is away."""

    def __init__(self, client: AsyncClient, url: str, patience_s: float) -> None:
        self._client, self._url, self._patience_s = client, url, patience_s

    @classmethod
    @asynccontextmanager
    async def at(cls, url: str, patience_s: float) -> AsyncIterator["Box"]:
        """A box to talk to, for as long as the block lasts."""
        async with open_client(url, timeout_s=TIMEOUT_S) as client:
            yield cls(client, url, patience_s)

    async def get_outlet(self) -> Outlet:
        """Whose box it is. Raises BoxFault also when this product cannot count its currency."""
        outlet = self._read(await self._ask("GET", "/api/outlet"), Outlet)
        if outlet.currency not in CURRENCIES:
            raise BoxFault(f"{self._url} counts in {outlet.currency}, which this version does not.")
        return outlet

    async def get_menu(self, currency: str) -> Menu:
        """What the outlet sells, in its currency; waits for HQ's first menu to arrive."""
        wait = _Patience(self._patience_s)
        while True:
            menu = self._read(await self._ask("GET", "/api/menu"), Menu)
            if menu.version and menu.currency != currency:
                raise BoxFault(f"{self._url} counts in {currency}, its menu in {menu.currency}.")
            if menu.version:
                return menu
            if not await wait.more():
                raise BoxFault(
                    f"{self._url} has no menu yet, so no sale can be replayed. Import a menu at HQ "
                    "(kedai import-menu), wait until the box has it, and start the replay again."
                )

    async def command(self, envelopes: Sequence[Envelope]) -> list[Answer]:
        """The box's answers to these commands, in order.

        While one of them is answered `busy`, all are sent again: what was taken is not taken twice.
        """
        wait = _Patience(self._patience_s)
        while True:
            answers = await self._command_once(envelopes)
            later = next((answer.code for answer in answers if answer.code in NOT_YET), "")
            if not later:
                return answers
            if not await wait.more():
                raise BoxFault(
                    f"{self._url} has said {later!r} for {self._patience_s:g} s. What it accepted "
                    "is kept; run the replay again later, it goes on where it stopped."
                )

    async def _command_once(self, envelopes: Sequence[Envelope]) -> list[Answer]:
        if len(envelopes) > COMMANDS_MAX:
            return await self._command_in_halves(envelopes)
        body = msgspec.json.encode(list(envelopes))
        response = await self._ask("POST", "/api/commands", body)
        if response.status_code == 413 and len(envelopes) > 1:
            return await self._command_in_halves(envelopes)
        answers = self._read(response, list[Answer])
        if len(answers) != len(envelopes):
            raise BoxFault(
                f"{self._url} answered {len(answers)} of {len(envelopes)} commands; it is not the "
                "box this version speaks to."
            )
        return answers

    async def _command_in_halves(self, envelopes: Sequence[Envelope]) -> list[Answer]:
        half = len(envelopes) // 2
        first = await self._command_once(envelopes[:half])
        return first + await self._command_once(envelopes[half:])

    async def _ask(self, method: str, path: str, body: bytes | None = None) -> Response:
        """The box's answer, waiting out restarts and full queues. Raises BoxFault."""
        wait = _Patience(self._patience_s)
        headers = {"content-type": "application/json"} if body else {}
        while True:
            try:
                response = await self._client.request(method, path, content=body, headers=headers)
                if response.status_code < 500:
                    return response
                trouble = f"it answers {response.status_code}: {_title_of(response)}"
            except TransportError as error:
                trouble = str(error) or type(error).__name__
            if not await wait.more():
                raise BoxFault(
                    f"No use of {self._url} for {self._patience_s:g} s: {trouble.rstrip('.')}. What it accepted "
                    "is kept; run the replay again, it goes on where it stopped."
                )

    def _read(self, response: Response, kind: type[T]) -> T:
        if not response.is_success:
            raise BoxFault(
                f"{self._url} answers {response.status_code}: {_title_of(response)} "
                "Is this the address of a box?"
            )
        try:
            return msgspec.json.decode(response.content, type=kind)
        except msgspec.DecodeError as error:
            raise BoxFault(f"{self._url} does not answer like a box: {error}.") from error


class _Patience:
    """Growing pauses until the time is up."""

    def __init__(self, seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._until = self._loop.time() + seconds
        self._pause_s = BACK_OFF_FIRST_S

    async def more(self) -> bool:
        """Whether to try again, after a pause."""
        left = self._until - self._loop.time()
        if left <= 0:
            return False
        await asyncio.sleep(min(self._pause_s, left))
        self._pause_s = min(2 * self._pause_s, BACK_OFF_LAST_S)
        return True


def _title_of(response: Response) -> str:
    """The sentence of a problem document, else the beginning of whatever was answered."""
    try:
        problem = msgspec.json.decode(response.content, type=dict[str, object])
    except msgspec.DecodeError:
        return response.text[:200]
    return str(problem.get("title") or problem.get("detail") or problem)

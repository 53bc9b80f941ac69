"""Brings a menu from its CSV to HQ, and says what that changes for the guests."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from edge.http_client import AsyncClient, Response, TransportError, open_client
from edge.replay.menu_file import read_menu
from protocol.importing import Finding
from protocol.importing.changes import changes_between
from protocol.menu import Menu
from protocol.money import CURRENCIES

T = TypeVar("T")

TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Published:
    """What came of it. `version` is the menu at HQ now; `changes` are sentences for a person."""

    version: int
    publish_id: str
    changes: list[str]
    items: int
    variants: int

    @property
    def changed(self) -> bool:
        """Whether a new version was published; a menu HQ has already is not published again."""
        return bool(self.publish_id)


class BrokenMenu(Exception):
    """The file has faults and nothing was published; `faults` lists them by row."""

    def __init__(self, faults: list[Finding]) -> None:
        count = f"{len(faults)} fault{'s' if len(faults) > 1 else ''}"
        super().__init__(f"{count} in the menu file; nothing was published.")
        self.faults = faults


class HqFault(Exception):
    """HQ cannot be reached, does not know the key, or does not take the menu."""


class _Published(msgspec.Struct, frozen=True):
    version: int
    publish_id: str


async def import_menu(
    path: Path, hq_url: str, key: str, currency: str, *, language: str = "id"
) -> Published:
    """Read a menu file and publish it at HQ, whole.

    `key` is HQ's key for imports; `currency` a code such as IDR; `language` that of the file's
    plain columns. Raises BrokenMenu, HqFault, OSError for the file, and ValueError for a currency
    this product does not count in. Nothing is published unless the whole file is sound.
    """
    if currency not in CURRENCIES:
        known = ", ".join(CURRENCIES)
        raise ValueError(f"{currency!r} is no currency this version counts in; known are {known}.")
    menu = read_menu(path, CURRENCIES[currency], language=language)
    if isinstance(menu, list):
        raise BrokenMenu(menu)
    headers = {"authorization": f"Bearer {key}"}
    async with open_client(hq_url, timeout_s=TIMEOUT_S, headers=headers) as hq:
        current = await _find_current(hq)
        changes = changes_between(current, menu)
        counts = len(menu.items), sum(len(item.variants) for item in menu.items)
        if current is not None and replace(current, version=0) == menu:
            return Published(current.version, "", [], *counts)
        body = msgspec.json.encode(menu)
        json = {"content-type": "application/json"}
        answer = await _ask(hq, "POST", "/api/menus/publish", body, json)
        published = _decode(answer, _Published)
    return Published(published.version, published.publish_id, changes, *counts)


async def _find_current(hq: AsyncClient) -> Menu | None:
    answer = await _ask(hq, "GET", "/api/menus/current")
    if answer.status_code == 404:
        return None
    menu = _decode(answer, Menu)
    return menu if menu.version else None


async def _ask(
    hq: AsyncClient,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    try:
        answer = await hq.request(method, path, content=body, headers=headers)
    except TransportError as error:
        reason = str(error) or type(error).__name__
        raise HqFault(f"HQ at {hq.base_url} does not answer ({reason}). Try again.") from error
    if answer.status_code in (401, 403):
        raise HqFault(f"HQ at {hq.base_url} does not know this key; nothing was published.")
    return answer


def _decode(answer: Response, kind: type[T]) -> T:
    if not answer.is_success:
        raise HqFault(f"HQ answers {answer.status_code}: {answer.text[:500]}")
    try:
        return msgspec.json.decode(answer.content, type=kind)
    except msgspec.DecodeError as error:
        raise HqFault(f"{answer.url} does not answer like HQ: {error}.") from error

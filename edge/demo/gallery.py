"""Hangs the demo's pictures: drawn in the background and put to their dishes at HQ, each once."""

import asyncio
import contextlib
import logging

import msgspec

from edge.demo.drawings import DRAWINGS, picture_of
from edge.http_client import AsyncClient, HTTPError, open_client
from protocol.menu import Menu

log = logging.getLogger("edge.demo.gallery")

TIMEOUT_S = 30.0


class Gallery:
    """Works beside the demo, which opens without waiting for it."""

    def __init__(self, hq_url: str, key: str) -> None:
        self._hq_url = hq_url
        self._key = key
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to draw."""
        self._task = asyncio.create_task(self._hang(), name="gallery")

    async def stop(self) -> None:
        """Leave off, wherever it is; the next start goes on."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _hang(self) -> None:
        headers = {"authorization": f"Bearer {self._key}"}
        async with open_client(self._hq_url, timeout_s=TIMEOUT_S, headers=headers) as hq:
            try:
                hung = await hang(hq)
                log.info("%d dishes got a picture", hung)
            except (HTTPError, msgspec.DecodeError) as fault:
                log.warning("the demo's dishes stay without pictures: %s", fault)


class _Product(msgspec.Struct):
    item_id: str
    photo: str | None


class _Products(msgspec.Struct):
    products: list[_Product]


async def hang(hq: AsyncClient) -> int:
    """Put pictures to the dishes that have none; returns how many. Raises HTTPError, DecodeError."""
    menu = msgspec.json.decode((await hq.get("/api/menus/current")).content, type=Menu)
    listed = msgspec.json.decode((await hq.get("/api/products")).content, type=_Products)
    bare = {product.item_id for product in listed.products if product.photo is None}
    hung = 0
    for item in menu.items:
        plu = next((v.plu for v in item.variants if v.plu in DRAWINGS), None)
        if plu is None or item.id not in bare:
            continue
        picture = await asyncio.to_thread(picture_of, plu)
        answer = await hq.put(f"/api/pictures/{item.id}", content=picture)
        answer.raise_for_status()
        hung += 1
    return hung

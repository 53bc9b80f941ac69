"""A running demo with a lively evening in it, and a browser that walks through its screens."""

import asyncio
import contextlib
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from shots.words import words_of

from edge.child_process import end_child, start_child

RUN = "from edge.cli import main; main()"
START_S = 120
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--force-device-scale-factor=1",
)
PATIENCE_MS = 20_000
SAID_MAX, COMPLAINTS_MAX = 600, 20
TILL, PHONE = (1280, 800), (390, 844)
"""What a counter is used on: the screen of a till, and a waiter's phone."""
Show = Callable[[Page, str], Awaitable[None]]
"""What is done with each state of a screen: a picture taken, or looked at by axe."""


@dataclass
class Stage:
    """Where screens are, who works there, and how one of them is opened."""

    browser: Browser
    urls: dict[str, str]
    numbers: dict[str, str]
    """Of the evening's orders, by what scenes call them."""
    show: Show
    language: str = "en"
    desk: tuple[int, int] = TILL
    """What the counter is used on."""
    contexts: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    """What the pages wrote to their consoles, and errors that their scripts raised."""

    def say(self, place: str, key: str) -> str:
        """A word of a screen, in the language that it speaks here. Raises KeyError."""
        return words_of(place, self.language)[key]

    async def open(self, screen: str, size: tuple[int, int], *, path: str = "") -> Page:
        """A screen on a device of its own, once it stands still."""
        context = await self.browser.new_context(
            viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce", locale="en-GB"
        )
        context.set_default_timeout(PATIENCE_MS)
        self.contexts.append(context)
        page = await context.new_page()
        page.on("console", lambda said: self.complaints.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda fault: self.complaints.append(f"error: {fault}"))
        url = self.urls[screen] + path
        page_url, _, part = url.partition("#")
        asked = f"{page_url}{'&' if '?' in page_url else '?'}lang={self.language}"
        # HQ's link with a key leads to a page without one, and forgets what else was asked.
        await page.goto(asked)
        if "key=" in page_url:
            home = page_url.split("?")[0]
            await page.goto(f"{home}?lang={self.language}{'#' + part if part else ''}")
        return page

    async def describe(self) -> str:
        """What each screen says now, for somebody who wonders why a scene went no further."""
        pages = [page for context in self.contexts for page in context.pages]
        texts = [f"{page.url}\n{(await page.inner_text('body'))[:SAID_MAX]}" for page in pages]
        return "\n\n".join((*texts, "\n".join(self.complaints[-COMPLAINTS_MAX:])))

    async def close(self) -> None:
        """Put all devices away."""
        for context in self.contexts:
            with contextlib.suppress(Exception):
                await context.close()
        self.contexts.clear()


@contextlib.asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """Debian's Chromium; raises RuntimeError where there is none."""
    if CHROMIUM is None:
        raise RuntimeError("chromium is not installed: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        try:
            yield browser
        finally:
            await browser.close()


@contextlib.asynccontextmanager
async def run_demo(folder: Path) -> AsyncIterator[dict[str, Any]]:
    """`kedai demo` in a folder of its own, with what its first page shows."""
    port = _free_port()
    arguments = ["demo", "--data", str(folder), "--no-browser", "--port", str(port)]
    log = folder.with_suffix(".log")
    with log.open("wb") as output:
        process = await start_child([sys.executable, "-c", RUN, *arguments], output=output)
    url = f"http://localhost:{port}"
    try:
        async with httpx.AsyncClient(base_url=url, timeout=5) as client:
            yield await _until_open(client, process, log) | {"home": f"{url}/"}
    finally:
        await end_child(process, patience_s=30)


async def _until_open(client: httpx.AsyncClient, process: Any, log: Path) -> dict[str, Any]:
    async with asyncio.timeout(START_S):
        while True:
            if process.returncode is not None:
                raise RuntimeError(await asyncio.to_thread(log.read_text))
            with contextlib.suppress(httpx.TransportError):
                answer = await client.get("/api/demo")
                if answer.status_code == 200:
                    return dict(answer.json())
            await asyncio.sleep(0.2)


def addresses(demo: dict[str, Any]) -> dict[str, str]:
    """Every screen of a demo by its name, its home and the box's own page among them."""
    urls = {screen["name"]: screen["url"] for screen in demo["screens"]}
    box = urls["counter"].removesuffix("/counter/")
    return urls | {"home": demo["home"], "root": box, "box": f"{box}/box/"}


def _free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_asked(name: str, wanted: tuple[str, ...]) -> bool:
    """Whether somebody who named some screens means this one."""
    return not wanted or name in wanted


ONLY = tuple(filter(None, os.environ.get("ONLY", "").split(",")))

"""`make screens-shots`: a real outlet and HQ with an evening's orders, photographed screen by screen.

Pictures go into `shots/`, which git ignores. `ONLY=kiosk,counter` takes some; `--language id` speaks
Indonesian, `--phone` holds the counter in a hand, `--long` gives everything names that no designer
thought of. The papers of all of it come out as pictures, too. A screen that does not get as far as
it should is named at the end, with all that axe found; the others go on.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

import httpx
from PIL import Image
from playwright.async_api import Error, Page
from shots.axe import findings
from shots.evening import PATIENCE_S, Evening
from shots.long_names import lengthen
from shots.scenes import FLOOR, SCENES
from shots.sheets import keep_sheets
from shots.stage import ONLY, PHONE, TILL, Stage, addresses, is_asked, open_browser, run_demo

from edge.demo.people import CASHIER
from edge.platform import Platform

FOLDER = Path("shots")
PICTURES = Path("protocol/web/pictures")
SHOWN = {
    "counter": "counter/bill",
    "tables": "counter/tables",
    "kiosk": "kiosk/menu",
    "kitchen": "kitchen/tickets",
    "hq": "dashboard/today",
    "house": "dashboard/house-bill",
}
"""What the readme shows, and from which state."""
PICTURE_PX, PICTURE_BYTES = 1280, 200 * 1024
"""Longest side, and the most that a picture in the repository may weigh."""


async def take(
    language: str, folder: Path, *, phone: bool = False, long: bool = False
) -> list[str]:
    """Walk through all scenes; returns what went wrong, a sentence each."""
    wrong: list[str] = []
    desk, scenes = (PHONE, FLOOR) if phone else (TILL, SCENES)
    with tempfile.TemporaryDirectory() as place:
        async with run_demo(Path(place) / "demo") as demo, open_browser() as browser:
            urls = addresses(demo)
            async with httpx.AsyncClient(base_url=urls["root"], timeout=PATIENCE_S) as client:
                if long:
                    await lengthen(urls["hq"], client)
                numbers = await Evening(client, Platform()).happen(CASHIER.name, CASHIER.pin)
            await asyncio.sleep(3)  # until HQ has it
            for name, scene in scenes.items():
                if not is_asked(name, ONLY):
                    continue
                stage = Stage(browser, urls, numbers, _camera(folder / name, wrong), language, desk)
                try:
                    await scene(stage)
                except (Error, AssertionError) as no:
                    wrong.append(f"{name}: {str(no).splitlines()[0]} See {name}/stuck.png.")
                    await stage.show(stage.contexts[-1].pages[-1], "stuck")
                await stage.close()
                print(f"{name}: {len(list((folder / name).glob('*.png')))} pictures", flush=True)
            await keep_sheets(demo["home"], folder / "sheets")
    return wrong


def _camera(folder: Path, wrong: list[str]):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)

    async def show(page: Page, state: str) -> None:
        await page.screenshot(path=folder / f"{state}.png")
        wrong.extend(f"{folder.name}/{state}: {found}" for found in await findings(page))

    return show


def pack(folder: Path, pictures: Path) -> None:
    """The readme's pictures, compressed until each is light enough."""
    pictures.mkdir(parents=True, exist_ok=True)
    for name, state in SHOWN.items():
        with Image.open(folder / f"{state}.png") as shot:
            shot.thumbnail((PICTURE_PX, PICTURE_PX))
            for quality in (88, 80, 70, 60):
                shot.convert("RGB").save(pictures / f"{name}.webp", quality=quality, method=6)
                if (pictures / f"{name}.webp").stat().st_size <= PICTURE_BYTES:
                    break


def main() -> int:
    """Take the pictures; the exit status is the number of screens that did not get far."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--language", default="en")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--phone", action="store_true", help="the counter on a phone")
    parser.add_argument("--long", action="store_true", help="with very long names")
    parser.add_argument("--readme", action="store_true", help="renew the readme's pictures, too")
    asked = parser.parse_args()
    wrong = asyncio.run(take(asked.language, asked.folder, phone=asked.phone, long=asked.long))
    print(*wrong, sep="\n", file=sys.stderr)
    if asked.readme:
        pack(asked.folder, PICTURES)
    return len(wrong)


if __name__ == "__main__":
    sys.exit(main())

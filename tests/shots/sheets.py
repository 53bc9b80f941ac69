"""The papers of a demo as pictures: what its virtual printers gave out while scenes were walked through."""

import asyncio
import shutil
from pathlib import Path

import httpx


async def keep_sheets(home: str, folder: Path) -> int:
    """Fetch the newest papers of every printer into a folder; returns how many there are."""
    pictures: dict[str, bytes] = {}
    async with httpx.AsyncClient(base_url=home, timeout=20) as client:
        for printer in (await client.get("/api/demo")).json()["printers"]:
            for sheet in printer["sheets"]:
                name = f"{printer['id']}-{sheet['number']:03}.png"
                pictures[name] = (await client.get(sheet["png_url"])).content
    await asyncio.to_thread(_write, folder, pictures)
    return len(pictures)


def _write(folder: Path, pictures: dict[str, bytes]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, picture in pictures.items():
        (folder / name).write_bytes(picture)

"""Asks the running box on this machine to take a menu, or to give its own."""

from pathlib import Path

import msgspec

from edge.http_client import AsyncClient, HTTPError, Response, open_client
from edge.own_menu import OwnMenu
from protocol.importing.reading import FILE_BYTES_MAX

TIMEOUT_S = 60.0


class NotDone(Exception):
    """Nothing was changed; the sentence says why and what to do."""


def read_file(file: Path) -> bytes:
    """What is in a file that can be a menu. Raises NotDone and OSError."""
    if file.stat().st_size > FILE_BYTES_MAX:
        most = FILE_BYTES_MAX // (1024 * 1024)
        raise NotDone(f"{file} is larger than {most} MB, so it is no menu. Nothing was changed.")
    return file.read_bytes()


async def import_menu(
    port: int, name: str, data: bytes, *, language: str = "", publish: bool = False
) -> OwnMenu:
    """What a file changes; with `publish` the box sells from it. Raises NotDone."""
    asked = {"format": name, "language": language, "publish": str(publish).lower()}
    async with _box(port) as box:
        answer = await _ask(box, "POST", "/api/menu/import", data, asked)
    return msgspec.json.decode(answer.content, type=OwnMenu)


async def export_menu(port: int) -> bytes:
    """The box's menu as a spreadsheet. Raises NotDone."""
    async with _box(port) as box:
        return (await _ask(box, "GET", "/api/menu/export")).content


def _box(port: int) -> AsyncClient:
    return open_client(f"http://127.0.0.1:{port}", timeout_s=TIMEOUT_S)


async def _ask(
    box: AsyncClient,
    method: str,
    path: str,
    body: bytes | None = None,
    params: dict[str, str] | None = None,
) -> Response:
    try:
        answer = await box.request(method, path, content=body, params=params)
    except HTTPError as fault:
        raise NotDone(
            f"No box answers at {box.base_url} ({fault}). Start it with `kedai edge serve`, or name "
            "its port with --port. Nothing was changed."
        ) from fault
    if answer.is_success:
        return answer
    try:
        said = msgspec.json.decode(answer.content, type=_Problem)
    except msgspec.DecodeError:
        raise NotDone(f"The box answers {answer.status_code}. Nothing was changed.") from None
    raise NotDone(f"{said.title} {said.what_to_do}")


class _Problem(msgspec.Struct):
    title: str
    what_to_do: str

"""The built dashboard, and the files of the API page."""

from pathlib import Path
from urllib.parse import urlencode

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery
from litestar.response import File, Redirect

from cloud.routes.access import cookie_of
from cloud.routes.given import Hq

STATIC = Path(__file__).parent.parent / "static"

NOT_BUILT = """<!doctype html><meta charset="utf-8"><title>Kedai</title>
<p>The screens are not built yet. Run <code>make screens</code>, then reload this page.</p>
<p>Layar belum dibuat. Jalankan <code>make screens</code>, lalu muat ulang halaman ini.</p>"""


@get("/", include_in_schema=False)
async def home(
    hq: Hq, key: FromQuery[str] = "", lang: FromQuery[str] = ""
) -> Response[str] | Redirect | File:
    """The dashboard. With `?key=` it signs in first, and leaves the key out of the address."""
    if key:
        visitor = await hq.access.find_visitor(key)
        if visitor is None:
            return Redirect("/?" + urlencode({"sign-in": "wrong_key"}))
        place = "/?" + urlencode({"lang": lang}) if lang else "/"
        return Redirect(place, cookies=[cookie_of(key, hq)])
    page = STATIC / "dashboard" / "index.html"
    if not page.is_file():
        return Response(NOT_BUILT, media_type="text/html", status_code=503)
    return _file(page, "no-cache")


@get("/assets/{path:path}", include_in_schema=False)
async def asset(path: FromPath[str]) -> File:
    """A file of the dashboard; its name carries a hash of its content."""
    return _file(
        _find(STATIC / "dashboard" / "assets", path), "public, max-age=31536000, immutable"
    )


@get("/docs/{path:path}", include_in_schema=False)
async def doc(path: FromPath[str]) -> File:
    """A file of the API page."""
    return _file(_find(STATIC / "docs", path), "no-cache")


def _find(folder: Path, path: str) -> Path:
    try:
        file = (folder / path.strip("/")).resolve()
        there = file.is_relative_to(folder.resolve()) and file.is_file()
    except (OSError, ValueError):  # a name no file can have: too long, or with a NUL in it
        raise NotFoundException from None
    if not there:
        raise NotFoundException
    return file


def _file(path: Path, cache: str) -> File:
    return File(
        path,
        filename=path.name,
        content_disposition_type="inline",
        headers={"cache-control": cache},
    )


screens = [home, asset, doc]

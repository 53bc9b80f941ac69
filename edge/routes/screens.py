"""The built screens, as files."""

from pathlib import Path

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import File, Redirect

STATIC = Path(__file__).parent.parent / "static"
SCREENS = ("counter", "kiosk", "kitchen", "box", "devices", "customer", "board")

NOT_BUILT = """<!doctype html><meta charset="utf-8"><title>Kedai</title>
<p>The screens are not built yet. Run <code>make screens</code>, then reload this page.</p>
<p>Layar belum dibuat. Jalankan <code>make screens</code>, lalu muat ulang halaman ini.</p>"""


@get("/", include_in_schema=False)
async def home() -> Redirect:
    """The box's first page is the counter."""
    return Redirect("/counter/")


@get(["/{screen:str}/", "/{screen:str}/{path:path}"], include_in_schema=False)
async def screen_file(screen: FromPath[str], path: FromPath[str] = "") -> File | Response[str]:
    """A file of a built screen; a screen's folder is its page."""
    if screen not in (*SCREENS, "docs", "assets"):
        raise NotFoundException
    relative = path.strip("/") or "index.html"
    folder = STATIC / screen
    try:
        file = (folder / relative).resolve()
        there = file.is_file()
    except (OSError, ValueError):  # a name no file can have: too long, or with a NUL in it
        raise NotFoundException from None
    if not file.is_relative_to(folder.resolve()):
        raise NotFoundException
    if not there:
        if screen in SCREENS and relative == "index.html":
            return Response(NOT_BUILT, media_type="text/html", status_code=503)
        raise NotFoundException
    # Names of assets carry a hash of their content; pages do not.
    lasting = "/assets/" in f"/{screen}/{relative}"
    cache = "public, max-age=31536000, immutable" if lasting else "no-cache"
    return File(
        file,
        filename=file.name,
        content_disposition_type="inline",
        headers={"cache-control": cache},
    )

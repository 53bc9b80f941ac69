"""Pictures of dishes: which widths there are, and the path by which screens ask for one.

HQ makes them from what was uploaded; the box keeps those that its menu names. A name never means
another picture later, so whoever has one may keep it for ever.
"""

import re
from typing import Annotated

import msgspec
from msgspec import Meta

WIDTHS = (160, 320, 640, 1080)
"""Pixels: a line in a list, a tile, a dialog, a kiosk's whole width."""
SHOWN_WIDTH = 640
"""The one a menu names; screens ask for another by its number."""
PICTURE_BYTES_MAX = 600_000
"""Largest that one made picture may be."""

_PATH = re.compile(r"/pictures/([0-9a-f]{32})-([0-9]{2,4})\.webp", re.ASCII)


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """One picture in one width, as HQ gives it to a box."""

    digest: str
    width: int
    body: Annotated[bytes, Meta(max_length=PICTURE_BYTES_MAX)]


def path_of(digest: str, width: int = SHOWN_WIDTH) -> str:
    """Where a picture is asked for, on the box and at HQ."""
    return f"/pictures/{digest}-{width}.webp"


def picture_at(path: str | None) -> tuple[str, int] | None:
    """Digest and width of a picture's path; None for an address elsewhere, or none at all."""
    found = _PATH.fullmatch(path or "")
    if found is None or int(found[2]) not in WIDTHS:
        return None
    return found[1], int(found[2])


def is_webp(body: bytes) -> bool:
    """Whether these bytes are a whole WebP file: its header says how long it is."""
    whole = int.from_bytes(body[4:8], "little") + 8
    return body[:4] == b"RIFF" and body[8:12] == b"WEBP" and whole == len(body)

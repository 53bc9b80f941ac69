"""Makes pictures ready for screens: checked, turned upright, in a few widths. The door of Pillow."""

import io
import warnings
from hashlib import blake2b
from typing import NamedTuple

from PIL import Image, ImageOps

from protocol.pictures import PICTURE_BYTES_MAX, WIDTHS

UPLOAD_BYTES_MAX = 12 * 1024 * 1024
"""Largest upload: what a telephone's camera makes, and some."""
PIXELS_MAX = 50_000_000
SIDE_MIN = 64
SIDE_MAX = 12_000
FORMATS = ("JPEG", "PNG", "WEBP")
"""What is read; everything else Pillow knows is more than a menu needs."""
QUALITIES = (80, 60, 40, 20)
RECIPE = b"1"
"""Part of each name: another recipe makes other pictures of the same upload."""


class NotAPicture(Exception):
    """This cannot be shown; the sentence says why, for the person who sent it, in both languages."""

    def __init__(self, english: str, indonesian: str) -> None:
        super().__init__(english)
        self.indonesian = indonesian


class Ready(NamedTuple):
    """A picture in all widths: what it is called, and (width, height, WebP) of each."""

    digest: str
    sizes: tuple[tuple[int, int, bytes], ...]


def make_ready(data: bytes) -> Ready:
    """What screens get for an upload. Takes a moment; raises NotAPicture.

    Nothing of the upload but its dots is kept: no place, no camera, no thumbnail.
    """
    if len(data) > UPLOAD_BYTES_MAX:
        most = UPLOAD_BYTES_MAX // (1024 * 1024)
        size = len(data) // (1024 * 1024) + 1
        raise NotAPicture(
            f"It has {size} MB; at most {most} MB are taken.",
            f"Ukurannya {size} MB; paling besar {most} MB.",
        )
    digest = blake2b(RECIPE + data, digest_size=16).hexdigest()
    try:
        upright = _opened(data)
        sizes = tuple(_fitted(upright, width) for width in WIDTHS)
    except NotAPicture:
        raise
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, OverflowError) as fault:
        raise NotAPicture(
            f"It cannot be read to its end ({fault}).",
            "Berkasnya tidak terbaca sampai habis.",
        ) from fault
    return Ready(digest, sizes)


def _opened(data: bytes) -> Image.Image:
    """The first picture in the file, upright, its dots in memory."""
    with warnings.catch_warnings():
        # What is too large is refused below by its own measure, before it is unpacked.
        warnings.simplefilter("ignore")
        try:
            picture = Image.open(io.BytesIO(data), formats=FORMATS)
        except Image.DecompressionBombError as fault:
            raise NotAPicture(
                "It has more dots than any menu shows.",
                "Titiknya terlalu banyak untuk menu mana pun.",
            ) from fault
        except OSError as fault:
            raise NotAPicture(
                "It is no JPEG, PNG or WebP picture.", "Ini bukan gambar JPEG, PNG, atau WebP."
            ) from fault
    width, height = picture.size
    if width * height > PIXELS_MAX or max(width, height) > SIDE_MAX:
        raise NotAPicture(
            f"It is {width} × {height} dots; at most 50 million are taken.",
            f"Ukurannya {width} × {height} titik; paling banyak 50 juta.",
        )
    if min(width, height) < SIDE_MIN:
        raise NotAPicture(
            f"It is {width} × {height} dots; at least {SIDE_MIN} are needed.",
            f"Ukurannya {width} × {height} titik; paling sedikit {SIDE_MIN}.",
        )
    # A JPEG can be read smaller than it is, which takes a fraction of the time.
    picture.draft("RGB", (2 * WIDTHS[-1], 2 * WIDTHS[-1]))
    upright = ImageOps.exif_transpose(picture)
    mode = "RGBA" if upright.has_transparency_data else "RGB"
    return upright.convert(mode)


def _fitted(picture: Image.Image, width: int) -> tuple[int, int, bytes]:
    """At most so wide and twice as high, never larger than it was."""
    fitted = picture.copy()
    fitted.thumbnail((width, 2 * width), Image.Resampling.LANCZOS)
    for quality in QUALITIES:
        out = io.BytesIO()
        fitted.save(out, "WEBP", quality=quality, method=4)
        if out.tell() <= PICTURE_BYTES_MAX:
            return fitted.width, fitted.height, out.getvalue()
    raise NotAPicture(
        "It is too rich in detail to be sent to screens.",
        "Gambarnya terlalu rinci untuk dikirim ke layar.",
    )

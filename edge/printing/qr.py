"""QR codes: the matrix for paper, a picture for screens. The door of `qrcode`."""

import functools
from typing import Literal

import qrcode
from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_L, ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.exceptions import DataOverflowError

Level = Literal["L", "M", "Q", "H"]
"""How much of a code may be lost: 7, 15, 25 or 30 parts in a hundred."""

QUIET_MODULES = 4
"""White margin in modules that scanners need (ISO/IEC 18004)."""

_LARGEST_WITH_M = 1000
"""Characters above which the weaker correction level keeps modules large enough to scan."""


_LEVELS = {"L": ERROR_CORRECT_L, "M": ERROR_CORRECT_M, "Q": ERROR_CORRECT_Q, "H": ERROR_CORRECT_H}


class QrTooLongError(ValueError):
    """The data does not fit any QR code."""


def level_of(data: str) -> Level:
    """The correction level a code of `data` gets: M survives a crease, L keeps long codes legible."""
    return "M" if len(data) <= _LARGEST_WITH_M else "L"


@functools.lru_cache(maxsize=64)
def matrix(data: str, level: Level | None = None) -> tuple[tuple[bool, ...], ...]:
    """The modules of `data` without margin, dark is True; the level is `level_of` unless given.

    Raises QrTooLongError.
    """
    code = qrcode.QRCode(error_correction=_LEVELS[level or level_of(data)], border=0)
    code.add_data(data)
    try:
        code.make(fit=True)
    except (DataOverflowError, ValueError) as error:
        raise QrTooLongError(f"{len(data)} characters do not fit a QR code") from error
    return tuple(tuple(bool(module) for module in row) for row in code.get_matrix())


def svg(data: str, quiet: int = QUIET_MODULES) -> str:
    """An SVG picture of `data` for a screen: one path, scales to any size."""
    modules = matrix(data)
    side = len(modules) + 2 * quiet
    path = "".join(
        f"M{x + quiet} {y + quiet}h1v1h-1z"
        for y, row in enumerate(modules)
        for x, dark in enumerate(row)
        if dark
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" '
        f'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{side}v{side}H0z"/>'
        f'<path d="{path}"/></svg>'
    )

"""Tills and the day as screens and the command line are told of them."""

import msgspec

from protocol.tills import DayFigures, Outstanding, Shift


class TillView(msgspec.Struct, frozen=True, kw_only=True):
    """A till: its open shift, and the one before."""

    till_id: str
    name: str
    printer: str = ""
    shift: Shift | None = None
    last: Shift | None = None


class TillsView(msgspec.Struct, frozen=True, kw_only=True):
    """The tills of the outlet. `needed`: cash is only taken into an open one."""

    tills: tuple[TillView, ...]
    needed: bool = False


class StandingView(msgspec.Struct, frozen=True, kw_only=True):
    """What a close would find now. `unsure`: the box's clock is known to be wrong."""

    business_date: str
    today: str
    unsure: bool
    next_z: int
    figures: tuple[DayFigures, ...]
    outstanding: tuple[Outstanding, ...]
    closed_z: int | None = None
    """The Z that the date has already."""

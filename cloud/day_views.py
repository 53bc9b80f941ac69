"""Closed days and shifts as HQ's API answers them; DESIGN.md has the whole shape."""

import msgspec

from cloud.completeness import Completeness
from cloud.projections.days import Move
from protocol.certificates import ScreenHolding
from protocol.tills import DayFigures, Outstanding, Shift


class CertificateView(msgspec.Struct, frozen=True, kw_only=True):
    """The box's signed statement. `known`: HQ knows the box that signed; `sound`: its signature fits;
    `chained`: it names the one before."""

    at_ms: int
    agrees: bool
    differs: tuple[str, ...]
    node_id: str
    signature: str
    statement: str
    known: bool
    sound: bool
    chained: bool
    screens: tuple[ScreenHolding, ...] = ()


class DayView(msgspec.Struct, frozen=True, kw_only=True):
    """One closed day; see DESIGN.md, "Closed days, and shifts"."""

    outlet_id: str
    outlet_name: str
    currency: str
    number_z: int
    business_date: str
    closed_ms: int
    staff: str | None
    unsure: bool
    digest: str
    previous: str
    chained: bool
    double: bool
    """Another box of the outlet made the same number while neither could hear the other."""
    joined: bool
    """Of a double number: a later Z follows both."""
    joins: tuple[str, ...]
    """Digests that it follows beside `previous`."""
    orders_twice: int
    """Of a double number: orders that the other one counts as well, and what they came to."""
    amount_twice: int
    figures: DayFigures
    outstanding: tuple[Outstanding, ...]
    hq_figures: DayFigures | None
    differs: tuple[str, ...]
    state: str
    certificate: CertificateView | None


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Z numbers of an outlet that have not arrived."""

    outlet_id: str
    outlet_name: str
    missing: tuple[int, ...]


class Unclosed(msgspec.Struct, frozen=True, kw_only=True):
    """A business date with sales and without a Z."""

    outlet_id: str
    outlet_name: str
    business_date: str


class DayList(msgspec.Struct, frozen=True, kw_only=True):
    """Closed days, newest first, and what is missing among them."""

    days: tuple[DayView, ...]
    gaps: tuple[Gap, ...]
    unclosed: tuple[Unclosed, ...]
    complete: bool
    completeness: tuple[Completeness, ...]


class ShiftView(msgspec.Struct, frozen=True, kw_only=True):
    """One shift of a till, and what moved in it."""

    outlet_id: str
    outlet_name: str
    currency: str
    shift: Shift
    over_short: int | None
    moves: tuple[Move, ...]


class ShiftList(msgspec.Struct, frozen=True, kw_only=True):
    """Shifts, newest first."""

    shifts: tuple[ShiftView, ...]
    complete: bool
    completeness: tuple[Completeness, ...]

"""Papers of tills and days: what a till's printer does when money moves, a till or a day is closed.

The drawer is opened by the printer of its own till. A till without one uses every printer that prints
receipts, as before there were tills.
"""

import sqlite3
from collections.abc import Mapping, Sequence

import msgspec

from edge.config import PrinterConfig
from edge.house import read_house
from edge.menu import find_menu
from edge.outlet import Outlet
from edge.printing.report_layout import Names, cash_slip, drawer_kick, shift_slip, z_report
from edge.printing.wanted import Wanted
from protocol.events import Event, PaymentTaken
from protocol.floor_events import CashMoved, DayClosed, DrawerOpened, ShiftClosed, ShiftOpened
from protocol.house import TillPlan
from protocol.menu import name_in
from protocol.staff import Person

TILL_PRINTS = frozenset(
    {"drawer.opened", "cash.moved", "shift.opened", "shift.closed", "day.closed"}
)
"""Entries beside orders that ask for paper, or for the drawer."""


class TillPrinters(msgspec.Struct, frozen=True, kw_only=True):
    """Which printer stands at which till, by till and by shift, and what things are called."""

    by_till: Mapping[str, str] = {}
    by_shift: Mapping[str, str] = {}
    names: Names = Names()

    def at(
        self, printers: Sequence[PrinterConfig], till_id: str | None, shift_id: str | None = None
    ) -> list[PrinterConfig]:
        """The printer of a till; every receipt printer when it has none of its own."""
        till = till_id or self.by_shift.get(shift_id or "", "")
        own = [p for p in printers if p.id == self.by_till.get(till)]
        return own or [p for p in printers if p.receipts]


def read_till_printers(
    db: sqlite3.Connection, shift_id: str | None, language: str | None
) -> TillPrinters:
    """From the house rules and the shift that is concerned; with a language, what things are called."""
    tills = read_house(db).tills
    row = None
    if shift_id:
        row = db.execute("SELECT till_id FROM shifts WHERE shift_id = ?", (shift_id,)).fetchone()
    return TillPrinters(
        by_till={t.id: t.printer for t in tills if t.printer},
        by_shift={shift_id or "": row[0]} if row else {},
        names=Names() if language is None else _names(db, tills, language),
    )


def _names(db: sqlite3.Connection, tills: Sequence[TillPlan], language: str) -> Names:
    menu = find_menu(db)
    staff = (msgspec.json.decode(b, type=Person) for (b,) in db.execute("SELECT body FROM staff"))
    return Names(
        categories={c.id: name_in(c.names, language) for c in menu.categories} if menu else {},
        tills={t.id: t.name for t in tills},
        people={p.staff_id: p.name for p in staff},
    )


def receipt_printers(
    event: PaymentTaken, printers: Sequence[PrinterConfig], tills: TillPrinters
) -> list[PrinterConfig]:
    """Where the receipt of a payment comes out and the drawer opens; kitchen printers stay."""
    own = {p.id for p in tills.at(printers, None, event.payment.shift_id)}
    return [msgspec.structs.replace(p, receipts=p.id in own) for p in printers]


def till_papers(
    event: Event,
    printers: Sequence[PrinterConfig],
    tills: TillPrinters,
    outlet: Outlet,
    currency: str,
    at_ms: int,
) -> list[Wanted]:
    """Every paper that an event of a till or a day asks for; empty for any other event.

    Raises ConfigError for an unknown time zone.
    """
    match event:
        case DrawerOpened():
            return [_kick(p) for p in tills.at(printers, event.till_id)]
        case ShiftOpened():
            return [_kick(p) for p in tills.at(printers, event.shift.till_id)]
        case PaymentTaken() if event.payment.tender == "cash" and event.due_after > 0:
            # The last payment opens the drawer with its receipt.
            return [_kick(p) for p in tills.at(printers, None, event.payment.shift_id)]
        case CashMoved():
            slip = cash_slip(event, outlet, currency, tills.names)
            at = tills.at(printers, event.till_id)[:1]
            return [Wanted(p, "cash_slip", slip) for p in at]
        case ShiftClosed():
            shift = shift_slip(event.shift, outlet, at_ms, currency, tills.names)
            at = tills.at(printers, event.shift.till_id)[:1]
            return [Wanted(p, "shift_slip", shift) for p in at]
        case DayClosed():
            header = outlet.receipt_header
            paper = z_report(event, outlet, at_ms, currency, tills.names, header)
            return [Wanted(p, "z_report", paper) for p in printers if p.receipts][:1]
        case _:
            return []


def _kick(printer: PrinterConfig) -> Wanted:
    return Wanted(printer, "drawer", drawer_kick())

"""Which papers an entry asks for, and on which printers: a pure function of event and order."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from edge.config import PrinterConfig
from edge.outlet import Outlet
from edge.printing.layouts import kitchen_ticket, rush_slip
from edge.printing.move_slip import move_slip, place_of
from edge.printing.paper import Paper
from edge.printing.receipt_layout import receipt
from protocol.bill import Check
from protocol.checks import dues
from protocol.events import (
    Event,
    LineReduced,
    LineVoided,
    OrderCancelled,
    OrderFired,
    OrderRushed,
    PaymentTaken,
)
from protocol.floor_events import DetailsChanged, LinesCame, LinesMovedTwice
from protocol.kitchen import Ticket, TicketStatus, tickets_of
from protocol.orders import Order

PRINTS = frozenset(
    {
        *("order.fired", "line.voided", "line.reduced", "order.cancelled", "order.rushed"),
        *("payment.taken", "ticket.rerouted", "lines.came", "order.detailed"),
        "lines.moved_twice",
    }
)
"""Entries that may ask for paper."""


class Wanted(NamedTuple):
    """One paper for one printer."""

    printer: PrinterConfig
    kind: str
    """What the paper is for: `kitchen_ticket`, `void_slip`, `rush_slip`, `move_slip`, `receipt`,
    `bill`."""
    paper: Paper
    station_id: str | None = None
    line_ids: tuple[str, ...] = ()


def wanted_by(
    event: Event,
    order: Order,
    printers: Sequence[PrinterConfig],
    outlet: Outlet,
    link: str = "",
) -> list[Wanted]:
    """Every paper that an event asks for; `link` is where the guest finds a receipt again.

    Raises ConfigError for an unknown time zone.
    """
    match event:
        case OrderFired():
            # What another firing sent before this one was offered again has its paper.
            sent = (x for x in order.lines if x.line_id in event.line_ids)
            fired = frozenset(x.line_id for x in sent if x.fired_ms == event.at_ms)
            had = frozenset(
                x.line_id
                for x in order.lines
                if x.fired_ms is not None and x.line_id not in fired and x.fired_ms < event.at_ms
            )
            return tickets_for(order, printers, outlet, lines=fired, earlier=had)
        case LineVoided() | LineReduced():
            gone = frozenset({event.line_id})
            return tickets_for(order, printers, outlet, lines=gone, kind="void_slip")
        case LinesMovedTwice() if event.struck:
            gone = frozenset(event.line_ids)
            return tickets_for(order, printers, outlet, lines=gone, kind="void_slip")
        case OrderCancelled():
            every = frozenset(x.line_id for x in order.lines)
            return tickets_for(order, printers, outlet, lines=every, kind="void_slip")
        case OrderRushed() if event.rush:
            return _rush_slips(order, printers, outlet)
        case LinesCame():
            came = frozenset(x.line_id for x in event.lines)
            was = place_of(event.from_number, event.from_table, outlet.language)
            return _move_slips(order, printers, outlet, came, was)
        case DetailsChanged() if event.table != event.table_was and event.table:
            every = frozenset(x.line_id for x in order.lines)
            was = place_of(order.number, event.table_was, outlet.language)
            return _move_slips(order, printers, outlet, every, was)
        case PaymentTaken() if event.due_after <= 0:
            kick = event.payment.tender == "cash"
            at = [p for p in printers if p.receipts]
            return receipts_for(order, at, outlet, link=link, kick=kick)
        case _:
            return []


def tickets_for(
    order: Order,
    printers: Sequence[PrinterConfig],
    outlet: Outlet,
    *,
    lines: frozenset[str],
    earlier: frozenset[str] = frozenset(),
    kind: str = "kitchen_ticket",
) -> list[Wanted]:
    """The stations' papers about these lines, each on the printers of its station.

    A station that had some of `earlier` gets them as an addition.
    """
    found = []
    for ticket in tickets_of(order):
        part = part_of(ticket, lines)
        had_some = any(x.line_id in earlier for x in ticket.lines)
        for printer in printers:
            if part is not None and ticket.station_id in printer.stations:
                only = lines if had_some else None
                voids = kind == "void_slip"
                paper = kitchen_ticket(part, outlet, printer.name, only, voids=voids)
                found.append(_of_station(printer, kind, paper, part))
    return found


def one_ticket(
    order: Order,
    printer: PrinterConfig,
    outlet: Outlet,
    station_id: str,
    lines: Iterable[str],
    name: str,
) -> Wanted | None:
    """A station's paper about these lines as they now are, on any printer; `name` heads it."""
    for ticket in tickets_of(order):
        part = part_of(ticket, frozenset(lines)) if ticket.station_id == station_id else None
        if part is not None:
            paper = kitchen_ticket(part, outlet, name)
            return _of_station(printer, "kitchen_ticket", paper, part)
    return None


def receipts_for(
    order: Order,
    printers: Iterable[PrinterConfig],
    outlet: Outlet,
    *,
    link: str = "",
    kick: bool = False,
    check: Check | None = None,
) -> list[Wanted]:
    """The guest's paper: a receipt once all of it is paid, the bill before."""
    due = order.due if check is None else dues(order).get(check.check_id, 0)
    kind = "receipt" if due <= 0 else "bill"
    paper = receipt(
        *(order, outlet),
        header=outlet.receipt_header,
        footer=outlet.receipt_footer,
        link=link,
        kick=kick,
        check=check,
    )
    return [Wanted(printer, kind, paper) for printer in printers]


def part_of(ticket: Ticket, lines: frozenset[str]) -> Ticket | None:
    """The ticket with these of its lines that the station is not done with; None when none is left."""
    mine = tuple(x for x in ticket.lines if x.line_id in lines and x.status != "done")
    return msgspec.structs.replace(ticket, lines=mine) if mine else None


def _rush_slips(order: Order, printers: Sequence[PrinterConfig], outlet: Outlet) -> list[Wanted]:
    found = []
    for ticket in tickets_of(order):
        to_make = any(x.status == "fired" for x in ticket.lines)
        if ticket.status is not TicketStatus.OPEN or not to_make:
            continue
        for printer in printers:
            if ticket.station_id in printer.stations:
                paper = rush_slip(ticket, outlet, printer.name)
                found.append(_of_station(printer, "rush_slip", paper, ticket))
    return found


def _move_slips(
    order: Order,
    printers: Sequence[PrinterConfig],
    outlet: Outlet,
    lines: frozenset[str],
    was: str,
) -> list[Wanted]:
    """For stations that cook by paper: what they have goes elsewhere. Nothing is made anew."""
    found = []
    for ticket in tickets_of(order):
        mine = tuple(x for x in ticket.lines if x.line_id in lines and x.status == "fired")
        part = msgspec.structs.replace(ticket, lines=mine)
        for printer in printers:
            if mine and ticket.station_id in printer.stations:
                paper = move_slip(part, outlet, printer.name, was)
                found.append(_of_station(printer, "move_slip", paper, part))
    return found


def _of_station(printer: PrinterConfig, kind: str, paper: Paper, part: Ticket) -> Wanted:
    lines = tuple(x.line_id for x in part.lines)
    return Wanted(printer, kind, paper, part.station_id, lines)

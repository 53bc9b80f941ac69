"""The paper for a station that has its ticket already: the food goes to another table, or number."""

from collections.abc import Iterator

from edge.outlet import Outlet
from edge.printing.layouts import banner, name_of, ticket_head
from edge.printing.paper import Columns, Cut, Paper, Row, Rule, Text
from edge.printing.words import word
from protocol.kitchen import Ticket

MOVED = "PINDAH / MOVED"


def move_slip(ticket: Ticket, outlet: Outlet, station_name: str, came_from: str) -> Paper:
    """Where these lines go now, with where they were to go before; nothing is to be made anew.

    Raises ConfigError for an unknown time zone.
    """
    rows: list[Row] = [
        banner(MOVED),
        Text(f"{came_from} »", size=2, bold=True, align="center"),
        *ticket_head(ticket, outlet, station_name),
        Rule(double=True),
        *_lines(ticket, outlet.language),
        Rule(double=True),
        Columns(ticket.number, ""),
        Cut(),
    ]
    return Paper("move_slip", f"{ticket.number} · {station_name}", tuple(rows))


def place_of(number: str, table: str | None, language: str) -> str:
    """How people call where food was to go."""
    return f"{number} · {word('table', language)} {table}" if table else number


def _lines(ticket: Ticket, language: str) -> Iterator[Row]:
    for line in ticket.lines:
        if line.status == "fired":
            head = f"{line.quantity} × "
            name = name_of(line.names, line.variant_names, language, line.size)
            yield Text(f"{head}{name}", bold=True, tall=True, hang=len(head))

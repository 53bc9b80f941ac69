"""What stands on tickets, rush slips and the test page; receipts: `receipt_layout.py`, reports:
`report_layout.py`. Pure."""

from collections.abc import Iterator, Sequence

import msgspec

from edge.outlet import Outlet, zone_of
from edge.printing.paper import (
    Columns,
    Cut,
    Feed,
    Paper,
    QrCode,
    Row,
    Rule,
    Size,
    Text,
    columns_of,
)
from edge.printing.profiles import PrinterProfile
from edge.printing.words import (
    ADDED,
    RUSH,
    TIME_NOT_CONFIRMED,
    VOIDED,
    allergen,
    word,
)
from protocol.clock import Confidence
from protocol.kitchen import Ticket, TicketLine
from protocol.menu import Names, name_in
from protocol.money import CURRENCIES, Currency, format_amount
from protocol.orders import DiningOption
from protocol.trading_day import local_time

NARROWEST = 32
"""Columns of the narrowest paper: what must stand large on one row is measured by it."""

UNSURE = frozenset({Confidence.UNCERTAIN})


# ------------------------------------------------------------------ kitchen


def kitchen_ticket(
    ticket: Ticket,
    outlet: Outlet,
    station_name: str,
    only: frozenset[str] | None = None,
    *,
    voids: bool = False,
) -> Paper:
    """A station's part of an order, to be read at arm's length.

    `only` names the lines to print when the station has had others before: the paper is then
    headed as an addition. `voids`: it is about what was taken off, so a line of which some is left
    says how many; such a paper, and a ticket of voided lines alone, is headed VOID. Voided lines
    stand struck out, finished ones are left off. Raises ConfigError for an unknown time zone.
    """
    language = outlet.language
    lines = [x for x in ticket.lines if x.status != "done" and (only is None or x.line_id in only)]
    rows: list[Row] = []
    if lines and (voids or all(line.status == "voided" for line in lines)):
        rows.append(banner(VOIDED))
    elif only is not None:
        rows.append(banner(ADDED))
    rows += ticket_head(ticket, outlet, station_name)
    rows.append(Rule(double=True))
    courses = sorted({line.course for line in lines})
    for course in courses:
        if courses != [1]:
            course_name = f"{word('course', language)} {course}"
            rows.append(Text(course_name.upper(), bold=True, tall=True, inverse=True, indent=1))
        for line in (x for x in lines if x.course == course):
            rows += _ticket_line(line, language)
    if ticket.waiting_courses:
        numbers = ", ".join(str(course) for course in ticket.waiting_courses)
        waits = f"{word('waits', language)}: {word('course', language)} {numbers}"
        rows.append(Text(waits, tall=True))
    count = sum(line.quantity for line in lines if line.status != "voided")
    total = f"{count} {word('items', language)}" if count else ""
    rows += [Rule(double=True), Columns(ticket.number, total), Cut()]
    return Paper("kitchen_ticket", f"{ticket.number} · {station_name}", tuple(rows))


def rush_slip(ticket: Ticket, outlet: Outlet, station_name: str) -> Paper:
    """A small paper for a station that has the ticket already: it is to be made before others.

    Raises ConfigError for an unknown time zone.
    """
    waiting = sum(line.quantity for line in ticket.lines if line.status == "fired")
    rows: list[Row] = [
        *ticket_head(msgspec.structs.replace(ticket, rush=True), outlet, station_name),
        Columns(ticket.number, f"{waiting} {word('items', outlet.language)}"),
        Cut(),
    ]
    return Paper("rush_slip", f"{ticket.number} · {station_name}", tuple(rows))


def ticket_head(ticket: Ticket, outlet: Outlet, station_name: str) -> Iterator[Row]:
    """Station and time, then as large as fits: where it goes and what is called out."""
    language = outlet.language
    if ticket.rush:
        yield banner(RUSH)
    time = local_time(ticket.fired_ms, zone_of(outlet.zone)).strftime("%H:%M")
    yield Columns(station_name.upper(), time, size=2, bold=True)
    if ticket.table:
        yield _huge(f"{word('table', language)} {ticket.table}")
    if ticket.tab_name:
        yield _huge(ticket.tab_name)
    yield _huge(ticket.number, largest=3 if ticket.table or ticket.tab_name else 4)
    option = option_name(ticket.dining_option, language)
    if ticket.dining_option is DiningOption.DINE_IN:
        yield Columns(option, _guests(ticket, language), bold=True, tall=True)
    else:
        yield Text(option.upper(), bold=True, tall=True, align="center", inverse=True)
    if ticket.confidence in UNSURE:
        yield Text(TIME_NOT_CONFIRMED)


def _huge(words: str, largest: Size = 4) -> Text:
    """Centred, as large as one row of the narrowest paper allows; two times when it must wrap."""
    sizes: tuple[Size, ...] = (4, 3, 2)
    fits = (s for s in sizes if s <= largest and columns_of(words) * s <= NARROWEST)
    return Text(words.upper(), size=next(fits, 2), bold=True, align="center")


def banner(words: str) -> Text:
    """White on black over the whole width, as large as the narrowest paper allows."""
    large = columns_of(words) * 2 <= NARROWEST
    return Text(
        words, size=2 if large else 1, tall=not large, bold=True, align="center", inverse=True
    )


def option_name(option: DiningOption, language: str) -> str:
    """How the guest eats, in words."""
    return word(option.value, language)


def _guests(ticket: Ticket, language: str) -> str:
    return f"{ticket.covers} {word('covers', language)}" if ticket.covers else ""


def _ticket_line(line: TicketLine, language: str) -> Iterator[Row]:
    """Quantity and name large; choices and note under the name, where the eye falls next."""
    head = f"{line.quantity} × "
    name = name_of(line.names, line.variant_names, language, line.size)
    if line.status == "voided":
        yield Text(word("voided", language), bold=True, tall=True, inverse=True, indent=1)
        yield Text(f"{head}{name}", size=2, bold=True, struck=True, hang=len(head))
        yield Feed()
        return
    if line.reduced:
        fewer = f"{word('voided', language)} {line.reduced} ×"
        yield Text(fewer, bold=True, tall=True, inverse=True, indent=1)
        yield Text(f"{line.quantity + line.reduced} × {name}", size=2, struck=True, hang=len(head))
    yield Text(f"{head}{name}", size=2, bold=True, hang=len(head))
    if line.station_ids:
        yield Text(f"< {', '.join(line.station_ids)}", bold=True, tall=True, indent=4)
    for choice in line.choices:
        times = f"{choice.quantity} × " if choice.quantity > 1 else ""
        words = f"+ {times}{name_in(choice.names, language)}"
        yield Text(words, size=2, indent=2, hang=2)
    if line.note:
        yield Text(f"» {line.note}", size=2, bold=True, indent=2, hang=2)
    if line.allergens:
        named = ", ".join(allergen(key, language) for key in line.allergens)
        warning = f"! {word('allergen', language)}: {named.upper()}"
        yield Text(warning, bold=True, tall=True, inverse=True, indent=1, hang=2)
    if line.seat is not None:
        yield Text(f"{word('seat', language)} {line.seat}", bold=True, tall=True, indent=4)
    yield Feed()


def name_of(names: Names, variant_names: Names, language: str, size: str | None) -> str:
    """Item, variant and size; a variant that only repeats the item's name is left off."""
    name, variant = name_in(names, language), name_in(variant_names, language)
    if size and size not in variant:
        variant = f"{variant} {size}".strip()
    return name if not variant or variant.casefold() == name.casefold() else f"{name}, {variant}"


def number(minor: int, money: Currency) -> str:
    """An amount without its symbol, as it stands in a column: `25.000`, `-5.000`."""
    return format_amount(minor, msgspec.structs.replace(money, symbol="")).replace(" ", "")


# ------------------------------------------------------------------ test page


def test_page(
    name: str,
    address: str,
    profile: PrinterProfile,
    outlet: Outlet,
    at_ms: int,
    missing: Sequence[str],
) -> Paper:
    """One of everything the other papers use, so that a person can judge printer and profile.

    `missing` names the scripts this machine has no font for (`raster.missing_scripts`).
    It says whether the profile has a drawer and does not open it: whoever may print a test page
    need not be one who may open the drawer. Raises ConfigError for an unknown time zone.
    """
    language = outlet.language
    at = local_time(at_ms, zone_of(outlet.zone)).strftime("%d/%m/%Y %H:%M")
    ruler = "".join(str(column % 10) for column in range(1, profile.columns + 1))
    rows: tuple[Row, ...] = (
        Text(word("test", language), size=2, bold=True, align="center"),
        Text(outlet.name, align="center"),
        Feed(),
        Columns(name, address),
        Columns(profile.name, f"{profile.columns} × {profile.dots}"),
        Columns(word("date", language), at),
        Rule(),
        Text(ruler),
        Rule(double=True),
        Text("Aa 1 × 2 = 3"),
        Text("Aa tebal / bold", bold=True),
        Text("Aa tinggi / tall", tall=True),
        Text("Aa besar / large", size=2, bold=True),
        Text("A042", size=4, bold=True, align="center"),
        Text("putih di hitam / white on black", inverse=True, align="center"),
        Rule(),
        Columns("Café · Crème brûlée · Señor", number(25000, CURRENCIES["IDR"])),
        Columns("€ ½ ° ß Ø", "Rp 1.234.567"),
        Columns(word("pages", language), " ".join(profile.code_pages)),
        Columns(word("cutter", language), word("yes" if profile.cutter else "no", language)),
        Columns(word("drawer", language), word("yes" if profile.drawer else "no", language)),
        Columns("宫保鸡丁", "CJK"),
        Columns("شاورما دجاج", "AR"),
        Columns("ผัดไทย", "TH"),
        Columns("पनीर टिक्का", "HI"),
        Columns("ዶሮ ወጥ", "AM"),
        Text("2 × batal / void", struck=True),
        *_without_fonts(missing, language),
        QrCode(f"{name} {address}"),
        Cut(),
    )
    return Paper("test_page", f"{word('test', language)} {name}", rows)


def _without_fonts(missing: Sequence[str], language: str) -> Iterator[Row]:
    """What to do about boxes with numbers in them."""
    if missing:
        yield Text(f"{word('no_font', language)}: {', '.join(missing)}", bold=True)
        yield Text("apt install fonts-noto-core fonts-noto-cjk")

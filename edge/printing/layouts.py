"""What stands on each kind of paper: kitchen ticket, receipt, test page. Pure."""

from collections.abc import Iterator
from datetime import tzinfo

import msgspec

from edge.outlet import Outlet, zone_of
from edge.printing.paper import Columns, Cut, Feed, Kick, Paper, QrCode, Row, Rule, Text
from edge.printing.profiles import PrinterProfile
from protocol.clock import Confidence
from protocol.kitchen import Ticket, TicketLine
from protocol.menu import Names, name_in
from protocol.money import CURRENCIES, Currency, format_amount
from protocol.orders import Choice, DiningOption, Line, Order
from protocol.trading_day import business_date, local_time

WORDS: dict[str, tuple[str, str]] = {
    "dine_in": ("Makan di sini", "Dine-in"),
    "takeaway": ("Bawa pulang", "Takeaway"),
    "delivery": ("Antar", "Delivery"),
    "table": ("Meja", "Table"),
    "covers": ("tamu", "covers"),
    "seat": ("Kursi", "Seat"),
    "course": ("Hidangan", "Course"),
    "addition": ("Tambahan", "Addition"),
    "voided": ("BATAL", "VOID"),
    "items": ("item", "items"),
    "order": ("Pesanan", "Order"),
    "date": ("Tanggal", "Date"),
    "business_date": ("Hari usaha", "Business date"),
    "subtotal": ("Subtotal", "Subtotal"),
    "discount": ("Diskon", "Discount"),
    "service": ("Layanan", "Service"),
    "included": ("Termasuk", "Includes"),
    "rounding": ("Pembulatan", "Rounding"),
    "total": ("TOTAL", "TOTAL"),
    "change": ("Kembali", "Change"),
    "due": ("Sisa", "Due"),
    "overpaid": ("Kelebihan bayar", "Overpaid"),
    "cash": ("Tunai", "Cash"),
    "card": ("Kartu", "Card"),
    "qris": ("QRIS", "QRIS"),
    "ewallet": ("Dompet digital", "E-wallet"),
    "thanks": ("Terima kasih", "Thank you"),
    "test": ("Uji cetak", "Test page"),
}
"""Labels in Indonesian and English. What a guest or an auditor must not misread is in both."""

PAID = "LUNAS / PAID"
NOT_PAID = "BELUM LUNAS / NOT PAID"
VOIDED = "BATAL / VOID"
CANCELLED = "DIBATALKAN / CANCELLED"
TIME_NOT_CONFIRMED = "JAM BELUM PASTI / TIME NOT CONFIRMED"
_UNSURE = frozenset({Confidence.UNCERTAIN})


def word(key: str, language: str) -> str:
    """A label in the outlet's language; English for languages without labels of their own."""
    indonesian, english = WORDS.get(key, (key, key))
    return indonesian if language == "id" else english


# ------------------------------------------------------------------ kitchen ticket


def kitchen_ticket(
    ticket: Ticket, outlet: Outlet, station_name: str, only: frozenset[str] | None = None
) -> Paper:
    """A station's part of an order, to be read at arm's length.

    `only` names the lines to print when the station has had others before: the paper is then
    headed as an addition. Voided lines stand as VOID on black, and a ticket of nothing else is
    headed so; finished lines are left off. Raises ConfigError for an unknown time zone.
    """
    language = outlet.language
    lines = [x for x in ticket.lines if x.status != "done" and (only is None or x.line_id in only)]
    rows: list[Row] = [
        Text(station_name.upper(), size=2, bold=True, align="center", inverse=True),
        Feed(),
        Text(ticket.number, size=4, bold=True, align="center"),
        Text(_where(ticket, language), size=2, bold=True, align="center"),
    ]
    if lines and all(line.status == "voided" for line in lines):
        rows.append(Text(VOIDED, size=2, bold=True, align="center", inverse=True))
    elif only is not None:
        more = word("addition", language).upper()
        rows.append(Text(f"+ {more} +", size=2, bold=True, align="center"))
    time = local_time(ticket.fired_ms, zone_of(outlet.zone)).strftime("%H:%M")
    rows += [
        Feed(),
        Columns(f"{time}  {_option(ticket.dining_option, language)}", _guests(ticket, language)),
    ]
    if ticket.confidence in _UNSURE:
        rows.append(Text(TIME_NOT_CONFIRMED))
    rows.append(Rule(double=True))
    courses = {line.course for line in lines}
    for course in sorted(courses):
        if len(courses) > 1:
            rows.append(Text(f"{word('course', language)} {course}", bold=True, inverse=True))
        for line in (x for x in lines if x.course == course):
            rows += _ticket_line(line, language)
    count = sum(line.quantity for line in lines if line.status != "voided")
    rows += [Rule(double=True), Columns(ticket.number, f"{count} {word('items', language)}"), Cut()]
    return Paper("kitchen_ticket", f"{ticket.number} · {station_name}", tuple(rows))


def _where(ticket: Ticket, language: str) -> str:
    """What the runner needs: the table, else the name, else how the guest eats."""
    if ticket.table:
        return f"{word('table', language)} {ticket.table}".upper()
    return (ticket.tab_name or _option(ticket.dining_option, language)).upper()


def _option(option: DiningOption, language: str) -> str:
    return word(option.value, language)


def _guests(ticket: Ticket, language: str) -> str:
    return f"{ticket.covers} {word('covers', language)}" if ticket.covers else ""


def _ticket_line(line: TicketLine, language: str) -> Iterator[Row]:
    """Quantity and name large; choices and note under the name, where the eye falls next."""
    head = f"{line.quantity} × "
    name = _name_of(line.names, line.variant_names, language, line.size)
    if line.status == "voided":
        struck = f"{word('voided', language)} {head}"
        yield Text(f"{struck}{name}", size=2, bold=True, inverse=True, hang=len(struck))
        return
    yield Text(f"{head}{name}", size=2, bold=True, hang=len(head))
    inset = 2 * len(head)
    for choice in line.choices:
        times = f"{choice.quantity} × " if choice.quantity > 1 else ""
        words = f"+ {times}{name_in(choice.names, language)}"
        yield Text(words, bold=True, tall=True, indent=inset, hang=2)
    if line.note:
        yield Text(f"» {line.note}", bold=True, tall=True, indent=inset, hang=2)
    if line.seat is not None:
        yield Text(f"{word('seat', language)} {line.seat}", indent=inset)
    yield Feed()


def _name_of(names: Names, variant_names: Names, language: str, size: str | None) -> str:
    """Item, variant and size; a variant that only repeats the item's name is left off."""
    name, variant = name_in(names, language), name_in(variant_names, language)
    if size and size not in variant:
        variant = f"{variant} {size}".strip()
    return name if not variant or variant.casefold() == name.casefold() else f"{name}, {variant}"


# ------------------------------------------------------------------ receipt


def receipt(
    order: Order,
    outlet: Outlet,
    *,
    header: tuple[str, ...] = (),
    footer: tuple[str, ...] = (),
    link: str = "",
    kick: bool = False,
) -> Paper:
    """The guest's paper: what was had, what it cost, how it was paid.

    `header` and `footer` are the outlet's own lines (address, tax number, greeting), `link` becomes
    a QR code, `kick` opens the drawer first. Raises ConfigError for an unknown time zone.
    """
    money, language = CURRENCIES[order.currency], outlet.language
    rows: list[Row] = [Kick()] if kick else []
    rows.append(Text(outlet.name, size=2, bold=True, align="center"))
    rows += [Text(line, align="center") for line in header]
    rows.append(Feed())
    rows += _head(order, language, zone_of(outlet.zone))
    rows.append(Rule())
    for line in order.live_lines:
        rows += _receipt_line(line, money, language)
    rows.append(Rule())
    rows += _totals(order, money, language)
    rows += _payments(order, money, language)
    rows += [
        Feed(),
        _banner(_verdict(order)),
        Feed(),
    ]
    if link:
        rows += [QrCode(link), Feed()]
    rows += [Text(line, align="center") for line in footer or (_thanks(language),)]
    rows.append(Cut())
    return Paper("receipt", order.number, tuple(rows))


def _head(order: Order, language: str, zone: tzinfo) -> Iterator[Row]:
    at = local_time(order.placed_ms, zone)
    where = f"{word('table', language)} {order.table}" if order.table else (order.tab_name or "")
    option = _option(order.dining_option, language)
    yield Text(f"{word('order', language)} {order.number}", size=2, bold=True)
    yield Columns(option, where) if where else Text(option)
    yield Columns(word("date", language), at.strftime("%d/%m/%Y %H:%M"))
    if order.business_date != business_date(order.placed_ms, zone).isoformat():
        day = "/".join(reversed(order.business_date.split("-")))
        yield Columns(word("business_date", language), day)
    if order.confidence in _UNSURE:
        yield Text(TIME_NOT_CONFIRMED, bold=True)


def _receipt_line(line: Line, money: Currency, language: str) -> Iterator[Row]:
    name = _name_of(line.names, line.variant_names, language, line.size)
    head = f"{line.quantity} × "
    yield Columns(f"{head}{name}", number(line.amount, money), hang=len(head))
    for choice in line.choices:
        yield Text(_choice(choice, money, language), indent=len(head), hang=2)
    if line.quantity > 1 and not line.choices:
        yield Text(f"@ {number(line.unit_price, money)}", indent=len(head))


def _choice(choice: Choice, money: Currency, language: str) -> str:
    times = f"{choice.quantity} × " if choice.quantity > 1 else ""
    price = f" ({number(choice.price, money)})" if choice.price else ""
    return f"+ {times}{name_in(choice.names, language)}{price}"


def _totals(order: Order, money: Currency, language: str) -> Iterator[Row]:
    """Rows between the lines and the total, each only when there is something to say."""
    totals = order.totals
    added = [tax for tax in totals.taxes if not tax.inclusive]
    if totals.discounts or totals.service or added or totals.rounding:
        yield Columns(word("subtotal", language), number(totals.lines, money))
    for key, amount in (("discount", -totals.discounts), ("service", totals.service)):
        if amount:
            yield Columns(word(key, language), number(amount, money))
    for tax in added:
        yield Columns(tax.name, number(tax.amount, money))
    if totals.rounding:
        yield Columns(word("rounding", language), number(totals.rounding, money))
    total = format_amount(totals.total, money)
    yield Columns(word("total", language), total, bold=True, size=2)
    for tax in totals.taxes:
        if tax.inclusive:
            yield Columns(f"{word('included', language)} {tax.name}", number(tax.amount, money))


def _payments(order: Order, money: Currency, language: str) -> Iterator[Row]:
    if order.payments:
        yield Feed()
    for payment in order.payments:
        name = payment.label or word(payment.tender, language)
        yield Columns(name, number(payment.tendered, money))
        if payment.change:
            yield Columns(word("change", language), number(payment.change, money), bold=True)
    if order.payments and order.due:
        key = "due" if order.due > 0 else "overpaid"
        yield Columns(word(key, language), number(abs(order.due), money), bold=True)


def _verdict(order: Order) -> str:
    if order.cancel_reason is not None:
        return CANCELLED
    return PAID if order.due <= 0 else NOT_PAID


def _banner(words: str) -> Text:
    """White on black over the whole width, as large as the narrowest paper (16 columns) allows."""
    large = len(words) <= 16
    return Text(
        words, size=2 if large else 1, tall=not large, bold=True, align="center", inverse=True
    )


def _thanks(language: str) -> str:
    indonesian, english = WORDS["thanks"]
    return f"{indonesian} · {english}" if language == "id" else english


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
) -> Paper:
    """One of everything the other papers use, so that a person can judge printer and profile."""
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
        Columns("宫保鸡丁", "CJK"),
        Columns("شاورما دجاج", "AR"),
        Columns("ผัดไทย", "TH"),
        Columns("पनीर टिक्का", "HI"),
        QrCode(f"{name} {address}"),
        Cut(),
    )
    return Paper("test_page", f"{word('test', language)} {name}", rows)

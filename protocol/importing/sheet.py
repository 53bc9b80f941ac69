"""A table as a spreadsheet saves it: named columns, rows by number, and what is wrong with it."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from protocol.money import Currency, parse_amount

SEPARATORS = ",;\t"
"""A spreadsheet set to Indonesian or German saves with semicolons."""

IGNORED = "#"
"""A column whose name begins so is the writer's own and is not looked at."""

CELL_MAX = 10_000


@dataclass(frozen=True, slots=True, order=True)
class RowFault:
    """What is wrong with a row, numbered as the spreadsheet numbers it: the header is row 1.

    Row 0 means the file as a whole. `order` is the order the row belongs to, where that is known.
    """

    row: int
    reason: str
    order: str = ""

    def __str__(self) -> str:
        where = f"row {self.row}" if self.row else "the file"
        return f"{where}{f', order {self.order}' if self.order else ''}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number and its cells by column name, trimmed; a missing column reads empty."""

    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


class Table:
    """A file read whole. `faults` fills up while `rows` is read."""

    def __init__(self, text: str, known: Sequence[str], required: Sequence[str]) -> None:
        self.faults: list[RowFault] = []
        self.cut_short = False
        """Reading lost its place (an open quote): what the rest of the file says is not known."""
        self._text = text
        self._separator = _separator_of(text)
        self.columns: list[str] = []
        self._read_header(known, required)

    @property
    def readable(self) -> bool:
        """Whether the header makes sense; if not, no row does."""
        return not any(fault.row <= 1 for fault in self.faults)

    def rows(self) -> Iterator[Row | RowFault]:
        """The rows in order; one that cannot be read at all comes as its fault."""
        if not self.readable:
            return
        records = self._records()
        next(records, None)
        for number, cells in records:
            if isinstance(cells, str):
                fault = RowFault(number, cells)
            elif not any(cell.strip() for cell in cells):
                continue
            elif len(cells) > len(self.columns):
                fault = RowFault(
                    number,
                    f"{len(cells)} cells, but the header names {len(self.columns)} columns; "
                    "a text with a comma in it needs quotes around it",
                )
            elif any("\udc80" <= letter <= "\udcff" for cell in cells for letter in cell):
                fault = RowFault(number, "is not UTF-8 text; save the file as CSV UTF-8")
            else:
                trimmed = [cell.strip() for cell in cells]
                yield Row(number, dict(zip(self.columns, trimmed, strict=False)))
                continue
            self.faults.append(fault)
            yield fault

    def _records(self) -> Iterator[tuple[int, list[str] | str]]:
        """Row number and cells, or what the CSV reader had to say."""
        reader = csv.reader(
            io.StringIO(self._text, newline=""), delimiter=self._separator, strict=True
        )
        number = 0
        while True:
            number += 1
            line = reader.line_num
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                lost = reader.line_num - line > 1
                self.cut_short |= lost
                after = "; nothing after it could be read" if lost else ""
                yield number, f"is not CSV ({error}); check its quotes{after}"
                continue
            yield number, cells

    def _read_header(self, known: Sequence[str], required: Sequence[str]) -> None:
        _, header = next(self._records(), (1, "is empty"))
        if isinstance(header, str):
            self.faults.append(RowFault(1, header))
            return
        self.columns = [name.strip().encode(errors="replace").decode() for name in header]
        for name in self.columns:
            if name in known or name.startswith(IGNORED):
                continue
            near = get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            self.faults.append(
                RowFault(
                    1,
                    f"unknown column {name!r}; {hint}"
                    f"Known are {', '.join(known)}. To keep a column of your own, "
                    f"begin its name with {IGNORED}",
                )
            )
        for name in sorted({n for n in self.columns if self.columns.count(n) > 1}):
            self.faults.append(RowFault(1, f"column {name!r} is there twice"))
        self.faults.extend(
            RowFault(1, f"the column {name!r} is missing")
            for name in required
            if name not in self.columns
        )


def text_of(data: bytes) -> str:
    """A file as text; bytes that are no UTF-8 stay visible to `Table.rows`, which names their row.

    A byte order mark says what it is; UTF-16 is what a spreadsheet calls Unicode text.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace").replace("\0", "\udc80")
    return data.decode("utf-8-sig", "surrogateescape").replace("\0", "\udc80")


def whole_number(text: str, least: int, most: int) -> int:
    """A whole number within bounds. Raises ValueError with a sentence for a person."""
    if not re.fullmatch(r"[+-]?[0-9]{1,15}", text) or not least <= int(text) <= most:
        raise ValueError(f"{text!r} is not a whole number from {least} to {most}")
    return int(text)


def amount_of(text: str, currency: Currency, most: int) -> int:
    """Minor units of an amount, zero or more. Raises ValueError with a sentence for a person.

    `25.000` is refused for rupiah, where it may mean 25 or 25 thousand, and `1.000` for dollars.
    """
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        raise ValueError(
            f"{text!r} is not an amount; write digits with a point before the decimals, "
            "no thousands separators, no sign, no currency"
        )
    part = text.partition(".")[2]
    if len(part) > currency.scale:
        kept = f"{currency.scale} decimals" if currency.scale else "whole amounts"
        raise ValueError(f"{text!r} has {len(part)} decimals; {currency.code} is kept in {kept}")
    amount = parse_amount(text, currency)
    if amount > most:
        raise ValueError(f"{text!r} is more than this product counts")
    return amount


def _separator_of(text: str) -> str:
    header = text.split("\n", 1)[0]
    return max(SEPARATORS, key=header.count)

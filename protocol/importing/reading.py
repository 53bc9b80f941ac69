"""What reading a menu gives: the menu with notes, or faults; and what no file may be."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from protocol.commands import AMOUNT_MAX
from protocol.ids import StationId
from protocol.menu import Menu, Names, Station, faults_of
from protocol.money import Currency

T = TypeVar("T")

FILE_BYTES_MAX = 8 * 1024 * 1024
"""Largest file that is read: a hundred times the largest menu we met."""
VARIANTS_MAX = 5_000
"""Most variants a menu may bring: more would be no restaurant's, and slow every box."""
NAME_MAX = 200
TEXT_MAX = 2_000
FINDINGS_MAX = 200
"""Most findings that are told; nobody reads more, and the rest comes when these are mended."""

KITCHEN = Station(id=StationId("kitchen"), names={"id": "Dapur", "en": "Kitchen"})
"""Who makes everything where a format knows no stations."""

MAGIC = {
    b"PK\x03\x04": "a workbook or a zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x1f\x8b": "a compressed file",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}
"""First bytes of what people mistake for a menu; none of it is ever unpacked."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing a person should know: where in the file (a row, a dish), and what about it."""

    where: str
    said: str

    def __str__(self) -> str:
        return f"{self.where}: {self.said}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What whoever imports has told: the money prices are in, and the language of plain names."""

    currency: Currency
    language: str = "id"


@dataclass(frozen=True, slots=True)
class Reading:
    """A menu (version 0: HQ numbers it) with notes, or no menu and the faults. Never both."""

    menu: Menu | None = None
    notes: tuple[Finding, ...] = ()
    faults: tuple[Finding, ...] = ()


def refuse_file(data: bytes) -> Finding | None:
    """Why these bytes are not looked at at all; None when they may be."""
    if len(data) > FILE_BYTES_MAX:
        most = FILE_BYTES_MAX // (1024 * 1024)
        return Finding("the file", f"is larger than {most} MB; no menu is. Export only the menu")
    for magic, what in MAGIC.items():
        if data.startswith(magic):
            said = f"is {what}, not text; open it and save the menu as CSV UTF-8, or export JSON"
            return Finding("the file", said)
    if not data.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0"):
        return Finding("the file", "is empty")
    return None


def judge(reading: Reading) -> Reading:
    """The reading, when outlets can sell from its menu; else what is wrong with the menu."""
    menu = reading.menu
    assert menu is not None
    faults = [Finding("the menu", fault) for fault in faults_of(menu)]
    faults += [Finding("the menu", fault) for fault in _too_much(menu)]
    return Reading(faults=tuple(faults[:FINDINGS_MAX])) if faults else reading


def broken(faults: Iterable[Finding]) -> Reading:
    """No menu, and why: what was found first, each thing once."""
    return Reading(faults=tuple(dict.fromkeys(faults))[:FINDINGS_MAX])


def decoded(data: bytes, kind: type[T]) -> T | Finding:
    """JSON of this shape, or what is wrong with it in a sentence."""
    try:
        return msgspec.json.decode(_utf8(data), type=kind, strict=False)
    except msgspec.ValidationError as error:
        return Finding("the file", f"does not have the form of this format: {error}")
    except RecursionError:
        return Finding("the file", "is nested deeper than any menu")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Finding("the file", f"is not JSON in UTF-8 ({error}); export it again")


def _utf8(data: bytes) -> str:
    return data.decode("utf-8-sig")


def cleaned(text: Any) -> str:
    """A name as people see it: no control characters, no doubled or outer spaces; "" for none."""
    if not isinstance(text, str):
        return ""
    shown = "".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in text)
    return " ".join(shown.split())


def _too_much(menu: Menu) -> Iterable[str]:
    variants = sum(len(item.variants) for item in menu.items)
    if variants > VARIANTS_MAX:
        yield f"{variants} things to sell; at most {VARIANTS_MAX} fit on a menu"
    for item in menu.items:
        yield from _too_long(item.names, NAME_MAX)
        yield from _too_long(item.descriptions, TEXT_MAX)
        for variant in item.variants:
            yield from _too_long(variant.names, NAME_MAX)
            if variant.price > AMOUNT_MAX:
                yield f"{variant.plu} costs more than this product counts"
    for group in menu.modifier_groups:
        for names in (group.names, *(m.names for m in group.modifiers)):
            yield from _too_long(names, NAME_MAX)


def _too_long(names: Names, most: int) -> Iterable[str]:
    for name in names.values():
        if len(name) > most:
            yield f"{name[:40]}… is longer than {most} letters; shorten it"

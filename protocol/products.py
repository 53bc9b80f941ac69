"""What may be written about a product by HQ and by outlets, and what a value must be like."""

import re
from enum import StrEnum

import msgspec

from protocol.menu import Item

_LANGUAGE = re.compile(r"[a-z]{2}", re.ASCII)


class FieldForm(msgspec.Struct, frozen=True, kw_only=True):
    """One field: at most `most` characters, one value or one for each language, empty or not."""

    most: int
    by_language: bool = True
    needed: bool = False


FIELDS: dict[str, FieldForm] = {
    "name": FieldForm(most=120, needed=True),
    "description": FieldForm(most=1_000),
    "availability": FieldForm(most=120),
    "photo": FieldForm(most=300, by_language=False),
}
"""By name. A field of many languages is written `name:id`, `description:en`; the others as they are.

Prices are not among them: HQ owns prices, and an outlet cannot write one.
"""


class FieldFault(StrEnum):
    """Why a value cannot be written."""

    UNKNOWN = "unknown"
    TOO_LONG = "too_long"
    WRONG = "wrong"


def form_of(field: str) -> FieldForm | None:
    """The form of a field as it is written (`name:id`, `photo`); None when there is no such field."""
    name, colon, language = field.partition(":")
    form = FIELDS.get(name)
    if form is None or form.by_language is not bool(colon):
        return None
    return form if not colon or _LANGUAGE.fullmatch(language) else None


def fault_of(field: str, value: str) -> FieldFault | None:
    """What is wrong with writing this value; None when nothing is. An empty value clears a field."""
    form = form_of(field)
    if form is None:
        return FieldFault.UNKNOWN
    if len(value) > form.most:
        return FieldFault.TOO_LONG
    if form.needed and not value.strip():
        return FieldFault.WRONG
    if any(c < " " and c != "\n" for c in value):
        return FieldFault.WRONG
    if field == "photo" and value and not value.startswith(("https://", "/")):
        return FieldFault.WRONG
    return None


def value_of(item: Item, field: str) -> str:
    """What the item says for a field now; empty when it says nothing."""
    name, _, language = field.partition(":")
    match name:
        case "name":
            return item.names.get(language, "")
        case "description":
            return item.descriptions.get(language, "")
        case "availability":
            return item.availability.get(language, "")
        case "photo":
            return item.photo or ""
        case _:
            return ""

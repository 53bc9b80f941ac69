"""Writes `wire.ts`: the browser's types, generated from the structs (`npm run wire`).

What screens send has its defaulted fields optional; what they are told always carries them all.
"""
# ruff: noqa: INP001 - a generator beside the screens, not a module of the protocol

import sys
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any

import msgspec
from msgspec import inspect

from protocol import (
    commands,
    deliveries,
    devices,
    house,
    kitchen,
    lan,
    menu,
    orders,
    papers,
    sign_in,
    staff,
    tills,
)
from protocol.feed import FeedMessage
from protocol.money import CURRENCIES, Currency
from protocol.refusals import REFUSALS
from protocol.reports import SalesReport

SENT: tuple[Any, ...] = (commands.Envelope, papers.PaperAsked)
TOLD: tuple[Any, ...] = (
    commands.Accepted,
    menu.Menu,
    house.House,
    orders.Order,
    kitchen.Ticket,
    FeedMessage,
    lan.BoxStatus,
    lan.MenuNews,
    lan.Availability,
    lan.OrderNews,
    lan.Presence,
    lan.Shown,
    deliveries.LineDelivery,
    devices.PairingAsked,
    devices.PairingCode,
    devices.Paired,
    devices.DeviceCard,
    devices.PairingWaiting,
    devices.Approval,
    devices.Revocation,
    papers.PaperList,
    papers.PrinterCard,
    sign_in.StaffHere,
    sign_in.Session,
    staff.Given,
    tills.DayFigures,
    tills.Outstanding,
    SalesReport,
    Currency,
)
UNIONS: dict[str, Any] = {"Command": commands.Command, "FeedMessage": FeedMessage}

HEADER = """// Generated from the structs of protocol/*.py by `npm run wire`; not edited by hand.
// tests/test_wire_fresh.py fails when it is stale.
"""


def wire_types() -> str:
    """The whole text of `wire.ts`."""
    found: dict[str, inspect.Type] = {}
    told: set[str] = set()
    for root in TOLD:
        told |= _collect(inspect.type_info(root), found)
    sent: set[str] = set()
    for root in SENT:
        sent |= _collect(inspect.type_info(root), found)
    # What the box tells is whole, also where a screen sends it back.
    sent -= told
    parts = [HEADER]
    parts.extend(_declare(name, found[name], optional=name in sent) for name in sorted(found))
    for name, union in UNIONS.items():
        members = " | ".join(member.__name__ for member in union.__args__)
        parts.append(f"export type {name} = {members};\n")
    codes = " | ".join(f'"{code}"' for code in REFUSALS)
    parts.append(f"export type RefusalCode = {codes};\n")
    parts.append(_currencies())
    return "\n".join(parts)


def _collect(kind: inspect.Type, found: dict[str, inspect.Type]) -> set[str]:
    """Names of all structs and enums below a type; each is remembered in `found`."""
    names: set[str] = set()
    for inner in _within(kind):
        if isinstance(inner, inspect.StructType | inspect.EnumType):
            name = inner.cls.__name__
            names.add(name)
            if name in found:
                continue
            found[name] = inner
        names |= _collect_fields(inner, found)
    return names


def _collect_fields(kind: inspect.Type, found: dict[str, inspect.Type]) -> set[str]:
    fields = kind.fields if isinstance(kind, inspect.StructType) else ()
    names: set[str] = set()
    for field in fields:
        names |= _collect(field.type, found)
    return names


def _within(kind: inspect.Type) -> Iterator[inspect.Type]:
    """The type itself and the types it is made of, without entering structs."""
    yield kind
    if isinstance(kind, inspect.UnionType):
        for member in kind.types:
            yield from _within(member)
    elif isinstance(kind, inspect.VarTupleType | inspect.ListType):
        yield from _within(kind.item_type)
    elif isinstance(kind, inspect.DictType):
        yield from _within(kind.value_type)
    elif isinstance(kind, inspect.Metadata):
        yield from _within(kind.type)


def _declare(name: str, kind: inspect.Type, *, optional: bool) -> str:
    if isinstance(kind, inspect.EnumType):
        values = " | ".join(f'"{_value(member)}"' for member in kind.cls)
        return f"export type {name} = {values};\n"
    assert isinstance(kind, inspect.StructType)
    lines = [f"/** {_purpose(kind.cls)} */", f"export interface {name} {{"]
    if kind.tag is not None:
        lines.append(f'  {kind.tag_field}: "{kind.tag}";')
    lines.extend(_fields(kind.fields, optional=optional))
    return "\n".join([*lines, "}\n"])


def _fields(fields: Iterable[inspect.Field], *, optional: bool) -> Iterator[str]:
    for field in fields:
        mark = "?" if optional and not field.required else ""
        yield f"  {field.encode_name}{mark}: {_spell(field.type)};"


def _spell(kind: inspect.Type) -> str:
    """A type in TypeScript's words."""
    match kind:
        case inspect.Metadata():
            return _spell(kind.type)
        case inspect.StructType() | inspect.EnumType():
            return kind.cls.__name__
        case inspect.UnionType():
            return " | ".join(_spell(member) for member in kind.types)
        case inspect.VarTupleType() | inspect.ListType():
            item = _spell(kind.item_type)
            return f"({item})[]" if " | " in item else f"{item}[]"
        case inspect.DictType():
            return f"Record<string, {_spell(kind.value_type)}>"
        case inspect.StrType():
            return "string"
        case inspect.IntType() | inspect.FloatType():
            return "number"
        case inspect.BoolType():
            return "boolean"
        case inspect.NoneType():
            return "null"
        case inspect.AnyType():
            return "unknown"
        case _:
            raise TypeError(f"no TypeScript for {kind!r} yet")


def _currencies() -> str:
    """The currency table, so that an amount looks the same on paper and on a screen."""
    rows = [
        f"  {code}: {msgspec.json.encode(currency).decode()},"
        for code, currency in CURRENCIES.items()
    ]
    head = "export const CURRENCIES: Record<string, Currency> = {"
    return "\n".join([head, *rows, "};\n"])


def _value(member: Enum) -> str:
    return str(member.value)


def _purpose(cls: type) -> str:
    return (cls.__doc__ or "").strip().partition("\n")[0]


if __name__ == "__main__":
    sys.stdout.write(wire_types())

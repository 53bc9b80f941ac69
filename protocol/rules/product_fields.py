"""Product fields that several places write: the last writer wins, by cause and never by wall clock.

A field's state is `(stamp, origin, value)`, and the larger one wins: joining is commutative,
associative and idempotent, and two different values never tie. HQ stamps an edit anew when its
stamp is ahead of HQ's clock, so a box with its clock in 2099 wins nothing by it; what a box stamps
is later than all it has seen, so a box with its clock in 1970 loses nothing by it.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from protocol import commands as c
from protocol.clock import Stamp, tick
from protocol.events import Event, ProductEdited
from protocol.menu import Item, Names
from protocol.products import FIELDS, FieldFault, fault_of, form_of, value_of
from protocol.refusals import Refusal
from protocol.rules.state import Moment, State, refuse


class Written(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A value with what decides about it: HQ's stamp of the edit, and who wrote it."""

    stamp: Stamp
    origin: str
    value: str


Fields = dict[str, Written]
"""What was last written about one item, by field."""


class Ingested(NamedTuple):
    """HQ's clock after it took an edit in, and the stamp that the edit has from then on."""

    cloud: Stamp
    effective: Stamp


def edit(state: State, command: c.EditProduct, moment: Moment) -> list[Event] | Refusal:
    """Write a product field; writing what it says already changes nothing and is no error."""
    item = state.menu.items.get(command.item_id)
    if item is None:
        return refuse("unknown_item", variant_id=command.item_id)
    match fault_of(command.field, command.value):
        case FieldFault.UNKNOWN:
            return refuse("unknown_field", field=command.field, fields=", ".join(FIELDS))
        case FieldFault.TOO_LONG:
            most, length = _most(command.field), len(command.value)
            return refuse("value_too_long", field=command.field, most=most, length=length)
        case FieldFault.WRONG:
            return refuse("wrong_value", field=command.field, value=command.value)
    if value_of(item, command.field) == command.value:
        return []
    return [
        ProductEdited(item_id=item.id, field=command.field, value=command.value, at_ms=moment.at_ms)
    ]


def ingest(cloud: Stamp, event: Stamp, now_ms: int) -> Ingested:
    """The stamp an edit competes with, given once when HQ takes it in, stream by stream in order.

    A stamp ahead of HQ's clock becomes HQ's next one; cutting it to `now` instead would give two
    edits of one box the same stamp.
    """
    cloud = tick(cloud, now_ms)
    return Ingested(cloud, min(event, cloud))


def newest(one: Written, other: Written) -> Written:
    """The one that wins, whichever is named first."""
    return max(one, other)


def join(one: Mapping[str, Written], other: Mapping[str, Written]) -> Fields:
    """The newest of each field."""
    joined = dict(one)
    for field, written in other.items():
        held = joined.get(field)
        joined[field] = written if held is None else newest(held, written)
    return joined


def join_all(states: Iterable[Mapping[str, Written]]) -> Fields:
    """All states in one."""
    joined: Fields = {}
    for state in states:
        joined = join(joined, state)
    return joined


def apply_fields(item: Item, fields: Mapping[str, Written]) -> Item:
    """The menu's item with what was written over it. Fields of a newer version are passed over."""
    names, descriptions = dict(item.names), dict(item.descriptions)
    availability, photo = dict(item.availability), item.photo
    for field in sorted(fields):
        value = fields[field].value
        if fault_of(field, value) is not None:
            continue
        name, _, language = field.partition(":")
        match name:
            case "name":
                _put(names, language, value)
            case "description":
                _put(descriptions, language, value)
            case "availability":
                _put(availability, language, value)
            case "photo":
                photo = value or None
    return replace(
        item, names=names, descriptions=descriptions, availability=availability, photo=photo
    )


def _put(names: Names, language: str, value: str) -> None:
    if value:
        names[language] = value
    else:
        names.pop(language, None)


def _most(field: str) -> int:
    form = form_of(field)
    assert form is not None
    return form.most

"""Writes every message between box and HQ with every field filled, as the `protocol` at hand has them.

    python tests/golden/wire/fill.py tests/golden/wire/v2

Run it with an unpacked release on `PYTHONPATH` (and `PYTHONSAFEPATH=1`) for that release's messages.
The same structs make the same bytes.
"""

import sys
from binascii import crc32
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from protocol import replication

CHAIN = bytes(range(16))
KNOWN: dict[str, Any] = {
    "stream": "5a" * 16,
    "event_id": "e1" * 16,
    "command_id": "01a3185c-5000-741d-a61f-b96b5a6833b3",
    "aggregate_id": "01a3185c-5000-7a20-8fef-df1d06bd9d14",
    "aggregate_kind": "order",
    "type": "order.held",
    "body": b'{"type":"order.held","order_id":"01a3185c-5000-7a20-8fef-df1d06bd9d14","at_ms":1}',
    "public_key": bytes(range(32)),
    "chain_last": CHAIN,
    "previous_chain": CHAIN,
    "chains": (CHAIN, b""),
    "stamp": 1_795_349_640_000 << 16,
    "zone": "Asia/Jakarta",
    "currency": "IDR",
    "verdict": "ok",
    "role": "standby",
}
"""Fields whose form matters to those who read them."""


def messages() -> dict[str, type]:
    """Every message by its name: the structs of the line to HQ that are no part of another."""
    structs = {
        name: kind
        for name, kind in vars(replication).items()
        if isinstance(kind, type)
        and issubclass(kind, msgspec.Struct)
        and kind.__module__ == replication.__name__
    }
    return {n: k for n, k in structs.items() if not k.__struct_config__.array_like}


def filled(kind: type) -> Any:
    """One message with no field left at its default."""
    return msgspec.convert(_value(inspect.type_info(kind), ""), type=kind, builtin_types=(bytes,))


def _value(kind: inspect.Type, name: str) -> Any:
    if name in KNOWN:
        return KNOWN[name]
    match kind:
        case inspect.StructType(fields=fields, array_like=as_list):
            values = [_value(field.type, field.name) for field in fields]
            return values if as_list else dict(zip([f.name for f in fields], values, strict=True))
        case inspect.VarTupleType(item_type=item):
            return [_value(item, name), _value(item, name)]
        case inspect.DictType(value_type=value):
            return {f"{name}-key": _value(value, name)}
        case inspect.UnionType(types=types):
            return _value(next(t for t in types if not isinstance(t, inspect.NoneType)), name)
        case inspect.EnumType(cls=cls):
            return list(cls)[-1].value
        case inspect.BoolType():
            return True
        case inspect.FloatType():
            return 2.5
        case inspect.IntType():
            # Another for each name, so that two fields that changed places are noticed.
            return 1000 + crc32(name.encode()) % 1_000_000
        case inspect.BytesType():
            return name.encode()
        case inspect.StrType():
            return f"the {name}"
        case _:
            raise TypeError(f"{name} is a {kind}: say here how it is filled")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for message, struct in messages().items():
        file = folder / f"sync-{message}.msgpack"
        file.write_bytes(msgspec.msgpack.encode(filled(struct)))

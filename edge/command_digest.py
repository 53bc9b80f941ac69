"""Which command this is: a repeat must be known as one, before and after an upgrade of either side."""

from hashlib import blake2b

import msgspec

from protocol.commands import Envelope

COMMAND_ID_MAX = 200
_encode = msgspec.json.Encoder().encode

ADDED_LATER = (
    *(b',"fire_courses":null', b',"quantity":null', b',"courses":[]'),
    *(b',"approval_id":null', b',"codes":[]'),
    *(b',"check_id":null', b',"tip":0', b',"till_id":null', b',"reference":""'),
)
"""Fields that commands got after the first release, as they are when nobody asked for them. The same
command must have the same digest before and after an upgrade, or its repeat would be refused."""


def digest_of(envelope: Envelope) -> bytes:
    """What tells a repeat of a command from another one under its id."""
    asked = _encode((envelope.command, envelope.happened_ms))
    for nothing_asked in ADDED_LATER:  # no text holds this: its quotes would be escaped
        asked = asked.replace(nothing_asked, b"")
    return blake2b(asked, digest_size=16).digest()


def fit_to_keep(command_id: str) -> bool:
    """Whether an id can be kept and found again."""
    # SQLite's JSON ends a text at NUL: such an id would not be found again, and taken twice.
    fits = 0 < len(command_id) <= COMMAND_ID_MAX
    return fits and command_id.isascii() and command_id.isprintable() and " " not in command_id

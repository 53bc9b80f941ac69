"""ESC/POS framing: a byte stream, arriving in any pieces, cut into commands by their lengths.

Source of the lengths: Epson's published ESC/POS command reference, and the streams of other
printing libraries. A command whose length is not known is cut after its two bytes and marked
unknown; what follows is then read as text, as a real printer does.
"""

from collections.abc import Callable

import msgspec

NUL, BEL, HT, LF, FF, CR, DLE, CAN, ESC, FS, GS = (
    0x00,
    0x07,
    0x09,
    0x0A,
    0x0C,
    0x0D,
    0x10,
    0x18,
    0x1B,
    0x1C,
    0x1D,
)
COMMAND_BYTES_MAX = 1 << 20
"""A command that claims to be longer, or goes on for longer without its end, is treated as unknown:
no job of ours comes near it."""


class Command(msgspec.Struct, frozen=True):
    """One command: its name (`b"ESC E"` style: `b"\\x1bE"`) and its parameters; text has no name."""

    name: bytes
    data: bytes
    known: bool = True


class Framer:
    """Keeps what is incomplete until the rest arrives; survives a lost connection, as a printer's
    input buffer does.
    """

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[Command]:
        """The commands completed by `data`, in order."""
        self._pending += data
        commands: list[Command] = []
        at = 0
        while at < len(self._pending):
            found = _command_at(self._pending, at)
            if found is None and len(self._pending) - at <= COMMAND_BYTES_MAX + 8:
                break
            if found is None:  # it asks for more than any command may have: its end never comes
                found = Command(bytes(self._pending[at : at + 2]), b"", known=False), 2
            command, size = found
            commands.append(command)
            at += size
        del self._pending[:at]
        return commands

    def clear(self) -> None:
        """Forgets an incomplete command (power was cut)."""
        self._pending.clear()


def _command_at(buffer: bytearray, at: int) -> tuple[Command, int] | None:
    """The command starting at `at` and its size, or None when bytes are missing."""
    first = buffer[at]
    if first >= 0x20:
        end = at + 1
        while end < len(buffer) and buffer[end] >= 0x20:
            end += 1
        return Command(b"", bytes(buffer[at:end])), end - at
    if first not in {DLE, ESC, FS, GS}:
        known = first in {NUL, BEL, HT, LF, FF, CR, CAN}
        return Command(bytes([first]), b"", known), 1
    if len(buffer) < at + 2:
        return None
    name = bytes(buffer[at : at + 2])
    rule = _LENGTHS.get(name)
    if rule is None:
        return Command(name, b"", known=False), 2
    size = rule if isinstance(rule, int) else rule(buffer, at + 2)
    if size is None:
        return None
    if size > COMMAND_BYTES_MAX:
        return Command(name, b"", known=False), 2
    if len(buffer) < at + 2 + size:
        return None
    return Command(name, bytes(buffer[at + 2 : at + 2 + size])), 2 + size


Length = Callable[[bytearray, int], int | None]
"""Given the buffer and where the parameters start: their count, or None when it cannot be told."""


def _word(buffer: bytearray, at: int) -> int:
    return buffer[at] | buffer[at + 1] << 8


def _needs(count: int, rule: Length) -> Length:
    """`rule`, asked only once `count` parameter bytes are there."""

    def length(buffer: bytearray, at: int) -> int | None:
        return rule(buffer, at) if len(buffer) >= at + count else None

    return length


def _by_first(counts: dict[int, int], otherwise: int) -> Length:
    """The count depends on the first parameter."""
    return _needs(1, lambda b, at: counts.get(b[at], otherwise))


def _until_nul(buffer: bytearray, at: int) -> int | None:
    end = buffer.find(NUL, at)
    return None if end < 0 else end - at + 1


def _bar_code(buffer: bytearray, at: int) -> int | None:
    """GS k: old form ends with NUL, new form (m ≥ 65) says its length."""
    if len(buffer) < at + 2:
        return None
    if buffer[at] >= 65:
        return 2 + buffer[at + 1]
    rest = _until_nul(buffer, at + 1)
    return None if rest is None else 1 + rest


def _own_characters(buffer: bytearray, at: int) -> int | None:
    """ESC & y c1 c2 then, for each character, its width and y × width bytes."""
    if len(buffer) < at + 3:
        return None
    high, first, last = buffer[at : at + 3]
    end = at + 3
    for _ in range(max(0, last - first + 1)):
        if len(buffer) <= end:
            return None
        end += 1 + high * buffer[end]
    return end - at


def _stored_pictures(buffer: bytearray, at: int) -> int | None:
    """FS q n then, for each picture, its size in bytes across and down and the columns."""
    if len(buffer) < at + 1:
        return None
    end = at + 1
    for _ in range(buffer[at]):
        if len(buffer) < end + 4:
            return None
        end += 4 + _word(buffer, end) * _word(buffer, end + 2) * 8
    return end - at


def _long_graphics(buffer: bytearray, at: int) -> int:
    """GS 8 L with a length of four bytes."""
    return 5 + int.from_bytes(buffer[at + 1 : at + 5], "little")


_BIT_IMAGE = _needs(3, lambda b, at: 3 + _word(b, at + 1) * (3 if b[at] in {32, 33} else 1))
_EXTENDED = _needs(3, lambda b, at: 3 + _word(b, at + 1))
_RASTER = _needs(6, lambda b, at: 6 + _word(b, at + 2) * _word(b, at + 4))

_DLE: dict[int, int | Length] = {
    0x04: _by_first({7: 2, 8: 2}, 1),
    0x05: 1,
    0x14: _by_first({3: 6, 7: 2, 8: 8}, 3),
}
_ESC: dict[str, int | Length] = {
    **dict.fromkeys("245<@LSimv", 0),
    **dict.fromkeys(" !%-3=?+AEGJKMRTUVadertu{|", 1),
    **dict.fromkeys("$\\cBf", 2),
    "p": 3,
    "W": 8,
    "D": _until_nul,
    "&": _own_characters,
    "*": _BIT_IMAGE,
    "(": _EXTENDED,
}
_GS: dict[str, int | Length] = {
    **dict.fromkeys(":c", 0),
    **dict.fromkeys("!/BEHITabfhjrw|", 1),
    **dict.fromkeys("$LPW\\", 2),
    **dict.fromkeys("^zg", 3),
    "V": _by_first({65: 2, 66: 2, 97: 2, 98: 2, 103: 2, 104: 2}, 1),
    "C": _by_first({0: 3, 1: 7, 2: 3}, 1),
    "*": _needs(2, lambda b, at: 2 + b[at] * b[at + 1] * 8),
    "v": _RASTER,
    "Q": _RASTER,
    "k": _bar_code,
    "(": _EXTENDED,
    "8": _needs(5, _long_graphics),
}
_FS: dict[str, int | Length] = {
    **dict.fromkeys("&.", 0),
    **dict.fromkeys("!-CWA", 1),
    **dict.fromkeys("Sp?", 2),
    "2": 74,
    "q": _stored_pictures,
    "(": _EXTENDED,
    "g": _needs(8, lambda b, at: 8 + (_word(b, at + 6) if b[at] == ord("1") else 0)),
}
_LENGTHS: dict[bytes, int | Length] = {
    **{bytes([DLE, second]): rule for second, rule in _DLE.items()},
    **{bytes([ESC, ord(second)]): rule for second, rule in _ESC.items()},
    **{bytes([GS, ord(second)]): rule for second, rule in _GS.items()},
    **{bytes([FS, ord(second)]): rule for second, rule in _FS.items()},
}

"""A whole print job at once: bytes in a file to sheets, for people and for tests."""

import msgspec

from edge.printing.framing import Framer
from edge.printing.interpreter import CutOff, DrawerKicked, Interpreter
from edge.printing.machine import DEFAULT, Machine
from edge.printing.sheet import SheetModel

JOB_BYTES_MAX = 16 * 1024 * 1024
SHEETS_MAX = 200
"""A job of more sheets is read no further."""


class Decoded(msgspec.Struct, frozen=True):
    """What a job does: the sheets in the order they come out, the last one perhaps not cut off."""

    sheets: tuple[SheetModel, ...]
    cuts: int
    drawer_kicks: int
    unknown: dict[bytes, int]
    """Commands this printer does not know and passed over, by their first two bytes."""


def decode(data: bytes, machine: Machine = DEFAULT) -> Decoded:
    """What a printer of this make leaves when it is sent `data`. Never raises."""
    interpreter = Interpreter(machine)
    sheets: list[SheetModel] = []
    cuts = kicks = 0
    for command in Framer().feed(data):
        for effect in interpreter.execute(command):
            match effect:
                case CutOff(sheet):
                    cuts += 1
                    sheets.append(sheet)
                case DrawerKicked():
                    kicks += 1
        if len(sheets) >= SHEETS_MAX:
            break
    rest = interpreter.take_sheet()
    if rest is not None:
        sheets.append(rest)
    return Decoded(tuple(sheets), cuts, kicks, dict(interpreter.unknown))

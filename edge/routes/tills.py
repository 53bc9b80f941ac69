"""Tills and shifts: which are open, what moved, and an X report of each at any time."""

import sqlite3

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody

from edge.day_desk import ScreenUnsent
from edge.house import read_house
from edge.routes.errors import Refused
from edge.routes.given import Asker, Database, DayDesk, Staffing
from edge.standing import ShiftFigures, find_shift, list_shifts, shift_figures
from edge.till_views import TillsView, TillView
from protocol.refusals import Refusal
from protocol.tills import Shift

TAG = "Tills"


@get("/api/tills", tags=[TAG], summary="Tills, and who has them open")
async def list_tills(database: Database, staffing: Staffing, asker: Asker) -> TillsView:
    """Those that HQ keeps, and any other that is or was open here.

    Of an open one what moved in it is left out (0) for whoever counts it blind.
    """
    tills = await database.read(_tills)
    if staffing.asking.blind(asker) is None:
        return tills
    return msgspec.structs.replace(tills, tills=tuple(_unseen(till) for till in tills.tills))


@get("/api/shifts", tags=[TAG], summary="Shifts: the open ones, then the last closed")
async def shifts(database: Database, staffing: Staffing, asker: Asker) -> tuple[Shift, ...]:
    """At most fifty. Of open ones what moved is left out (0) for whoever counts blind."""
    found = await database.read(list_shifts)
    blind = staffing.asking.blind(asker) is not None
    return tuple(_as_opened(shift) if blind else shift for shift in found)


@get("/api/shifts/{shift_id:str}/x", tags=[TAG], summary="X report of a shift")
async def shift_x_report(
    shift_id: FromPath[str], database: Database, staffing: Staffing, asker: Asker
) -> ShiftFigures:
    """What came in by each tender and what the drawer should hold; it counts nothing.

    Of an open shift only for whoever may close the day: whoever counts it counts blind.
    """

    def read(db: sqlite3.Connection) -> ShiftFigures | None:
        shift = find_shift(db, shift_id)
        return None if shift is None else shift_figures(db, shift)

    found = await database.read(read)
    if found is None:
        raise Refused(Refusal("unknown_shift", {"shift_id": shift_id[:64]}))
    no = staffing.asking.blind(asker)
    if no is not None and found.shift.closed_ms is None:
        raise Refused(no)
    return found


@post(
    "/api/screens/standing",
    tags=["Feed"],
    summary="A screen says what it has not sent",
    status_code=200,
)
async def screen_standing(data: JSONBody[ScreenUnsent], day_desk: DayDesk) -> ScreenUnsent:
    """Said when it changes and every minute; kept in memory, and listed when the day is closed."""
    said = ScreenUnsent(
        screen=data.screen[:100], unsent=max(0, min(data.unsent, 10**6)), name=data.name[:100]
    )
    day_desk.note_screen(said)
    return said


def _unseen(till: TillView) -> TillView:
    open_one = till.shift
    return till if open_one is None else msgspec.structs.replace(till, shift=_as_opened(open_one))


def _as_opened(shift: Shift) -> Shift:
    """An open shift as whoever counts it blind knows it: with what they put in at the start."""
    if shift.closed_ms is not None:
        return shift
    return msgspec.structs.replace(shift, paid_in=0, paid_out=0, drops=0, unapproved=0)


def _tills(db: sqlite3.Connection) -> TillsView:
    house = read_house(db)
    found = {x.id: TillView(till_id=x.id, name=x.name, printer=x.printer) for x in house.tills}
    for shift in list_shifts(db):
        till = found.get(shift.till_id) or TillView(till_id=shift.till_id, name=shift.till_id)
        if shift.closed_ms is None:
            till = msgspec.structs.replace(till, shift=shift)
        elif till.last is None:
            till = msgspec.structs.replace(till, last=shift)
        found[shift.till_id] = till
    return TillsView(tills=tuple(found.values()), needed=house.till_needed)

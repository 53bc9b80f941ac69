"""Business dates: how the open one stands, the Z reports, and their certificates."""

from typing import Annotated

from litestar import get
from litestar.params import FromPath, QueryParameter

from edge.days import Day, find_day, read_days
from edge.routes.errors import Refused
from edge.routes.given import Asker, Database, DayDesk, Journal, Outlet, Staffing
from edge.till_views import StandingView
from protocol.clock import Confidence
from protocol.floor_events import DayCertified
from protocol.refusals import Refusal
from protocol.staff import May

TAG = "Days"
LISTED_MOST = 60


@get("/api/days", tags=[TAG], summary="Closed days with their Z reports, the last first")
async def list_days(
    database: Database, before: Annotated[int, QueryParameter(name="before")] = 1 << 62
) -> tuple[Day, ...]:
    """At most sixty; `before`: those with a lower number."""
    # Beyond what the table can hold there are none, or all of them.
    held = max(0, min(before, 1 << 62))
    return tuple(await database.read(lambda db: read_days(db, LISTED_MOST, held)))


@get("/api/days/standing", tags=[TAG], summary="X report of the day, and what is not done")
async def day_standing(
    day_desk: DayDesk,
    journal: Journal,
    outlet: Outlet,
    staffing: Staffing,
    asker: Asker,
    date: Annotated[str | None, QueryParameter(pattern=r"^\d{4}-\d{2}-\d{2}$")] = None,
) -> StandingView:
    """Everything that no Z has counted up to a business date; it counts nothing.

    The figures only for whoever may close the day: with them a drawer would not be counted blind.
    """
    standing = await day_desk.standing(date)
    wanted = date or day_desk.today
    shown = staffing.asking.lacks(asker, May.CLOSE_DAY) is None
    return StandingView(
        business_date=wanted,
        today=day_desk.today,
        unsure=outlet.moment(journal.reading()).confidence is Confidence.UNCERTAIN,
        next_z=standing.next_z,
        figures=standing.figures if shown else (),
        outstanding=standing.outstanding,
        closed_z=standing.closed.get(wanted),
    )


@get("/api/days/{number:int}", tags=[TAG], summary="One Z report")
async def get_day(number: FromPath[int], database: Database) -> Day:
    """As it was printed, with its certificate once it has one."""
    return await _day(number, database)


@get(
    "/api/days/{number:int}/certificate", tags=[TAG], summary="The signed statement on a closed day"
)
async def day_certificate(number: FromPath[int], database: Database) -> DayCertified:
    """What the box, every screen and HQ have of it; it follows the close once HQ has everything."""
    day = await _day(number, database)
    if day.certified is None:
        raise Refused(Refusal("not_certified", {"number": str(number)}))
    return day.certified


async def _day(number: int, database: Database) -> Day:
    # A number that the table cannot hold is nobody's either.
    can_be = 0 < number < 1 << 31
    found = await database.read(lambda db: find_day(db, number)) if can_be else None
    if found is None:
        raise Refused(Refusal("unknown_day", {"number": str(number)}))
    return found

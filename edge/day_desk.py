"""What the day's close must know beside the database: screens that hold unsent work, and the line up.

Screens say themselves how many of their commands the box has not answered. That is kept in memory:
after a restart of the box each says it again, or is told that it is asked to.
"""

from collections.abc import Iterator

import msgspec

from edge.backfill import BackFill
from edge.database import Database
from edge.journal import Journal
from edge.outlet import Outlet
from edge.replication import Replication
from edge.standing import day_standing
from edge.taking import Taking
from protocol.commands import Envelope
from protocol.refusals import Refusal
from protocol.rules.state import DayStanding
from protocol.till_commands import CloseDay
from protocol.tills import Outstanding

SCREENS_MAX = 256
"""Screens that are remembered; the one that spoke least lately makes room, those that hold
something last."""
LINE_DOWN_MS = 120_000
"""What HQ lacks is named once nothing was heard of HQ for so long; before, it is on its way."""


class ScreenUnsent(msgspec.Struct, frozen=True, kw_only=True):
    """A screen says how many of its commands have no answer yet."""

    screen: str
    unsent: int
    name: str = ""


class DayDesk:
    """Lists what is outstanding outside the database, and holds a close back while data comes back."""

    def __init__(self, database: Database, journal: Journal, outlet: Outlet) -> None:
        self.database = database
        self.journal = journal
        self.outlet = outlet
        self.replication: Replication | None = None
        self.backfill: BackFill | None = None
        self.close_asked = False
        """Whether somebody asked for a close since the certifier looked last."""
        self._screens: dict[str, ScreenUnsent] = {}

    def join(self, taking: Taking) -> None:
        """Every close is asked about here."""
        taking.outstanding.append(self.outstanding)
        taking.guards.append(self.guard)

    def follow(self, replication: Replication, backfill: BackFill) -> None:
        """A box with an HQ: what it lacks, and what comes back from it."""
        self.replication, self.backfill = replication, backfill

    def note_screen(self, said: ScreenUnsent) -> None:
        """What a screen says of itself holds until it says something else."""
        self._screens.pop(said.screen, None)
        if len(self._screens) >= SCREENS_MAX:
            done = (name for name, s in self._screens.items() if s.unsent == 0)
            self._screens.pop(next(done, next(iter(self._screens))))
        self._screens[said.screen] = said

    @property
    def screens(self) -> tuple[ScreenUnsent, ...]:
        """What each screen said last, by name."""
        return tuple(self._screens[name] for name in sorted(self._screens))

    def outstanding(self) -> Iterator[Outstanding]:
        """What is not done, and where."""
        for said in self.screens:
            if said.unsent > 0:
                yield Outstanding(
                    kind="screen",
                    id=f"screen:{said.screen}",
                    label=said.name or said.screen,
                    amount=said.unsent,
                )
        line = self.replication
        if line is not None and line.unsent > 0 and self._line_is_down(line):
            yield Outstanding(kind="unsent", id="hq", label="HQ", amount=line.unsent)

    def guard(self, envelope: Envelope) -> Refusal | None:
        """While what this box lost comes back, nobody can say what a day came to."""
        if not isinstance(envelope.command, CloseDay):
            return None
        self.close_asked = True
        coming = self.backfill is not None and self.backfill.running
        return Refusal("day_coming_back") if coming else None

    async def standing(self, business_date: str | None) -> DayStanding:
        """What a close up to a date would find; without a date: up to now. Counts nothing."""
        today = self.today
        date = business_date or today
        beside = list(self.outstanding())
        return await self.database.read(lambda db: day_standing(db, date, today, beside))

    @property
    def today(self) -> str:
        """The business date by this box's clock."""
        return self.outlet.moment(self.journal.reading()).business_date

    def _line_is_down(self, line: Replication) -> bool:
        if line.last_heard_ms is None:
            return True
        return self.journal.reading().wall_ms - line.last_heard_ms > LINE_DOWN_MS

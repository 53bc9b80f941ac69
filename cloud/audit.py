"""The audit trail of one outlet or of all, from the ledger itself: looked through, and summed up."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from cloud.database import Database, Row, Transaction
from cloud.house import read_houses
from protocol.audit import AUDITED_SQL, AuditKind, AuditRow, Known, told
from protocol.clock import STAMP_MAX, stamp_at
from protocol.events import Event, decode
from protocol.menu import Names
from protocol.money import CURRENCIES
from protocol.trading_day import bounds_of

ROWS_MAX = 500
"""Most rows of one answer; older ones come when they are asked for."""
READ_AT_ONCE = 1_000
READ_MAX = 20_000
"""Most entries that one question looks through: a month of a busy outlet."""

READ = f"""
SELECT l.* FROM unnest($2::uuid[], $3::bigint[], $4::bigint[]) AS o (outlet_id, since, until)
CROSS JOIN LATERAL (
    SELECT outlet_id, stamp, position, actor, body, duplicate FROM ledger
    WHERE tenant_id = $1 AND outlet_id = o.outlet_id AND {AUDITED_SQL}
    AND stamp >= o.since AND stamp < o.until AND stamp <= $5
    AND (stamp, outlet_id, position) < ($5, $6::uuid, $7)
    ORDER BY stamp DESC, position DESC LIMIT $8) l
ORDER BY l.stamp DESC, l.outlet_id DESC, l.position DESC LIMIT $8
"""


class UnknownOutlet(Exception):
    """The tenant has no such outlet."""


class UnknownPlace(Exception):
    """No answer of ours ended at this place."""


class Asked(NamedTuple):
    """Which deeds: between two business dates, and where it is given, of an outlet, kind or person.

    `who` is a name as rows have it: who did it, or approved it. `after` is `next` of an answer.
    """

    first: date
    last: date
    outlet_id: str = ""
    kind: AuditKind | None = None
    who: str = ""
    after: str = ""


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """How often somebody did something between the dates, and what it came to (minor units)."""

    who: str
    kind: AuditKind
    times: int
    amount: int


class Trail(msgspec.Struct, frozen=True, kw_only=True):
    """Deeds, newest first; in the first answer also sums of all between the dates, whoever and
    whatever was asked for.

    `outlets` has the outlet's id of each row. `next`: older ones follow there. `tallied_all` is
    false when there was more than one question looks through, so that the sums lack the oldest.
    """

    first: str
    last: str
    rows: tuple[AuditRow, ...]
    outlets: tuple[str, ...]
    next: str | None = None
    tallies: tuple[Tally, ...] = ()
    tallied_all: bool = True


class _Deed(NamedTuple):
    row: AuditRow
    outlet_id: str
    place: str


class _Batch(NamedTuple):
    """Deeds among some entries, the place of the last entry, and whether any may follow."""

    deeds: list[_Deed]
    place: str
    more: bool


async def trail_of(database: Database, tenant_id: str, asked: Asked) -> Trail:
    """Who did what, newest first. Raises UnknownOutlet and UnknownPlace."""
    found: list[_Deed] = []
    sums: dict[tuple[str, AuditKind], tuple[int, int]] = {}
    looked, place, more = 0, asked.after, True
    async with database.reading(tenant_id) as tx:
        reader = await _Reader.of(tx, tenant_id, asked)
        # The first answer has the sums of everything; the others end with a full page.
        while more and looked < READ_MAX and not (asked.after and len(found) > ROWS_MAX):
            deeds, place, more = await reader.read(place)
            looked += READ_AT_ONCE
            found += [deed for deed in deeds if _is_wanted(deed.row, asked)]
            for row, _, _ in deeds:
                times, amount = sums.get((row.who, row.kind), (0, 0))
                sums[row.who, row.kind] = times + 1, amount + (row.amount or 0)
    shown = found[:ROWS_MAX]
    follows = shown[-1].place if len(found) > ROWS_MAX else place if more else None
    return Trail(
        first=asked.first.isoformat(),
        last=asked.last.isoformat(),
        rows=tuple(deed.row for deed in shown),
        outlets=tuple(deed.outlet_id for deed in shown),
        next=follows,
        tallies=() if asked.after else _tallies(sums),
        tallied_all=not more,
    )


def _is_wanted(row: AuditRow, asked: Asked) -> bool:
    if asked.kind is not None and row.kind is not asked.kind:
        return False
    return not asked.who or asked.who in (row.who, row.approved_by)


def _tallies(sums: dict[tuple[str, AuditKind], tuple[int, int]]) -> tuple[Tally, ...]:
    return tuple(
        Tally(who=who, kind=kind, times=times, amount=amount)
        for (who, kind), (times, amount) in sorted(sums.items())
    )


class _Reader:
    """Reads the ledgers of some outlets backwards in time, all as one."""

    def __init__(
        self, tx: Transaction, tenant_id: str, outlets: Sequence[Row], asked: Asked
    ) -> None:
        self._tx = tx
        self._tenant_id = tenant_id
        self._ids = [str(row["outlet_id"]) for row in outlets]
        self._currency = CURRENCIES[outlets[0]["currency"]] if outlets else CURRENCIES["IDR"]
        days = asked.first.isoformat(), asked.last.isoformat()
        zones = [(ZoneInfo(row["zone"]), row["rollover_hour"]) for row in outlets]
        self._since = [_stamp(bounds_of(days[0], *at)[0]) for at in zones]
        self._until = [_stamp(bounds_of(days[1], *at)[1]) for at in zones]
        self._people: dict[str, str] = {}
        self._tills: dict[str, dict[str, str]] = {}
        """Names of tills, by outlet: each may have house rules of its own."""

    @classmethod
    async def of(cls, tx: Transaction, tenant_id: str, asked: Asked) -> "_Reader":
        """For the outlets that were asked for. Raises UnknownOutlet."""
        outlets = await tx.fetch(
            """SELECT outlet_id, zone, rollover_hour, currency FROM outlets
               WHERE tenant_id = $1 AND ($2 = '' OR outlet_id::text = $2)""",
            *(tenant_id, asked.outlet_id.lower()),
        )
        if asked.outlet_id and not outlets:
            raise UnknownOutlet(asked.outlet_id)
        reader = cls(tx, tenant_id, outlets, asked)
        people = await tx.fetch("SELECT staff_id, name FROM people WHERE tenant_id = $1", tenant_id)
        reader._people = {str(row["staff_id"]): row["name"] for row in people}
        houses = await read_houses(tx, tenant_id, reader._ids)
        reader._tills = {x: {till.id: till.name for till in h.tills} for x, h in houses.items()}
        return reader

    async def read(self, after: str) -> _Batch:
        """Deeds older than a place (empty: the newest). Raises UnknownPlace."""
        rows = await self._tx.fetch(
            READ,
            *(self._tenant_id, self._ids, self._since, self._until, *_place(after)),
            READ_AT_ONCE,
        )
        read = [(row, e) for row in rows if not row["duplicate"] and (e := _event(row))]
        known = await self._known([event for _, event in read])
        here = {x: msgspec.structs.replace(known, tills=self._tills[x]) for x in self._ids}
        deeds = [
            _Deed(shown, str(row["outlet_id"]), _written(row))
            for row, event in read
            if (shown := told(event, row["actor"], here[str(row["outlet_id"])])) is not None
        ]
        return _Batch(deeds, _written(rows[-1]) if rows else after, len(rows) == READ_AT_ONCE)

    async def _known(self, events: Sequence[Event]) -> Known:
        ids = {str(getattr(e, "order_id", None) or getattr(e, "subject", "")) for e in events}
        wanted = sorted(x for x in ids if "\x00" not in x)
        at = (self._tenant_id, self._ids, wanted)
        orders = await self._tx.fetch(
            """SELECT order_id, number FROM orders
               WHERE tenant_id = $1 AND outlet_id = ANY($2::uuid[]) AND order_id = ANY($3::text[])""",
            *at,
        )
        rows = await self._tx.fetch(
            """SELECT line_id, names, quantity, amount FROM order_lines
               WHERE tenant_id = $1 AND outlet_id = ANY($2::uuid[]) AND order_id = ANY($3::text[])""",
            *at,
        )
        lines = {
            r["line_id"]: (msgspec.json.decode(r["names"], type=Names), r["quantity"], r["amount"])
            for r in rows
        }
        numbers = {r["order_id"]: r["number"] for r in orders}
        return Known(self._people, numbers, lines, self._currency)


def _event(row: Row) -> Event | None:
    try:
        return decode(row["body"])
    except (msgspec.MsgspecError, RecursionError):
        return None  # of a newer box; it is in the ledger, and a newer HQ tells of it


def _stamp(at_ms: int) -> int:
    return min(stamp_at(at_ms), STAMP_MAX)


def _written(row: Row) -> str:
    """A place in the trail as text; what comes after it is older."""
    return f"{row['stamp']}.{row['outlet_id']}.{row['position']}"


def _place(text: str) -> tuple[int, str, int]:
    if not text:
        return STAMP_MAX, str(UUID(int=(1 << 128) - 1)), STAMP_MAX
    stamp, _, rest = text.partition(".")
    outlet_id, _, position = rest.partition(".")
    try:
        place = int(stamp), str(UUID(outlet_id)), int(position)
    except ValueError:
        raise UnknownPlace(text) from None
    if not all(0 <= number <= STAMP_MAX for number in (place[0], place[2])):
        raise UnknownPlace(text)
    return place

"""Ledger → closed days, their certificates, and shifts, as boxes told them.

A shift that a tick touches is folded anew from all its entries; a Z and a certificate are said once
and never change. What HQ makes of a closed day by itself is `cloud.days`.
"""

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from cloud.database import Row, Transaction
from cloud.follower import Place
from cloud.histories import Stuck
from cloud.parking import park, read_parked, unpark_all
from cloud.platform import Platform
from protocol import events as e
from protocol import floor_events as f
from protocol.day_figures import moved
from protocol.tills import Shift

NUMBER_MAX = (1 << 31) - 1
TIME_MAX = 1 << 53


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """Cash that moved without a sale, or a drawer opened; `kind` is a `CashKind` or `no_sale`."""

    kind: str
    amount: int
    at_ms: int
    reason: str = ""
    staff: str | None = None
    approved_by: str | None = None


DayEvent = (
    f.DayClosed | f.DayCertified | f.ShiftOpened | f.ShiftClosed | f.CashMoved | f.DrawerOpened
)


class Days:
    """The projection of closes and tills."""

    name = "days"
    columns = """position, event_id, type, aggregate_kind, aggregate_id, stamp, body, duplicate"""
    only = """type IN ('day.closed', 'day.certified', 'shift.opened', 'shift.closed', 'cash.moved',
        'drawer.opened')"""
    behind = "days_behind"

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def project(self, tx: Transaction, at: Place, rows: Sequence[Row]) -> int:
        """Keep these; every shift they touch is folded from all that the ledger has of it."""
        shifts: set[str] = set()
        stuck: dict[str, Stuck] = {}
        for row in rows:
            if row["duplicate"]:
                continue
            event = _read(row)
            match event:
                case str():
                    stuck[row["aggregate_id"]] = Stuck(row, event)
                case f.DayClosed():
                    await _keep_day(tx, at, event, row["body"])
                case f.DayCertified():
                    await _keep_certificate(tx, at, event, row)
                case _:
                    shifts.add(row["aggregate_id"])
        for shift_id in sorted(shifts):
            await self._fold_shift(tx, at, shift_id)
        await park(tx, at, self.name, stuck, self._platform.wall_ms())
        return len(stuck)

    async def retry(self, tx: Transaction, at: Place) -> None:
        """Read again what this version may understand."""
        rows = await read_parked(tx, at, self.name, self.columns, self.only)
        await unpark_all(tx, at, self.name)
        await self.project(tx, at, rows)

    async def drop(self, tx: Transaction, at: Place) -> None:
        """Forget everything about an outlet's days."""
        for table in ("closed_days", "day_certificates", "day_checks", "till_shifts"):
            await tx.execute(f"DELETE FROM {table} WHERE tenant_id = $1 AND outlet_id = $2", *at)
        await unpark_all(tx, at, self.name)

    async def _fold_shift(self, tx: Transaction, at: Place, shift_id: str) -> None:
        rows = await tx.fetch(
            f"""SELECT {self.columns} FROM ledger WHERE tenant_id = $1 AND outlet_id = $2
                AND aggregate_id = $3 AND aggregate_kind = 'shift' AND NOT duplicate""",
            *(*at, shift_id),
        )
        ordered = sorted(
            rows, key=lambda r: (r["type"] != "shift.opened", r["stamp"], r["event_id"])
        )
        shift, moves = fold_shift(
            event for event in map(_read, ordered) if not isinstance(event, str)
        )
        if shift is None:
            return
        await tx.execute(
            """INSERT INTO till_shifts VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
               ON CONFLICT (tenant_id, outlet_id, shift_id) DO UPDATE SET
                   business_date = excluded.business_date, opened_ms = excluded.opened_ms,
                   closed_ms = excluded.closed_ms, body = excluded.body, moves = excluded.moves""",
            *(*at, shift_id, date.fromisoformat(shift.business_date), shift.opened_ms),
            *(shift.closed_ms, msgspec.json.encode(shift), msgspec.json.encode(moves)),
        )


def fold_shift(events: Iterable[DayEvent]) -> tuple[Shift | None, list[Move]]:
    """A shift from its events, the first close being the one that stands, and what moved in it."""
    shift: Shift | None = None
    moves: list[Move] = []
    for event in events:
        match event:
            case f.ShiftOpened():
                shift = shift or event.shift
            case f.ShiftClosed():
                shift = event.shift if shift is None or shift.closed_ms is None else shift
            case f.CashMoved() | f.DrawerOpened():
                if shift is not None and shift.closed_ms is None:
                    shift = moved(shift, event)
                moves.append(_move(event))
    return shift, moves


def _move(event: f.CashMoved | f.DrawerOpened) -> Move:
    cash = event if isinstance(event, f.CashMoved) else None
    return Move(
        kind="no_sale" if cash is None else cash.kind.value,
        amount=0 if cash is None else cash.amount,
        at_ms=event.at_ms,
        reason=event.reason,
        staff=event.staff,
        approved_by=event.approved_by,
    )


async def _keep_day(tx: Transaction, at: Place, event: f.DayClosed, body: bytes) -> None:
    await tx.execute(
        "INSERT INTO closed_days VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        *(*at, event.digest, event.number_z, date.fromisoformat(event.business_date)),
        *(event.at_ms, body),
    )


async def _keep_certificate(tx: Transaction, at: Place, event: f.DayCertified, row: Row) -> None:
    await tx.execute(
        "INSERT INTO day_certificates VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        *(*at, event.number_z, row["event_id"].hex(), event.at_ms, row["body"]),
    )


def _read(row: Row) -> DayEvent | str:
    """The event, or why it cannot be taken in."""
    try:
        event = e.decode(row["body"])
    except (msgspec.MsgspecError, RecursionError) as no:
        return str(no)
    if not isinstance(event, DayEvent):
        return f"it is filed as {row['type']} and says something else"
    try:
        match event:
            case f.DayClosed() | f.DayCertified():
                sound = 0 < event.number_z <= NUMBER_MAX and 0 <= event.at_ms < TIME_MAX
                date.fromisoformat(event.business_date)
                sound = sound and "\x00" not in getattr(event, "digest", "")
            case f.ShiftOpened() | f.ShiftClosed():
                date.fromisoformat(event.shift.business_date)
                closed_ms = event.shift.closed_ms or 0
                sound = 0 <= event.shift.opened_ms < TIME_MAX and 0 <= closed_ms < TIME_MAX
            case _:
                sound = 0 <= event.at_ms < TIME_MAX
    except ValueError as no:
        return str(no)
    return event if sound else "its figures cannot be"

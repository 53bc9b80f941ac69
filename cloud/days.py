"""Closed days and shifts as HQ shows them: what the box said, what HQ counts itself, and who signed."""

from collections.abc import Sequence
from datetime import date

import msgspec

from cloud.completeness import Completeness, all_complete, completeness_of
from cloud.database import Database, Row, Transaction
from cloud.day_ledger import closed_days, day_at_hq
from cloud.day_pairs import Beside, beside
from cloud.day_views import CertificateView, DayList, DayView, Gap, ShiftList, ShiftView, Unclosed
from cloud.follower import Place
from cloud.nodes import Node, Nodes
from cloud.outlets import Outlet, find_outlets
from cloud.platform import Platform
from cloud.projections.days import Move
from protocol import events as e
from protocol.certificates import (
    DayAtHq,
    Holding,
    Statement,
    differences,
    signed_statement,
    statement_digest,
    z_digest_of_bytes,
)
from protocol.floor_events import DayCertified, DayClosed
from protocol.tills import Shift

LISTED_MOST = 400
WORKED_OUT_MOST = 5
"""Days that one question has HQ count anew; the others say `waiting` until they are asked again."""

_holding = msgspec.json.Decoder(Holding)
_statement = msgspec.json.Decoder(Statement)


class ClosedDays:
    """Answers about closed days."""

    def __init__(self, database: Database, platform: Platform, nodes: Nodes) -> None:
        self._database = database
        self._platform = platform
        self._nodes = nodes

    async def at_hq(self, node: Node, digest: str) -> DayAtHq:
        """What HQ itself has of a Z of this box's outlet."""
        at = Place(node.tenant_id, node.outlet_id)
        async with self._database.transaction(node.tenant_id) as tx:
            day = next((d for d in await closed_days(tx, at) if d.digest == digest), None)
            holding = None if day is None else await self._holding(tx, at, day)
        return DayAtHq(digest=digest, holding=holding)

    async def listed(
        self,
        tenant_id: str,
        *,
        outlet_id: str | None = None,
        first: date | None = None,
        last: date | None = None,
        limit: int = 100,
    ) -> DayList:
        """Closed days between two business dates, newest first."""
        async with self._database.transaction(tenant_id) as tx:
            outlets = [
                o for o in await find_outlets(tx, tenant_id) if outlet_id in (None, o.outlet_id)
            ]
            rows = await tx.fetch(
                """SELECT * FROM closed_days WHERE tenant_id = $1 AND outlet_id = ANY($2::uuid[])
                   AND business_date BETWEEN $3 AND $4
                   ORDER BY business_date DESC, number_z DESC LIMIT $5""",
                *(tenant_id, [o.outlet_id for o in outlets], first or date.min, last or date.max),
                max(1, min(limit, LISTED_MOST)),
            )
            views = await self._views(tx, tenant_id, outlets, rows)
            gaps = await _gaps(tx, tenant_id, outlets)
            unclosed = await _unclosed(tx, tenant_id, outlets)
        known = self._completeness(outlets)
        return DayList(
            days=tuple(views),
            gaps=gaps,
            unclosed=unclosed,
            complete=all_complete(known),
            completeness=known,
        )

    async def find(self, tenant_id: str, outlet_id: str, number: int) -> DayView | None:
        """The Z of a number at an outlet."""
        async with self._database.transaction(tenant_id) as tx:
            outlets = [o for o in await find_outlets(tx, tenant_id) if o.outlet_id == outlet_id]
            rows = await tx.fetch(
                """SELECT * FROM closed_days WHERE tenant_id = $1 AND outlet_id = ANY($2::uuid[])
                   AND number_z = $3 ORDER BY digest LIMIT 1""",
                *(tenant_id, [o.outlet_id for o in outlets], number),
            )
            found = await self._views(tx, tenant_id, outlets, rows)
        return found[0] if found else None

    async def shifts(
        self,
        tenant_id: str,
        *,
        outlet_id: str | None = None,
        first: date | None = None,
        last: date | None = None,
        only_open: bool = False,
    ) -> ShiftList:
        """Shifts of business dates, newest first."""
        async with self._database.transaction(tenant_id) as tx:
            outlets = [
                o for o in await find_outlets(tx, tenant_id) if outlet_id in (None, o.outlet_id)
            ]
            rows = await tx.fetch(
                """SELECT * FROM till_shifts WHERE tenant_id = $1 AND outlet_id = ANY($2::uuid[])
                   AND business_date BETWEEN $3 AND $4 AND (closed_ms IS NULL OR NOT $5)
                   ORDER BY opened_ms DESC, shift_id LIMIT $6""",
                *(tenant_id, [o.outlet_id for o in outlets], first or date.min, last or date.max),
                *(only_open, LISTED_MOST),
            )
        named = {str(o.outlet_id): o for o in outlets}
        known = self._completeness(outlets)
        return ShiftList(
            shifts=tuple(_shift(named[str(r["outlet_id"])], r) for r in rows),
            complete=all_complete(known),
            completeness=known,
        )

    async def _views(
        self, tx: Transaction, tenant_id: str, outlets: Sequence[Outlet], rows: Sequence[Row]
    ) -> list[DayView]:
        named = {str(o.outlet_id): o for o in outlets}
        views: list[DayView] = []
        left = WORKED_OUT_MOST
        for row in rows:
            at = Place(tenant_id, str(row["outlet_id"]))
            closed = e.decode(row["body"])
            assert isinstance(closed, DayClosed), "the projection keeps nothing else"
            kept = await _kept(tx, at, closed.digest)
            if kept is None and left:
                left -= 1
                kept = await self._holding(tx, at, closed)
            certificate = await self._certificate(tx, at, closed)
            stands = await beside(tx, at, closed)
            views.append(_view(named[at.outlet_id], closed, row["body"], kept, certificate, stands))
        return views

    async def _holding(self, tx: Transaction, at: Place, closed: DayClosed) -> Holding | None:
        """What HQ has of it; worked out once, since what a Z counts never changes."""
        kept = await _kept(tx, at, closed.digest)
        if kept is not None:
            return kept
        made = await day_at_hq(tx, at, closed)
        if made is not None:
            await tx.execute(
                "INSERT INTO day_checks VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                *(*at, closed.digest, msgspec.json.encode(made)),
            )
        return made

    async def _certificate(
        self, tx: Transaction, at: Place, closed: DayClosed
    ) -> CertificateView | None:
        rows = await tx.fetch(
            """SELECT body FROM day_certificates WHERE tenant_id = $1 AND outlet_id = $2
               AND (number_z = $3 OR number_z = (SELECT max(c.number_z) FROM day_certificates c
                    WHERE c.tenant_id = $1 AND c.outlet_id = $2 AND c.number_z < $3))
               ORDER BY number_z, event_id""",
            *(*at, closed.number_z),
        )
        said = [x for x in (e.decode(r["body"]) for r in rows) if isinstance(x, DayCertified)]
        found: CertificateView | None = None
        for certified in said:
            statement = _statement_on(closed, certified)
            if statement is None:
                continue
            before = {
                statement_digest(x.statement.encode()) for x in said if x.number_z < closed.number_z
            }
            data = certified.statement.encode()
            signed = await self._nodes.signed(
                tx, certified.node_id, signed_statement(data), certified.signature
            )
            view = CertificateView(
                at_ms=certified.at_ms,
                agrees=certified.agrees,
                differs=statement.differs,
                node_id=certified.node_id,
                signature=certified.signature,
                statement=certified.statement,
                known=signed is not None,
                sound=signed is True,
                chained=statement.previous in (before or {""}),
                screens=statement.screens,
            )
            if view.sound and view.chained:
                return view
            if found is None or (view.known and not found.known):
                found = view
        return found

    def _completeness(self, outlets: Sequence[Outlet]) -> tuple[Completeness, ...]:
        now_ms = self._platform.wall_ms()
        return tuple(completeness_of(o, now_ms) for o in outlets)


def _statement_on(closed: DayClosed, certified: DayCertified) -> Statement | None:
    """What the box stated, when it is about this Z."""
    if certified.number_z != closed.number_z:
        return None
    try:
        statement = _statement.decode(certified.statement.encode())
    except msgspec.MsgspecError:
        return None
    return statement if statement.z_digest == closed.digest else None


async def _kept(tx: Transaction, at: Place, digest: str) -> Holding | None:
    holding = await tx.fetchval(
        "SELECT holding FROM day_checks WHERE tenant_id = $1 AND outlet_id = $2 AND digest = $3",
        *(*at, digest),
    )
    return None if holding is None else _holding.decode(holding)


def _view(
    outlet: Outlet,
    closed: DayClosed,
    body: bytes,
    holding: Holding | None,
    certificate: CertificateView | None,
    stands: Beside,
) -> DayView:
    intact = z_digest_of_bytes(body, closed.digest) == closed.digest
    differs: tuple[str, ...] = ()
    if holding is not None:
        box = msgspec.structs.replace(holding, figures=closed.figures)
        differs = differences(box, holding)
    if certificate is not None:
        differs = tuple(dict.fromkeys((*differs, *certificate.differs)))
    return DayView(
        outlet_id=outlet.outlet_id,
        outlet_name=outlet.name,
        currency=outlet.currency,
        number_z=closed.number_z,
        business_date=closed.business_date,
        closed_ms=closed.at_ms,
        staff=closed.staff,
        unsure=closed.unsure,
        digest=closed.digest,
        previous=closed.previous,
        chained=stands.follows and intact,
        double=stands.double,
        joined=stands.joined,
        joins=closed.joins,
        orders_twice=stands.orders_twice,
        amount_twice=stands.amount_twice,
        figures=closed.figures,
        outstanding=closed.outstanding,
        hq_figures=None if holding is None else holding.figures,
        differs=differs,
        state=_state(holding, certificate, differs),
        certificate=certificate,
    )


def _state(
    holding: Holding | None, certificate: CertificateView | None, differs: tuple[str, ...]
) -> str:
    if certificate is not None and not certificate.known:
        return "unknown_signer"
    if certificate is not None and not (certificate.sound and certificate.chained):
        return "bad_signature"
    if differs:
        return "differs"
    if certificate is not None:
        return "certified"
    return "waiting" if holding is None else "not_certified"


async def _gaps(tx: Transaction, tenant_id: str, outlets: Sequence[Outlet]) -> tuple[Gap, ...]:
    rows = await tx.fetch(
        """SELECT outlet_id, array_agg(DISTINCT number_z) AS numbers FROM closed_days
           WHERE tenant_id = $1 AND outlet_id = ANY($2::uuid[]) GROUP BY 1""",
        *(tenant_id, [o.outlet_id for o in outlets]),
    )
    numbers = {str(r["outlet_id"]): set(r["numbers"]) for r in rows}
    found = []
    for outlet in outlets:
        have = numbers.get(outlet.outlet_id, set())
        missing = sorted(set(range(1, max(have, default=0))) - have)[:LISTED_MOST]
        if missing:
            found.append(
                Gap(outlet_id=outlet.outlet_id, outlet_name=outlet.name, missing=tuple(missing))
            )
    return tuple(found)


async def _unclosed(
    tx: Transaction, tenant_id: str, outlets: Sequence[Outlet]
) -> tuple[Unclosed, ...]:
    """Dates with sales after the first Z of an outlet; one that never closed is not reminded."""
    rows = await tx.fetch(
        """SELECT DISTINCT h.outlet_id, h.business_date FROM hourly_sales h
           WHERE h.tenant_id = $1 AND h.outlet_id = ANY($2::uuid[]) AND h.orders > 0
           AND h.business_date > (SELECT min(d.business_date) FROM closed_days d
               WHERE d.tenant_id = $1 AND d.outlet_id = h.outlet_id)
           AND NOT EXISTS (SELECT 1 FROM closed_days d WHERE d.tenant_id = $1
               AND d.outlet_id = h.outlet_id AND d.business_date = h.business_date)
           ORDER BY 2 DESC, 1 LIMIT $3""",
        *(tenant_id, [o.outlet_id for o in outlets], LISTED_MOST),
    )
    named = {str(o.outlet_id): o.name for o in outlets}
    return tuple(
        Unclosed(
            outlet_id=str(r["outlet_id"]),
            outlet_name=named[str(r["outlet_id"])],
            business_date=r["business_date"].isoformat(),
        )
        for r in rows
    )


def _shift(outlet: Outlet, row: Row) -> ShiftView:
    shift = msgspec.json.decode(row["body"], type=Shift)
    return ShiftView(
        outlet_id=outlet.outlet_id,
        outlet_name=outlet.name,
        currency=outlet.currency,
        shift=shift,
        over_short=shift.over_short,
        moves=msgspec.json.decode(row["moves"], type=tuple[Move, ...]),
    )

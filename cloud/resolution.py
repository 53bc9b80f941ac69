"""How disagreements end: decisions kept with their reasons, and cards that wait for a person."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from cloud.completeness import Sentence
from cloud.database import Database, Row, Transaction
from cloud.follower import Place
from cloud.platform import Platform
from protocol.conflicts import KINDS, Decision, Side
from protocol.ids import OutletId, TenantId
from protocol.money import CURRENCIES, decimal_text
from protocol.rules.resolving import parked

SALES = "sales"
"""The projection that reads orders."""
CARDS_MAX = 500
NOTE_CHARS_MAX = 1_000
TEXT_CHARS_MAX = 500
MONEY_MAX = 10**15
"""As in `projections/sales.py`: beyond it a figure is damage and would not add up either."""

# What a person settled is never forgotten; when more money turns out to be at stake it is a new
# question, and the card is `open` again until it is settled once more.
RECORD = """
INSERT INTO decisions (tenant_id, outlet_id, decision_id, kind, subject, order_id, automatic,
    sides, params, at_ms, money, currency, part_of)
SELECT $1, $2, id, kind, subject, order_id, automatic, sides::jsonb, params::jsonb, at_ms, money,
    currency, part_of
FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::text[],
    $9::text[], $10::bigint[], $11::bigint[], $12::text[], $13::text[])
    AS d (id, kind, subject, order_id, automatic, sides, params, at_ms, money, currency, part_of)
ON CONFLICT (tenant_id, outlet_id, decision_id) DO UPDATE SET
    sides = excluded.sides, params = excluded.params, at_ms = excluded.at_ms,
    money = excluded.money, currency = excluded.currency, automatic = excluded.automatic,
    order_id = excluded.order_id, part_of = excluded.part_of
WHERE decisions.money <> excluded.money OR (decisions.settled_ms IS NULL AND
    (decisions.sides, decisions.params, decisions.at_ms, decisions.automatic, decisions.part_of)
    IS DISTINCT FROM
    (excluded.sides, excluded.params, excluded.at_ms, excluded.automatic, excluded.part_of))
"""

WITHDRAW = """
DELETE FROM decisions WHERE tenant_id = $1 AND outlet_id = $2 AND kind = ANY($3::text[])
AND {about} = ANY($4::text[]) AND decision_id <> ALL($5::text[]) AND settled_ms IS NULL
"""
# Settled once, open again, and nothing after all: it is as settled as it was.
CLOSE = """
UPDATE decisions SET money = coalesce(settled_money, money) WHERE tenant_id = $1 AND outlet_id = $2
AND kind = ANY($3::text[]) AND {about} = ANY($4::text[]) AND decision_id <> ALL($5::text[])
AND settled_ms IS NOT NULL AND open
"""

CARDS = """
SELECT d.*, o.name AS outlet_name, orders.number
FROM decisions d JOIN outlets o USING (tenant_id, outlet_id)
LEFT JOIN orders ON orders.tenant_id = d.tenant_id AND orders.outlet_id = d.outlet_id
    AND orders.order_id = d.order_id
WHERE d.tenant_id = $1 AND ($2::uuid IS NULL OR d.outlet_id = $2) AND d.automatic = $3
AND ($4::boolean IS NULL OR d.open = $4)
ORDER BY d.at_ms DESC, d.decision_id LIMIT $5
"""


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A decision as people see it: who did what, what it is worth, why, and what we suggest.

    `money` is in minor units, above zero when the outlet got more than it should have. A card of
    kind `parked` settles itself once HQ can read the entry it is about.
    """

    decision_id: str
    kind: str
    outlet_id: str
    outlet_name: str
    subject: str
    order_id: str | None
    order_number: str | None
    automatic: bool
    sides: tuple[Side, Side]
    at_ms: int
    money: int
    money_text: str
    currency: str
    params: dict[str, str]
    why: Sentence
    suggestion: Sentence
    settled_ms: int | None = None
    settled_by: str | None = None
    note: str | None = None


class Conflicts(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions, newest first; `open` is how many cards wait for a person, shown or not."""

    open: int
    decisions: tuple[Card, ...]


class UnknownConflict(Exception):
    """The tenant has no such card."""


class SettlesItself(Exception):
    """The card goes when its cause does; nobody can settle it."""


async def record_decisions(tx: Transaction, at: Place, decisions: Iterable[Decision]) -> None:
    """Keep these decisions; one that is kept already is brought up to date, once settled it stays.

    Raises what Postgres raises for values it cannot hold (`cloud.database.BadData`), which cannot
    come from text: NULs are replaced and long sentences cut.
    """
    # The same decision twice in one statement would be refused; the last one counts.
    rows = [_row(d) for d in {d.decision_id: d for d in decisions}.values()]
    if rows:
        await tx.execute(RECORD, *at, *map(list, zip(*rows, strict=True)))


async def withdraw_of_orders(
    tx: Transaction, at: Place, kinds: Sequence[str], orders: Sequence[str], but: Sequence[str]
) -> None:
    """What no longer holds of these orders goes: all of those kinds but the decisions `but`.

    What somebody settled is never taken away.
    """
    if orders:
        await _withdraw(tx, at, "order_id", list(kinds), list(orders), list(but))


async def withdraw_about(
    tx: Transaction, at: Place, kinds: Sequence[str], subjects: Sequence[str], but: Sequence[str]
) -> None:
    """The same by what decisions are about."""
    if subjects:
        await _withdraw(tx, at, "subject", list(kinds), list(subjects), list(but))


async def forget(tx: Transaction, at: Place, kinds: Sequence[str]) -> None:
    """All of those kinds are about to be found again; what somebody settled stays settled."""
    for query in (
        "DELETE FROM decisions WHERE {these} AND settled_ms IS NULL",
        "UPDATE decisions SET money = coalesce(settled_money, money) WHERE {these} AND open",
    ):
        these = "tenant_id = $1 AND outlet_id = $2 AND kind = ANY($3::text[])"
        await tx.execute(query.format(these=these), *at, list(kinds))


async def count_open(tx: Transaction, tenant_id: str, outlet_id: str | None = None) -> int:
    """How many cards wait for a person, at one outlet or all; parked things are cards too."""
    found: int = await tx.fetchval(
        """SELECT (SELECT count(*) FROM decisions WHERE tenant_id = $1 AND open
                   AND ($2::uuid IS NULL OR outlet_id = $2))
                + (SELECT count(*) FROM parked WHERE tenant_id = $1
                   AND ($2::uuid IS NULL OR outlet_id = $2))""",
        *(tenant_id, outlet_id),
    )
    return found


class Resolution:
    """The conflict inbox of all tenants."""

    def __init__(self, database: Database, platform: Platform) -> None:
        self._database = database
        self._platform = platform

    async def list(
        self,
        tenant_id: TenantId,
        *,
        automatic: bool = False,
        waiting: bool | None = None,
        outlet_id: str | None = None,
        limit: int = 100,
    ) -> Conflicts:
        """Cards, or with `automatic` what needed nobody; `waiting` leaves only (un)settled ones."""
        limit = max(1, min(limit, CARDS_MAX))
        async with self._database.reading(tenant_id) as tx:
            total = await count_open(tx, tenant_id, outlet_id)
            rows = await tx.fetch(CARDS, tenant_id, outlet_id, automatic, waiting, limit)
            cards = [_card(r) for r in rows]
            if not automatic and waiting is not False:
                cards += await _parked_cards(tx, tenant_id, outlet_id, limit)
        cards.sort(key=lambda c: (-c.at_ms, c.decision_id))
        return Conflicts(open=total, decisions=tuple(cards[:limit]))

    async def settle(self, tenant_id: TenantId, wanted: str, who: str, note: str) -> Card:
        """Somebody dealt with a card; doing it twice keeps the first.

        Raises UnknownConflict, or SettlesItself for a card of something parked.
        """
        async with self._database.transaction(tenant_id) as tx:
            await tx.execute(
                """UPDATE decisions SET settled_ms = $3, settled_by = $4, note = $5,
                       settled_money = money
                   WHERE tenant_id = $1 AND decision_id = $2 AND open""",
                *(tenant_id, wanted, self._platform.wall_ms(), _text(who)),
                _text(note, NOTE_CHARS_MAX),
            )
            row = await tx.fetchrow(
                """SELECT d.*, o.name AS outlet_name, orders.number
                   FROM decisions d JOIN outlets o USING (tenant_id, outlet_id)
                   LEFT JOIN orders ON orders.tenant_id = d.tenant_id
                       AND orders.outlet_id = d.outlet_id AND orders.order_id = d.order_id
                   WHERE d.tenant_id = $1 AND d.decision_id = $2 AND NOT d.automatic""",
                *(tenant_id, wanted),
            )
            if row is not None:
                return _card(row)
            waiting = await _parked_cards(tx, tenant_id, None, None)
        if any(card.decision_id == wanted for card in waiting):
            raise SettlesItself(wanted)
        raise UnknownConflict(wanted)


# ------------------------------------------------------------ parts


async def _withdraw(tx: Transaction, at: Place, about: str, *which: list[str]) -> None:
    await tx.execute(WITHDRAW.format(about=about), *at, *which)
    await tx.execute(CLOSE.format(about=about), *at, *which)


async def _parked_cards(
    tx: Transaction, tenant_id: str, outlet_id: str | None, limit: int | None
) -> list[Card]:
    rows = await tx.fetch(
        """SELECT p.*, o.name FROM parked p JOIN outlets o USING (tenant_id, outlet_id)
           WHERE p.tenant_id = $1 AND ($2::uuid IS NULL OR p.outlet_id = $2)
           ORDER BY p.since_ms DESC LIMIT $3""",
        *(tenant_id, outlet_id, limit),
    )
    return [_parked_card(r) for r in rows]


def _parked_card(row: Row) -> Card:
    decision = parked(
        OutletId(str(row["outlet_id"])),
        row["aggregate_id"],
        row["event_type"],
        row["reason"],
        by=row["projection"],
        at_ms=row["since_ms"],
    )
    why, todo = _sentences(decision.kind, decision.params)
    return Card(
        **{
            name: getattr(decision, name)
            for name in Decision.__struct_fields__
            if name not in ("order_id", "part_of")
        },
        outlet_name=row["name"],
        order_id=row["aggregate_id"] if row["projection"] == SALES else None,
        order_number=None,
        money_text="",
        why=why,
        suggestion=todo,
    )


def _card(row: Row) -> Card:
    params = msgspec.json.decode(row["params"], type=dict[str, str])
    why, todo = _sentences(row["kind"], params)
    currency = CURRENCIES.get(row["currency"])
    return Card(
        decision_id=row["decision_id"],
        kind=row["kind"],
        outlet_id=str(row["outlet_id"]),
        outlet_name=row["outlet_name"],
        subject=row["subject"],
        order_id=row["order_id"],
        order_number=row["number"],
        automatic=row["automatic"],
        sides=msgspec.json.decode(row["sides"], type=tuple[Side, Side]),
        at_ms=row["at_ms"],
        money=row["money"],
        money_text=decimal_text(row["money"], currency) if currency and row["money"] else "",
        currency=row["currency"],
        params=params,
        why=why,
        suggestion=todo,
        settled_ms=None if row["open"] else row["settled_ms"],
        settled_by=None if row["open"] else row["settled_by"],
        note=None if row["open"] else row["note"],
    )


def _sentences(kind: str, params: dict[str, str]) -> tuple[Sentence, Sentence]:
    text = KINDS.get(kind)
    if text is None:
        # Kept by a newer version; its params say more than nothing.
        words = f"{kind}: " + ", ".join(f"{k} {v}" for k, v in params.items())
        return Sentence(en=words, id=words), Sentence(en="", id="")
    filled = _Params(params)
    return (
        Sentence(en=text.why_en.format_map(filled), id=text.why_id.format_map(filled)),
        Sentence(en=text.todo_en.format_map(filled), id=text.todo_id.format_map(filled)),
    )


class _Params(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


def _row(decision: Decision) -> tuple[Any, ...]:
    sides = tuple(
        Side(who=_text(s.who), what=_text(s.what), at_ms=s.at_ms, what_id=_text(s.what_id))
        for s in decision.sides
    )
    params = {_text(k): _text(v) for k, v in decision.params.items()}
    return (
        *(decision.decision_id, _text(decision.kind), _text(decision.subject)),
        None if decision.order_id is None else _text(decision.order_id),
        *(decision.automatic, msgspec.json.encode(sides).decode()),
        *(msgspec.json.encode(params).decode(), decision.at_ms),
        *(max(-MONEY_MAX, min(decision.money, MONEY_MAX)), _text(decision.currency)),
        _text(decision.part_of),
    )


def _text(text: str, most: int = TEXT_CHARS_MAX) -> str:
    return text.replace("\x00", "\ufffd")[:most]

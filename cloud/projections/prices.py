"""Judges what the sales projection has folded: charged as HQ asked, paid once, edited in time.

It is given every order that a tick touches and says all there is to say about it, so its decisions
follow from the set of events and from what HQ had published, and from nothing else.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from cloud.database import Row, Transaction
from cloud.follower import Place
from cloud.histories import Judged
from cloud.price_cards import bring_up_to_date, parts_of
from cloud.price_history import Asked, PriceHistory, Prices
from cloud.resolution import forget, record_decisions, withdraw_of_orders
from protocol import events as e
from protocol.clock import Confidence
from protocol.conflicts import Decision
from protocol.floor_events import LinesMovedTwice
from protocol.ids import OutletId
from protocol.orders import Line, Order, Source
from protocol.rules.moved_twice import moved_twice_card
from protocol.rules.price_cards import CARDS, Lost
from protocol.rules.price_verdicts import Ruling, amounts_between, verdict
from protocol.rules.refund_cards import refunded_twice
from protocol.rules.resolving import late_cart_edits, overpaid, price_variance, repriced

KINDS = (
    *("price_variance", "overpaid", "refunded_twice", "late_cart_edit", "repriced"),
    "moved_twice",
)
SPEAKS_FOR_ITSELF = frozenset({"cart.merged", "line.repriced", "lines.moved_twice"})
SURE = frozenset({Confidence.SYNCED, Confidence.RECORDED})


class _Time(NamedTuple):
    """When an order was taken, as far as HQ knows (Unix milliseconds)."""

    from_ms: int
    to_ms: int


class PriceJudge:
    """Looks at every order of a tick."""

    def __init__(self) -> None:
        self._history = PriceHistory()

    async def judge(self, tx: Transaction, at: Place, judged: Sequence[Judged]) -> dict[str, str]:
        """Keep the decisions about these orders. Returns why some could not be judged."""
        known = [j.thing for j in judged if j.known]
        parts = await parts_of(tx, at, known) if known else set()
        failed, found = await self._judge(tx, at, judged)
        await bring_up_to_date(tx, at, parts | found)
        return failed

    async def _judge(
        self, tx: Transaction, at: Place, judged: Sequence[Judged]
    ) -> tuple[dict[str, str], set[str]]:
        """Why some could not be judged, and the cards that records of the others are part of."""
        gone = [j.thing for j in judged if j.order is None and j.known]
        await withdraw_of_orders(tx, at, KINDS, gone, [])
        mine = [j for j in judged if j.order is not None and j.order.source is not Source.IMPORT]
        if not mine:
            return {}, set()
        prices = await self._history.read(tx, at.tenant_id)
        unsure = [j.thing for j in mine if j.order and j.order.confidence not in SURE]
        times = await _times(tx, at, unsure) if unsure else {}
        plain = _Plain(self._history, prices)
        decisions: list[Decision] = []
        failed: dict[str, str] = {}
        for thing, order, rows, _ in mine:
            assert order is not None
            try:
                decisions += _spoken(at, order, rows)
                if order.payments:
                    if prices.menus and not await plain.agrees(tx, at, order):
                        decisions += await self._verdicts(tx, at, order, prices, times.get(thing))
                    over = overpaid(OutletId(at.outlet_id), order, _last_ms(order))
                    twice = refunded_twice(OutletId(at.outlet_id), order)
                    decisions += [card for card in (over, twice) if card]
            except Exception as bug:  # noqa: BLE001  whatever one order sets off, only it waits
                failed[thing] = f"its prices cannot be judged: {type(bug).__name__}: {bug}"
        known = [j.thing for j in mine if j.known and j.thing not in failed]
        await withdraw_of_orders(tx, at, KINDS, known, [d.decision_id for d in decisions])
        await record_decisions(tx, at, decisions)
        return failed, {d.part_of for d in decisions if d.part_of}

    async def drop(self, tx: Transaction, at: Place) -> None:
        """Forget what nobody settled; it is found again."""
        await forget(tx, at, (*KINDS, *CARDS))

    async def _verdicts(
        self, tx: Transaction, at: Place, order: Order, prices: Prices, time: _Time | None
    ) -> list[Decision]:
        found = []
        for line in order.live_lines:
            ruling = await self._ruling(tx, at, order, line, prices, time)
            lost = _lost(order, line, prices)
            outlet_id = OutletId(at.outlet_id)
            decision = price_variance(outlet_id, order, line, ruling, _last_ms(order), lost)
            if decision:
                found.append(decision)
        return found

    async def _ruling(
        self,
        tx: Transaction,
        at: Place,
        order: Order,
        line: Line,
        prices: Prices,
        time: _Time | None,
    ) -> Ruling:
        """The ruling on a line that somebody has paid on."""
        when_ms, eats = line.priced_ms or order.placed_ms, order.dining_option
        menu_had, book_had = prices.numbered(
            line.menu_version or order.menu_version, line.price_version
        )
        known = menu_had is not None and (book_had is not None or not line.price_version)
        sure = order.confidence in SURE
        if sure:
            time = _Time(when_ms, when_ms)
        elif time is None:
            # Nobody knows yet: any time since HQ published what the line was priced by.
            latest = max(p.at_ms for p in (*prices.menus, *prices.books))
            since = when_ms if menu_had is None else menu_had.at_ms
            time = _Time(since, max(when_ms, latest))
        else:
            # Nobody prices by what is not published yet: this may say more than the clock.
            had_ms = max((p.at_ms for p in (menu_had, book_had) if p is not None), default=0)
            time = _Time(min(max(time.from_ms, had_ms), time.to_ms), time.to_ms)
        menu, book = prices.in_force(time.to_ms)
        assert menu is not None
        asked = await self._history.asked(tx, at.tenant_id, menu, book)
        possible: set[int] = set()
        if not sure:
            for begin, end in _stretches(prices, time):
                menu_then, book_then = prices.in_force(begin)
                assert menu_then is not None
                then = await self._history.asked(tx, at.tenant_id, menu_then, book_then)
                book_of = then.book_of(line, at.outlet_id)
                possible |= amounts_between(line, then.menu, book_of, begin, end, eats)
        expected = asked.expected(line, min(when_ms, time.to_ms), eats, at.outlet_id)
        if expected is None and known and menu_had is not None:
            # Off the menu by then: what HQ last asked for it is what the box still asked.
            had = await self._history.asked(tx, at.tenant_id, menu_had, book_had)
            expected = had.expected(line, min(when_ms, time.to_ms), eats, at.outlet_id)
        return verdict(
            line,
            expected,
            paid=True,
            certain=len(possible) < 2,
            known_version=known,
            possible=frozenset(possible),
        )


class _Plain:
    """Sees at a glance that an order has the menu's prices, as nearly all do."""

    def __init__(self, history: PriceHistory, prices: Prices) -> None:
        self._history = history
        self._prices = prices
        self._stretch = (0, 0)
        self._asked: Asked | None = None

    async def agrees(self, tx: Transaction, at: Place, order: Order) -> bool:
        """Whether every line has it. What has a choice, a date, a reason or a doubt does not."""
        if order.confidence not in SURE:
            return False
        for line in order.lines:
            when_ms = line.priced_ms or order.placed_ms
            begin, end = self._stretch
            if self._asked is None or not begin <= when_ms < end:
                menu, book = self._prices.in_force(when_ms)
                assert menu is not None
                self._asked = await self._history.asked(tx, at.tenant_id, menu, book)
                self._stretch = self._prices.stretch(when_ms)
            if line.price_reason is not None or not self._asked.agrees(line):
                return False
        return True


def _lost(order: Order, line: Line, prices: Prices) -> Lost | None:
    """What a line was priced by and HQ never published, or has not any more."""
    menu_version = line.menu_version or order.menu_version
    menu, book = prices.numbered(menu_version, line.price_version)
    if menu is None:
        return Lost("menu", menu_version)
    return Lost("prices", line.price_version) if line.price_version and book is None else None


def _stretches(prices: Prices, time: _Time) -> list[tuple[int, int]]:
    """An interval cut where something was published: begin and last millisecond of each part."""
    begins = prices.changes(time.from_ms, time.to_ms)
    return list(zip(begins, (*(b - 1 for b in begins[1:]), time.to_ms), strict=True))


def _spoken(at: Place, order: Order, rows: Sequence[Row]) -> list[Decision]:
    """What the box itself said it decided."""
    found: list[Decision] = []
    for row in rows:
        if row["type"] not in SPEAKS_FOR_ITSELF:
            continue
        try:
            event = e.decode(row["body"])
        except msgspec.MsgspecError:
            continue  # it is parked already
        outlet_id = OutletId(at.outlet_id)
        if isinstance(event, e.LineRepriced):
            found.append(repriced(outlet_id, order, event, row["event_id"].hex()))
        elif isinstance(event, e.CartMerged) and event.late:
            found += late_cart_edits(outlet_id, order, event, row["actor"])
        elif isinstance(event, LinesMovedTwice):
            found.append(moved_twice_card(outlet_id, order, event))
    return found


def _last_ms(order: Order) -> int:
    return max((p.at_ms for p in order.payments), default=order.placed_ms)


async def _times(tx: Transaction, at: Place, orders: list[str]) -> dict[str, _Time]:
    rows = await tx.fetch(
        """SELECT order_id, from_ms, to_ms FROM order_times WHERE tenant_id = $1 AND outlet_id = $2
           AND order_id = ANY($3::text[]) AND from_ms IS NOT NULL AND to_ms IS NOT NULL""",
        *(*at, orders),
    )
    return {r["order_id"]: _Time(r["from_ms"], r["to_ms"]) for r in rows}

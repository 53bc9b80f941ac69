"""Invariants of what HQ owns and boxes follow: the feed, stock levels, prices of what was paid."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec
from simulation.oracles import Broken, Evidence
from simulation.screens import Submission

from cloud.distribution import STANDING
from edge.feed_rows import digests
from edge.stock import shown_stock
from protocol import events as e
from protocol.bill_sums import COLUMNS, BillAdder
from protocol.commands import TenderPayment
from protocol.digests import digest_of
from protocol.events import decode


def invariant_14_no_feed_row_is_passed_over(seen: Evidence) -> Iterator[Broken]:
    """What a box holds of the feed is what HQ has for it, and none of it waits unapplied."""
    for place in seen.world.places:
        tenant_id = place.tenant.tenant_id
        ((head,),) = seen.world.hq.rows(
            "SELECT pos FROM feed_heads WHERE tenant_id = $1", tenant_id
        )
        kinds: dict[str, list[tuple[str, int, bytes]]] = defaultdict(list)
        for r in seen.world.hq.rows(STANDING, tenant_id, place.outlet_id, head):
            if r["body"] is not None:
                kinds[r["kind"]].append((r["key"], r["version"], r["body"]))
        there = {kind: digest_of(kind, rows) for kind, rows in kinds.items()}
        here = {d.kind: d for d in place.site.ask(digests)}
        for kind in sorted(there.keys() | here.keys()):
            if there.get(kind) != here.get(kind):
                yield Broken(
                    "14", f"{place.site.name} holds {here.get(kind)}, HQ {there.get(kind)}"
                )
        for kind, key, state, reason in place.site.read(
            "SELECT kind, key, state, reason FROM feed_rows WHERE state <> 'applied'"
        ):
            yield Broken("14", f"{place.site.name}: row {kind}/{key} is {state}: {reason}")


def invariant_18_what_is_paid_stays(seen: Evidence) -> Iterator[Broken]:
    """No amount of a line changes after money was taken on it; each deviation is recorded once.

    New prices that another box gave the order earlier, which the one that took the money had not
    heard of, came before it: what is then still due is on the order.
    """
    final = {o.order_id: o for p in seen.world.places for o in p.site.orders()}
    for s in seen.acked:
        order_id = getattr(s.envelope.command, "order_id", "")
        if not isinstance(s.envelope.command, TenderPayment) or s.order is None:
            continue
        now = {x.line_id: x.amount for x in final[order_id].lines} if order_id in final else {}
        for line in s.order.live_lines:
            if now.get(line.line_id, line.amount) != line.amount:
                if _repriced_elsewhere(seen, s, line.line_id):
                    continue
                yield Broken(
                    "18",
                    f"a line was {line.amount} when it was paid and is {now[line.line_id]}",
                    (s.envelope.command_id, order_id),
                )
    cards = Counter(
        (str(r[0]), r[1])
        for r in seen.world.hq.rows(
            "SELECT outlet_id, subject FROM decisions WHERE kind = 'price_variance'"
        )
    )
    for (_, subject), times in cards.items():
        if times > 1:
            yield Broken("18", f"line {subject} has {times} variances", (subject,))


def _repriced_elsewhere(seen: Evidence, paid: Submission, line_id: str) -> bool:
    """Whether each new price of a paid line is from before the payment, and of another box's stream."""
    taken = [
        (row.stream, decode(row.body))
        for row in seen.by_command.get(paid.envelope.command_id, ())
        if row.type == "payment.taken"
    ]
    order_id = getattr(paid.envelope.command, "order_id", "")
    changes = [
        (row.stream, event)
        for row in seen.rows
        if row.type == "line.repriced" and row.aggregate_id == order_id
        for event in [decode(row.body)]
        if isinstance(event, e.LineRepriced) and any(x.line_id == line_id for x in event.lines)
    ]
    return bool(changes and taken) and all(
        stream != elsewhere
        and isinstance(payment, e.PaymentTaken)
        and event.at_ms < payment.payment.at_ms
        for elsewhere, event in changes
        for stream, payment in taken
    )


def invariant_19_stock_is_the_sum_of_its_facts(seen: Evidence) -> Iterator[Broken]:
    """HQ's level follows from counts and movements alone, and the box shows the same."""
    moves: dict[tuple[str, str], list[tuple[str, int, int]]] = defaultdict(list)
    counts: dict[tuple[str, str], list[tuple[int, str, int, dict[str, int]]]] = defaultdict(list)
    stamps = {
        (str(r[0]), r[1].hex()): r[2]
        for r in seen.world.hq.rows(
            "SELECT outlet_id, event_id, stamp FROM ledger WHERE type = 'stock.counted'"
        )
    }
    for row in seen.rows:
        if row.duplicate or row.type not in ("stock.moved", "stock.counted"):
            continue
        event: Any = decode(row.body)
        if isinstance(event, e.StockMoved):
            for move in event.moves:
                key = (row.outlet, move.item_id)
                moves[key].append((row.stream, row.seq, move.delta))
        else:
            rank = (stamps[(row.outlet, row.event_id)], row.event_id)
            fact = (*rank, event.quantity, dict(event.as_of))
            counts[(row.outlet, event.item_id)].append(fact)
    levels = {
        (str(r[0]), r[1]): r[2]
        for r in seen.world.hq.rows("SELECT outlet_id, item_id, level FROM stock_levels")
    }
    shown = {
        (str(p.outlet_id), s.item_id): s.quantity
        for p in seen.world.places
        for s in p.site.ask(shown_stock)
    }
    for key, known in counts.items():
        _, _, quantity, as_of = max(known, key=lambda fact: fact[:2])
        level = quantity + sum(d for stream, seq, d in moves[key] if seq > as_of.get(stream, 0))
        if levels.get(key) != level:
            yield Broken("19", f"HQ's level of {key[1]} is {levels.get(key)}, facts say {level}")
        elif shown.get(key) != level:
            yield Broken("19", f"the box shows {shown.get(key)} of {key[1]}, HQ has {level}")


def invariant_24_reports_tie_out(seen: Evidence) -> Iterator[Broken]:
    """What the box's bills come to is what HQ's tables say, column by column."""
    poisoned = set(seen.world.poison.values())
    columns = ", ".join(f"sum({c} * counts::int)::bigint {c}" for c in (*COLUMNS, "total"))
    wanted = (
        f"""SELECT {columns} FROM orders WHERE outlet_id = $1 AND order_id <> ALL($2::text[])"""
    )
    for place in seen.world.places:
        adder = BillAdder("", "9999")
        for order in place.site.orders():
            if order.order_id not in poisoned:
                adder.add(order)
        here = msgspec.structs.asdict(adder.sums())
        here["cash_rounding"] += sum(r.rounding for r in here["refunds"])
        (there,) = seen.world.hq.rows(wanted, place.outlet_id, sorted(poisoned))
        for column in (*COLUMNS, "total"):
            if here[column] != (there[column] or 0):
                yield Broken(
                    "24", f"{column} of {place.name}: {here[column]} here, {there[column]} at HQ"
                )


ORACLES_OF_HQ = (
    invariant_14_no_feed_row_is_passed_over,
    invariant_18_what_is_paid_stays,
    invariant_19_stock_is_the_sum_of_its_facts,
    invariant_24_reports_tie_out,
)

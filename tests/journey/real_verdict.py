"""What must be true when it is over: read from HQ's ledger, the box's disk and what screens were told."""

from collections import Counter, defaultdict
from contextlib import closing
from sqlite3 import connect
from types import SimpleNamespace

import msgspec

from protocol.commands import tag_of
from protocol.events import ORDER_TAGS, decode
from protocol.journal import CHAIN_START, link
from protocol.orders import Order
from protocol.rules.folding import OutOfPlace, fold

BY_ITSELF = frozenset(
    {
        *("stream.opened", "stream.forked", "box.recovered", "clock.anchored", "menu.applied"),
        *("prices.applied", "line.repriced", "paper.printed", "stock.moved", "intent.answered"),
        *("ticket.shown", "ticket.rerouted", "ticket.escalated"),
    }
)
"""What a box writes without a person's command."""

OVERTAKEN = "command.overtaken"
"""A box that lost a yes was told of later things first, by another screen: by the time the copy was
offered its order had gone on. The box wrote that down under the command's id."""


def evidence(book, rows, database):
    """All that judges look at, as plain values that a test may doctor."""
    with closing(connect(f"file:{database}?mode=ro", uri=True)) as db:
        orders = dict(db.execute("SELECT order_id, body FROM orders"))
    return SimpleNamespace(
        book=book,
        rows=[dict(row) for row in rows],
        orders={key: msgspec.json.decode(body, type=Order) for key, body in orders.items()},
    )


def judge(seen):
    """What breaks a promise, one sentence each."""
    return [
        sentence
        for rule in (_once, _no_phantom, _streams_whole, _events_once, _orders_follow)
        for sentence in rule(seen)
    ]


def _once(seen):
    by_command = defaultdict(list)
    for row in seen.rows:
        if not row["duplicate"]:
            by_command[row["command_id"]].append(row["type"])
    for command_id, given in seen.book.items():
        found = Counter(by_command.get(command_id, ()))
        wanted = Counter(given.events)
        name = f"{tag_of(given.envelope.command)} {command_id} ({given.screen}: {given.heard})"
        if found == {OVERTAKEN: 1}:
            continue
        if given.acknowledged and wanted - found:
            yield f"lost: {name} was acknowledged, HQ lacks {sorted((wanted - found).elements())}"
        elif given.acknowledged and not found and not given.events and _places(given):
            yield f"lost: {name} was acknowledged and HQ has nothing of it"
        more = Counter({t: n for t, n in found.items() if t not in BY_ITSELF}) - wanted
        if given.events and more:
            yield f"doubled: {name} did more at HQ than was said: {sorted(more.elements())}"
        if any(times > 1 for kind, times in found.items() if kind not in BY_ITSELF) and not wanted:
            yield f"doubled: {name} did {dict(found)}"


def overtaken(seen):
    """How many commands were written down as having come back too late."""
    return sum(row["type"] == OVERTAKEN and not row["duplicate"] for row in seen.rows)


def _places(given):
    return tag_of(given.envelope.command) in {"order.place", "lines.add", "payment.tender"}


def _no_phantom(seen):
    for row in seen.rows:
        if row["command_id"] not in seen.book and row["type"] not in BY_ITSELF:
            yield f"phantom: {row['type']} of command {row['command_id']}, which nobody gave"


def _streams_whole(seen):
    streams = defaultdict(list)
    for row in seen.rows:
        streams[row["stream"]].append(row)
    for stream, rows in streams.items():
        chain = CHAIN_START
        for expected, row in enumerate(sorted(rows, key=lambda r: r["seq"]), 1):
            if row["seq"] != expected:
                yield f"gap: stream {stream[:8]} lacks {expected}"
                break
            chain = link(chain, row["event_id"].hex(), row["body"])
            if chain != row["chain"]:
                yield f"chain: {stream[:8]} breaks at {expected}"
                break


def _events_once(seen):
    counted = Counter(row["event_id"] for row in seen.rows if not row["duplicate"])
    for event_id, times in counted.items():
        if times > 1:
            yield f"doubled: event {event_id.hex()} counts {times} times"
    for event_id in {row["event_id"] for row in seen.rows} - counted.keys():
        yield f"lost: event {event_id.hex()} is only there as a copy of itself"


def _orders_follow(seen):
    """The box's orders are what HQ's ledger folds to, every field of them."""
    histories = defaultdict(list)
    for row in sorted(seen.rows, key=lambda r: (r["stamp"], r["event_id"])):
        if row["type"] in ORDER_TAGS and not row["duplicate"]:
            histories[row["aggregate_id"]].append(decode(row["body"]))
    folded = {}
    for order_id, events in histories.items():
        try:
            folded[order_id] = fold(events)
        except OutOfPlace as trouble:
            yield f"orders: HQ's ledger of {order_id} does not follow: {trouble}"
    for order_id in folded.keys() | seen.orders.keys():
        here, there = seen.orders.get(order_id), folded.get(order_id)
        if here is None or there is None:
            yield f"orders: {order_id} is only at {'HQ' if here is None else 'the box'}"
        elif here != there:
            yield f"orders: {order_id} is {here.status} at the box, {there.status} by HQ's ledger"

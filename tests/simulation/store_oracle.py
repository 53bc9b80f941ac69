"""What must hold in every file that is found after the power went: nothing lost, torn or doubled.

Judged from the file alone and from the answers that screens got; state is folded again from the
journal by the rules, so that the product's own writing of state is not its own witness.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from simulation.store_keeping import ROWS
from simulation.store_life import Ack

from edge.asked_again import NOT_NOW, PASSES
from protocol import events as e
from protocol.journal import CHAIN_START, link
from protocol.orders import Order
from protocol.refusals import Refusal
from protocol.rules import apply
from protocol.rules.folding import OutOfPlace

_encode = msgspec.json.Encoder().encode

QUERIES = {
    "journal": ROWS,
    "streams": "SELECT stream, pruned_seq, pruned_chain FROM streams",
    "commands": "SELECT command_id, position, order_id, refusal FROM commands",
    "orders": "SELECT order_id, number, business_date, status, position, body FROM orders",
    "payments": "SELECT payment_id, order_id FROM payments ORDER BY payment_id",
    "eighty_six": "SELECT item_id FROM eighty_six ORDER BY item_id",
    "order_numbers": "SELECT business_date, last FROM order_numbers ORDER BY business_date",
    "menus": "SELECT version, publish_id FROM menus ORDER BY version",
    "cursors": "SELECT name, position FROM cursors",
    "facts": "SELECT name, value FROM facts ORDER BY name",
    "standings": "SELECT position, standing FROM journal WHERE standing > 0",
}
_OWN_COMMANDS = frozenset({"stream.opened", "menu.applied", "stream.forked"})
"""What the box begins by itself: no screen asked for it, so no answer is remembered."""

Visible = dict[str, tuple[tuple[Any, ...], ...]]


@dataclass(slots=True)
class Verdict:
    """What is wrong with a state, and which answers it can stand by."""

    faults: list[str] = field(default_factory=list)
    """Kind and sentence: `torn: order … is not what its entries make`."""
    first_missing: int = 0
    """How many of the life's acknowledgements, from the first, are in this state."""


def look(db: sqlite3.Connection) -> Visible | str:
    """Everything in the file; a sentence when SQLite finds it damaged."""
    found = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        return str(found)
    return {name: tuple(db.execute(sql)) for name, sql in QUERIES.items()}


def judge(
    state: Visible,
    acks: Sequence[Ack],
    asked: Iterable[str],
    let_go: Mapping[int, tuple[Any, ...]],
) -> Verdict:
    """Hold a state against the rules and against what was acknowledged.

    `let_go` are entries that were pruned: where the journal begins later, they come before it.
    """
    verdict = Verdict()
    history = _History(state, verdict.faults, let_go)
    try:
        history.check_entries()
        history.check_pruned()
        history.check_commands(set(asked))
        history.check_orders()
        history.check_lists()
    except (msgspec.MsgspecError, OutOfPlace, ValueError, LookupError) as error:
        verdict.faults.append(f"corrupt: what is kept cannot be read: {error}")
    while verdict.first_missing < len(acks) and history.stands_by(acks[verdict.first_missing]):
        verdict.first_missing += 1
    return verdict


class _History:
    """The journal of one state, folded."""

    def __init__(
        self, state: Visible, faults: list[str], let_go: Mapping[int, tuple[Any, ...]]
    ) -> None:
        self.state = state
        self.faults = faults
        first = state["journal"][0][0] if state["journal"] else 1
        self.gone = [let_go[position] for position in range(1, first) if position in let_go]
        self.journal = (*self.gone, *state["journal"])
        self.commands = {row[0]: row for row in state["commands"]}
        self.by_command: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self.orders: dict[str, Order] = {}
        self.last_position: dict[str, int] = {}
        self.bodies: dict[str, list[tuple[int, bytes]]] = defaultdict(list)
        self.payments: list[tuple[str, str]] = []
        self.sold_out: set[str] = set()
        self.menus: list[tuple[int, str]] = []

    def check_entries(self) -> None:
        """Positions and streams without gaps, chains that follow, no event twice; folds them."""
        chains: dict[str, tuple[int, bytes]] = {}
        events = Counter(row[4] for row in self.journal)
        self._fault(
            "doubled", [f"event {k} is there {n} times" for k, n in events.items() if n > 1]
        )
        for expected, row in enumerate(self.journal, 1):
            position, stream, seq, chain, event_id, _, command_id, body = row
            last_seq, last_chain = chains.get(stream, (0, CHAIN_START))
            if (position, seq) != (expected, last_seq + 1):
                self._fault("gap", [f"position {position}, {stream} {seq} after {last_seq}"])
            if chain != link(last_chain, event_id, body):
                self._fault("chain", [f"{stream} breaks at {seq}"])
            chains[stream] = (seq, chain)
            self.by_command[command_id].append(row)
            self._fold(position, e.decode(body))

    def check_pruned(self) -> None:
        """Each stream remembers where what is gone of it ended."""
        ends = {row[1]: (row[2], row[3]) for row in self.gone}
        for stream, pruned_seq, pruned_chain in self.state["streams"]:
            if (pruned_seq, pruned_chain) != ends.get(stream, (0, None)):
                self._fault("torn", [f"{stream} was pruned through {pruned_seq}, not as it says"])

    def check_commands(self, asked: set[str]) -> None:
        """Each command once; its answer and its entries are both there or both not."""
        for command_id, rows in self.by_command.items():
            positions = [row[0] for row in rows]
            if positions != list(range(positions[0], positions[0] + len(rows))):
                self._fault("doubled", [f"command {command_id} took effect at {positions}"])
            if rows[0][5] in _OWN_COMMANDS:
                continue
            if command_id not in asked:
                self._fault("phantom", [f"nobody asked for {command_id}"])
            answer = self.commands.get(command_id)
            if answer is None or answer[1] != positions[-1] or answer[3] is not None:
                self._fault("torn", [f"{command_id} has entries at {positions}, answer {answer}"])
        end = len(self.journal)
        for command_id, position, order_id, refusal in self.commands.values():
            effects = [row[0] for row in self.by_command.get(command_id, ())]
            # A command that changes nothing (an item that is sold out already) has no entry.
            nothing_to_do = order_id is None and not effects and position <= end
            if refusal is None and position not in effects and not nothing_to_do:
                self._fault("torn", [f"{command_id} was taken at {position}, but has no entry"])
            if command_id not in asked:
                self._fault("phantom", [f"nobody asked for {command_id}"])

    def check_orders(self) -> None:
        """The orders table is what the journal makes, no less and no more."""
        kept = {row[0]: row for row in self.state["orders"]}
        for order_id in sorted(kept.keys() | self.orders.keys()):
            order, row = self.orders.get(order_id), kept.get(order_id)
            if order is None or row is None:
                self._fault("torn", [f"order {order_id}: entries {bool(order)}, row {bool(row)}"])
                continue
            made = (order_id, order.number, order.business_date, order.status.value)
            if row != (*made, self.last_position[order_id], _encode(order)):
                self._fault("torn", [f"order {order_id} is not what its entries make"])
        numbers = Counter((o.business_date, o.number) for o in self.orders.values())
        self._fault("doubled", [f"number {k} given {n} times" for k, n in numbers.items() if n > 1])
        last: dict[str, int] = {}
        for date, number in numbers:
            last[date] = max(last.get(date, 0), int(number[1:]))
        kept_last = tuple(row for row in self.state["order_numbers"] if row[1])
        if tuple(sorted(last.items())) != kept_last:
            self._fault("torn", [f"numbers {kept_last}, orders say {last}"])

    def check_lists(self) -> None:
        """Payments, the 86 list, menus and cursors agree with the journal."""
        pairs = (
            ("payments", self.state["payments"], tuple(sorted(self.payments))),
            ("eighty_six", self.state["eighty_six"], tuple((x,) for x in sorted(self.sold_out))),
            ("the menu in force", self.state["menus"][-1:], tuple(self.menus[-1:])),
        )
        for name, kept, made in pairs:
            if kept != made:
                self._fault("torn", [f"{name} are {kept}, the journal says {made}"])
        end = len(self.journal)
        ahead = [name for name, position in self.state["cursors"] if position > end]
        self._fault("torn", [f"{name} has followed what is not there" for name in ahead])

    def stands_by(self, ack: Ack) -> bool:
        """Whether what a screen was told is in this state, or was and went on from there."""
        outcome = ack.outcome
        if isinstance(outcome, Refusal):
            return outcome.code in NOT_NOW | PASSES or ack.command_id not in self.by_command
        if ack.command_id not in self.commands:
            return False
        if outcome.order_json is None or outcome.order is None:
            return True
        states = self.bodies.get(outcome.order.order_id, [])
        if outcome.repeated:
            return any(body == outcome.order_json for _, body in states)
        until = [body for position, body in states if position <= outcome.position]
        return bool(until) and until[-1] == outcome.order_json

    def _fold(self, position: int, event: e.Event) -> None:
        if e.tag_of(event) in e.ORDER_TAGS:
            order = apply(self.orders.get(event.order_id), event)
            self.orders[order.order_id] = order
            self.last_position[order.order_id] = position
            self.bodies[order.order_id].append((position, _encode(order)))
        match event:
            case e.PaymentTaken():
                self.payments.append((event.payment.payment_id, event.order_id))
            case e.ItemEightySixed():
                self.sold_out.add(event.item_id)
            case e.ItemRestored():
                self.sold_out.discard(event.item_id)
            case e.MenuApplied():
                self.menus.append((event.version, event.publish_id))

    def _fault(self, kind: str, sentences: list[str]) -> None:
        self.faults.extend(f"{kind}: {sentence}" for sentence in sentences)

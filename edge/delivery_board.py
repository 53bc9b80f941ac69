"""What the delivery desk waits for: lines that nobody has confirmed, and by when somebody must.

Only memory and arithmetic: times are given. `Desk` in `delivery.py` feeds it from the journal and
writes down what it decides.
"""

import heapq
import itertools
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

import msgspec

from protocol.deliveries import Delivery
from protocol.ids import LineId, OrderId, StationId
from protocol.orders import LineStatus, Order

CONFIRM_MS = 4_000
"""How long a station may take to confirm: the sender must know within 5 s (FS-36), so one second
is left for telling it."""
REROUTED_MS = 5_000
"""How long the other route may take after that."""
ESCALATED_MAX = 2_000
"""Tickets with a person that are remembered; of more the oldest go, their rows stay."""


class Key(NamedTuple):
    """A station's part of an order."""

    order_id: OrderId
    station_id: StationId


class Prover(NamedTuple):
    """A display by its id and by what people call it."""

    device: str
    name: str


class Waiting(msgspec.Struct):
    """One line that nobody has confirmed; `due_ms` is on the monotonic clock."""

    state: Delivery
    due_ms: int | None
    elsewhere: Prover | None = None
    """A display of no cook of this station has it: it counts when the station's own stay silent."""


class Ticket(msgspec.Struct):
    """The unconfirmed lines of a ticket, with the number that is called out."""

    number: str
    lines: dict[LineId, Waiting]
    routed_to: StationId | None = None

    @property
    def escalated(self) -> bool:
        """Whether a person was told of any of it."""
        return any(x.state is Delivery.ESCALATED for x in self.lines.values())


class Due(NamedTuple):
    """Lines of a ticket whose time is over, all with the same past."""

    key: Key
    line_ids: tuple[LineId, ...]
    state: Delivery
    elsewhere: Prover | None


class Board:
    """Every line that waits for proof; one that has it is forgotten."""

    def __init__(self) -> None:
        self.tickets: dict[Key, Ticket] = {}
        self._of_order: dict[OrderId, set[StationId]] = {}
        self._due: list[tuple[int, int, Key]] = []
        self._numbers = itertools.count()
        self._escalated: dict[Key, None] = {}

    def __len__(self) -> int:
        return len(self.tickets)

    def wait_for(
        self,
        order: Order,
        line_ids: Collection[LineId],
        state: Delivery,
        due_ms: int | None,
        *,
        at: StationId | None = None,
    ) -> None:
        """These lines went to their stations, or to one, and are to be confirmed by `due_ms`."""
        touched: dict[Key, Ticket] = {}
        for key, line in wanted_of(order):
            if line not in line_ids or at not in (None, key.station_id):
                continue
            ticket = self.tickets.get(key)
            if ticket is None:
                ticket = self.tickets[key] = Ticket(order.number, {})
                self._of_order.setdefault(key.order_id, set()).add(key.station_id)
            if line not in ticket.lines:
                ticket.lines[line] = Waiting(state, due_ms)
                touched[key] = ticket
        for key, ticket in touched.items():
            self._note(key, ticket, due_ms)

    def see(self, order: Order) -> None:
        """The order as it now is: what its stations have no longer to make needs no proof."""
        stations = self._of_order.get(order.order_id)
        if stations is None:
            return
        wanted = set(wanted_of(order))
        for station in tuple(stations):
            key = Key(order.order_id, station)
            gone = [x for x in self.tickets[key].lines if (key, x) not in wanted]
            self.settle(key, gone)

    def leave(
        self, order_id: OrderId, line_ids: Collection[LineId]
    ) -> dict[StationId, dict[LineId, Waiting]]:
        """Lines go over to another order: what of them waits for proof, by station."""
        found: dict[StationId, dict[LineId, Waiting]] = {}
        for station in tuple(self._of_order.get(order_id, ())):
            key = Key(order_id, station)
            ticket = self.tickets[key]
            found[station] = {x: ticket.lines[x] for x in line_ids if x in ticket.lines}
            self.settle(key, line_ids)
        return found

    def enter(self, order: Order, waiting: dict[StationId, dict[LineId, Waiting]]) -> None:
        """They are on this order now, and wait as they did."""
        for station, lines in waiting.items():
            for line, it in lines.items():
                self.wait_for(order, [line], it.state, it.due_ms, at=station)

    def holders(self, station: StationId, line_ids: Collection[LineId]) -> list[Key]:
        """Whose unconfirmed lines these are by now: they may have gone over to another order."""
        return [
            key
            for key, ticket in self.tickets.items()
            if key.station_id == station and any(x in ticket.lines for x in line_ids)
        ]

    def waits(self, key: Key, line_ids: Iterable[LineId]) -> list[LineId]:
        """Which of these lines nobody has confirmed."""
        ticket = self.tickets.get(key)
        return [] if ticket is None else [x for x in line_ids if x in ticket.lines]

    def hold(self, key: Key, line_ids: Iterable[LineId], prover: Prover) -> None:
        """Somebody else's display has these lines; the station's own may still confirm them."""
        for line in self.waits(key, line_ids):
            self.tickets[key].lines[line].elsewhere = prover

    def settle(self, key: Key, line_ids: Iterable[LineId]) -> None:
        """These lines are proven, or nobody has to have them any more."""
        ticket = self.tickets.get(key)
        if ticket is None:
            return
        for line in line_ids:
            ticket.lines.pop(line, None)
        if not ticket.lines:
            self._forget(key)

    def reroute(
        self, key: Key, line_ids: Iterable[LineId], to: StationId | None, due_ms: int
    ) -> None:
        """These lines went another way as well (`to` a station's displays), with a new time."""
        ticket = self.tickets.get(key)
        for line in self.waits(key, line_ids):
            self.tickets[key].lines[line] = Waiting(Delivery.REROUTED, due_ms)
        if ticket is not None:
            ticket.routed_to = to
            self._note(key, ticket, due_ms)

    def escalate(self, key: Key, line_ids: Iterable[LineId]) -> None:
        """People were told of these lines; they wait for proof without a limit."""
        for line in self.waits(key, line_ids):
            self.tickets[key].lines[line] = Waiting(Delivery.ESCALATED, None)
            self._escalated[key] = None
        while len(self._escalated) > ESCALATED_MAX:
            self._forget(next(iter(self._escalated)))

    def next_due_ms(self) -> int | None:
        """When the next line's time is over, or earlier; None when nothing has a time."""
        return self._due[0][0] if self._due else None

    def over(self, now_ms: int, most: int) -> list[Due]:
        """Up to `most` groups of lines whose time is over; they stay until something is done."""
        found: list[Due] = []
        put_back: list[tuple[int, int, Key]] = []
        while self._due and self._due[0][0] <= now_ms and len(found) < most:
            entry = heapq.heappop(self._due)
            groups = self._over_of(entry[2], now_ms)
            if groups:
                put_back.append(entry)
                found.extend(x for x in groups if x not in found)
        for entry in put_back:
            heapq.heappush(self._due, entry)
        return found

    def escalated(self) -> Iterator[tuple[StationId, str]]:
        """Station and number of every ticket that is with a person, oldest first."""
        for key in self._escalated:
            ticket = self.tickets.get(key)
            if ticket is not None and ticket.escalated:
                yield key.station_id, ticket.number

    def _over_of(self, key: Key, now_ms: int) -> list[Due]:
        ticket = self.tickets.get(key)
        groups: dict[tuple[Delivery, Prover | None], list[LineId]] = {}
        for line, waiting in ticket.lines.items() if ticket else ():
            if waiting.due_ms is not None and waiting.due_ms <= now_ms:
                groups.setdefault((waiting.state, waiting.elsewhere), []).append(line)
        return [Due(key, tuple(ids), state, who) for (state, who), ids in groups.items()]

    def _note(self, key: Key, ticket: Ticket, due_ms: int | None) -> None:
        if due_ms is not None:
            heapq.heappush(self._due, (due_ms, next(self._numbers), key))
        elif ticket.escalated:
            self._escalated[key] = None

    def _forget(self, key: Key) -> None:
        self.tickets.pop(key, None)
        self._escalated.pop(key, None)
        stations = self._of_order.get(key.order_id)
        if stations is not None:
            stations.discard(key.station_id)
            if not stations:
                del self._of_order[key.order_id]


def wanted_of(order: Order) -> list[tuple[Key, LineId]]:
    """What the stations of an order have to make: each line at each of its stations."""
    return [
        (Key(order.order_id, station), line.line_id)
        for line in order.lines
        if line.status is LineStatus.FIRED
        for station in line.station_ids
        if station not in line.bumped
    ]


def stations_of(order: Order) -> set[StationId]:
    """Whose displays an order's open lines belong on."""
    return {key.station_id for key, _ in wanted_of(order)}

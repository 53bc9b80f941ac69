"""Lines that wait for proof while they go over to another order: they wait there as long as here."""

from msgspec.structs import replace

from edge.delivery_board import Board, Key, Waiting
from protocol.events import Event, PaperPrinted
from protocol.floor_events import LinesCame, LinesLeft
from protocol.ids import LineId, StationId
from protocol.orders import Order


class Moves:
    """What the delivery desk knows of lines that change their order."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self._moving: dict[StationId, dict[LineId, Waiting]] = {}
        """Of lines that left one order, until the next entry says where they came."""

    def note(self, event: Event, order: Order) -> None:
        """Lines left an order, or came to one; `order` is that one as it then was."""
        if isinstance(event, LinesLeft):
            self._moving = self.board.leave(event.order_id, event.line_ids)
        elif isinstance(event, LinesCame):
            self.board.enter(order, self._moving)
            self._moving = {}

    def printed(self, paper: PaperPrinted) -> list[Event]:
        """Settle what is on a station's paper, also where its lines have gone over to meanwhile.

        Returns the proofs that those other orders have by it.
        """
        station = paper.station_id
        assert station is not None, "a kitchen's paper is of a station"
        self.board.settle(Key(paper.order_id, station), paper.line_ids)
        moved = self.board.holders(station, paper.line_ids)
        for key in moved:
            self.board.settle(key, paper.line_ids)
        return [replace(paper, order_id=key.order_id) for key in moved]

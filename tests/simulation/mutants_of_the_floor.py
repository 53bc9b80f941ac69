"""Rules of paper, kitchen displays and the delivery desk switched off."""

from types import SimpleNamespace
from typing import Any

import msgspec
from simulation.mutation import Story, Undo, mutant, replace

from edge.delivery import Desk
from edge.delivery_board import Board
from edge.kitchen import Kitchen
from edge.printing import owner, spool
from edge.printing.owner import Owner
from edge.printing.printers import PrinterFault
from edge.ticket_topics import TicketTopics

PAPER = "edge/printing/test_spool.py"
DESK = "edge/delivery/test_delivery.py"
EVERY_LINE = "edge/delivery/test_invariant_23.py"
EVERY_LINE += "::test_every_fired_line_is_somewhere_with_proof_or_with_a_person"


@mutant(23, f"{PAPER}::test_paper_out_waits_says_so_once_and_prints_afterwards")
def printed_without_proof() -> Undo:
    """A paper counts as printed although the printer said no."""
    real = Owner.start

    def start(self: Any) -> None:
        prints = self.printer.print

        async def hope(data: bytes) -> Any:
            try:
                return await prints(data)
            except PrinterFault:
                return SimpleNamespace(status=SimpleNamespace(paper="enough"))

        self.printer.print = hope
        real(self)

    return replace(Owner, "start", start)


@mutant(23, f"{PAPER}::test_a_job_cut_off_is_printed_again_and_marked")
def copies_look_like_the_first() -> Undo:
    """A paper that may have come out already is printed again without a mark."""
    real = owner.encode

    def encode(paper: Any, profile: Any) -> bytes:
        return real(msgspec.structs.replace(paper, duplicate_of=None), profile)

    return replace(owner, "encode", encode)


@mutant(
    23,
    "edge/printing/test_returned_papers.py::test_a_payment_that_came_back_prints_no_second_receipt",
)
def old_orders_are_printed_again() -> Undo:
    """What came back from HQ after a loss is sent to the printers."""
    return replace(spool, "RETURNED", -1)


@mutant(
    23,
    "edge/test_kitchen.py::test_a_broker_killed_with_its_memory_lost_has_every_open_ticket_again",
)
def a_new_broker_stays_empty() -> Undo:
    """A broker that lost its memory is not given the open tickets again."""

    async def nothing(self: Any) -> None:
        del self

    return replace(Kitchen, "_show_everything", nothing)


@mutant(23, "edge/test_kitchen.py::test_tickets_follow_the_order_through_its_life")
def tickets_are_not_retained() -> Undo:
    """A display that was off when a ticket was sent never gets it."""
    real = TicketTopics.messages

    def messages(self: Any, order: Any, position: int) -> Any:
        return [msgspec.structs.replace(m, retain=False) for m in real(self, order, position)]

    return replace(TicketTopics, "messages", messages)


@mutant(23, EVERY_LINE)
def what_nobody_confirms_is_left_alone() -> Undo:
    """A line that no display and no printer confirmed is sent no other way and told to nobody."""

    def over(self: Any, now_ms: int, most: int) -> list[Any]:
        del self, now_ms, most
        return []

    return replace(Board, "over", over)


@mutant(23, f"{DESK}::test_an_older_picture_proves_only_the_lines_it_has")
def a_proof_is_of_the_whole_ticket() -> Undo:
    """A display that drew an older picture confirms what was added since as well."""
    real = Board.settle

    def settle(self: Any, key: Any, line_ids: Any) -> None:
        del line_ids
        ticket = self.tickets.get(key)
        real(self, key, [] if ticket is None else list(ticket.lines))

    return replace(Board, "settle", settle)


@mutant(
    23,
    f"{DESK}::test_the_pass_speaks_for_a_cook_only_once_the_cooks_display_stayed_silent",
)
def the_pass_hides_a_blind_station() -> Undo:
    """Whoever shows a ticket confirms it for its station, whose own display may be dark."""

    def accepted(self: Any, key: Any, lines: Any, prover: Any) -> Any:
        del self, key, prover
        return lines

    return replace(Desk, "_accepted", accepted)


@mutant(23, Story(3, 0.4, "display"))
def a_dark_display_is_waited_for() -> Undo:
    """While a display is dark its lines wait for it, and no person hears of them."""

    async def late(self: Any) -> list[Any]:
        del self
        return []

    return replace(Desk, "_late", late)

"""Rules of paper and kitchen displays switched off."""

from typing import Any

import msgspec
from simulation.mutation import Undo, mutant, replace

from edge.kitchen import Kitchen
from edge.printing import spool
from edge.printing.printers import PrinterFault
from edge.printing.spool import Spool

PAPER = "edge/printing/test_spool.py"


@mutant(23, f"{PAPER}::test_paper_out_waits_says_so_once_and_prints_afterwards")
def printed_without_proof() -> Undo:
    """A paper counts as printed although the printer said no."""
    real = Spool._work

    async def work(self: Any, name: str, printer: Any) -> None:
        prints = printer.print

        async def hope(data: bytes) -> None:
            try:
                await prints(data)
            except PrinterFault:
                return

        printer.print = hope
        await real(self, name, printer)

    return replace(Spool, "_work", work)


@mutant(23, f"{PAPER}::test_a_job_cut_off_is_printed_again_and_marked")
def copies_look_like_the_first() -> Undo:
    """A paper that may have come out already is printed again without a mark."""
    real = spool.encode

    def encode(paper: Any, profile: Any) -> bytes:
        return real(msgspec.structs.replace(paper, duplicate_of=None), profile)

    return replace(spool, "encode", encode)


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
    real = Kitchen._ticket_messages

    def messages(self: Any, order: Any, position: int) -> Any:
        return [msgspec.structs.replace(m, retain=False) for m in real(self, order, position)]

    return replace(Kitchen, "_ticket_messages", messages)

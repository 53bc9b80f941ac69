"""Papers and printers: what waits, what came out, and one tap to print it again or elsewhere."""

import sqlite3
from typing import Annotated, Literal

from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from edge import reports
from edge.command_digest import COMMAND_ID_MAX
from edge.printing.cards import address_of, paper_cards, printer_cards
from edge.printing.desk import Asked
from edge.routes.asker import done_by
from edge.routes.commands import IdempotencyKey
from edge.routes.errors import Refused
from edge.routes.given import Asker, Database, Journal, Menus, Outlet, Spool, Staffing
from edge.routes.reports import ensure_not_blind
from protocol.papers import PaperAsked, PaperCard, PaperList, PrinterCard
from protocol.refusals import Refusal
from protocol.reports import SalesReport

TAG = "Papers"


@get("/api/papers", tags=[TAG], summary="Papers, newest first")
async def list_papers(
    spool: Spool,
    which: Annotated[Literal["open", "all"], QueryParameter(name="state")] = "open",
    order: Annotated[str, QueryParameter(max_length=100)] = "",
) -> PaperList:
    """`open`: what waits, is held or failed. `order`: the print history of one order."""
    jobs, more = await spool.desk.listed(due=which == "open", order_id=order)
    return PaperList(papers=await paper_cards(spool, jobs), more=more)


@post("/api/papers/{job:str}/reprint", tags=[TAG], summary="Print again", status_code=200)
async def reprint_paper(
    job: FromPath[str],
    data: JSONBody[PaperAsked],
    spool: Spool,
    asker: Asker,
    staffing: Staffing,
    idempotency_key: IdempotencyKey = None,
) -> PaperList:
    """Once more, on its own printer or another. What may be on paper already says DUPLICATE."""
    _ensure_somebody(staffing, asker)
    key = _key(idempotency_key)
    return await _answer(
        spool, await spool.desk.reprint(job, key, data.printer, done_by(asker, data.screen))
    )


@post("/api/papers/{job:str}/discard", tags=[TAG], summary="Discard", status_code=200)
async def discard_paper(
    job: FromPath[str],
    data: JSONBody[PaperAsked],
    spool: Spool,
    asker: Asker,
    staffing: Staffing,
) -> PaperCard:
    """Nobody needs it any more. Repeating this changes nothing."""
    _ensure_somebody(staffing, asker)
    found = await spool.desk.discard(job, done_by(asker, data.screen))
    if isinstance(found, Refusal):
        raise Refused(found)
    return (await paper_cards(spool, [found]))[0]


@post("/api/orders/{order_id:str}/receipt", tags=[TAG], summary="Print receipt", status_code=200)
async def print_receipt(
    order_id: FromPath[str],
    data: JSONBody[PaperAsked],
    spool: Spool,
    asker: Asker,
    staffing: Staffing,
    idempotency_key: IdempotencyKey = None,
) -> PaperList:
    """The receipt, or the bill while something is due; again, it says DUPLICATE and how often."""
    _ensure_somebody(staffing, asker)
    key = _key(idempotency_key)
    return await _answer(
        spool,
        await spool.desk.receipt(
            order_id, key, data.printer, done_by(asker, data.screen), data.check_id
        ),
    )


@post("/api/orders/{order_id:str}/tickets", tags=[TAG], summary="Print tickets", status_code=200)
async def print_tickets(
    order_id: FromPath[str],
    data: JSONBody[PaperAsked],
    spool: Spool,
    asker: Asker,
    staffing: Staffing,
    idempotency_key: IdempotencyKey = None,
) -> PaperList:
    """What the kitchen still has to make, again, each where it was or all on `printer`."""
    _ensure_somebody(staffing, asker)
    key = _key(idempotency_key)
    return await _answer(
        spool, await spool.desk.tickets(order_id, key, data.printer, done_by(asker, data.screen))
    )


@get("/api/printers", tags=[TAG], summary="Printers and how they are")
async def list_printers(spool: Spool) -> tuple[PrinterCard, ...]:
    """Each in words: whether it prints, why not, since when, and how much waits for it."""
    return await printer_cards(spool)


@post("/api/printers/{printer:str}/test", tags=[TAG], summary="Test page", status_code=200)
async def print_test_page(
    printer: FromPath[str],
    data: JSONBody[PaperAsked],
    spool: Spool,
    asker: Asker,
    staffing: Staffing,
    idempotency_key: IdempotencyKey = None,
) -> PaperList:
    """One of everything, so that a person can judge printer and profile."""
    _ensure_somebody(staffing, asker)
    key, address = _key(idempotency_key), address_of(spool, printer)
    return await _answer(
        spool, await spool.desk.test(printer, key, address, done_by(asker, data.screen))
    )


@post("/api/printers/{printer:str}/x-report", tags=[TAG], summary="Print X", status_code=200)
async def print_x_report(
    printer: FromPath[str],
    data: JSONBody[PaperAsked],
    spool: Spool,
    database: Database,
    menus: Menus,
    journal: Journal,
    outlet: Outlet,
    asker: Asker,
    staffing: Staffing,
    idempotency_key: IdempotencyKey = None,
) -> PaperList:
    """How today's business date stands, on paper. Nothing is closed by it. While a till is open, not
    for whoever counts it blind.
    """
    await ensure_not_blind(database, staffing.asking, asker)
    key, day = _key(idempotency_key), outlet.moment(journal.reading()).business_date
    report = await database.read(lambda db: sales_of(db, menus, outlet, day))
    return await _answer(
        spool, await spool.desk.report(printer, key, report, done_by(asker, data.screen))
    )


def sales_of(db: sqlite3.Connection, menus: Menus, outlet: Outlet, day: str) -> SalesReport:
    """The sales of one business date, in the menu's money."""
    index = menus.current(db)
    currency = index.menu.currency if index.menu.version else outlet.currency
    return reports.sales(db, index, day, day, currency)


def _ensure_somebody(staffing: Staffing, asker: Asker) -> None:
    """Where people sign in, somebody answers for each paper. Raises Refused."""
    if (no := staffing.asking.lacks_here(asker)) is not None:
        raise Refused(no)


async def _answer(spool: Spool, asked: Asked) -> PaperList:
    if isinstance(asked, Refusal):
        raise Refused(asked)
    return PaperList(papers=await paper_cards(spool, asked))


def _key(given: str | None) -> str:
    if not given or len(given) > COMMAND_ID_MAX:
        detail = "it needs an Idempotency-Key header, so that a retry prints nothing twice"
        raise Refused(Refusal("bad_request", {"detail": detail}))
    return given

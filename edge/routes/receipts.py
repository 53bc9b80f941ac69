"""A guest's digital receipt: one page for one paper, and nothing else of the outlet's."""

import sqlite3
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath, QueryParameter

from edge.order_state import load_order
from edge.printing.qr import svg
from edge.printing.receipt_layout import receipt
from edge.printing.web_page import page, paper_html
from edge.routes.given import Database, Outlet, ReceiptLinks
from protocol.orders import Order

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow",
    "x-content-type-options": "nosniff",
    "cache-control": "private, no-cache",
}
"""The page needs nothing from anywhere, and no search engine or next site learns its address."""

LOOPBACK = {"localhost", "127.0.0.1", "::1", None}

NOT_FOUND = (
    '<h1>Struk tidak ditemukan</h1><p class="center">Periksa alamatnya, atau tanyakan di kasir.</p>'
    '<hr><h1>No such receipt</h1><p class="center">Check the address, or ask at the counter.</p>'
)


@get("/r/{code:str}", include_in_schema=False)
async def digital_receipt(
    request: Request[Any, Any, Any],
    code: FromPath[str],
    receipt_links: ReceiptLinks,
    database: Database,
    outlet: Outlet,
    lang: Annotated[str, QueryParameter(name="lang")] = "",
) -> Response[str]:
    """The receipt behind the QR code, as the order stands now."""
    order_id = receipt_links.find_order(code)
    order: Order | None = None
    if order_id is not None:
        found = order_id

        def work(db: sqlite3.Connection) -> Order | None:
            return load_order(db, found)

        order = await database.read(work)
    if order is None:
        body = page("Struk / Receipt", NOT_FOUND, "id")
        return Response(body, media_type="text/html", status_code=404, headers=HEADERS)
    language = _language(lang, request.headers.get("accept-language", ""), outlet.language)
    paper = receipt(
        order,
        msgspec.structs.replace(outlet, language=language),
        header=outlet.receipt_header,
        footer=outlet.receipt_footer,
    )
    links = tuple((other, f"?lang={other}") for other in ("id", "en") if other != language)
    title = f"{outlet.name} · {order.number}"
    body = page(title, paper_html(paper), language, links)
    return Response(body, media_type="text/html", headers=HEADERS)


class ReceiptCode(msgspec.Struct, frozen=True, kw_only=True):
    """Where a guest finds the receipt of an order, and the same as a picture to scan (SVG).

    Both are empty where guests cannot reach the box.
    """

    url: str = ""
    svg: str = ""


@get("/api/orders/{order_id:str}/receipt-code", tags=["Orders"], summary="The digital receipt's QR")
async def receipt_code(
    request: Request[Any, Any, Any], order_id: FromPath[str], receipt_links: ReceiptLinks
) -> ReceiptCode:
    """Of any order, also one that is not paid yet: its page then says so.

    Without an address of its own for guests, the one the screen itself used will do on the same
    Wi-Fi, unless that is this machine.
    """
    url = receipt_links.link(order_id)
    if not url and request.base_url.hostname not in LOOPBACK:
        url = f"{str(request.base_url).rstrip('/')}/r/{receipt_links.code(order_id)}"
    return ReceiptCode(url=url, svg=svg(url)) if url else ReceiptCode()


def _language(asked: str, accepted: str, spoken: str) -> str:
    """What the guest chose, else what the phone speaks, else what the outlet speaks."""
    if asked in {"id", "en"}:
        return asked
    for part in accepted.split(",", 8)[:8]:
        tag = part.split(";")[0].strip().lower()[:2]
        if tag in {"id", "en"}:
            return tag
    return "id" if spoken == "id" else "en"

"""`kedai edge reprint` and `kedai edge papers`: paper, asked for beside the running box."""

import contextlib
from typing import Any
from urllib.parse import quote

import msgspec

from edge.http_client import TransportError, open_client
from protocol.orders import Order
from protocol.papers import PaperCard, PaperList

WHAT = ("receipt", "tickets")


class NotDone(Exception):
    """Nothing was printed; the sentence says why and what to do."""


class _Found(msgspec.Struct):
    orders: list[Order]


class _No(msgspec.Struct):
    title: str = "The box refused."
    what_to_do: str = ""


async def reprint(port: int, order: str, what: str, printer: str | None, key: str) -> list[str]:
    """Ask the box for an order's `what` again; `order` is an id, or a number such as A042.

    Returns a sentence per paper. Raises NotDone.
    """
    found = await _order(port, order)
    body = {"screen": "command line"} | ({"printer": printer} if printer else {})
    path = f"/api/orders/{found.order_id}/{what}"
    answer = await _ask(port, "POST", path, body, key)
    return [in_words(p) for p in msgspec.json.decode(answer, type=PaperList).papers]


async def papers(port: int, *, everything: bool = False) -> list[PaperCard]:
    """What has not come out, or all papers; newest first. Raises NotDone."""
    which = {"state": "all" if everything else "open"}
    answer = await _ask(port, "GET", "/api/papers", which)
    return list(msgspec.json.decode(answer, type=PaperList).papers)


def in_words(paper: PaperCard) -> str:
    """One paper in a line: what, whose, where, and how it is."""
    copy = f", duplicate {paper.copies}" if paper.copies else ""
    why = f" {paper.fault_en}" if paper.fault_en else ""
    kind = paper.kind.replace("_", " ")
    return f"{kind} {paper.number} on {paper.printer_name}: {paper.state.value}{copy}.{why}"


async def _order(port: int, order: str) -> Order:
    """The newest order with this number, else the order of this id."""
    listed = await _ask(port, "GET", "/api/orders/history", {"q": order, "limit": "50"})
    same = [o for o in msgspec.json.decode(listed, type=_Found).orders if o.number == order.upper()]
    if same:
        return same[0]
    path = f"/api/orders/{quote(order, safe='')}"
    return msgspec.json.decode(await _ask(port, "GET", path), type=Order)


async def _ask(
    port: int, method: str, path: str, given: dict[str, str] | None = None, key: str = ""
) -> bytes:
    """The answer's body; `given` goes into the address of a GET, else into the body."""
    asks: dict[str, Any] = {"params": given} if method == "GET" else {"json": given or {}}
    async with open_client(f"http://127.0.0.1:{port}", timeout_s=10) as client:
        try:
            headers = {"Idempotency-Key": key} if key else {}
            answer = await client.request(method, path, headers=headers, **asks)
        except TransportError as fault:
            raise NotDone(
                f"The box does not answer on port {port} ({fault}). Start it, or name its port with"
                " --port. Nothing was printed."
            ) from fault
    if answer.status_code != 200:
        no = _No()
        with contextlib.suppress(msgspec.DecodeError):
            no = msgspec.json.decode(answer.content, type=_No)
        raise NotDone(f"{no.title} {no.what_to_do}".strip())
    return bytes(answer.content)

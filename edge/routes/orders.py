"""The friendly faces of order commands, and looking orders up."""

import re
import sqlite3
from typing import Annotated, Any

import msgspec
from litestar import Response, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from edge.asking import Caller
from edge.order_state import load_order
from edge.routes.commands import IdempotencyKey, accepted, respond, take_for
from edge.routes.errors import Refused
from edge.routes.given import Asker, Database, Platform, Taking
from protocol import commands as c
from protocol.ids import CommandId, OrderId, PaymentId
from protocol.orders import Order, OrderStatus
from protocol.refusals import Refusal

HISTORY_MAX = 200
_PAGE = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")
_decoder = msgspec.json.Decoder(Order)


class OrderRequest(c.PlaceOrder, frozen=True, kw_only=True, tag=False):
    """An order with its circumstances; `command_id` may come as Idempotency-Key instead."""

    command_id: CommandId | None = None
    screen: c.Text = ""
    staff: c.Text | None = None
    device_ms: int | None = None
    happened_ms: int | None = None


class StatusRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Where the order should be moved to."""

    status: OrderStatus
    reason: c.Text = ""
    command_id: CommandId | None = None
    screen: c.Text = ""


class PaymentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Money for an order, in minor units; see `TenderPayment`."""

    payment_id: PaymentId
    tendered: int
    tender: c.Text = "cash"
    amount: int | None = None
    label: c.Text = ""
    command_id: CommandId | None = None
    screen: c.Text = ""


class FireRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which courses go to the kitchen now; all that wait when none are named."""

    courses: tuple[c.Count, ...] = ()
    command_id: CommandId | None = None
    screen: c.Text = ""


class RushRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the kitchen should make the order before others."""

    rush: bool = True
    command_id: CommandId | None = None
    screen: c.Text = ""


class History(msgspec.Struct, frozen=True):
    """A page of orders, newest first; `next` goes into `before` for the page after it."""

    orders: list[Order]
    next: str | None


_decode_order = msgspec.json.Decoder(OrderRequest).decode


async def answer_order(
    taking: Taking, body: bytes, key: str | None, caller: Caller | None = None
) -> c.Accepted | Refusal:
    """The answer to an order as it came in.

    Raises msgspec.DecodeError for a body that is not an order, Busy and DatabaseBroken.
    """
    try:
        envelope = _envelope(_decode_order(body), key)
    except Refused as refused:
        return refused.refusal
    outcome = await take_for(caller, taking, envelope)
    return outcome if isinstance(outcome, Refusal) else accepted(outcome)


@post("/api/orders", tags=["Orders"], summary="Place an order", status_code=200)
async def place_order(
    data: JSONBody[OrderRequest],
    taking: Taking,
    asker: Asker,
    idempotency_key: IdempotencyKey = None,
) -> Response[bytes]:
    """Take an order; the same command id again returns the first answer."""
    return respond(await take_for(asker, taking, _envelope(data, idempotency_key)))


@get("/api/orders/history", tags=["Orders"], summary="Orders, newest first")
async def order_history(
    database: Database,
    business_date: Annotated[str | None, QueryParameter(name="date")] = None,
    status: FromQuery[OrderStatus | None] = None,
    q: Annotated[str | None, QueryParameter(max_length=100)] = None,
    before: FromQuery[str | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=HISTORY_MAX)] = 50,
) -> History:
    """Look orders up by business date, status, or `q` (number or tab name)."""
    rows = await database.read(lambda db: _history(db, business_date, status, q, before, limit + 1))
    orders = [_decoder.decode(body) for body, _ in rows[:limit]]
    return History(orders, rows[limit - 1][1] if len(rows) > limit else None)


@get("/api/orders/{order_id:str}", tags=["Orders"], summary="One order")
async def get_order(order_id: FromPath[str], database: Database) -> Order:
    """The order as it now is."""
    order = await database.read(lambda db: load_order(db, order_id))
    if order is None:
        raise Refused(Refusal("unknown_order", {"order_id": order_id}))
    return order


@patch("/api/orders/{order_id:str}/status", tags=["Orders"], summary="Move an order on")
async def change_status(
    order_id: FromPath[str],
    data: JSONBody[StatusRequest],
    taking: Taking,
    asker: Asker,
    idempotency_key: IdempotencyKey = None,
) -> Response[bytes]:
    """Fired, ready, served, or cancelled with a reason."""
    command = c.ChangeOrderStatus(
        order_id=OrderId(order_id), status=data.status, reason=data.reason
    )
    command_id = _command_id(data.command_id, idempotency_key)
    envelope = c.Envelope(command_id=command_id, command=command, screen=data.screen)
    return respond(await take_for(asker, taking, envelope))


@post("/api/orders/{order_id:str}/payments", tags=["Orders"], summary="Pay", status_code=200)
async def pay(
    order_id: FromPath[str],
    data: JSONBody[PaymentRequest],
    taking: Taking,
    asker: Asker,
    idempotency_key: IdempotencyKey = None,
) -> Response[bytes]:
    """Take money for an order; cash gives change."""
    command = c.TenderPayment(
        order_id=OrderId(order_id),
        payment_id=data.payment_id,
        tendered=data.tendered,
        tender=data.tender,
        amount=data.amount,
        label=data.label,
    )
    command_id = _command_id(data.command_id, idempotency_key)
    envelope = c.Envelope(command_id=command_id, command=command, screen=data.screen)
    return respond(await take_for(asker, taking, envelope))


@post("/api/orders/{order_id:str}/hold", tags=["Orders"], summary="Hold", status_code=200)
async def hold(
    order_id: FromPath[str],
    taking: Taking,
    asker: Asker,
    platform: Platform,
    idempotency_key: IdempotencyKey = None,
) -> Response[bytes]:
    """Park an order that the kitchen has not been told of."""
    command = c.HoldOrder(order_id=OrderId(order_id))
    return await _simple(command, asker, taking, platform, idempotency_key)


@post("/api/orders/{order_id:str}/recall", tags=["Orders"], summary="Recall", status_code=200)
async def recall(
    order_id: FromPath[str],
    taking: Taking,
    asker: Asker,
    platform: Platform,
    idempotency_key: IdempotencyKey = None,
) -> Response[bytes]:
    """Bring a held order back to a screen."""
    command = c.RecallOrder(order_id=OrderId(order_id))
    return await _simple(command, asker, taking, platform, idempotency_key)


@post("/api/orders/{order_id:str}/fire", tags=["Orders"], summary="Fire", status_code=200)
async def fire(
    order_id: FromPath[str],
    data: JSONBody[FireRequest],
    taking: Taking,
    asker: Asker,
    platform: Platform,
    idempotency_key: IdempotencyKey = None,
) -> Response[bytes]:
    """Send what waits to the kitchen: the courses named, or all of it."""
    command = c.FireOrder(order_id=OrderId(order_id), courses=data.courses)
    key = data.command_id or idempotency_key
    return await _simple(command, asker, taking, platform, key, data.screen)


@post("/api/orders/{order_id:str}/rush", tags=["Orders"], summary="Rush", status_code=200)
async def rush(
    order_id: FromPath[str],
    data: JSONBody[RushRequest],
    taking: Taking,
    asker: Asker,
    platform: Platform,
    idempotency_key: IdempotencyKey = None,
) -> Response[bytes]:
    """Ask the kitchen to make it before others, or not any more."""
    command = c.RushOrder(order_id=OrderId(order_id), rush=data.rush)
    key = data.command_id or idempotency_key
    return await _simple(command, asker, taking, platform, key, data.screen)


def _envelope(data: JSONBody[OrderRequest], key: str | None) -> c.Envelope:
    return c.Envelope(
        command_id=_command_id(data.command_id, key),
        command=c.PlaceOrder(
            order_id=data.order_id,
            lines=data.lines,
            source=data.source,
            dining_option=data.dining_option,
            table=data.table,
            tab_name=data.tab_name,
            covers=data.covers,
            hold=data.hold,
            menu_version=data.menu_version,
            expected_total=data.expected_total,
            fire_courses=data.fire_courses,
        ),
        screen=data.screen,
        staff=data.staff,
        device_ms=data.device_ms,
        happened_ms=data.happened_ms,
    )


async def _simple(
    command: c.Command,
    asker: Caller | None,
    taking: Taking,
    platform: Platform,
    key: str | None,
    screen: str = "",
) -> Response[bytes]:
    # These are harmless to repeat, so a caller without a key gets one of ours.
    command_id = CommandId(key or platform.new_id())
    envelope = c.Envelope(command_id=command_id, command=command, screen=screen)
    return respond(await take_for(asker, taking, envelope))


def _command_id(in_body: CommandId | None, key: str | None) -> CommandId:
    found = in_body or key
    if not found:
        detail = "it needs an Idempotency-Key header or a command_id, so that a retry is safe"
        raise Refused(Refusal("bad_request", {"detail": detail}))
    return CommandId(found)


def _history(
    db: sqlite3.Connection,
    business_date: str | None,
    status: OrderStatus | None,
    q: str | None,
    before: str | None,
    limit: int,
) -> list[tuple[bytes, str]]:
    where, values = ["1"], list[Any]()
    if business_date:
        where.append("business_date = ?")
        values.append(business_date)
    if status:
        where.append("status = ?")
        values.append(status.value)
    if q:
        where.append("(number LIKE ? OR json_extract(CAST(body AS TEXT), '$.tab_name') LIKE ?)")
        values += [f"%{q}%", f"%{q}%"]
    if before:
        page = _PAGE.fullmatch(before)
        if page is None:
            raise Refused(Refusal("bad_request", {"detail": "before is not from a former page"}))
        where.append("(placed_ms, rowid) < (?, ?)")
        values += [int(page[1]), int(page[2])]
    rows = db.execute(
        f"SELECT body, placed_ms || '-' || rowid FROM orders WHERE {' AND '.join(where)}"
        " ORDER BY placed_ms DESC, rowid DESC LIMIT ?",
        (*values, limit),
    )
    return rows.fetchall()

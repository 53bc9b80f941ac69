"""`POST /api/commands`: any command, or several in order, each decided and answered by itself."""

import asyncio
from typing import Annotated, Any, cast

import msgspec
from litestar import Request, Response, post
from litestar.params import HeaderParameter

from edge.routes.errors import Problem, answer, problem_of
from edge.routes.given import Taking
from edge.taking import Taken
from protocol.commands import Accepted, Envelope
from protocol.ids import CommandId
from protocol.orders import Order
from protocol.refusals import Refusal

BATCH_MAX = 500
"""Most envelopes one request may carry."""

_decode_one = msgspec.json.Decoder(Envelope).decode
_decode_many = msgspec.json.Decoder(
    Annotated[list[Envelope], msgspec.Meta(max_length=BATCH_MAX)]
).decode
_encode = msgspec.json.Encoder().encode

IdempotencyKey = Annotated[str | None, HeaderParameter(name="Idempotency-Key")]


def accepted(taken: Taken) -> Accepted:
    """The yes as it goes out; the order is passed on as the bytes that were stored."""
    order = None if taken.order_json is None else msgspec.Raw(taken.order_json)
    return Accepted(
        command_id=CommandId(taken.command_id),
        position=taken.position,
        repeated=taken.repeated,
        order=cast("Order | None", order),
        events=taken.events,
    )


def respond(outcome: Taken | Refusal) -> Response[bytes]:
    """The HTTP answer to one command."""
    if isinstance(outcome, Refusal):
        return answer(outcome)
    return Response(_encode(accepted(outcome)), media_type="application/json", status_code=200)


async def answer_commands(
    taking: Taking, body: bytes
) -> Accepted | Refusal | list[Accepted | Problem]:
    """The answer to a request of one envelope, or of an array of them in order.

    Raises msgspec.DecodeError when the body is neither, Busy and DatabaseBroken.
    """
    if body.lstrip()[:1] != b"[":
        outcome = await taking.take(_decode_one(body))
        return outcome if isinstance(outcome, Refusal) else accepted(outcome)
    outcomes = await asyncio.gather(*(taking.take(e) for e in _decode_many(body)))
    return [problem_of(o) if isinstance(o, Refusal) else accepted(o) for o in outcomes]


@post(
    "/api/commands",
    tags=["Commands"],
    summary="Any command, or an array of them",
    status_code=200,
)
async def take_commands(request: Request[Any, Any, Any], taking: Taking) -> Response[bytes]:
    """One envelope → `Accepted` or a problem. An array → an array of `Accepted` or problems."""
    answered = await answer_commands(taking, await request.body())
    if isinstance(answered, Refusal):
        return answer(answered)
    return Response(_encode(answered), media_type="application/json", status_code=200)

"""`POST /api/commands`: any command, or several in order, each decided and answered by itself."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, cast

import msgspec
from litestar import Request, Response, post
from litestar.params import HeaderParameter

from edge.asking import Caller
from edge.database import Busy, DatabaseBroken
from edge.routes.errors import Problem, answer, bug_at, problem_of
from edge.routes.given import Asker, Taking
from edge.taking import Taken
from protocol.commands import Accepted, Envelope
from protocol.ids import CommandId
from protocol.orders import Order
from protocol.refusals import Refusal
from protocol.staff import Actor

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
        proof=taken.proof,
    )


def respond(outcome: Taken | Refusal) -> Response[bytes]:
    """The HTTP answer to one command."""
    if isinstance(outcome, Refusal):
        return answer(outcome)
    return Response(_encode(accepted(outcome)), media_type="application/json", status_code=200)


async def take_for(caller: Caller | None, taking: Taking, envelope: Envelope) -> Taken | Refusal:
    """A command in the name of whoever sent it. Nothing is remembered of one that nobody signed:
    it may be sent again when somebody is signed in."""
    return await _take(taking, envelope, None if caller is None else caller.actor(envelope))


async def _take(
    taking: Taking, envelope: Envelope, actor: Actor | Refusal | None
) -> Taken | Refusal:
    return actor if isinstance(actor, Refusal) else await taking.take(envelope, actor)


async def answer_commands(
    taking: Taking, body: bytes, caller: Caller | None = None
) -> Accepted | Refusal | list[Accepted | Problem]:
    """The answer to a request of one envelope, or of an array of them in order.

    One of an array that meets a bug of ours is answered so, and the others as ever.
    Raises msgspec.DecodeError when the body is neither, Busy and DatabaseBroken.
    """
    if body.lstrip()[:1] != b"[":
        outcome = await take_for(caller, taking, _decode_one(body))
        return outcome if isinstance(outcome, Refusal) else accepted(outcome)
    envelopes = _decode_many(body)
    actors = _actors(caller, envelopes)
    takes = (_take(taking, e, actor) for e, actor in zip(envelopes, actors, strict=True))
    return [_one_of_many(o) for o in await asyncio.gather(*takes, return_exceptions=True)]


def _actors(caller: Caller | None, envelopes: Sequence[Envelope]) -> list[Actor | Refusal | None]:
    """Who asks for each of them. What nobody signed holds back what came after it for its orders.

    A bump needs nobody's name. Taken before a void that does, it would make the void impossible:
    the line is made.
    """
    waiting: dict[str, Refusal] = {}
    actors: list[Actor | Refusal | None] = []
    for envelope in envelopes:
        about = [getattr(envelope.command, name, "") for name in ("order_id", "to_order_id")]
        held = next((waiting[order_id] for order_id in about if order_id in waiting), None)
        actor = held or (None if caller is None else caller.actor(envelope))
        if isinstance(actor, Refusal):
            waiting |= {order_id: actor for order_id in about if order_id}
        actors.append(actor)
    return actors


def _one_of_many(outcome: Taken | Refusal | BaseException) -> Accepted | Problem:
    if isinstance(outcome, (Busy, DatabaseBroken)) or not isinstance(
        outcome, (Taken, Refusal, Exception)
    ):
        raise outcome
    if isinstance(outcome, Exception):
        outcome = bug_at("/api/commands", outcome)
    return problem_of(outcome) if isinstance(outcome, Refusal) else accepted(outcome)


@post(
    "/api/commands",
    tags=["Commands"],
    summary="Any command, or an array of them",
    status_code=200,
)
async def take_commands(
    request: Request[Any, Any, Any], taking: Taking, asker: Asker
) -> Response[bytes]:
    """One envelope → `Accepted` or a problem. An array → an array of `Accepted` or problems."""
    answered = await answer_commands(taking, await request.body(), asker)
    if isinstance(answered, Refusal):
        return answer(answered)
    return Response(_encode(answered), media_type="application/json", status_code=200)

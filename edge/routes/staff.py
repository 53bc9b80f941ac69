"""Who works here: signing in and out, approvals, PINs and clocking, from screens of the outlet."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from edge.clockings import last_clocked
from edge.pin_desk import PinDesk as Desk
from edge.routes.asker import door_of, session_of, session_token
from edge.routes.devices import bearer_of, is_own_machine
from edge.routes.errors import Refused, answer
from edge.routes.given import Database, Node, Platform, Staffing, Taking
from edge.staff import OWN
from protocol import sign_in as s
from protocol.commands import Envelope
from protocol.ids import CommandId
from protocol.refusals import Refusal
from protocol.staff import Actor, Person
from protocol.till_commands import ClockIn, ClockOut

_sign_in = msgspec.json.Decoder(s.SignInAsked).decode
_sign_out = msgspec.json.Decoder(s.SignOutAsked).decode
_approval = msgspec.json.Decoder(s.ApprovalAsked).decode
_pin = msgspec.json.Decoder(s.PinChangeAsked).decode
_clock = msgspec.json.Decoder(s.ClockAsked).decode
_given = msgspec.json.Decoder(s.PinGiven).decode
_new = msgspec.json.Decoder(s.NewPerson).decode
_encode = msgspec.json.Encoder().encode

NO_STORE = {"cache-control": "no-store"}
Asked = Request[Any, Any, Any]


@get("/api/staff", tags=["Staff"], summary="Who works here, and whether screens must sign in")
async def list_staff(staffing: Staffing, database: Database) -> s.StaffHere:
    """Names and roles; never a PIN, nor what is kept of one."""
    return staffing.people.listed(await database.read(last_clocked))


@get("/api/staff/me", tags=["Staff"], summary="Who is signed in at the screen that asks")
async def signed_in(request: Asked, staffing: Staffing) -> Response[bytes]:
    """The session, or null."""
    return _respond(session_of(request.scope, staffing.sessions))


@post("/api/staff/sign-in", tags=["Staff"], summary="Sign in with a PIN", status_code=200)
async def sign_in(request: Asked, staffing: Staffing) -> Response[bytes]:
    """The session with its token, for `X-Session`. A session that the request carries ends."""
    asked = _sign_in(await request.body())
    door = door_of(request.scope, asked.screen)
    person = await staffing.desk.check(asked.staff_id, asked.pin, door)
    if isinstance(person, Refusal):
        return answer(person)
    instead_of = session_token(request.scope)
    sessions = staffing.sessions
    return _respond(
        await sessions.begin(person, door, asked.screen, instead_of, waiting=asked.waiting)
    )


@post("/api/staff/sign-out", tags=["Staff"], summary="Sign out", status_code=200)
async def sign_out(request: Asked, staffing: Staffing) -> Response[bytes]:
    """Ends the session that the request carries; again is the same. Of what the screen gives from
    then on under it, only what it names here is taken.
    """
    asked = _sign_out(await request.body() or b"{}")
    await staffing.sessions.end(session_token(request.scope), asked.waiting)
    return _respond({"signed_out": True})


@post("/api/staff/approvals", tags=["Staff"], summary="Approve one thing, once", status_code=200)
async def approve(request: Asked, staffing: Staffing) -> Response[bytes]:
    """The approval; its id goes into the command that needs it, within ten minutes."""
    asked = _approval(await request.body())
    session = session_of(request.scope, staffing.sessions)
    by = None if session is None else session.person.staff_id
    return _respond(await staffing.approvals.give(asked, by, door_of(request.scope, asked.screen)))


@post("/api/staff/pin", tags=["Staff"], summary="Choose another PIN", status_code=200)
async def change_pin(request: Asked, staffing: Staffing) -> Response[bytes]:
    """It holds here at once; HQ tells the other outlets."""
    asked = _pin(await request.body())
    door = door_of(request.scope)
    person = await staffing.desk.check(asked.staff_id, asked.pin, door)
    if isinstance(person, Refusal):
        return answer(person)
    kept = await _hashed(
        staffing.desk, staffing.people.pepper_of(person.staff_id), person.staff_id, asked.new_pin
    )
    await staffing.people.change_pin(person.staff_id, kept, door.name)
    return _respond({"changed": True})


@post(
    "/api/staff/clock", tags=["Staff"], summary="Clock in or out, or take a break", status_code=200
)
async def clock(
    request: Asked, staffing: Staffing, taking: Taking, platform: Platform
) -> Response[bytes]:
    """With one's own PIN, so that nobody has to be signed in for it. Repeats are harmless."""
    asked = _clock(await request.body())
    door = door_of(request.scope)
    person = await staffing.desk.check(asked.staff_id, asked.pin, door)
    if isinstance(person, Refusal):
        return answer(person)
    command = (
        ClockIn(staff_id=person.staff_id)
        if asked.what == "in"
        else ClockOut(staff_id=person.staff_id, on_break=asked.what == "break")
    )
    envelope = Envelope(
        command_id=CommandId(platform.new_id()), command=command, screen=door.name[:200]
    )
    actor = Actor(staff_id=person.staff_id, name=person.name, may=person.may)
    outcome = await taking.take(envelope, actor)
    return answer(outcome) if isinstance(outcome, Refusal) else _respond({"clocked": asked.what})


@post(
    "/api/staff/people", tags=["Staff"], summary="Add somebody to a box without HQ", status_code=200
)
async def add_person(
    request: Asked, staffing: Staffing, platform: Platform, node: Node
) -> Response[bytes]:
    """Only from the box's own machine, and only where there is no HQ: `kedai edge staff add`."""
    _ensure_own(request, node)
    asked = _new(await request.body())
    staff_id = OWN + platform.new_id()
    pepper = staffing.people.own_pepper()
    person = Person(
        staff_id=staff_id,
        name=asked.name.strip(),
        role=asked.role,
        language=asked.language,
        pin_hash=await _hashed(staffing.desk, pepper, staff_id, asked.pin),
        pin_ms=platform.wall_ms(),
    )
    await staffing.people.add(person)
    return _respond(s.card_of(person))


@post(
    "/api/staff/people/{staff_id:str}/remove",
    tags=["Staff"],
    summary="Somebody of a box without HQ leaves",
    status_code=200,
)
async def remove_person(
    request: Asked, staff_id: FromPath[str], staffing: Staffing, node: Node
) -> Response[bytes]:
    """Their name stays for what they did; who is signed in is signed out."""
    _ensure_own(request, None if staff_id.startswith(OWN) else node)
    person = staffing.people.find(staff_id)
    if person is None:
        return answer(Refusal("unknown_staff"))
    await staffing.people.add(msgspec.structs.replace(person, active=False))
    return _respond({"removed": staff_id})


@post(
    "/api/staff/people/{staff_id:str}/pin",
    tags=["Staff"],
    summary="Another PIN for somebody of a box without HQ",
    status_code=200,
)
async def give_pin(
    request: Asked, staff_id: FromPath[str], staffing: Staffing, node: Node
) -> Response[bytes]:
    """For whoever forgot it; only from the box's own machine."""
    _ensure_own(request, None if staff_id.startswith(OWN) else node)
    person = staffing.people.find(staff_id)
    if person is None:
        return answer(Refusal("unknown_staff"))
    pin = _given(await request.body()).pin
    pepper = staffing.people.pepper_of(staff_id)
    await staffing.people.change_pin(
        staff_id, await _hashed(staffing.desk, pepper, staff_id, pin), ""
    )
    return _respond({"changed": True})


async def _hashed(desk: Desk, pepper: bytes, staff_id: str, pin: str) -> str:
    """What is kept of a new PIN. Raises Refused."""
    if not s.fits_as_pin(pin):
        raise Refused(Refusal("weak_pin"))
    kept = await desk.hash_of(pepper, staff_id, pin)
    if isinstance(kept, Refusal):
        raise Refused(kept)
    return kept


def _ensure_own(request: Asked, node: Any) -> None:
    if bearer_of(request.scope) is not None or not is_own_machine(request.scope):
        raise Refused(Refusal("only_on_the_box"))
    if node is not None and node.enrolled is not None:
        raise Refused(Refusal("people_at_hq"))


def _respond(outcome: Any) -> Response[bytes]:
    if isinstance(outcome, Refusal):
        return answer(outcome)
    return Response(
        _encode(outcome), status_code=200, media_type="application/json", headers=NO_STORE
    )

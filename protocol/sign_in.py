"""Signing in at a screen: PINs, sessions, approvals and clocking as screens and the box speak of them."""

import hmac
from hashlib import sha256
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from protocol.commands import Envelope
from protocol.staff import Actor, May, Person, Role

HEADER = "x-session"
"""Carries the token of whoever is signed in at the screen."""
PIN_LENGTH = (4, 6)
PEPPER_BYTES = 32
APPROVAL_LIVES_MS = 10 * 60 * 1000
"""How long an approval waits for the one thing it allows (facts: single use, short)."""
ENDED_COUNTS_MS = 24 * 3600 * 1000
"""How long commands of a session that has ended are still taken: a screen may have kept them."""
WAITING_MOST = 2_000
"""Commands that a screen names when a session ends; with more of them it names none."""
ENDED_TRUSTED_MS = 2 * 60 * 1000
"""How long they are taken with all that the person may: what was under way when they signed out. The
token stays on the screen with what waits there, within reach of whoever comes next."""

_RUNS = ("01234567890", "09876543210")

Pin = Annotated[str, Meta(max_length=12)]
Text = Annotated[str, Meta(max_length=200)]
Id = Annotated[str, Meta(min_length=1, max_length=64)]
Waiting = Annotated[tuple[Text, ...], Meta(max_length=WAITING_MOST)] | None
"""Ids of the commands that wait at a screen under the session that ends: all that it still brings.
None: the screen does not say; then what was minted before the end is taken."""


class PersonCard(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may sign in here, as screens show them: no PIN, no hash."""

    staff_id: str
    name: str
    role: Role
    language: str
    may: tuple[May, ...]
    clocked_in: bool = False


class StaffHere(msgspec.Struct, frozen=True, kw_only=True):
    """Who works here; with `sign_in`, commands need a session (kiosks and kitchens aside)."""

    sign_in: bool
    people: tuple[PersonCard, ...]


class SignInAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody at a screen says who they are. A session that the request carries ends: a switch."""

    staff_id: Id
    pin: Pin
    screen: Text = ""
    waiting: Waiting = None


class SignOutAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever is signed in at a screen goes, or went while the box was away."""

    screen: Text = ""
    waiting: Waiting = None


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody is signed in; `token` goes into each request. It is empty when only looked up."""

    person: PersonCard
    begun_ms: int
    token: str = ""


class ApprovalAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may allows one thing, once: `action` on `subject` (an order or a shift) up to
    `amount` in minor units (None: whatever it comes to)."""

    staff_id: Id
    pin: Pin
    action: May
    subject: Id
    amount: Annotated[int, Meta(ge=0)] | None = None
    screen: Text = ""


class PinChangeAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody chooses another PIN."""

    staff_id: Id
    pin: Pin
    new_pin: Pin


class ClockAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody begins or ends work, or a break. Repeats are harmless."""

    staff_id: Id
    pin: Pin
    what: Literal["in", "out", "break"]


class NewPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is to work at a box without HQ."""

    name: Annotated[str, Meta(min_length=1, max_length=60)]
    role: Role
    pin: Pin
    language: Annotated[str, Meta(max_length=12)] = ""


class PinGiven(msgspec.Struct, frozen=True, kw_only=True):
    """Another PIN for somebody of a box without HQ, who forgot theirs."""

    pin: Pin


def staff_of(envelope: Envelope, actor: Actor | None, *, proven: bool = False) -> str | None:
    """Whose deed a command is. What a screen says of it counts only where nobody signs in, and for
    what a box is proven to have accepted: whoever offers that again need not be who did it."""
    if actor is None or (proven and envelope.staff):
        return envelope.staff
    return actor.staff_id


def card_of(person: Person, *, clocked_in: bool = False) -> PersonCard:
    """A person as screens may know them."""
    return PersonCard(
        staff_id=person.staff_id,
        name=person.name,
        role=person.role,
        language=person.language,
        may=tuple(sorted(person.may)),
        clocked_in=clocked_in,
    )


def peppered(pepper: bytes, staff_id: str, pin: str) -> bytes:
    """What is hashed of a PIN. A PIN has a million values at most, so its hash alone protects
    nothing: without the pepper, which is kept elsewhere, it cannot be tried out."""
    return hmac.new(pepper, f"{staff_id}{pin}".encode(), sha256).digest()


def fits_as_pin(pin: str) -> bool:
    """Four to six digits, and none of those that everybody tries first: 1111, 1234, 4321."""
    digits = pin.isascii() and pin.isdecimal() and PIN_LENGTH[0] <= len(pin) <= PIN_LENGTH[1]
    return digits and len(set(pin)) > 1 and not any(pin in run for run in _RUNS)

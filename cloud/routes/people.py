"""People as HQ keeps them: listed, added, changed, sent away, given a PIN."""

import msgspec
from litestar import Router, get, patch, post
from litestar.params import FromPath, JSONBody

from cloud.people import PersonView, PersonWish, UnfitPerson, UnknownPerson
from cloud.problems import Troubled
from cloud.routes.errors import NEEDS_KEY, says_no
from cloud.routes.given import Guest, Hq


class PeopleList(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody, who left last."""

    people: tuple[PersonView, ...]


class NewPerson(PersonWish, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody new; without a PIN they cannot sign in yet."""

    pin: str = ""


class PinGiven(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A PIN for somebody: four to six digits."""

    pin: str


@get("", summary="Who works where", responses=says_no(*NEEDS_KEY))
async def list_people(hq: Hq, visitor: Guest) -> PeopleList:
    """Never a PIN."""
    return PeopleList(people=tuple(await hq.people.list(visitor.tenant_id)))


@post("", status_code=200, summary="Add somebody", responses=says_no(*NEEDS_KEY, 422))
async def add_person(data: JSONBody[NewPerson], hq: Hq, visitor: Guest) -> PersonView:
    """The boxes of their outlets hear of it at once."""
    wish = PersonWish(
        **{n: getattr(data, n) for n in PersonWish.__struct_fields__}  # the PIN goes its own way
    )
    try:
        return await hq.people.add(visitor.tenant_id, wish, data.pin)
    except UnfitPerson as no:
        raise _unfit(no) from None


@patch("/{staff_id:str}", summary="Change somebody", responses=says_no(*NEEDS_KEY, 404, 422))
async def change_person(
    staff_id: FromPath[str], data: JSONBody[PersonWish], hq: Hq, visitor: Guest
) -> PersonView:
    """What is left out stays."""
    return await _change(hq, visitor, staff_id, data)


@post(
    "/{staff_id:str}/deactivate",
    status_code=200,
    summary="Somebody leaves",
    responses=says_no(*NEEDS_KEY, 404),
)
async def deactivate(staff_id: FromPath[str], hq: Hq, visitor: Guest) -> PersonView:
    """They are signed out at each box as soon as it hears; what they did keeps their name."""
    return await _change(hq, visitor, staff_id, PersonWish(active=False))


@post(
    "/{staff_id:str}/pin",
    status_code=200,
    summary="Give somebody a PIN",
    responses=says_no(*NEEDS_KEY, 404, 422),
)
async def give_pin(
    staff_id: FromPath[str], data: JSONBody[PinGiven], hq: Hq, visitor: Guest
) -> PersonView:
    """The one before is over as soon as a box hears of it."""
    try:
        return await hq.people.set_pin(visitor.tenant_id, staff_id, data.pin)
    except UnknownPerson:
        raise Troubled("unknown_person", staff_id=staff_id) from None
    except UnfitPerson as no:
        raise _unfit(no) from None


async def _change(hq: Hq, visitor: Guest, staff_id: str, wish: PersonWish) -> PersonView:
    try:
        return await hq.people.change(visitor.tenant_id, staff_id, wish)
    except UnknownPerson:
        raise Troubled("unknown_person", staff_id=staff_id) from None
    except UnfitPerson as no:
        raise _unfit(no) from None


def _unfit(no: UnfitPerson) -> Troubled:
    return Troubled("unfit_person", faults=no.faults, count=len(no.faults))


people = Router(
    "/api/people",
    route_handlers=[list_people, add_person, change_person, deactivate, give_pin],
    tags=["people"],
)

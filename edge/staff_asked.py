"""What `kedai edge staff` asks the running box: who works there, and people of a box without HQ."""

import contextlib

import msgspec

from edge.http_client import HTTPError, open_client
from protocol.sign_in import NewPerson, PersonCard, StaffHere
from protocol.staff import Role


class NotDone(Exception):
    """The box said no, or nothing; the sentence says why and what was changed: nothing."""


class _No(msgspec.Struct):
    title: str = "The box refused."
    what_to_do: str = ""


async def listed(port: int) -> StaffHere:
    """Who works at the box. Raises NotDone."""
    return msgspec.json.decode(await _ask(port, "GET", "/api/staff"), type=StaffHere)


async def add(port: int, name: str, role: Role, pin: str, language: str) -> PersonCard:
    """Somebody begins to work at a box without HQ. Raises NotDone."""
    asked = NewPerson(name=name, role=role, pin=pin, language=language)
    body = await _ask(port, "POST", "/api/staff/people", msgspec.json.encode(asked))
    return msgspec.json.decode(body, type=PersonCard)


async def remove(port: int, name: str) -> PersonCard:
    """Somebody (name or id) leaves it. Raises NotDone."""
    person = _only(await listed(port), name)
    await _ask(port, "POST", f"/api/staff/people/{person.staff_id}/remove", b"{}")
    return person


async def give_pin(port: int, name: str, pin: str) -> PersonCard:
    """Somebody (name or id) of a box without HQ gets another PIN. Raises NotDone."""
    person = _only(await listed(port), name)
    body = msgspec.json.encode({"pin": pin})
    await _ask(port, "POST", f"/api/staff/people/{person.staff_id}/pin", body)
    return person


def _only(staff: StaffHere, name: str) -> PersonCard:
    found = [p for p in staff.people if name in (p.staff_id, p.name)]
    if len(found) != 1:
        why = "Nobody here is" if not found else f"{len(found)} people are"
        raise NotDone(f"{why} called {name!r}; `kedai edge staff list` shows everybody.")
    return found[0]


async def _ask(port: int, method: str, path: str, body: bytes | None = None) -> bytes:
    headers = {"content-type": "application/json"}
    try:
        async with open_client(f"http://127.0.0.1:{port}", timeout_s=10) as box:
            answer = await box.request(method, path, content=body, headers=headers)
    except HTTPError as fault:
        raise NotDone(f"No box answers on port {port} ({fault}). Nothing was changed.") from fault
    if answer.status_code != 200:
        no = _No()
        with contextlib.suppress(msgspec.MsgspecError):
            no = msgspec.json.decode(answer.content, type=_No)
        raise NotDone(f"{no.title} {no.what_to_do}".strip())
    return bytes(answer.content)

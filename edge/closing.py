"""`kedai edge day` and `kedai edge till`: asked of the running box, in words for a person."""

import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from edge.days import read_days
from edge.http_client import TransportError, open_client
from edge.node import Node
from edge.till_views import StandingView, TillsView
from edge.verifying import Verdict, verify
from protocol.money import CURRENCIES, format_amount
from protocol.sign_in import HEADER

DAYS_CHECKED = 4_000
"""Ten years and more."""


class NotDone(Exception):
    """Nothing was changed; the sentence says why and what to do."""


class _No(msgspec.Struct):
    title: str = "The box refused."
    what_to_do: str = ""


class _Session(msgspec.Struct):
    token: str = ""


Staff = tuple[str, str]
"""Id and PIN of who asks, where people sign in."""


async def standing(port: int, date: str | None, staff: Staff | None = None) -> StandingView:
    """How a business date stands; figures are for who may close it. Raises NotDone."""
    return await _standing(port, date, await _signed_in(port, staff))


async def _standing(port: int, date: str | None, headers: dict[str, str]) -> StandingView:
    given = {"date": date} if date else {}
    answer = await _ask(port, "GET", "/api/days/standing", given, headers)
    return msgspec.json.decode(answer, type=StandingView)


async def close(
    port: int,
    date: str | None,
    new_id: Callable[[], str],
    *,
    knowing: bool,
    staff: Staff | None = None,
) -> list[str]:
    """Close the day; a sentence says with which Z reports. Raises NotDone, also for what is left
    while nobody said that it may be.
    """
    headers = await _signed_in(port, staff)
    found = await _standing(port, date, headers)
    blocking = [o for o in found.outstanding if o.blocks]
    if found.outstanding and not knowing and not blocking:
        left = "\n".join(f"  {o.kind}: {o.label} {o.where}".rstrip() for o in found.outstanding)
        raise NotDone(
            f"This is not done:\n{left}\nFinish it, or close with --knowing. Nothing was changed."
        )
    command = {
        "type": "day.close",
        "close_id": new_id(),
        "business_date": found.business_date,
        "knowing": [o.id for o in found.outstanding],
    }
    envelope = {"command_id": new_id(), "command": command, "screen": "command line"}
    await _ask(port, "POST", "/api/commands", envelope, headers)
    last = found.next_z + max(1, len(found.figures)) - 1
    numbers = f"Z {found.next_z}" if last == found.next_z else f"Z {found.next_z} to Z {last}"
    return [f"{found.business_date} is closed with {numbers}. The certificate follows from HQ."]


async def tills(port: int) -> TillsView:
    """Every till. Raises NotDone."""
    return msgspec.json.decode(await _ask(port, "GET", "/api/tills"), type=TillsView)


def standing_in_words(found: StandingView, currency: str = "IDR") -> list[str]:
    """What a close would find, a line for each thing."""
    money = CURRENCIES[currency]
    lines = [f"{found.business_date}, next is Z {found.next_z}."]
    if found.unsure:
        lines.append("The clock of this box is not confirmed: the date may be another.")
    for day in found.figures:
        total = format_amount(day.total, money)
        lines.append(f"{day.business_date}: {day.orders} orders, {total}")
        lines += [
            f"  {x.tender}: {x.count} payments, {format_amount(x.amount, money)}"
            for x in day.tenders
        ]
    if not found.figures:
        lines.append("Nothing that no Z report has counted.")
    lines += [f"not done: {o.kind} {o.label} {o.where}".rstrip() for o in found.outstanding]
    return lines


def tills_in_words(found: TillsView) -> list[str]:
    """A line for each till."""
    if not found.tills:
        return ["There are no tills."]
    return [
        f"{t.name}: open, by {t.shift.opened_by or '-'} since {t.shift.business_date}"
        if t.shift is not None
        else f"{t.name}: closed"
        for t in found.tills
    ]


def verify_folder(folder: Path) -> list[Verdict]:
    """Check the closed days in a box's folder; the box may run. Raises NotDone."""
    path = folder / "box.db"
    if not path.exists():
        raise NotDone(f"There is no box in {folder}. Name its folder with --data.")
    node = Node(folder)
    node.load()
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        days = read_days(db, DAYS_CHECKED)
    return verify(node, list(reversed(days)))


def verdicts_in_words(verdicts: Sequence[Verdict]) -> list[str]:
    """A line for each closed day."""
    lines = []
    for v in verdicts:
        state = "certified" if v.certified else "not certified yet"
        if not v.agrees:
            state = "box and HQ differ"
        lines.append(f"Z {v.number_z} {v.business_date}: " + ("; ".join(v.wrong) or state))
    return lines or ["No day was closed here."]


async def _signed_in(port: int, staff: Staff | None) -> dict[str, str]:
    if staff is None:
        return {}
    asked = {"staff_id": staff[0], "pin": staff[1], "screen": "command line"}
    answer = await _ask(port, "POST", "/api/staff/sign-in", asked)
    return {HEADER: msgspec.json.decode(answer, type=_Session).token}


async def _ask(
    port: int,
    method: str,
    path: str,
    given: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> bytes:
    """The answer's body; `given` goes into the address of a GET, else into the body."""
    asks: dict[str, Any] = {"params": given or {}} if method == "GET" else {"json": given or {}}
    async with open_client(f"http://127.0.0.1:{port}", timeout_s=30) as client:
        try:
            answer = await client.request(method, path, headers=headers or {}, **asks)
        except TransportError as fault:
            raise NotDone(
                f"The box does not answer on port {port} ({fault}). Start it, or name its port with"
                " --port. Nothing was changed."
            ) from fault
    if answer.status_code not in (200, 201):
        no = _No()
        with contextlib.suppress(msgspec.DecodeError):
            no = msgspec.json.decode(answer.content, type=_No)
        raise NotDone(f"{no.title} {no.what_to_do}".strip())
    return bytes(answer.content)

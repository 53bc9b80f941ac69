"""The one place where a no becomes HTTP: problem details (RFC 9457) in two languages."""

import logging
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from edge.database import Busy, DatabaseBroken
from edge.feed import TooManyScreens
from protocol.refusals import REFUSALS, Refusal, sentence

log = logging.getLogger("edge.routes")

PROBLEM = "application/problem+json"
BODY_MAX = 4 * 1024 * 1024
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What reading a body raises: wrong JSON or types, bytes that are no text, nesting without end."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Problem details: what happened (`title`), what to do, in English and Indonesian."""

    type: str
    title: str
    status: int
    code: str
    what_to_do: str
    title_id: str
    what_to_do_id: str
    detail: str = ""
    params: dict[str, str] = {}


class Refused(Exception):
    """Carries a refusal out of a handler."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.code)


def problem_of(refusal: Refusal) -> Problem:
    """The refusal as a screen gets it."""
    title, todo = sentence(refusal, "en")
    title_id, todo_id = sentence(refusal, "id")
    return Problem(
        type=f"urn:kedai:refusal:{refusal.code}",
        title=title,
        status=REFUSALS[refusal.code].status,
        code=refusal.code,
        what_to_do=todo,
        title_id=title_id,
        what_to_do_id=todo_id,
        detail=title,
        params=refusal.params,
    )


def answer(refusal: Refusal) -> Response[bytes]:
    """The HTTP answer to a refusal."""
    problem = problem_of(refusal)
    headers = {"retry-after": "2"} if problem.status == 503 else {}
    return Response(
        msgspec.json.encode(problem),
        status_code=problem.status,
        media_type=PROBLEM,
        headers=headers,
    )


def on_refused(_: Request[Any, Any, Any], error: Refused) -> Response[bytes]:
    """A handler refused."""
    return answer(error.refusal)


def on_busy(_: Request[Any, Any, Any], __: Busy) -> Response[bytes]:
    """The queue is full."""
    return answer(Refusal("busy"))


def on_broken(_: Request[Any, Any, Any], __: DatabaseBroken) -> Response[bytes]:
    """The disk failed, or the box is stopping."""
    return answer(Refusal("stopping"))


def on_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """What the framework refused: unknown address, body that cannot be read or is too large."""
    if error.status_code == 404:
        return answer(Refusal("not_found", {"what": request.url.path}))
    if error.status_code == 413:
        return answer(Refusal("too_large", {"most": str(BODY_MAX)}))
    if error.status_code == 405:
        return answer(Refusal("wrong_method", {"what": request.url.path, "method": request.method}))
    return answer(Refusal("bad_request", {"detail": _detail(error)}))


def on_bug(request: Request[Any, Any, Any], bug: Exception) -> Response[bytes]:
    """We were wrong; whoever asked is told so, and that nothing was taken."""
    return answer(bug_at(request.url.path, bug))


def bug_at(path: str, bug: BaseException) -> Refusal:
    """The refusal that stands for a bug of ours, which is logged."""
    log.error("a bug at %s", path, exc_info=bug)
    return Refusal("bug")


def on_unreadable(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The body is not what it should be."""
    return answer(unreadable(error))


def unreadable(error: Exception) -> Refusal:
    """The refusal of a body that raised one of `UNREADABLE`."""
    return Refusal("bad_request", {"detail": str(error)})


def _detail(error: HTTPException) -> str:
    extra = error.extra if isinstance(error.extra, list) else []
    reasons = [f"{x.get('key', '')}: {x.get('message', '')}" for x in extra if isinstance(x, dict)]
    return "; ".join(reasons) or error.detail


HANDLERS: dict[Any, Any] = {
    Refused: on_refused,
    Busy: on_busy,
    DatabaseBroken: on_broken,
    TooManyScreens: on_busy,
    **dict.fromkeys(UNREADABLE, on_unreadable),
    HTTPException: on_http,
    Exception: on_bug,
}

"""The one place where a no of HQ's API becomes HTTP: problem details (RFC 9457)."""

from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.openapi.datastructures import ResponseSpec

from cloud import logs
from cloud.database import Unreachable
from cloud.problems import Problem, Troubled, problem_of

PROBLEM = "application/problem+json"

Asked = Request[Any, Any, Any]

_log = logs.log("http")


def says_no(*statuses: int) -> dict[int, ResponseSpec]:
    """For the API page: a handler may answer problem details with these statuses."""
    return {
        status: ResponseSpec(
            data_container=Problem,
            media_type=PROBLEM,
            generate_examples=False,
            description="Problem details (RFC 9457), in English and Indonesian",
        )
        for status in statuses
    }


NEEDS_KEY = (400, 401, 403, 503)
"""What every handler that needs a key may answer."""


def answer(trouble: Troubled) -> Response[bytes]:
    """The HTTP answer to a problem."""
    problem = problem_of(trouble)
    headers = {"retry-after": "2"} if problem.status == 503 else {}
    if problem.status == 401:
        headers["www-authenticate"] = "Bearer"
    return Response(
        msgspec.json.encode(problem),
        status_code=problem.status,
        media_type=PROBLEM,
        headers=headers,
    )


def on_troubled(_: Asked, trouble: Troubled) -> Response[bytes]:
    """A handler said no."""
    return answer(trouble)


def on_unreachable(_: Asked, __: Exception) -> Response[bytes]:
    """The database does not answer; its own part logs that once."""
    return answer(Troubled("unavailable"))


def on_http(request: Asked, error: HTTPException) -> Response[bytes]:
    """What the framework refused: unknown address, wrong method, unreadable or too large body."""
    if error.status_code == 404:
        return answer(Troubled("not_found", what=request.url.path))
    if error.status_code == 405:
        return answer(Troubled("wrong_method", what=request.url.path, method=request.method))
    if error.status_code == 413:
        return answer(Troubled("too_large"))
    return answer(Troubled("bad_request", detail=_detail(error)))


def on_bug(request: Asked, bug: Exception) -> Response[bytes]:
    """We were wrong: logged with the request, answered with words."""
    _log.error("bug", method=request.method, path=request.url.path, exc_info=bug)
    return answer(Troubled("bug"))


def _detail(error: HTTPException) -> str:
    extra = error.extra if isinstance(error.extra, list) else []
    reasons = [f"{x.get('key', '')}: {x.get('message', '')}" for x in extra if isinstance(x, dict)]
    return "; ".join(reasons) or error.detail


HANDLERS: dict[Any, Any] = {
    Troubled: on_troubled,
    HTTPException: on_http,
    **dict.fromkeys(Unreachable, on_unreachable),
    Exception: on_bug,
}

"""What a person in the outlet may tell the box itself."""

from litestar import Response, post

from edge.routes.errors import answer
from edge.routes.given import Asker, Health, Staffing
from protocol.refusals import Refusal
from protocol.staff import May


@post(
    "/api/box/take-over",
    tags=["Box"],
    summary="Put this box in charge of its outlet, when HQ says that another one is",
    status_code=200,
)
async def take_over(
    health: Health, staffing: Staffing, asker: Asker
) -> Response[bytes] | dict[str, str]:
    """It takes orders from now on; HQ is told at once, or when it is reached.

    Where people sign in, for whoever may let devices in; always from the box's own machine.
    """
    if (no := staffing.asking.lacks_here(asker, May.DEVICES)) is not None:
        return answer(no)
    if health.replication is None:
        return answer(Refusal("not_enrolled"))
    await health.replication.take_over()
    return {"role": health.replication.role}

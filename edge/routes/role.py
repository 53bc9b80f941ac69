"""What a person in the outlet may tell the box itself."""

from litestar import Response, post

from edge.routes.errors import answer
from edge.routes.given import Health
from protocol.refusals import Refusal


@post(
    "/api/box/take-over",
    tags=["Box"],
    summary="Put this box in charge of its outlet, when HQ says that another one is",
    status_code=200,
)
async def take_over(health: Health) -> Response[bytes] | dict[str, str]:
    """It takes orders from now on; HQ is told at once, or when it is reached."""
    if health.replication is None:
        return answer(Refusal("not_enrolled"))
    await health.replication.take_over()
    return {"role": health.replication.role}

"""How HQ is: for load balancers, for people, for Prometheus."""

from litestar import Response, get

from cloud.health import Report, is_ready, report
from cloud.metrics import CONTENT_TYPE
from cloud.routes.given import Hq


@get("/health/live", tags=["health"], summary="The process answers")
async def live() -> dict[str, str]:
    """Alive."""
    return {"status": "alive"}


@get("/health/ready", tags=["health"], summary="Boxes and people can be served")
async def ready(hq: Hq) -> Response[dict[str, str]]:
    """200, or 503 when the database does not answer."""
    if await is_ready(hq.database):
        return Response({"status": "ready"})
    return Response(
        {"status": "not ready", "reason": "the database does not answer"}, status_code=503
    )


@get("/health", tags=["health"], summary="Everything, in words")
async def in_words(hq: Hq) -> Report:
    """What works and what does not."""
    return await report(hq.database, hq.sales, hq.news)


@get("/metrics", include_in_schema=False)
async def metrics(hq: Hq) -> Response[bytes]:
    """Prometheus' exposition format."""
    return Response(hq.metrics.page(), media_type=CONTENT_TYPE)


health = [live, ready, in_words, metrics]

"""How the box is: for load balancers, for people, for Prometheus."""

from litestar import Response, get

from edge.health import Report
from edge.metrics import CONTENT_TYPE
from edge.replication import oldest_unsent_ms
from edge.routes.given import Database, Health, Metrics
from edge.seals import read_seals


@get("/health/live", tags=["Health"], summary="The process answers")
async def live() -> dict[str, str]:
    """Alive."""
    return {"status": "alive"}


@get("/health/ready", tags=["Health"], summary="Orders can be taken")
async def ready(health: Health) -> Response[dict[str, str]]:
    """200 when the box takes orders, 503 with the reason when not."""
    if health.ready:
        return Response({"status": "ready"})
    reason = next((s.en for s in health.sentences() if not s.ok), "not ready")
    return Response({"status": "not ready", "reason": reason}, status_code=503)


@get("/health", tags=["Health"], summary="Everything, in words")
async def in_words(health: Health, database: Database) -> Report:
    """What is right and what is wrong, and whether everything is sent."""
    line = health.replication
    if line is None:
        return health.report(None)
    oldest = None
    if line.unsent:
        oldest = await database.read(lambda db: oldest_unsent_ms(db, line.sent_through))
    return health.report(oldest, await database.read(read_seals))


@get("/metrics", include_in_schema=False)
async def metrics(metrics: Metrics) -> Response[bytes]:
    """Prometheus' exposition format."""
    return Response(metrics.text(), media_type=CONTENT_TYPE)

"""The product's intervals stretched for virtual time, so that a night without news costs nothing."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from cloud import distribution, follower
from cloud import pins as hq_pins
from edge import certifying, kitchen, pins, replication, resolutions, space, telemetry
from edge import follower as edge_follower
from edge.lan import link

REAL_POLL_S = follower.POLL_S
REAL_WAIT_S = resolutions.FEED_WAIT_S
REAL_LOOK_S = certifying.LOOK_S

PACE: tuple[tuple[Any, str, float], ...] = (
    # Polls that find nothing cost real time and prove nothing; what wakes them otherwise is real.
    (follower, "POLL_S", 300.0),
    (resolutions, "FEED_WAIT_S", 1800),
    (distribution, "WAIT_S_MAX", 1800),
    (replication, "LINGER_S", 6.0),
    (replication, "HELLO_EVERY_S", 3600.0),
    (space, "CHECK_EVERY_S", 600.0),
    (telemetry, "SAMPLE_EVERY_S", 1800.0),
    (telemetry, "SEND_EVERY_S", 7200.0),
    (edge_follower, "SAVE_EVERY_S", 120.0),
    (certifying, "LOOK_S", 120.0),
    (kitchen, "HEARTBEAT_S", 300.0),
    (link, "TICK_S", 300.0),
    # A PIN is to be slow for whoever tries them all; nobody does here.
    (pins, "TIME_COST", 1),
    (pins, "MEMORY_KIB", 8),
    (hq_pins, "TIME_COST", 1),
    (hq_pins, "MEMORY_KIB", 8),
)


@contextmanager
def pace() -> Iterator[None]:
    """The product's intervals stretched, so that a night costs nothing."""
    before = [(module, name, getattr(module, name)) for module, name, _ in PACE]
    for module, name, value in PACE:
        setattr(module, name, value)
    silenced, structured = logging.root.manager.disable, structlog.get_config()
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        logging.disable(silenced)
        structlog.configure(**structured)
        for module, name, value in before:
            setattr(module, name, value)


def quicken(hq: Any, outlets: Iterable[tuple[str, str]]) -> None:
    """HQ looks for work, and boxes (tenant, outlet) ask for news, as often as they really do: the
    stretched pace would be measured else."""
    follower.POLL_S = REAL_POLL_S
    resolutions.FEED_WAIT_S = REAL_WAIT_S
    hq.feed_news.tell_all()
    for part in hq.parts():
        if isinstance(part, follower.Follower):
            for tenant_id, outlet_id in outlets:
                part.wake(tenant_id, outlet_id)


def certify_soon() -> None:
    """Boxes look for days to certify as often as they really do."""
    certifying.LOOK_S = REAL_LOOK_S

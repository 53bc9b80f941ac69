"""Structured logs, one line per event, as text for people or JSON for machines."""

import logging
import sys
from typing import Any

import structlog


def configure(level: str, form: str) -> None:
    """Send logs to standard error at `level`, as `text` or `json`."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    render: Any = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(
        level=max(number, logging.WARNING), stream=sys.stderr, format="%(name)s: %(message)s"
    )
    # Its pool repeats itself while the database is away; the parts of HQ say it once.
    logging.getLogger("asyncpg").setLevel(logging.CRITICAL)
    for noisy in ("httpx", "httpcore", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def log(part: str) -> Any:
    """The logger of one part of HQ."""
    return structlog.get_logger(part=part)


class Mended:
    """Break once, heal once: of a failure that lasts, the first and the recovery are logged."""

    def __init__(self, logger: Any, what: str) -> None:
        self._logger = logger
        self._what = what
        self.reason: str | None = None
        """What is wrong now, for the health page; None when all is well."""

    def broke(self, fault: BaseException) -> None:
        """Note a failure; logged unless this was broken already."""
        if self.reason is None:
            reason = f"{type(fault).__name__}: {fault}"
            self._logger.warning("broke", what=self._what, reason=reason)
        self.reason = str(fault) or type(fault).__name__

    def healed(self) -> None:
        """Note success; logged only after a failure."""
        if self.reason is not None:
            self._logger.info("works again", what=self._what)
        self.reason = None

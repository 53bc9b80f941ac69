"""Figures for Prometheus, read from the parts when asked; nothing is counted twice."""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Reading = tuple[str, str, str, float]
"""Kind (`counter` or `gauge`), name, help text, value."""


class _Parts(Collector):
    def __init__(self, read: Callable[[], Iterable[Reading]]) -> None:
        self._read = read

    def collect(self) -> Iterable[Metric]:
        for kind, name, text, value in self._read():
            family = CounterMetricFamily if kind == "counter" else GaugeMetricFamily
            metric = family(f"kedai_{name}", text)
            metric.add_metric([], value)
            yield metric


class Metrics:
    """A registry over functions that read the parts' own counters."""

    def __init__(self, read: Callable[[], Iterable[Reading]]) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Parts(read))

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self._registry)

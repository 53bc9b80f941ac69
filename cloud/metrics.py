"""Figures for Prometheus: what came in, what was projected, what is behind."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """One registry per HQ, so that two in one process (tests) never share a counter."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.entries = self._counter("kedai_cloud_entries_total", "Journal entries taken in")
        self.duplicates = self._counter(
            "kedai_cloud_duplicate_entries_total", "Entries whose event had come before"
        )
        self.batches = Counter(
            "kedai_cloud_segments_total",
            "Batch segments by verdict",
            ["verdict"],
            registry=self._registry,
        )
        self.refused = Counter(
            "kedai_cloud_refused_requests_total",
            "Requests of boxes that were not taken, by code",
            ["code"],
            registry=self._registry,
        )
        self.crowded = Counter(
            "kedai_cloud_crowded_total",
            "Batches told to come later, by HTTP status",
            ["status"],
            registry=self._registry,
        )
        self.projected = self._counter("kedai_cloud_projected_total", "Ledger rows projected")
        self.parked = self._counter("kedai_cloud_parked_total", "Times a thing was parked")
        self.intake_s = Histogram(
            "kedai_cloud_intake_seconds", "Seconds to take in a batch", registry=self._registry
        )
        self.listeners = Gauge(
            "kedai_cloud_listeners", "Open dashboards and long polls", registry=self._registry
        )

    def _counter(self, name: str, meaning: str) -> Counter:
        return Counter(name, meaning, registry=self._registry)

    def page(self) -> bytes:
        """The exposition text."""
        return generate_latest(self._registry)

"""Figures for Prometheus: requests, their time and queries, and the connections."""

from collections.abc import Iterator

from prometheus_client import REGISTRY, CollectorRegistry, Gauge, Histogram, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from pyramid.config import Configurator
from pyramid.request import Request

from berceau.web.registry import METRICS, RUNNING
from berceau.workflows.serve.start import Running

# Anybody may send any method; each would be a series of its own.
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
QUERIES = (0, 1, 2, 3, 5, 10, 20, 50, 100, 200)


def includeme(config: Configurator) -> None:
    """Measure this application; the server exposes the figures where it is told to."""
    config.registry[METRICS] = Metrics(config.registry[RUNNING])


class PoolCollector(Collector):
    """The connections of one application, as they are when somebody asks."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def collect(self) -> Iterator[Metric]:
        """Yield a gauge for each figure of the pool."""
        status = self._running.pool.status
        for name, help_text, value in (
            ("limit", "Connections that this process may open", status.size),
            ("open", "Connections that are open", status.opened),
            ("in_use", "Connections that a request uses", status.in_use),
            ("waiting", "Threads that wait for a connection", status.waiting),
        ):
            yield GaugeMetricFamily(f"berceau_pool_{name}", help_text, value)


class Metrics:
    """The figures of one application, and those that components put into the library's own."""

    def __init__(self, running: Running) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(REGISTRY)
        self.registry.register(PoolCollector(running))
        self.in_progress = Gauge(
            "berceau_requests_in_progress",
            "Requests that are being answered",
            registry=self.registry,
        )
        self._seconds = Histogram(
            "berceau_request_duration_seconds",
            "How long requests took, by the pattern of their route",
            ("method", "route", "status"),
            buckets=SECONDS,
            registry=self.registry,
        )
        self._queries = Histogram(
            "berceau_request_queries",
            "How many queries requests ran",
            ("method", "route"),
            buckets=QUERIES,
            registry=self.registry,
        )

    def observe(self, request: Request, status: int, seconds: float, queries: int) -> None:
        """Count a request that was answered with ``status``."""
        route = getattr(request, "matched_route", None)
        pattern = "none" if route is None else route.pattern
        method = request.method if request.method in METHODS else "other"
        self._seconds.labels(method, pattern, str(status)).observe(seconds)
        self._queries.labels(method, pattern).observe(queries)

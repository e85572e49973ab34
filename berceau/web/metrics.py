"""Figures for Prometheus: requests, their time and queries, and the connections."""

from collections.abc import Iterator

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    Summary,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from pyramid.config import Configurator
from pyramid.request import Request

from berceau.orm.statistics import Totals
from berceau.orm.tenants import current_tenant
from berceau.tenancy import Tenant
from berceau.web.registry import METRICS, RUNNING
from berceau.workflows.serve.start import Running

# A series for each of thousands would be more than a server of metrics keeps.
MOST_TENANTS = 100
OTHERS = "other"

# Anybody may send any method; each would be a series of its own.
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
QUERIES = (0, 1, 2, 3, 5, 10, 20, 50, 100, 200)
ROWS = (0, 1, 10, 50, 100, 500, 1000, 5000, 10_000, 100_000)


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
        self._tenants: set[str] = set()
        self._by_tenant = Summary(
            "berceau_tenant_request_duration_seconds",
            f"How long requests took, by tenant; those of more than {MOST_TENANTS} are {OTHERS!r}",
            ("tenant",),
            registry=self.registry,
        )

        self._database_seconds = Histogram(
            "berceau_request_database_seconds",
            "How long the queries of requests took",
            ("method", "route"),
            buckets=SECONDS,
            registry=self.registry,
        )
        self._rows = Histogram(
            "berceau_request_rows",
            "How many rows the queries of requests returned or changed",
            ("method", "route"),
            buckets=ROWS,
            registry=self.registry,
        )
        self._slow_queries = Counter(
            "berceau_slow_queries",
            "Queries that took so long that the log has a line on them",
            ("method", "route"),
            registry=self.registry,
        )

    def observe(self, request: Request, status: int, seconds: float, asked: Totals) -> None:
        """Count a request that was answered with ``status``, and what it ``asked`` the database."""
        labels = _method(request), route_of(request)
        self._seconds.labels(*labels, str(status)).observe(seconds)
        self._queries.labels(*labels).observe(asked.queries)
        self._database_seconds.labels(*labels).observe(asked.seconds)
        self._rows.labels(*labels).observe(asked.rows)
        tenant = current_tenant()
        if isinstance(tenant, Tenant):
            self._by_tenant.labels(self._label(tenant.name)).observe(seconds)

    def count_slow(self, request: Request) -> None:
        """Count a slow query of ``request``."""
        self._slow_queries.labels(_method(request), route_of(request)).inc()

    def _label(self, tenant: str) -> str:
        if tenant not in self._tenants:
            if len(self._tenants) >= MOST_TENANTS:
                return OTHERS
            self._tenants.add(tenant)
        return tenant


def route_of(request: Request) -> str:
    """Return the pattern of the route of ``request``; ``none`` where it has none, or not yet."""
    route = getattr(request, "matched_route", None)
    return "none" if route is None else str(route.pattern)


def _method(request: Request) -> str:
    return request.method if request.method in METHODS else "other"

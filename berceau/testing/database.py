"""Where a test's queries go, and how it leaves nothing behind."""

from collections.abc import Iterator
from contextlib import contextmanager

from berceau.orm.isolation import SharedSource, queries_to
from berceau.postgres.pooling.pool import NOWHERE
from berceau.postgres.pooling.queries import ObservedPool, Recorder
from berceau.postgres.pooling.shared_transaction import SharedConnection, share
from berceau.postgres.rows.rows import hurry
from berceau.settings import Limits
from berceau.testing.tenants import Tenants
from berceau.workflows.testing.isolation import Private


class Place:
    """A private schema, without rows at first; ``recorder`` is told all queries of its tests."""

    def __init__(self, private: Private, recorder: Recorder, limits: Limits) -> None:
        self.private = private
        self._recorder = recorder
        self._limits = limits
        self._url = private.databases.runtime_url
        self.tenants = Tenants(self._url.schema, private.tenants) if private.tenants else None
        self._schemas = (self._url.schema, *(each.schema for each in private.tenants))
        if self.tenants is not None:
            self._url = self._url.with_schema(NOWHERE)
        self._shared: SharedConnection | None = None
        self._pool = self._new_pool()
        hurry(private.connection)
        private.empty()  # of what a run that was killed had committed

    @contextmanager
    def rolled_back(self) -> Iterator[None]:
        """Run a test in a transaction that no commit ends."""
        if self._shared is None or self._shared.closed:
            self._shared = share(self._url, self._recorder, schemas=self._schemas)
        shared = self._shared
        try:
            with queries_to(SharedSource(shared), tenants=self.tenants):
                yield
        finally:
            shared.end()
            if shared.escaped:
                shared.close()
                self._clean()

    @contextmanager
    def committing(self) -> Iterator[None]:
        """Run a test whose commits are real."""
        self._clean()  # a transaction that was rolled back gave no number of a sequence back
        try:
            with queries_to(self._pool, tenants=self.tenants):
                yield
        finally:
            if self._pool.status.in_use:  # by a thread that outlives the test
                self._pool.close()
                self._pool = self._new_pool()
            self._clean()

    def keep(self) -> None:
        """Leave what the present test did to be looked at."""
        if self._shared is not None and not self._shared.closed:
            self._shared.keep()
        self.private.keep()

    def close(self) -> None:
        """Close what is open."""
        self._pool.close()
        if self._shared is not None:
            self._shared.close()

    def _new_pool(self) -> ObservedPool:
        return ObservedPool(self._url, self._limits, self._recorder)

    def _clean(self) -> None:
        if not self.private.kept:
            self.private.empty()

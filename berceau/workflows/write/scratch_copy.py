"""A copy of what migrations build, or of the part of it that a change concerns, to prove it on."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from berceau.migration.migration import Migration
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.url import Url
from berceau.postgres.inspect.extensions import provide
from berceau.postgres.inspect.scratch import scratch
from berceau.schema.model import Schema
from berceau.schema.subset import Part, clashes
from berceau.workflows.deploy.replay import Replayed, make, scratch_after


@dataclass(frozen=True)
class Copy:
    """What ``migrations`` have ``built``, or the ``part`` of it, in scratch schemas."""

    migration_url: Url
    migrations: Sequence[Migration]
    built: Replayed
    part: Part | None

    def of(self, schema: Schema) -> Schema:
        """Return what the copy has of ``schema``."""
        return schema if self.part is None else self.part.of(schema)

    @contextmanager
    def open(self) -> Iterator[Connection]:
        """Yield a connection to a scratch schema that holds a fresh copy, without rows."""
        if self.part is None:
            with scratch_after(self.migration_url, self.migrations) as connection:
                yield connection
            return
        with scratch(self.migration_url) as connection:
            provide(connection, self.migrations)
            make(connection, self.part.of(self.built.schema))
            yield connection

    def put(self, after: Replayed) -> Replayed | None:
        """Return what all migrations build once the copy is as ``after``, as far as that shows it.

        That is: not where names of the part are taken outside of it.
        """
        if self.part is None:
            return after
        whole = self.part.put(after.schema, self.built.schema)
        used = {*self.built.users, *after.users}
        return None if clashes(whole) else Replayed(whole, users=tuple(sorted(used)))

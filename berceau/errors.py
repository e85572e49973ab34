"""Every error that Berceau raises for a person to read.

What each derives from::

    BerceauError
    ├── SettingsError                 a setting or an environment variable is wrong
    ├── ComponentError                a component breaks a rule
    │   ├── ComponentImportError      a module of it doesn't import
    │   ├── DuplicateNameError        two components declare the same name
    │   ├── EntityError               an entity can't be mapped
    │   └── LintError                 the rules object to its code
    ├── DatabaseError                 the database can't do what is asked
    │   ├── UrlError                  a database URL is malformed
    │   ├── ConnectionFailedError     unreachable server, wrong password, no such database
    │   ├── PermissionMissingError    the role lacks a right
    │   ├── PoolTimeoutError          all connections were in use for too long
    │   ├── LockedError               another session has locked what was to be looked at
    │   ├── CommitUnknownError        the connection broke at the very end of a unit of work
    │   ├── ConflictError             a write contradicts other rows, perhaps newer ones
    │   ├── RowsError                 rows can't be shown as asked
    │   ├── UnstorableTextError       a query has a text that PostgreSQL can't have
    │   ├── CloneError                a schema can't be copied, or not as asked
    │   ├── ServerError               the embedded server can't start or stop
    │   ├── IsolationError            a test does what its isolation doesn't allow
    │   └── TenantError               a tenant's name is wrong, or it isn't in the state for this
    │       ├── TenantMissingError    a unit of work has no tenant, and needs one
    │       ├── TenantUnavailableError
    │       │                         a tenant can't be served now: it isn't ready, or is behind
    │       └── TenantUnknownError    there is no tenant of this name
    ├── StorageError                  a file can't be stored or read
    ├── StatisticsError               statistics are missing, damaged, or of something else
    ├── PlanError                     a query can't be planned
    └── MigrationError                the migrations can't be read, written or applied
        ├── MigrationFileError        a folder in migrations/ is malformed
        ├── HistoryError              the files and the database's ledger contradict each other
        ├── DataLossError             the change would lose data and wasn't allowed to
        ├── RenameError               a rename is impossible, or may be meant and wasn't declared
        └── StatementError            a statement of a migration failed

Each knows its message, its place and its cure: see ``BerceauError``. Who catches one and knows
its place or its cure better raises another: ``raise error.at(where) from error``.
"""

from copy import copy
from typing import Literal, Self

from berceau.location import Location

__all__ = [
    "BerceauError",
    "CloneError",
    "CommitUnknownError",
    "ComponentError",
    "ComponentImportError",
    "ConflictError",
    "ConnectionFailedError",
    "DataLossError",
    "DatabaseError",
    "DuplicateNameError",
    "EntityError",
    "HistoryError",
    "IsolationError",
    "LintError",
    "Location",
    "LockedError",
    "MigrationError",
    "MigrationFileError",
    "PermissionMissingError",
    "PlanError",
    "PoolTimeoutError",
    "RenameError",
    "RowsError",
    "ServerError",
    "SettingsError",
    "StatementError",
    "StatisticsError",
    "StorageError",
    "TenantError",
    "TenantMissingError",
    "TenantUnavailableError",
    "TenantUnknownError",
    "UnstorableTextError",
    "UrlError",
]


class BerceauError(Exception):
    """What happened, where, and what to do next.

    ``message`` is a sentence, ``where`` the place of the mistake, and ``cure`` what the reader can
    do. All three are attributes, too; ``str()`` gives the whole message for a person. An example::

        raise BerceauError("The shop is closed.", cure="Come back on Monday.")
    """

    def __init__(
        self, message: str, *, where: Location | None = None, cure: str | None = None
    ) -> None:
        self.message = message
        self.where = where
        self.cure = cure
        super().__init__(message)

    def at(self, where: Location) -> Self:
        """Return a copy of this error whose place is ``where``."""
        return self._with(where=where)

    def with_cure(self, cure: str) -> Self:
        """Return a copy of this error whose cure is ``cure``."""
        return self._with(cure=cure)

    def _with(self, **parts: object) -> Self:
        other = copy(self)
        vars(other).update(parts)
        return other

    def __str__(self) -> str:
        lines = [self.message]
        if self.where is not None and str(self.where):
            lines.append(f"  in {self.where}")
        if self.cure is not None:
            lines.append(f"  {self.cure}")
        return "\n".join(lines)


class SettingsError(BerceauError):
    """A setting or an environment variable is wrong."""


class ComponentError(BerceauError):
    """A component breaks a rule that all components keep."""


class ComponentImportError(ComponentError):
    """A module of a component doesn't import; ``__cause__`` is what it raised."""


class DuplicateNameError(ComponentError):
    """Two components declare the same entity, table or enum."""


class EntityError(ComponentError):
    """An entity can't be mapped, or its file does what only Berceau may do."""


class LintError(ComponentError):
    """The rules found mistakes in the code of a component; the message lists them."""


class DatabaseError(BerceauError):
    """The database can't do what is asked."""


class UrlError(DatabaseError):
    """A database URL is malformed."""


class ConnectionFailedError(DatabaseError):
    """No connection: unreachable server, wrong password, no such database or role."""


class PermissionMissingError(DatabaseError):
    """The role lacks a right."""


class PoolTimeoutError(DatabaseError):
    """All connections of this process were in use for too long."""


class LockedError(DatabaseError):
    """Another session, such as one that migrates, has locked what was to be looked at."""


class CommitUnknownError(DatabaseError):
    """The connection broke during a commit, and it isn't known whether the work was kept."""


class ConflictError(DatabaseError):
    """A write contradicts other rows: a value is taken, or the row it refers to is gone.

    ``kind`` is ``"taken"`` where another row has the value, ``"missing"`` where the row that it
    refers to doesn't exist, and ``"referred to"`` where a row can't be deleted because others refer
    to it. ``entity`` and ``attributes`` are the names of what the constraint is about: ``None`` and
    ``()`` where that is no entity.
    """

    def __init__(
        self,
        message: str,
        *,
        cure: str | None = None,
        kind: Literal["taken", "missing", "referred to"] = "taken",
        entity: str | None = None,
        attributes: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message, cure=cure)
        self.kind = kind
        self.entity = entity
        self.attributes = attributes


class RowsError(DatabaseError):
    """Rows can't be shown as asked: a filter, an order or a place in a list makes no sense."""


class UnstorableTextError(DatabaseError, ValueError):
    """A text in a query holds NUL or half of a surrogate pair, which PostgreSQL can't store."""


class CloneError(DatabaseError):
    """A schema can't be copied, or not as asked."""


class ServerError(DatabaseError):
    """The embedded server can't start or stop."""


class IsolationError(DatabaseError):
    """A test does what its isolation doesn't allow, or what would escape it."""


class TenantError(DatabaseError):
    """A tenant's name is wrong, or it isn't in the state that something needs."""


class TenantMissingError(TenantError):
    """A unit of work has no tenant, and needs one: the project has some."""


class TenantUnavailableError(TenantError):
    """A tenant can't be served now: it is being made or dropped, or lacks migrations."""


class TenantUnknownError(TenantError):
    """There is no tenant of this name."""


class StorageError(BerceauError):
    """A file can't be stored, read or removed; ``__cause__`` is what the store said."""


class StatisticsError(BerceauError):
    """Statistics of the planner are missing, damaged, or of something else."""


class PlanError(BerceauError):
    """A query can't be planned by the statistics of the project.

    ``reason`` is the part of the message that describes what went wrong.
    """

    def __init__(self, message: str, *, cure: str | None = None, reason: str = "") -> None:
        super().__init__(message, cure=cure)
        self.reason = reason or message


class MigrationError(BerceauError):
    """The migrations can't be read, written or applied."""


class MigrationFileError(MigrationError):
    """A folder in ``migrations/`` is malformed."""


class HistoryError(MigrationError):
    """The migration files and the database's ledger contradict each other."""


class DataLossError(MigrationError):
    """The change would lose data and wasn't allowed to."""


class RenameError(MigrationError):
    """A declared rename is impossible, or one may be meant that wasn't declared."""


class StatementError(MigrationError):
    """A statement failed; the cure describes what was kept.

    ``migration`` and ``number``, which counts from 1, name the statement, if it is one of a
    migration. ``reason`` is the part of the message that describes what went wrong. ``sqlstate`` is
    PostgreSQL's code for it, if PostgreSQL refused the statement.
    """

    def __init__(
        self,
        message: str,
        *,
        where: Location | None = None,
        cure: str | None = None,
        migration: str | None = None,
        number: int | None = None,
        reason: str | None = None,
        sqlstate: str | None = None,
    ) -> None:
        super().__init__(message, where=where, cure=cure)
        self.migration = migration
        self.number = number
        self.reason = message if reason is None else reason
        self.sqlstate = sqlstate

"""The table of what was applied, and how far."""

import json
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from psycopg2 import sql

from berceau.errors import PermissionMissingError
from berceau.migration.batch_progress import BatchProgress, from_data
from berceau.migration.history import Direction, Revision, State, groups_of, in_line
from berceau.migration.migration import Migration, count
from berceau.postgres.core.connection import Connection, transaction
from berceau.postgres.core.fetch import execute, fetch, filled
from berceau.postgres.core.locks import holder, holds
from berceau.postgres.core.own_tables import LEDGER
from berceau.postgres.core.url import schemas_of
from berceau.postgres.runner.deploy_lock import lock_name
from berceau.postgres.runner.ledger_versions import bring_up_to_date, make

_WHERE = """
SELECT current_schema(), current_setting('search_path'),
       to_regclass(quote_ident(current_schema()) || %s) IS NOT NULL
"""
_READ = "SELECT to_json(m)::text FROM {} m"
_NAMED = " WHERE name = ANY (%s)"
_ADD = """
INSERT INTO {table} AS m (name, checksum, script, down, data, state, direction, position, total,
                     begun, applied_at, started_at)
VALUES (%(name)s, %(checksum)s, %(script)s, %(down)s, %(data)s, %(state)s, %(direction)s,
        %(position)s, %(total)s, %(begun)s,
        CASE WHEN %(state)s = 'applied' THEN statement_timestamp() END,
        statement_timestamp())
"""
_WRITE = f"""{_ADD}
ON CONFLICT (name) DO UPDATE SET (checksum, script, down, data, state, direction, position, total,
                                  begun, applied_at, started_at, failed_at, error)
    = (excluded.checksum, excluded.script, excluded.down, excluded.data, excluded.state,
       excluded.direction, excluded.position, excluded.total, excluded.begun,
       coalesce(excluded.applied_at, m.applied_at), excluded.started_at, NULL, NULL),
    batches = CASE WHEN excluded.state = 'running' AND m.state <> 'applied'
                    AND (m.direction, m.position) = (excluded.direction, excluded.position)
                   THEN m.batches END
"""
_BEGIN = "UPDATE {table} SET begun = true WHERE name = %(name)s"
_ADVANCE = """
UPDATE {table} SET begun = false, batches = NULL, position = %(position)s WHERE name = %(name)s
"""
_KEEP_BATCHES = "UPDATE {table} SET batches = %(batches)s WHERE name = %(name)s"
_FINISH = """
UPDATE {table} SET state = 'applied', applied_at = statement_timestamp(), begun = false,
                   batches = NULL, position = total
WHERE name = %(name)s
"""
_FAIL = """
UPDATE {table} SET state = 'failed', failed_at = %(number)s, error = %(error)s, begun = false
WHERE name = %(name)s
"""
_RENAME = """
UPDATE {table} SET name = %(new)s, checksum = %(checksum)s, script = %(script)s, down = %(down)s
WHERE name = %(name)s
"""
_FORGET = "DELETE FROM {table} WHERE name = ANY(%(names)s)"
_CLEAR = "DELETE FROM {table}"


class Ledger:
    """The ledger of the schema that the search_path of ``connection`` names first when it is made.

    It stays that schema's, whatever a migration does to search_path or role. What it writes belongs
    to the open transaction, or to one of its own. A ``new`` schema was made in that transaction.
    """

    def __init__(self, connection: Connection, new: str | None = None) -> None:
        self.connection = connection
        if new is None:
            self.schema, self._is_there = self._find()
        else:
            self.schema, self._is_there = new, False
        self._table = sql.Identifier(self.schema, LEDGER)

    def _find(self) -> tuple[str, bool]:
        ((found, path, is_there),) = fetch(self.connection, _WHERE, (f".{LEDGER}",))
        # A tenant's search path has another schema behind its own.
        if found is None or found != schemas_of(path)[0]:
            info = self.connection.info
            raise PermissionMissingError(
                f"The role {info.user!r} can't use the schema {path} in the database "
                f"{info.dbname!r}.",
                cure="Correct the schema in the URL, or let `invoke db.provision` make it.",
            )
        return found, is_there

    def make(self) -> None:
        """Create it where it is missing, in the open transaction."""
        make(self.connection, self._table)
        self._is_there = True

    def ensure(self) -> None:
        """Create it where it is missing, and bring it up to date; only its owner may write in it.

        The connection is in autocommit mode.
        """
        if not self._is_there:
            with transaction(self.connection):
                self.make()
        elif bring_up_to_date(self.connection, self._table):
            # The second version kept what a squash replaced beside it.
            for line in self._read():
                self._forget(*line.replaces if line.is_whole else ())

    def read(self) -> tuple[Revision, ...]:
        """Return its lines, each behind the one that it follows; none where there is no ledger yet.

        A migration whose deploy is gone has failed, though that could no longer be recorded.
        """
        return self._up_to_now()

    def find(self, name: str) -> Revision | None:
        """Return the line of the migration called ``name``."""
        return next(iter(self._up_to_now(name)), None)

    def _up_to_now(self, *names: str) -> tuple[Revision, ...]:
        """Return the lines of migrations with these ``names``, or all."""
        before = self._read(*names)
        running = [each for each in before if each.state is State.RUNNING]
        if not running or holder(self.connection, lock_name(self.schema)) is not None:
            return before
        # The lock was free: what ran before, and is unchanged now, has no process any more.
        return tuple(
            replace(each, state=State.FAILED) if each in running else each
            for each in self._read(*names)
        )

    def start(
        self, migration: Migration, direction: Direction, position: int, *, begun: bool = False
    ) -> None:
        """Write that ``migration`` is being run, and that its first ``position`` statements were.

        ``begun`` means that the next one may have been, too.
        """
        total = count(groups_of(migration, direction))
        place = {"position": position, "total": total, "begun": begun}
        self._run(_WRITE, **_values(migration, State.RUNNING, direction), **place)

    def adding(self, migration: Migration) -> str:
        """Return the SQL that adds a line for ``migration``, which is applied.

        The session must have the role that it began with, since the statements after this one keep
        it.
        """
        return self._filled(_ADD, **_applied(migration))

    def record(self, migration: Migration) -> None:
        """Write that ``migration`` is applied, in the place of what it replaces."""
        self._run(_WRITE, **_applied(migration))
        self._forget(*migration.header.replaces)  # after it: between the two, nothing is lacking

    def rename(self, name: str, migration: Migration) -> None:
        """Write that what was applied as ``name`` is ``migration`` now."""
        new = {"new": migration.name, "checksum": migration.checksum, "script": migration.sql}
        self._run(_RENAME, name=name, down=migration.down, **new)

    def begin(self, name: str) -> None:
        """Write that the next statement is begun, outside of a transaction."""
        self._run(_BEGIN, name=name)

    def keeping_batches(self, name: str, done: BatchProgress) -> str:
        """Return the SQL that writes how far the statement after these came, in batches."""
        return self._written(_KEEP_BATCHES, name=name, batches=json.dumps(done.to_data()))

    def advance(self, name: str, position: int) -> None:
        """Write that the first ``position`` statements took effect."""
        execute(self.connection, self.advancing(name, position))

    def advancing(self, name: str, position: int) -> str:
        """Return the SQL that writes that the first ``position`` statements took effect."""
        return self._written(_ADVANCE, name=name, position=position)

    def finishing(self, name: str) -> str:
        """Return the SQL that writes that all statements took effect: it is applied."""
        return self._written(_FINISH, name=name)

    def fail(self, name: str, number: int, error: str) -> None:
        """Write that statement ``number`` failed with ``error``."""
        self._run(_FAIL, name=name, number=number, error=error)

    def forget(self, *names: str) -> None:
        """Remove the lines of the migrations ``names``: nothing of them is applied.

        What a squash replaced is named, too: the second version kept it beside the squash.
        """
        self._forget(*names)

    def forgetting(self, *names: str) -> str:
        """Return the SQL that does so."""
        return self._written(_FORGET, names=[*names])

    def clear(self) -> None:
        """Remove all lines."""
        self._run(_CLEAR)

    def holds_lock(self) -> bool:
        """Return whether this very session of the server has the deploy lock."""
        return holds(self.connection, lock_name(self.schema))

    def _read(self, *names: str) -> tuple[Revision, ...]:
        if not self._is_there:
            return ()
        # As JSON a ledger of the first version is read like one of today.
        query = sql.SQL(_READ + (_NAMED if names else "")).format(self._table)
        rows = fetch(self.connection, query, ([*names],) if names else None)
        return in_line([_to_applied(json.loads(row)) for (row,) in rows])

    def _forget(self, *names: str) -> None:
        if names:
            execute(self.connection, self.forgetting(*names))

    def _run(self, query: str, **values: object) -> None:
        execute(self.connection, self._written(query, **values))

    def _written(self, query: str, **values: object) -> str:
        # The role may be one that a migration took; this one holds until the transaction's end.
        return self._filled("SET LOCAL ROLE NONE;" + query, **values)

    def _filled(self, query: str, **values: object) -> str:
        return filled(self.connection, sql.SQL(query).format(table=self._table), values)


def ensure(connection: Connection) -> None:
    """Create the ledger where it is missing; only its owner may write in it."""
    Ledger(connection).ensure()


def read(connection: Connection) -> tuple[Revision, ...]:
    """Return what was applied or begun, in its order; nothing where there is no ledger yet."""
    return Ledger(connection).read()


def read_migrations(connection: Connection) -> tuple[Migration, ...]:
    """Return what was applied as it was then, in its order, whatever the files are now."""
    return tuple(line.to_migration() for line in read(connection) if line.is_whole)


def record(connection: Connection, migration: Migration) -> None:
    """Write that ``migration`` is applied."""
    Ledger(connection).record(migration)


def _values(migration: Migration, state: State, direction: Direction) -> dict[str, object]:
    return {
        "name": migration.name,
        "checksum": migration.checksum,
        "script": migration.sql,
        "down": migration.down,
        "data": migration.data,
        "state": state.value,
        "direction": direction.value,
    }


def _applied(migration: Migration) -> dict[str, object]:
    total = count(migration.groups)
    values = _values(migration, State.APPLIED, Direction.UP)
    return {**values, "position": total, "total": total, "begun": False}


def _to_applied(row: dict[str, Any]) -> Revision:
    known = {field.name for field in fields(Revision)}
    row["sql"] = row.pop("script")
    values = {name: value for name, value in row.items() if name in known}
    for name in ("applied_at", "started_at"):
        if values.get(name) is not None:
            values[name] = datetime.fromisoformat(values[name])
    values["state"] = State(values.get("state", State.APPLIED))
    values["batches"] = from_data(values.get("batches"))
    values["direction"] = Direction(values.get("direction", Direction.UP))
    return Revision(**values)


def clear(connection: Connection) -> None:
    """Forget everything that was applied."""
    Ledger(connection).clear()


def rename(connection: Connection, name: str, migration: Migration) -> None:
    """Write that what was applied as ``name`` is ``migration`` now."""
    Ledger(connection).rename(name, migration)

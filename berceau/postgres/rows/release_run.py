"""The statements of a release, run for real on a schema with rows, and undone."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg2
from psycopg2.extensions import Diagnostics

from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute
from berceau.schema.model import Column
from berceau.schema.release_statements import Rows, Values
from berceau.schema.release_values import as_literal, is_found_again

_COLUMN = re.compile(r'column "([^"]+)"')
NOT_FOUND = "the row isn't found by the value that it was given"


@dataclass(frozen=True)
class Failure:
    """What PostgreSQL refused: the ``statement`` for rows of a table, and the ``sql`` of it.

    It is about ``column``, where that is known; ``value`` is what that was given. ``message`` and
    ``sqlstate`` are PostgreSQL's.
    """

    entity: str
    table: str
    column: str | None
    statement: str
    value: str | None
    sql: str = field(compare=False)
    message: str = field(compare=False)
    sqlstate: str | None = field(compare=False)


def run_release(connection: Connection, release: Iterable[Rows]) -> tuple[Failure, ...]:
    """Run what a ``release`` does with its rows, in the schema of ``connection``; return failures.

    Nothing of it stays. The connection is in autocommit mode.
    """
    with _undone(connection):
        run = _Run(connection)
        for rows in release:
            run.try_all(rows)
        return tuple(run.failures)


@contextmanager
def _undone(connection: Connection) -> Iterator[None]:
    execute(connection, "BEGIN")
    try:
        execute(connection, "SET CONSTRAINTS ALL IMMEDIATE")
        yield
    finally:
        execute(connection, "ROLLBACK")


class _RefusedError(Exception):
    """PostgreSQL refused a statement."""

    def __init__(self, sql: str, error: psycopg2.Error | None) -> None:
        self.sql = sql
        self.diagnostics: Diagnostics | None = error.diag if error else None
        self.sqlstate = error.pgcode if error else None
        said = self.diagnostics.message_primary if self.diagnostics else NOT_FOUND
        super().__init__(said or str(error).strip())

    @property
    def column(self) -> str | None:
        """The column that PostgreSQL names."""
        named = _COLUMN.match(str(self))
        told = self.diagnostics.column_name if self.diagnostics else None
        return told or (named and named[1])


@dataclass
class _Run:
    """One run: ``made`` are the values of a row that it made, or found, in each table."""

    connection: Connection
    failures: list[Failure] = field(default_factory=list)
    made: dict[str, Values] = field(default_factory=dict)

    def try_all(self, rows: Rows) -> None:
        """Read, add, change and delete ``rows``."""
        broken = self._read(rows)
        for sql in rows.numbering:
            with suppress(_RefusedError):
                self._run(sql)
        row = self._add(rows, broken)
        if row is None:
            row = self._existing(rows, broken)
        if row is None:
            return
        self.made.setdefault(rows.table.name, row)
        for column in rows.changed:
            if column.name not in broken:
                self._change(rows, row, column)
        self._delete(rows, row, broken)

    def _read(self, rows: Rows) -> set[str]:
        """Read all columns; return those that can't be read."""
        names = [column.name for column in rows.columns]
        try:
            self._run(rows.select(names))
        except _RefusedError as refused:
            broken = {each for each in names if self._tried(rows, each, rows.select([each]))}
            if not broken:
                self._note(rows, None, "SELECT", None, refused)
            return broken or set(names)
        return set()

    def _tried(self, rows: Rows, column: str, sql: str) -> bool:
        """Return whether reading ``column`` fails, and note it."""
        try:
            self._run(sql)
        except _RefusedError as refused:
            self._note(rows, column, "SELECT", None, refused)
            return True
        return False

    def _add(self, rows: Rows, broken: set[str]) -> Values | None:
        """Add a row with what has to be given, and return it; and one with all that may be."""
        least = [each for each in rows.required if each.name not in broken]
        more = [each for each in rows.given if each.name not in broken and each not in least]
        try:
            row = self._insert(rows, least, 1)
        except _RefusedError as refused:
            self._note(rows, refused.column, "INSERT", None, refused)
            return None
        try:
            with self._aside():
                self._insert(rows, (*least, *more), 2)
        except _RefusedError:
            for each in more:
                self._add_with(rows, least, each)
        return row

    def _add_with(self, rows: Rows, least: Sequence[Column], column: Column) -> None:
        """Add a row that gives a value to ``column`` besides what has to be given."""
        try:
            with self._aside():
                self._insert(rows, (*least, column), 2)
        except _RefusedError as refused:
            self._note(rows, column.name, "INSERT", None, refused)

    def _insert(self, rows: Rows, columns: Sequence[Column], n: int) -> Values | None:
        """Add row ``n`` with values in ``columns``, and return it; ``None`` where one isn't known.

        Raises ``_RefusedError``.
        """
        values: dict[str, str] = {}
        for column in columns:
            value = self._value(rows, column, n)
            if value is not None:
                values[column.name] = value
            elif column in rows.required:
                return None
        ((*key,),) = self._run(rows.insert(values))
        return {**values, **_literals(rows, key)}

    def _existing(self, rows: Rows, broken: set[str]) -> Values | None:
        """Return the key of a row that is there."""
        if broken.isdisjoint(rows.key):
            with suppress(_RefusedError):
                for row in self._run(rows.select(rows.key) + " LIMIT 1"):
                    return _literals(rows, map(str, row))
        return None

    def _value(self, rows: Rows, column: Column, n: int) -> str | None:
        """Return the value of ``column`` in row ``n``; ``None`` where none is known."""
        key, other = rows.references.get(column.name, (None, ""))
        return self.made.get(key.target, {}).get(other) if key else rows.usual(column, n)

    def _change(self, rows: Rows, row: Values, column: Column) -> None:
        """Give each value that the release may give to ``column``, and NULL."""
        usual = self._value(rows, column, 3)
        values = [usual] if usual else []
        if column.name not in rows.references:
            values += rows.unusual(column)
        if not column.not_null:
            values.append("NULL")
        for value in values:
            with self._aside():
                self._update(rows, row, column, value)

    def _update(self, rows: Rows, row: Values, column: Column, value: str) -> None:
        statements = [rows.update(row, column.name, value)]
        if value != "NULL" and is_found_again(column.type):
            statements.append(rows.update(row, column.name, value, seen=value))
        try:
            for sql in statements:
                self._run(sql, found=sql != statements[0])
        except _RefusedError as refused:
            self._note(rows, column.name, "UPDATE", value, refused)

    def _delete(self, rows: Rows, row: Values, broken: set[str]) -> None:
        """Delete a row: one of its own, to which nothing refers, where that can be added."""
        least = [each for each in rows.required if each.name not in broken]
        with self._aside():
            own = None
            with suppress(_RefusedError):
                own = self._insert(rows, least, 4)
            try:
                self._run(rows.delete(own or row))
            except _RefusedError as refused:
                self._note(rows, None, "DELETE", None, refused)

    @contextmanager
    def _aside(self) -> Iterator[None]:
        """Undo what the body does."""
        execute(self.connection, "SAVEPOINT aside")
        try:
            yield
        finally:
            execute(self.connection, "ROLLBACK TO aside; RELEASE aside")

    def _run(self, sql: str, *, found: bool = False) -> list[tuple[Any, ...]]:
        """Run ``sql``; where a row has to be ``found``, none is a refusal, too."""
        try:
            with self.connection.cursor() as cursor:
                cursor.execute(f"SAVEPOINT tried; {sql}")  # in one message: there are many
                if found and not cursor.rowcount:
                    raise _RefusedError(sql, None)
                return cursor.fetchall() if cursor.description else []
        except psycopg2.Error as error:
            execute(self.connection, "ROLLBACK TO tried")
            raise _RefusedError(sql, error) from error

    def _note(
        self,
        rows: Rows,
        column: str | None,
        statement: str,
        value: str | None,
        refused: _RefusedError,
    ) -> None:
        self.failures.append(
            Failure(
                rows.entity,
                rows.table.name,
                column,
                statement,
                value,
                refused.sql,
                str(refused),
                refused.sqlstate,
            )
        )


def _literals(rows: Rows, key: Iterable[str]) -> Values:
    """Return the ``key`` of a row, as PostgreSQL prints it, as literals."""
    types = {each.name: each.type for each in rows.columns}
    return {name: as_literal(types[name], text) for name, text in zip(rows.key, key, strict=True)}

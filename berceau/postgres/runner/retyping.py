"""What bars a statement that gives a column another type, and what to do about it."""

import re
from contextlib import suppress

import psycopg2
from psycopg2 import errorcodes

from berceau.postgres.core.connection import Connection
from berceau.postgres.inspect.dependents import users
from berceau.schema.names import unquote_name

_NAME = r'("(?:[^"]|"")+"|\w+)'
_TABLE = re.compile(rf"\s*ALTER\s+TABLE\s+{_NAME}\s", re.I)
_COLUMN = re.compile(rf"\bALTER\s+COLUMN\s+{_NAME}\s+TYPE\s", re.I)
_DROP_TYPE = re.compile(r"\s*DROP\s+TYPE\s", re.I)

# An expression that compares the new type with the old one, and what else it does with both.
_MISFITS = (
    errorcodes.UNDEFINED_FUNCTION,
    errorcodes.CANNOT_COERCE,
    errorcodes.DATATYPE_MISMATCH,
)


def advice(connection: Connection, statement: str, error: BaseException) -> str | None:
    """Return what to do where something bars the ``statement`` that no migration set aside.

    That is ``None`` where the ``error`` is another one. PostgreSQL names views and rules
    itself; checks and indexes are looked up on the ``connection``.
    """
    if not isinstance(error, psycopg2.Error):
        return None
    columns = [_plain(name) for name in _COLUMN.findall(statement)]
    what = None
    if error.pgcode == errorcodes.FEATURE_NOT_SUPPORTED and error.diag.message_detail:
        what = "what depends on the column" if columns else None
    elif error.pgcode == errorcodes.DEPENDENT_OBJECTS_STILL_EXIST:
        what = "what depends on the type" if _DROP_TYPE.match(statement) else None
    elif error.pgcode in _MISFITS and (table := _TABLE.match(statement)):
        what = ", ".join(_expressions(connection, _plain(table[1]), columns))
    return what and (
        f"Note the definition of {what}, drop that, and make it again afterwards. Views, rules, "
        "checks and indexes that a migration makes are set aside, and come back, in those that "
        "`invoke migrate` writes after it."
    )


def _expressions(connection: Connection, table: str, columns: list[str]) -> list[str]:
    """Return the checks, indexes and statistics that have the ``columns`` in expressions."""
    with suppress(psycopg2.Error):  # a transaction that failed answers nothing
        return sorted(
            {
                each.name
                for each in users(connection)
                if (each.is_expression or each.kind == "statistics")
                and each.table == table
                and each.column in columns
            }
        )
    return []


def _plain(name: str) -> str:
    """Return a ``name`` of SQL as the catalog has it."""
    return unquote_name(name) if name.startswith('"') else name.lower()

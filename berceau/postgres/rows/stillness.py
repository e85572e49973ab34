"""What acts on rows by itself, made by hand, held still in a scratch schema: triggers, rules ..."""

from collections.abc import Iterator
from contextlib import contextmanager

from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute, fetch

# What to run, and what undoes it. "ONLY" leaves partitions alone: each is named by itself.
_TRIGGERS = """
SELECT format('ALTER TABLE ONLY %s DISABLE TRIGGER %I', tgrelid::regclass, tgname),
       format('ALTER TABLE ONLY %s ENABLE %s TRIGGER %I', tgrelid::regclass, CASE tgenabled
              WHEN 'A' THEN 'ALWAYS' WHEN 'R' THEN 'REPLICA' END, tgname)
FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid AND relkind IN ('r', 'p')
WHERE NOT tgisinternal AND tgenabled <> 'D'
  AND relnamespace = quote_ident(current_schema())::regnamespace
UNION ALL
SELECT format('ALTER TABLE %s DISABLE RULE %I', ev_class::regclass, rulename),
       format('ALTER TABLE %s ENABLE %s RULE %I', ev_class::regclass, CASE ev_enabled
              WHEN 'A' THEN 'ALWAYS' WHEN 'R' THEN 'REPLICA' END, rulename)
FROM pg_rewrite JOIN pg_class c ON c.oid = ev_class AND relkind IN ('r', 'p')
WHERE ev_enabled <> 'D' AND relnamespace = quote_ident(current_schema())::regnamespace
"""

# Rows that a NOT VALID constraint doesn't fit, or that policies hide, are there in the database.
_CHECKS = """
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
       format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,
              pg_get_constraintdef(oid))
FROM pg_constraint
WHERE NOT convalidated AND conislocal AND conparentid = 0 AND conrelid <> 0
  AND connamespace = quote_ident(current_schema())::regnamespace
UNION ALL
SELECT format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', oid::regclass),
       format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', oid::regclass)
FROM pg_class
WHERE relforcerowsecurity AND relnamespace = quote_ident(current_schema())::regnamespace
"""

_ACTIVE = """
SELECT format('%s of %s', tgname, tgrelid::regclass)
FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid AND relkind IN ('r', 'p')
WHERE NOT tgisinternal AND tgenabled <> 'D'
  AND relnamespace = quote_ident(current_schema())::regnamespace
UNION ALL
SELECT format('%s of %s', rulename, ev_class::regclass)
FROM pg_rewrite JOIN pg_class c ON c.oid = ev_class AND relkind IN ('r', 'p')
WHERE ev_enabled <> 'D' AND relnamespace = quote_ident(current_schema())::regnamespace
ORDER BY 1
"""


def active(connection: Connection) -> tuple[str, ...]:
    """Return the triggers and rules of tables that may change rows, as ``name of table``."""
    return tuple(name for (name,) in fetch(connection, _ACTIVE))


def silence(connection: Connection) -> None:
    """Disable the triggers and rules of all tables for good."""
    for text, _ in _found(connection, _TRIGGERS):
        _run(connection, text)


@contextmanager
def held_still(connection: Connection) -> Iterator[None]:
    """Let the body put rows into tables as they are in the database: nothing acts on them.

    The connection is in autocommit mode.
    """
    found = [*_found(connection, _TRIGGERS), *_found(connection, _CHECKS)]
    for text, _ in found:
        _run(connection, text)
    yield
    for _, undoing in reversed(found):
        _run(connection, undoing)


def _found(connection: Connection, query: str) -> list[tuple[str, str]]:
    return fetch(connection, query)


def _run(connection: Connection, text: str) -> None:
    execute(connection, text)

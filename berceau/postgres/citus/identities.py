"""Statements on tables with GENERATED AS IDENTITY, of which Citus may make another one."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from berceau.postgres.citus.counting import keeping_count, takes_tables
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute

_DROPS = re.compile(r"\s*(alter\s+table\b.*\bdrop\b|drop\s+table\b)", re.IGNORECASE | re.DOTALL)
_REFERS = re.compile(r"\breferences\b", re.IGNORECASE)
# Tables of the schema that Citus took by itself, and from which no key leads to all servers.
_STAY = """
WITH RECURSIVE related (first, oid) AS (
    SELECT t.oid, t.oid FROM pg_dist_partition JOIN pg_class t ON t.oid = logicalrelid
    WHERE autoconverted AND NOT relispartition
      AND relnamespace = quote_ident(current_schema())::regnamespace
  UNION
    SELECT first, CASE conrelid WHEN related.oid THEN confrelid ELSE conrelid END
    FROM related JOIN pg_constraint ON contype = 'f' AND related.oid IN (conrelid, confrelid)
    LEFT JOIN pg_dist_partition ON logicalrelid = related.oid
    WHERE repmodel IS DISTINCT FROM 't'
)
SELECT citus_add_local_table_to_metadata(first) FROM (
    SELECT first FROM related LEFT JOIN pg_dist_partition ON logicalrelid = oid
    GROUP BY first HAVING NOT bool_or(coalesce(repmodel = 't', false))) AS alone
"""
_SETTING = "citus.enable_local_reference_table_foreign_keys"


def concerns_identities(text: str) -> bool:
    """Return whether the statement ``text`` is to be run ``with_identities`` where Citus is."""
    return _drops_keys(text) or takes_tables(text)


@contextmanager
def with_identities(
    connection: Connection, text: str, *, everywhere: bool = False
) -> Iterator[None]:
    """Let tables keep their identities while the statement ``text`` is run in the body.

    They are those of the schema, or of all where it is to be ``everywhere``.
    """
    if _drops_keys(text):
        with _keeping_known(connection):
            yield
    else:
        with keeping_count(connection, everywhere=everywhere):
            yield


def _drops_keys(text: str) -> bool:
    """Return whether the statement ``text`` may drop a foreign key, and makes none."""
    return bool(_DROPS.match(text)) and not _REFERS.search(text)


@contextmanager
def _keeping_known(connection: Connection) -> Iterator[None]:
    """Let Citus keep what it knows of tables whose last foreign key to others goes in the body.

    It would make another table of each, and refuses that of one with an identity; later statements
    are not to do that either. Where the body fails, its session ends, or is reset.
    """
    execute(connection, f"SET {_SETTING} = off")
    yield
    execute(connection, f"SET {_SETTING} = on")
    execute(connection, _STAY)

"""A schema compared with its copy, and with what else there is, through the catalogs."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import psycopg2
from psycopg2.extensions import cursor as Cursor

from berceau.errors import CloneError
from berceau.postgres.clone.busy import READERS_WAIT
from berceau.postgres.clone.definition import Definition, Definitions, Kind, Rank
from berceau.postgres.clone.objects import OWN, RELATION, Contents, find_contents
from berceau.postgres.clone.ordering import put_together, whole_of
from berceau.postgres.clone.printing import meaning
from berceau.postgres.clone.reading import KINDS, Reader
from berceau.postgres.clone.session import PLAIN_SESSION
from berceau.postgres.clone.snapshot import Snapshot, read_whole
from berceau.postgres.clone.writing import Place
from berceau.postgres.core.connection import Connection, transaction

# What objects of a schema need of others.
_NEEDS = f"""
{RELATION} {OWN}
SELECT DISTINCT refclassid::regclass::text, refobjid,
                pg_describe_object(classid, objid, objsubid),
                pg_describe_object(refclassid, refobjid, refobjsubid)
FROM own JOIN pg_depend USING (classid, objid)
WHERE refobjid >= 16384 AND refclassid <> 'pg_namespace'::regclass
  AND (refclassid::oid, refobjid) NOT IN (
      SELECT o.classid, o.objid FROM unnest(:classes, :objects) o (classid, objid))
ORDER BY 3, 4
"""

# A view needs what its rule needs; an extension is dropped with its schema.
_DEPENDENTS = f"""
{RELATION} {OWN},
inside AS MATERIALIZED (
    SELECT classid, objid FROM own
    UNION
    SELECT classid, objid FROM pg_depend
    JOIN pg_extension e ON refclassid = 'pg_extension'::regclass AND refobjid = e.oid
    WHERE deptype = 'e' AND extnamespace = :schema
    UNION
    SELECT 'pg_type'::regclass, oid FROM pg_type WHERE typnamespace = :schema
)
SELECT DISTINCT CASE
    WHEN w.oid IS NOT NULL THEN pg_describe_object('pg_class'::regclass, ev_class, 0)
    WHEN relkind IN ('v', 'm') THEN pg_describe_object(d.classid, d.objid, 0)
    ELSE pg_describe_object(d.classid, d.objid, d.objsubid) END
FROM inside i JOIN pg_depend d ON (refclassid, refobjid) = (i.classid, i.objid)
LEFT JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
                      AND w.rulename = '_RETURN'
LEFT JOIN pg_class r ON d.classid = 'pg_class'::regclass AND r.oid = d.objid
WHERE deptype IN ('n', 'a') AND i.classid <> 'pg_namespace'::regclass
  AND d.classid <> 'pg_publication_rel'::regclass
  AND (d.classid, d.objid) NOT IN (SELECT classid, objid FROM inside)
ORDER BY 1
"""


def dependents(connection: Connection, schema: str) -> tuple[str, ...]:
    """Describe what is in other schemas and needs something of ``schema``, which exists."""
    with connection.cursor() as cursor:
        cursor.execute(_contents(cursor, schema).bind(_DEPENDENTS))
        return tuple(description for (description,) in cursor.fetchall())


def differences(connection: Connection, definitions: Definitions, target: str) -> tuple[str, ...]:
    """Return, a sentence each, how ``target`` differs from the schema it was to be a copy of.

    ``definitions`` are that schema's, which still exists. What leads back to it counts, too.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(%s)", (definitions.source,))
        ((source,),) = cursor.fetchall()
        missing, unexpected, needs = read_whole(
            connection, target, lambda copy: _compare(copy, definitions, source), watched=False
        )
        leaks = _of(cursor, definitions.source, needs)
    return (
        *(f"missing: {text}" for text in _left(missing - unexpected, unexpected - missing)),
        *(f"unexpected: {text}" for text in _left(unexpected - missing, missing - unexpected)),
        *(f"{one} needs {other}" for *_, one, other in leaks),
    )


def agrees(
    connection: Connection, other: Connection, definitions: Definitions, target: str
) -> bool:
    """Return whether ``target``, read by two connections, is word for word what was to be made.

    It needs nothing of its source then, and no ``differences`` have to be looked for.
    """
    wanted = set(map(Place(connection, definitions, target).put, definitions.texts))
    kinds = deque(KINDS)

    def read(session: Connection, contents: Contents) -> list[Definition]:
        with transaction(session), session.cursor() as cursor:
            cursor.execute(f"{PLAIN_SESSION}; SET LOCAL lock_timeout = '{READERS_WAIT}'")
            return Reader(Snapshot(cursor, target, target, contents), False, []).found(_next(kinds))

    try:
        with transaction(connection), connection.cursor() as cursor:
            cursor.execute(PLAIN_SESSION)
            contents = _contents(cursor, target)
            reader = Reader(Snapshot(cursor, target, target, contents), False, [])
            with ThreadPoolExecutor(1) as pool:
                theirs = pool.submit(read, other, contents)
                try:
                    edges = reader.edges()
                    cursor.execute(contents.bind(_NEEDS))
                    leaks = _of(cursor, definitions.source, cursor.fetchall())
                    found = reader.found(_next(kinds))
                finally:
                    kinds.clear()
                found += theirs.result()
            reader.claim(found, edges)
    except (psycopg2.Error, CloneError):
        return False
    made = [each for each in found if each.rank < Rank.REFRESH]
    return not leaks and put_together(made, whole_of(edges), wanted) == wanted


def _next(kinds: deque[Kind]) -> Iterator[Kind]:
    """Yield what another thread doesn't take from ``kinds``."""
    with suppress(IndexError):
        while True:
            yield kinds.popleft()


def _compare(
    copy: Snapshot, definitions: Definitions, source: str
) -> tuple[set[str], set[str], list[tuple[Any, ...]]]:
    """Return the texts that ``copy`` lacks, those it has besides, and what it needs of others.

    A person reads them. No other process writes to the copy, so it is read once.
    """
    reader = Reader(copy, redirects=True, references=[])
    edges = reader.edges()
    wanted = {
        text.replace(definitions.token, reader.token).replace(definitions.outside, source)
        for text in definitions.texts
    }
    made = [each for each in reader.definitions(edges) if each.rank < Rank.REFRESH]
    found = put_together(made, whole_of(edges), wanted)
    copy.cursor.execute(copy.contents.bind(_NEEDS))
    needs = [
        (*address, one.replace(copy.token, copy.source), other)
        for *address, one, other in copy.cursor.fetchall()
    ]
    return _words(wanted - found, reader.token), _words(found - wanted, reader.token), needs


def _contents(cursor: Cursor, schema: str) -> Contents:
    cursor.execute("SELECT oid FROM pg_namespace WHERE nspname = %s", (schema,))
    ((oid,),) = cursor.fetchall()
    return find_contents(cursor, oid)


def _of(cursor: Cursor, source: str, needs: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return those of ``needs`` that are in the schema ``source``."""
    theirs = set(_contents(cursor, source).own) if needs else set()
    return [each for each in needs if each[:2] in theirs]


def _left(texts: set[str], others: set[str]) -> list[str]:
    """Return those of ``texts`` that mean what none of the ``others`` does, sorted."""
    known = {meaning(text) for text in others}
    return sorted(text for text in texts if meaning(text) not in known)


def _words(texts: Iterable[str], token: str) -> set[str]:
    """Return definitions as a person reads them, who knows the schema called ``token``."""
    return {text.replace(f"{token}.", "").replace(token, "the schema") for text in texts}

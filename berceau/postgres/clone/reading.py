"""The definitions of a schema, read from the catalogs in PostgreSQL's own words."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from io import StringIO
from typing import Any

from psycopg2 import sql

from berceau.errors import CloneError
from berceau.postgres.clone import (
    constraints,
    operators,
    rights,
    routines,
    search,
    storage,
    tables,
    types,
    views,
)
from berceau.postgres.clone.bodies import Schema
from berceau.postgres.clone.definition import Definition, Definitions, Edge, Kind, Rank
from berceau.postgres.clone.objects import (
    CONTENTS,
    DESCRIBED,
    OWN,
    OWNERS,
    RELATION,
    RIGHTS,
    SCHEMA_RIGHTS,
)
from berceau.postgres.clone.ordering import order, upwards, whole_of
from berceau.postgres.clone.redirecting import redirect_all
from berceau.postgres.clone.references import Reference
from berceau.postgres.clone.snapshot import Snapshot, read_whole
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.own_tables import LEDGER

KINDS = tuple(
    kind
    for module in (types, search, routines, operators, tables, constraints, storage, views, rights)
    for kind in module.KINDS
)

# A sequence is given to its column after both are made. A partition's foreign key that comes with
# that of its table isn't made at all, so nothing has to wait for what it needs.
_EDGES = f"""
{RELATION} {OWN}
SELECT DISTINCT classid::regclass::text, objid, refclassid::regclass::text, refobjid,
                deptype::text
FROM own JOIN pg_depend USING (classid, objid)
WHERE refobjid >= 16384 AND deptype IN ('n', 'a', 'i') AND refclassid <> 'pg_namespace'::regclass
  AND NOT (deptype = 'a' AND classid = 'pg_class'::regclass
           AND objid IN (SELECT seqrelid FROM pg_sequence))
  AND NOT (classid = 'pg_constraint'::regclass AND objid IN (
      SELECT c.oid FROM pg_constraint c JOIN pg_constraint parent ON parent.oid = c.conparentid
      WHERE c.contype = 'f' AND NOT ({constraints.HAS_OWN_KEY})))
"""

# A column that a parent got later comes after those that its heir had by then.
_LATE_COLUMNS = f"""
{RELATION}
SELECT format('the order of the columns of table %s', r.oid::regclass)
FROM relation r
WHERE relkind IN ('r', 'f') AND NOT relispartition AND EXISTS (
    SELECT FROM pg_inherits WHERE inhrelid = r.oid
  ) AND (SELECT array_agg(attname ORDER BY attnum)
       FROM pg_attribute WHERE attrelid = r.oid AND attnum > 0 AND NOT attisdropped) <> (
      SELECT array_agg(attname ORDER BY place) FROM (
          SELECT attname, min(place) AS place FROM (
              SELECT attname, ARRAY[inhseqno, attnum] AS place
              FROM pg_inherits JOIN pg_attribute ON attrelid = inhparent
              WHERE inhrelid = r.oid AND attnum > 0 AND NOT attisdropped
              UNION ALL
              SELECT attname, ARRAY[10000, attnum] FROM pg_attribute
              WHERE attrelid = r.oid AND attnum > 0 AND NOT attisdropped) columns
          GROUP BY attname) ordered)
ORDER BY 1
"""

# A letter, an underscore or anything beyond ASCII first, by what it isn't: see migration.splitter.
_NAME = r'(?:"(?:[^"]|"")+"|[^\x00-@\[-^`{-\x7f][\w$]*|[-+*/<>=~!@#%^&|`?]+)'


def read(connection: Connection, source: str, *, renamed: bool = True) -> Definitions:
    """Return the definitions of all that the schema ``source`` holds, in order.

    Where the copy isn't ``renamed``, bodies of functions stay as they are.

    The schema is renamed, in a transaction that is rolled back, to a word that nothing else
    contains, so that whatever names it can be told from literals that look the same. Others go on
    working in it meanwhile. The connection is in autocommit mode. Raises ``CloneError`` for
    what can't be copied, ``PermissionMissingError`` where the role doesn't own the schema.
    """
    return read_whole(connection, source, lambda snapshot: _read(snapshot, renamed))


def _read(snapshot: Snapshot, renamed: bool) -> Definitions:
    reader = Reader(snapshot, renamed, [])
    edges = reader.edges()
    try:
        found = reader.definitions(edges)
        texts, lanes = order([each for each in found if each.rank < Rank.REFRESH], edges)
    except CloneError as error:  # it names objects as the reader sees them
        message = error.message.replace(f"{reader.token}.", "")
        raise CloneError(message, cure=error.cure) from None
    return Definitions(
        snapshot.source,
        reader.token,
        reader.outside,
        tuple(texts),
        tuple(lanes),
        tuple(sorted(each.text for each in found if each.rank is Rank.REFRESH)),
        reader.ledger(),
        reader.notes(),
        tuple(reader.references),
    )


@dataclass(frozen=True)
class Reader:
    """Reads the schema of ``snapshot``, which is called ``token`` for the moment."""

    snapshot: Snapshot
    redirects: bool
    references: list[Reference]

    @property
    def source(self) -> str:
        """The schema's own name."""
        return self.snapshot.source

    @property
    def token(self) -> str:
        """The word for the schema."""
        return self.snapshot.token

    @property
    def outside(self) -> str:
        """The word for the source where an extension's object stays."""
        return self.token[::-1]

    def definitions(self, edges: Sequence[Edge]) -> list[Definition]:
        """Return the definitions of what belongs to no extension."""
        members = self.snapshot.contents.members
        theirs = self.snapshot.contents.theirs
        if self.redirects:
            self._require_distinct(theirs)
        found = self.found(iter(KINDS))
        self.claim(found, edges)
        if not self.redirects:
            return found
        path = f"{self.token}, {self.outside}" if members else self.token
        schema = Schema(self.source, self.snapshot.contents.names, self.token, path)
        found, references = redirect_all(found, schema, self._rows)
        self.references.extend(references)
        return self._leave_outside(found, theirs)

    def found(self, kinds: Iterator[Kind]) -> list[Definition]:
        """Return the definitions of these ``kinds`` as PostgreSQL prints them."""
        outside = set(self.snapshot.contents.members)
        parts = self.snapshot.contents.parts
        return [
            each
            for kind in kinds
            if self.snapshot.version >= kind.since and not parts.isdisjoint(kind.of)
            for each in self._read(kind)
            if each.address not in outside
        ]

    def edges(self) -> list[Edge]:
        """Return what depends on what."""
        return [((a, b), (c, d), kind) for a, b, c, d, kind in self._rows(_EDGES)]

    def ledger(self) -> str | None:
        """Return the rows of Berceau's ledger, if there is one."""
        cursor, table = self.snapshot.cursor, sql.Identifier(self.token, LEDGER)
        cursor.execute("SELECT to_regclass(%s)", (table.as_string(cursor),))
        if cursor.fetchall()[0][0] is None:
            return None
        with StringIO() as rows:
            cursor.copy_expert(sql.SQL("COPY {} TO STDOUT").format(table), rows)
            return rows.getvalue()

    def notes(self) -> tuple[str, ...]:
        """Return what isn't copied, or not as it is."""
        parts = self.snapshot.contents.parts
        rows = [
            row
            for query, of in (
                (RELATION + rights.KEPT_OWNERS, (OWNERS,)),
                (RELATION + rights.KEPT_GRANTORS, (RIGHTS, SCHEMA_RIGHTS)),
                (rights.KEPT_DEFAULT_GRANTS, ("pg_namespace",)),
                (_LATE_COLUMNS, ("pg_inherits",)),
            )
            if not parts.isdisjoint(of)
            for row in self._rows(query)
        ]
        return tuple(text.replace(f"{self.token}.", "") for (text,) in rows)

    def _rows(self, query: str, **values: str | int | list[Any]) -> list[tuple[Any, ...]]:
        right = "SET" if self.snapshot.version >= 160000 else "MEMBER"
        query = self.snapshot.contents.bind(query).replace(":set_role", f"'{right}'")
        self.snapshot.cursor.execute(query, values or None)
        return self.snapshot.cursor.fetchall()

    def _read(self, kind: Kind) -> Iterator[Definition]:
        for oid, text, *more in self._rows(RELATION + kind.query):
            if text is None:
                continue
            promise, after, catalog, end, part = (*more, *[None] * 5)[:5]
            address = (catalog or kind.catalog, oid)
            others = tuple(("pg_class", other) for other in after or ())
            yield Definition(kind.rank, address, text, kind.makes, promise, others, end or "", part)

    def _require_distinct(self, theirs: Collection[str]) -> None:
        """Raise ``CloneError`` where a name may mean an extension's object or another one."""
        both = sorted(self.snapshot.contents.names.intersection(theirs))
        if both:
            raise CloneError(
                f"The schema {self.source!r} holds an extension, and names of its own that are "
                f"the extension's, too: {', '.join(both)}.",
                cure="Move the extension: CREATE SCHEMA extensions, then ALTER EXTENSION ... SET "
                "SCHEMA extensions.",
            )

    def claim(self, found: list[Definition], edges: Sequence[Edge]) -> None:
        """Raise ``CloneError`` unless everything in the schema is defined or an extension's."""
        claimed = {each.address for each in found if each.makes}
        claimed.update(self.snapshot.contents.members)
        wholes = whole_of(edges)
        left = [
            address
            for address in self._rows(CONTENTS)
            if claimed.isdisjoint(upwards((address[0], address[1]), wholes))
        ]
        if left:
            described = [self._rows(DESCRIBED, catalog=one, oid=oid) for one, oid in left]
            names = sorted(name.replace(f"{self.token}.", "") for ((name,),) in described)
            raise CloneError(
                f"The schema {self.source!r} holds objects that can't be copied:\n"
                + "\n".join(f"    {name}" for name in names[:10]),
                cure="Move these objects to another schema.",
            )

    def _leave_outside(self, found: list[Definition], names: Collection[str]) -> list[Definition]:
        """Let what belongs to an extension be named where it is."""
        if not names:
            return found
        pattern = re.compile(rf"\b{self.token}\.({_NAME})")

        def outside(match: re.Match[str]) -> str:
            name = match[1][1:-1].replace('""', '"') if match[1].startswith('"') else match[1]
            return f"{self.outside}.{match[1]}" if name in names else match[0]

        return [
            replace(
                each,
                text=pattern.sub(outside, each.text),
                promise=each.promise and pattern.sub(outside, each.promise),
                end=pattern.sub(outside, each.end),
                part=each.part and pattern.sub(outside, each.part),
            )
            for each in found
        ]

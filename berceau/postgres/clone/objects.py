"""What belongs to a schema, and the words that queries about it begin with."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from psycopg2.extensions import cursor as Cursor

from berceau.postgres.clone.definition import Address

# The first words of every query. PostgreSQL has no statistics of catalogs that have just grown: by
# the number of oids it plans well nevertheless.
RELATION = """
WITH relation AS MATERIALIZED (
    SELECT c.* FROM unnest(:relations) r (oid) JOIN pg_class c ON c.oid = r.oid
)
"""

# Every object of the schema that belongs to no extension: (classid, objid).
OWN = """
, own AS MATERIALIZED (
    SELECT classid::regclass AS classid, objid FROM unnest(:classes, :objects) o (classid, objid)
)
"""

# Where each catalog has the schema's objects.
IN_SCHEMA = {
    "pg_namespace": "oid = :schema",
    "pg_class": "relnamespace = :schema",
    "pg_type": "typnamespace = :schema",
    "pg_proc": "pronamespace = :schema",
    "pg_operator": "oprnamespace = :schema",
    "pg_opclass": "opcnamespace = :schema",
    "pg_opfamily": "opfnamespace = :schema",
    "pg_collation": "collnamespace = :schema",
    "pg_conversion": "connamespace = :schema",
    "pg_ts_parser": "prsnamespace = :schema",
    "pg_ts_template": "tmplnamespace = :schema",
    "pg_ts_dict": "dictnamespace = :schema",
    "pg_ts_config": "cfgnamespace = :schema",
    "pg_statistic_ext": "stxnamespace = :schema",
    "pg_constraint": "connamespace = :schema",
    "pg_amop": "amopfamily IN (SELECT oid FROM pg_opfamily WHERE opfnamespace = :schema)",
    "pg_amproc": "amprocfamily IN (SELECT oid FROM pg_opfamily WHERE opfnamespace = :schema)",
    "pg_cast": "castsource IN (SELECT oid FROM pg_type WHERE typnamespace = :schema)"
    " OR casttarget IN (SELECT oid FROM pg_type WHERE typnamespace = :schema)",
}
OF_RELATIONS = {
    "pg_attrdef": "adrelid",
    "pg_rewrite": "ev_class",
    "pg_trigger": "tgrelid",
    "pg_policy": "polrelid",
}

_ALL = " UNION ALL ".join(
    f"SELECT '{catalog}', '{catalog}'::regclass::oid, oid FROM {catalog} WHERE {condition}"
    for catalog, condition in IN_SCHEMA.items()
)
_OF_RELATIONS = " UNION ALL ".join(
    f"SELECT '{catalog}', '{catalog}'::regclass::oid, o.oid"
    f" FROM unnest(:relations) r (oid) JOIN {catalog} o ON {column} = r.oid"
    for catalog, column in OF_RELATIONS.items()
)

# All that PostgreSQL says to be in the schema, whatever its kind.
CONTENTS = """
SELECT classid::regclass::text, objid FROM pg_depend
WHERE refclassid = 'pg_namespace'::regclass AND refobjid = :schema AND deptype = 'n'
  AND classid NOT IN ('pg_extension'::regclass, 'pg_publication_namespace'::regclass,
                      'pg_default_acl'::regclass)
  -- An operator that another one names and that was never made itself.
  AND NOT (classid = 'pg_operator'::regclass
           AND objid IN (SELECT oid FROM pg_operator WHERE oprcode = 0))
UNION ALL
SELECT 'pg_transform', f.oid
FROM pg_transform f JOIN pg_type t ON t.oid = trftype WHERE typnamespace = :schema
"""

DESCRIBED = "SELECT pg_describe_object(%(catalog)s::regclass, %(oid)s, 0)"

# Before PostgreSQL 17 an extension's type was a member without the type of its arrays.
_MEMBERS = """
SELECT classid::regclass::text, objid FROM pg_depend
WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
UNION ALL
SELECT 'pg_type', typarray FROM pg_depend JOIN pg_type t ON t.oid = objid
WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
  AND classid = 'pg_type'::regclass AND typarray <> 0
"""


_PLACE = re.compile(":(?:schema|relations|classes|objects)")


@dataclass(frozen=True)
class Contents:
    """The oids of what is in a schema: its ``own`` objects, and ``members`` of extensions.

    ``classes`` are the oids of the catalogs of ``own``.
    """

    schema: int
    relations: tuple[int, ...] = ()
    classes: tuple[int, ...] = ()
    own: tuple[Address, ...] = ()
    members: tuple[Address, ...] = ()

    def bind(self, query: str) -> str:
        """Return ``query`` about this schema, complete."""
        return _PLACE.sub(lambda place: self._values[place[0]], query)

    @cached_property
    def empty(self) -> set[str]:
        """The catalogs that have no object of the schema."""
        return {*IN_SCHEMA, *OF_RELATIONS} - {catalog for catalog, _ in self.own}

    @cached_property
    def _values(self) -> dict[str, str]:
        return {
            ":schema": f"{self.schema}::oid",
            ":relations": array(self.relations),
            ":classes": array(self.classes),
            ":objects": array(oid for _, oid in self.own),
        }


def find_contents(cursor: Cursor, schema: int) -> Contents:
    """Find what is in the schema with the oid ``schema``."""
    cursor.execute(_MEMBERS)
    members = set(cursor.fetchall())
    cursor.execute(_ALL.replace(":schema", f"{schema}::oid"))
    found = cursor.fetchall()
    relations = tuple(
        oid for catalog, _, oid in found if catalog == "pg_class" and (catalog, oid) not in members
    )
    cursor.execute(_OF_RELATIONS.replace(":relations", array(relations)))
    found += cursor.fetchall()
    own = [row for row in found if (row[0], row[2]) not in members]
    return Contents(
        schema,
        relations,
        tuple(class_ for _, class_, _ in own),
        tuple((catalog, oid) for catalog, _, oid in own),
        tuple((catalog, oid) for catalog, _, oid in found if (catalog, oid) in members),
    )


def array(oids: Iterable[int]) -> str:
    """Return ``oids`` as an array in SQL."""
    return "'{" + ",".join(map(str, oids)) + "}'::oid[]"

"""What belongs to a schema, and the words that queries about it begin with."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

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


@dataclass(frozen=True)
class Catalog:
    """Where a catalog has the schema's objects, and in SQL what is said of each.

    That is a word for its kind or NULL, its owner and rights, and its name, where a definition may
    call it so.
    """

    condition: str
    kind: str = "NULL"
    owner: str = "me"
    rights: str = "true"
    name: str = "NULL"


def _plain(acl: str, kind: str) -> str:
    """Return SQL that says whether a new object of the role at work has the rights ``acl``, too."""
    return f"coalesce({acl}, acldefault('{kind}', me)) = fresh_{kind}"


IN_SCHEMA = {
    "pg_namespace": Catalog("oid = :schema", owner="nspowner", rights=_plain("nspacl", "n")),
    "pg_class": Catalog(
        "relnamespace = :schema",
        "relkind",
        "relowner",
        f"CASE WHEN relkind = 'S' THEN {_plain('relacl', 's')}"
        f" ELSE relkind IN ('i', 'I', 'c') OR {_plain('relacl', 'r')} END",
        "relname",
    ),
    "pg_type": Catalog(
        "typnamespace = :schema",
        # PostgreSQL makes these itself; no role can make one with that handler.
        "CASE WHEN typelem = 0 OR typsubscript <> 'array_subscript_handler'::regproc"
        " THEN typtype ELSE 'A' END",
        "typowner",
        _plain("typacl", "T"),
        "typname",
    ),
    "pg_proc": Catalog(
        "pronamespace = :schema", "prokind", "proowner", _plain("proacl", "f"), "proname"
    ),
    "pg_operator": Catalog("oprnamespace = :schema", owner="oprowner", name="oprname"),
    "pg_opclass": Catalog("opcnamespace = :schema", owner="opcowner", name="opcname"),
    "pg_opfamily": Catalog("opfnamespace = :schema", owner="opfowner", name="opfname"),
    "pg_collation": Catalog("collnamespace = :schema", owner="collowner", name="collname"),
    "pg_conversion": Catalog("connamespace = :schema", owner="conowner", name="conname"),
    "pg_ts_parser": Catalog("prsnamespace = :schema", name="prsname"),
    "pg_ts_template": Catalog("tmplnamespace = :schema", name="tmplname"),
    "pg_ts_dict": Catalog("dictnamespace = :schema", owner="dictowner", name="dictname"),
    "pg_ts_config": Catalog("cfgnamespace = :schema", owner="cfgowner", name="cfgname"),
    "pg_statistic_ext": Catalog(
        # Citus hides the parts of distributed tables there.
        "stxnamespace = :schema AND stxrelid IN (SELECT oid FROM pg_class)",
        owner="stxowner",
    ),
    "pg_constraint": Catalog(
        "connamespace = :schema",
        # Of a foreign key with the kind of the table that it needs.
        "concat(contype, CASE WHEN contype = 'f'"
        " THEN (SELECT relkind FROM pg_class WHERE oid = confrelid) END)",
    ),
    "pg_amop": Catalog("amopfamily IN (SELECT oid FROM pg_opfamily WHERE opfnamespace = :schema)"),
    "pg_amproc": Catalog(
        "amprocfamily IN (SELECT oid FROM pg_opfamily WHERE opfnamespace = :schema)"
    ),
    "pg_cast": Catalog(
        "castsource IN (SELECT oid FROM pg_type WHERE typnamespace = :schema)"
        " OR casttarget IN (SELECT oid FROM pg_type WHERE typnamespace = :schema)"
    ),
}
OF_RELATIONS = {
    "pg_attrdef": Catalog("adrelid = relation"),
    "pg_rewrite": Catalog("ev_class = relation"),
    "pg_trigger": Catalog("tgrelid = relation", "CASE WHEN tgisinternal THEN 'internal' END"),
    "pg_policy": Catalog("polrelid = relation"),
}

# What isn't an object, and is there or isn't.
OWNERS, RIGHTS, SCHEMA_RIGHTS = "owners", "rights", "rights of the schema"
_FACTS = {
    "pg_inherits": "pg_inherits JOIN unnest(:relations) relation ON inhrelid = relation",
    "pg_seclabel": "pg_seclabel",
    "pg_extension": "pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'x'",
    RIGHTS: "pg_attribute JOIN unnest(:relations) relation ON attrelid = relation"
    " WHERE attacl IS NOT NULL",
}

# The role at work, and what its new objects get. Arrays of rights are sorted.
_FRESH = f"""
WITH fresh AS MATERIALIZED (
    SELECT me, {
    ", ".join(
        f"coalesce((SELECT defaclacl FROM pg_default_acl WHERE defaclnamespace = 0"
        f" AND defaclrole = me AND defaclobjtype = '{kind.upper() if kind == 's' else kind}'),"
        f" acldefault('{kind}', me)) AS fresh_{kind}"
        for kind in "nrsTf"
    )
}
    FROM (SELECT oid AS me FROM pg_roles WHERE rolname = current_user) role
)
"""


def _rows(catalogs: Mapping[str, Catalog], more: str = "") -> str:
    return " UNION ALL ".join(
        f"SELECT '{name}', '{name}'::regclass::oid, {name}.oid,"
        f" concat_ws(' ', '{name}', {each.kind}), {each.owner} = me, {each.rights}, {each.name}"
        f" FROM fresh, {name}{more} WHERE {each.condition}"
        for name, each in catalogs.items()
    )


_ALL = _FRESH + _rows(IN_SCHEMA)
_OF_RELATIONS = (
    "WITH fresh (me) AS (SELECT 0::oid)"
    + _rows(OF_RELATIONS, ", unnest(:relations) relation")
    + "".join(
        f" UNION ALL SELECT '', NULL, NULL, '{fact}', true, true, NULL"
        f" WHERE EXISTS (SELECT FROM {rows})"
        for fact, rows in _FACTS.items()
    )
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
  -- A part of a distributed table, which Citus hides, and its statistics.
  AND NOT (classid = 'pg_class'::regclass AND objid NOT IN (SELECT oid FROM pg_class))
  AND NOT (classid = 'pg_statistic_ext'::regclass
           AND objid NOT IN (SELECT s.oid FROM pg_statistic_ext s JOIN pg_class c
                             ON c.oid = stxrelid))
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

    ``classes`` are the oids of the catalogs of ``own``. ``parts`` are which kinds of objects there
    are: the names of their catalogs, each with the kind that a column there says, if one does; and
    what else there is, as in pg_inherits. Among them are ``OWNERS`` where another role than the
    one at work owns something in the schema, and ``RIGHTS`` and ``SCHEMA_RIGHTS`` where rights
    aren't those of a new object. ``names`` are those of own objects, and ``theirs`` those of
    members.
    """

    schema: int
    relations: tuple[int, ...] = ()
    classes: tuple[int, ...] = ()
    own: tuple[Address, ...] = ()
    members: tuple[Address, ...] = ()
    parts: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    theirs: frozenset[str] = frozenset()

    def bind(self, query: str) -> str:
        """Return ``query`` about this schema, complete."""
        return _PLACE.sub(lambda place: self._values[place[0]], query)

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
    found = [_Row(*row) for row in cursor.fetchall()]
    relations = tuple(
        each.oid for each in found if each.catalog == "pg_class" and each.address not in members
    )
    cursor.execute(_OF_RELATIONS.replace(":relations", array(relations)))
    found += [_Row(*row) for row in cursor.fetchall()]
    own = [each for each in found if each.catalog and each.address not in members]
    theirs = [each for each in found if each.address in members]
    return Contents(
        schema,
        relations,
        tuple(each.class_ for each in own),
        tuple(each.address for each in own),
        tuple(each.address for each in theirs),
        _parts(each for each in found if each.address not in members),
        frozenset(each.name for each in own if each.name),
        frozenset(each.name for each in theirs if each.name),
    )


class _Row(NamedTuple):
    """An object, or, where ``catalog`` is "", the mere ``part``."""

    catalog: str
    class_: int
    oid: int
    part: str
    is_mine: bool
    is_plain: bool
    name: str | None

    @property
    def address(self) -> Address:
        return self.catalog, self.oid


def _parts(rows: Iterable[_Row]) -> frozenset[str]:
    parts = set[str]()
    for each in rows:
        parts.add(each.part)
        of_schema = each.catalog == "pg_namespace"
        if not each.is_mine and not of_schema:
            parts.add(OWNERS)
        if not (each.is_mine and each.is_plain):
            parts.add(SCHEMA_RIGHTS if of_schema else RIGHTS)
    return frozenset(parts)


def array(oids: Iterable[int]) -> str:
    """Return ``oids`` as an array in SQL."""
    return "'{" + ",".join(map(str, oids)) + "}'::oid[]"

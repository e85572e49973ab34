"""Definitions of a schema that is copied by another name: text in them that names it is moved."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from berceau.postgres.clone.bodies import Schema, leads, redirect, redirect_literals
from berceau.postgres.clone.definition import Definition, Rank
from berceau.postgres.clone.objects import OWN, RELATION
from berceau.postgres.clone.references import Reference, mentions

# Functions whose text may have the name, maybe in parts or in other letters.
_BODIES = rf"""
{RELATION}
SELECT p.oid, CASE WHEN prosqlbody IS NULL AND lanname NOT IN ('c', 'internal') THEN prosrc END,
       lanname,
       format('%%s %%I(%%s)', CASE prokind WHEN 'p' THEN 'procedure' ELSE 'function' END, proname,
              pg_get_function_identity_arguments(p.oid))
FROM pg_proc p JOIN pg_language l ON l.oid = prolang
WHERE pronamespace = :schema AND prokind <> 'a'
  AND (proconfig IS NOT NULL OR strpos(lower(prosrc), lower(%(source)s)) > 0
       OR prosrc ~* 'u&[''"]|\me''|''\s*(\|\||\n)')
"""

# What isn't copied, and may lead back: functions, and views of the schema.
_OUTSIDE = f"""
{RELATION} {OWN}
SELECT DISTINCT format('function %s', f.oid::regprocedure), prosrc, lanname
FROM own JOIN pg_depend d USING (classid, objid)
JOIN pg_proc f ON refclassid = 'pg_proc'::regclass AND refobjid = f.oid
JOIN pg_language l ON l.oid = prolang
WHERE f.oid >= 16384 AND pronamespace <> :schema AND lanname NOT IN ('c', 'internal')
UNION ALL
SELECT DISTINCT format('view %s', v.oid::regclass), NULL, ''
FROM own JOIN pg_depend d USING (classid, objid)
JOIN pg_class v ON refclassid = 'pg_class'::regclass AND refobjid = v.oid
WHERE v.relkind IN ('v', 'm') AND v.oid >= 16384 AND v.relnamespace <> :schema AND EXISTS (
    SELECT FROM pg_rewrite w JOIN pg_depend e ON e.classid = 'pg_rewrite'::regclass
                                             AND e.objid = w.oid
    JOIN pg_class c ON e.refclassid = 'pg_class'::regclass AND c.oid = e.refobjid
    WHERE w.ev_class = v.oid AND c.relnamespace = :schema)
"""

_MADE = re.compile(
    r"(?:CREATE|ALTER)(?: OR REPLACE)?(?: UNLOGGED| RECURSIVE| CONSTRAINT| UNIQUE| FOREIGN)*"
    r" ((?:MATERIALIZED |TEXT SEARCH )?[A-Z]+)(?: ONLY)?"
    r' ((?:"(?:[^"]|"")+"|[^\s".(]+)(?:\.(?:"(?:[^"]|"")+"|[^\s".(]+))?)'
)
Rows = Callable[..., list[tuple[Any, ...]]]
"""Runs a query with values by name."""


def redirect_all(
    found: Sequence[Definition], schema: Schema, rows: Rows
) -> tuple[list[Definition], list[Reference]]:
    """Return the definitions ``found`` with what their texts say of ``schema`` moved.

    PostgreSQL did so with all names that it knows of. With them comes what may lead back.
    """
    bodies = {("pg_proc", oid): row for oid, *row in rows(_BODIES, source=schema.name)}
    moved, references = (
        [],
        [
            Reference(place, 1, "isn't copied, and means the source")
            for place, body, language in rows(_OUTSIDE)
            if body is None or leads(body, language, schema)
        ],
    )
    for each in found:
        function = bodies.get(each.address) if each.makes else None
        new, more = _redirect(each, function, schema)
        moved.append(new)
        references += more
    return moved, [
        replace(each, place=each.place.replace(f"{schema.to}.", "")) for each in references
    ]


def _redirect(
    each: Definition, function: Sequence[Any] | None, schema: Schema
) -> tuple[Definition, list[Reference]]:
    if function is not None:
        body, language, place = function
        text, references = redirect(each.text, body, language, schema, place)
        return replace(each, text=text), references
    every = "\n".join((each.text, each.part or "", each.promise or "", each.end))
    if each.rank is Rank.COMMENT or not mentions(every, schema.name):
        return each, []
    place = _place(each.text)
    text, references = redirect_literals(each.text, schema, place, ("", each.end))
    part, _ = redirect_literals(each.part or "", schema, place, ("CREATE TABLE t (", ")"))
    promise, _ = redirect_literals(each.promise or "", schema, place)
    return replace(each, text=text, part=part or None, promise=promise or None), references


def _place(text: str) -> str:
    """Return the kind and the name of what the statement ``text`` makes."""
    found = _MADE.match(text)
    return f"{found[1].lower()} {found[2]}" if found else text.partition("(")[0]

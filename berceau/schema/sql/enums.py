"""Changes of enum types as SQL."""

from collections.abc import Iterator
from itertools import groupby

from berceau.errors import MigrationError
from berceau.schema.changes import (
    AlterEnum,
    CreateEnum,
    DropEnum,
    RebuildEnum,
    Use,
)
from berceau.schema.conversions import loses, relabelled
from berceau.schema.model import Enum
from berceau.schema.names import quote_literal, quote_name
from berceau.schema.sql.render import render
from berceau.schema.statement import Hazard, Lock, Statement, Transaction

_ADORN = """\
DO $adorn$
-- The new type gets the comment and the rights of the old one, and none by default.
DECLARE
    old CONSTANT regtype := {};
    new CONSTANT regtype := {};
    item text;
BEGIN
    FOR item IN
        WITH granted AS (
            SELECT oid, is_grantable AND grantee <> typowner AS grantable,
                CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END AS role
            FROM pg_type, aclexplode(coalesce(typacl, acldefault('T', typowner)))
            WHERE (SELECT typacl FROM pg_type WHERE oid = old)
                IS DISTINCT FROM (SELECT typacl FROM pg_type WHERE oid = new)
        )
        SELECT format('COMMENT ON TYPE %s IS %L', new, obj_description(old, 'pg_type'))
        UNION ALL
        SELECT format('REVOKE ALL ON TYPE %s FROM %s', new, role) FROM granted WHERE oid = new
        UNION ALL
        SELECT format('GRANT USAGE ON TYPE %s TO %s%s', new, role,
            CASE WHEN grantable THEN ' WITH GRANT OPTION' ELSE '' END)
        FROM granted WHERE oid = old
    LOOP
        EXECUTE item;
    END LOOP;
END $adorn$"""


@render.register
def _(change: CreateEnum) -> Iterator[Statement]:
    yield Statement(f"CREATE TYPE {quote_name(change.enum.name)} AS ENUM ({_labels(change.enum)})")


@render.register
def _(change: AlterEnum) -> Iterator[Statement]:
    before, after = change.before, change.after
    if [label for label in after.labels if label in before.labels] != list(before.labels):
        raise MigrationError(
            f"The labels of the enum {after.name} were removed or reordered: "
            f"{', '.join(before.labels)} became {', '.join(after.labels)}.",
            cure="Only added labels fit an existing type: rebuild it for the rest.",
        )
    previous: str | None = None
    for label in after.labels:
        if label not in before.labels:
            place = (
                f"AFTER {quote_literal(previous)}"
                if previous is not None
                else f"BEFORE {quote_literal(before.labels[0])}"
            )
            yield Statement(
                f"ALTER TYPE {quote_name(after.name)} ADD VALUE {quote_literal(label)} {place}",
                transaction=Transaction.NONE,
            )
        previous = label


@render.register
def _(change: RebuildEnum) -> Iterator[Statement]:
    retired = quote_name(change.retired.name)
    yield Statement(f"ALTER TYPE {quote_name(change.before.name)} RENAME TO {retired}")
    yield from render(CreateEnum(change.after))
    if change.adorned:
        names = (
            quote_literal(quote_name(name)) for name in (change.retired.name, change.after.name)
        )
        yield Statement(_ADORN.format(*names))
    gone = set(change.before.labels) - set(change.after.labels) - dict(change.mapping).keys()
    hazards = {Hazard.REWRITES_TABLE} | ({Hazard.NEEDS_ROWS_TO_FIT} if gone else set())
    hazards |= {Hazard.DATA_LOSS} if loses(change) else set()
    for table, uses in groupby(change.uses, key=lambda use: use.table):
        actions = [action for use in uses for action in _conversion(use, change)]
        separator = "\n    " if len(actions) > 1 else " "
        yield Statement(
            f"ALTER TABLE {quote_name(table)}{separator}" + f",{separator}".join(actions),
            frozenset(hazards),
            Lock.ACCESS_EXCLUSIVE,
        )


def _conversion(use: Use, change: RebuildEnum) -> Iterator[str]:
    name, array = quote_name(use.column.name), use.column.type.endswith("[]")
    sql_type = quote_name(change.after.name) + ("[]" if array else "")
    mapping = tuple({**dict(change.mapping), **dict(use.values)}.items())
    prefix = f"ALTER COLUMN {name}"
    if use.column.default is not None:
        yield f"{prefix} DROP DEFAULT"
    yield f"{prefix} TYPE {sql_type} USING {relabelled(name, sql_type, mapping)}"
    if use.default is not None:
        yield f"{prefix} SET DEFAULT {use.default}"


@render.register
def _(change: DropEnum) -> Iterator[Statement]:
    yield Statement(f"DROP TYPE {quote_name(change.enum.name)}")


def _labels(enum: Enum) -> str:
    return ", ".join(map(quote_literal, enum.labels))

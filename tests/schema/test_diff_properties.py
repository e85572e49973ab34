"""From any schema to any other, and back: what a diff leads to is what was wanted."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from berceau.errors import MigrationError
from berceau.postgres import catalog
from berceau.postgres.connection import Connection
from berceau.postgres.schemas import execute
from berceau.postgres.scratch import scratch
from berceau.schema.diff import create, diff
from berceau.schema.model import (
    Check,
    Column,
    Enum,
    ForeignKey,
    Index,
    PrimaryKey,
    Schema,
    Table,
    Unique,
)
from berceau.schema.names import object_name, quote_name
from berceau.schema.order import order
from berceau.schema.sql import to_statements

# Types and defaults by column: each type casts to the others, as a migration must.
COLUMNS = {
    "number": {"smallint": "1", "bigint": "(1 + 1)", "numeric(10,2)": "1.5", "text": "'1'"},
    "word": {"text": "'it''s'", "character varying(20)": "'a\\b'", "character varying(5)": "''"},
    "select": {"boolean": "true", "text": "'no'"},
    "a moment": {"timestamp with time zone": "now()", "date": "CURRENT_DATE", "text": "''"},
    "state": {"state": "'on'", "text": "'on'"},
    "kind": {'"kInd"': "'on'", "character varying": "'on'"},
    "key": {"uuid": "gen_random_uuid()", "text": "''"},
    "list": {"integer[]": "'{}'", "text[]": "'{}'::text[]"},
}
# Labels in their order; each enum keeps the first, which defaults use.
LABELS = ("on", "it's", "Off", "über")
ENUMS = ("state", "kInd")
# The types of the tables' keys, which foreign keys share.
KEYS = {"alpha": "integer", "beta": "uuid", "order": "text"}
ACTIONS = ("NO ACTION", "RESTRICT", "CASCADE", "SET NULL")
ID = ("id",)


@st.composite
def columns(draw: st.DrawFn, name: str) -> Column:
    types = COLUMNS[name]
    chosen = draw(st.sampled_from(sorted(types)))
    default = types[chosen] if draw(st.booleans()) else None
    return Column(name, chosen, draw(st.booleans()), default)


@st.composite
def tables(draw: st.DrawFn, name: str, targets: tuple[str, ...]) -> Table:
    identity = KEYS[name] == "integer" and draw(st.booleans())
    names = draw(st.lists(st.sampled_from(sorted(COLUMNS)), unique=True, max_size=4))
    found = [Column("id", KEYS[name], not_null=True, identity=identity)]
    found += [draw(columns(each)) for each in names]
    links = draw(st.lists(st.sampled_from(targets), unique=True))
    found += [Column(f"to {target}", KEYS[target], draw(st.booleans())) for target in links]
    some = st.lists(st.sampled_from([column.name for column in found]), unique=True, min_size=1)
    sets = st.lists(some.map(lambda each: tuple(each[:2])), unique=True, max_size=2)
    return Table(
        name,
        tuple(draw(st.permutations(found))),
        PrimaryKey(object_name(name, (), "pkey"), ID),
        tuple(Unique(object_name(name, each, "key"), each) for each in draw(sets)),
        (Check(f"{name}_check", "id IS NOT NULL"),) if draw(st.booleans()) else (),
        tuple(
            ForeignKey(f"{name}_{target}_fkey", (f"to {target}",), target, ID, draw(action))
            for target in links
        ),
        tuple(_index(name, each, draw(st.booleans())) for each in draw(sets)),
    )


action = st.sampled_from(ACTIONS)


def _index(table: str, columns: tuple[str, ...], partial: bool) -> Index:
    where = "id IS NOT NULL" if partial else None
    method = "gin" if columns == ("list",) else "btree"
    name = object_name(table, columns, "idx")
    return Index(name, tuple(map(quote_name, columns)), method, where=where)


@st.composite
def schemas(draw: st.DrawFn) -> Schema:
    names = tuple(sorted(draw(st.sets(st.sampled_from(sorted(KEYS))))))
    labels = st.sets(st.sampled_from(LABELS[1:])).map(
        lambda chosen: tuple(label for label in LABELS if label in chosen or label == LABELS[0])
    )
    found = tuple(draw(tables(name, names)) for name in names)
    used = {column.type.strip('"') for table in found for column in table.columns}
    kept = [name for name in ENUMS if name in used or draw(st.booleans())]
    return Schema(tuple(Enum(name, draw(labels)) for name in kept), found)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Schema, Schema]:
    """Draw two schemas; an enum of both has all its labels of the first in the second."""
    before, after = draw(schemas()), draw(schemas())
    old = {enum.name: enum.labels for enum in before.enums}
    enums = tuple(
        replace(
            enum,
            labels=tuple(
                each for each in LABELS if each in (*enum.labels, *old.get(enum.name, ()))
            ),
        )
        for enum in after.enums
    )
    return before, replace(after, enums=enums)


@pytest.fixture(scope="module")
def connections(server) -> Iterator[tuple[Connection, Connection]]:
    with ExitStack() as stack:
        yield tuple(stack.enter_context(scratch(server.owner)) for _ in range(2))


def build(connection: Connection, schema: Schema) -> Schema:
    """Create ``schema`` in place of all that is there; return what the catalog says of it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        ((name,),) = cursor.fetchall()
        cursor.execute(f"DROP SCHEMA {name} CASCADE; CREATE SCHEMA {name}")
    carry_out(connection, create(schema))
    return catalog.read(connection)


def carry_out(connection: Connection, changes) -> None:
    execute(connection, to_statements(order(changes)))


def same(one: Schema, other: Schema) -> bool:
    return diff(one, other) == diff(other, one) == ()


@given(pairs())
@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_a_diff_leads_from_any_schema_to_any_other_and_back(connections, pair):
    one, other = connections
    before, after = build(one, pair[0]), build(other, pair[1])
    carry_out(one, diff(before, after))
    assert same(catalog.read(one), after)
    grown = {enum.name: enum.labels for enum in before.enums}
    if any(grown.get(enum.name, enum.labels) != enum.labels for enum in after.enums):
        with pytest.raises(MigrationError, match="removed or reordered"):
            carry_out(one, diff(after, before))
    else:
        carry_out(one, diff(after, before))
        assert same(catalog.read(one), before)

"""From any schema to any other, and back: what a diff leads to is what was wanted."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from berceau.postgres.core.connection import Connection
from berceau.postgres.inspect import catalog
from berceau.postgres.inspect.schemas import execute_statements
from berceau.postgres.inspect.scratch import scratch
from berceau.schema.diff import create, diff
from berceau.schema.lowering import in_steps
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
from tests.conftest import examples

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
DEFAULT = "on"
LABELS = (DEFAULT, "it's", "Off", "über")
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
    required = [column.name for column in found if column.not_null]
    key = draw(st.lists(st.sampled_from(required), unique=True, min_size=1, max_size=2))
    # Foreign keys point at the id, which has to be unique in any case.
    uniques = dict.fromkeys([*draw(sets), *([] if tuple(key) == ID else [ID])])
    return Table(
        name,
        tuple(draw(st.permutations(found))),
        PrimaryKey(object_name(name, (), "pkey"), tuple(key)),
        tuple(Unique(object_name(name, each, "key"), each) for each in uniques),
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
    some = st.lists(st.sampled_from(LABELS), unique=True)
    labels = some.map(lambda chosen: tuple(chosen if DEFAULT in chosen else (*chosen, DEFAULT)))
    found = tuple(draw(tables(name, names)) for name in names)
    used = {column.type.strip('"') for table in found for column in table.columns}
    kept = [name for name in ENUMS if name in used or draw(st.booleans())]
    return Schema(tuple(Enum(name, draw(labels)) for name in kept), found)


@pytest.fixture(scope="module")
def connections(server) -> Iterator[tuple[Connection, Connection]]:
    with ExitStack() as stack:
        yield tuple(stack.enter_context(scratch(server.migration_url)) for _ in range(2))


def build(connection: Connection, schema: Schema) -> Schema:
    """Create ``schema`` in place of all that is there; return what the catalog says of it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        ((name,),) = cursor.fetchall()
        cursor.execute(f"DROP SCHEMA {name} CASCADE; CREATE SCHEMA {name}")
    execute_statements(connection, to_statements(order(create(schema))))
    return catalog.read(connection)


def migrate(connection: Connection, before: Schema, after: Schema) -> None:
    changes = order(in_steps(diff(before, after), before, after))
    execute_statements(connection, to_statements(changes))
    found = catalog.read(connection)
    assert diff(found, after) == diff(after, found) == ()


def beta(columns: tuple[Column, ...], key: tuple[str, ...], **rest: Any) -> Schema:
    return Schema((), (Table("beta", columns, PrimaryKey("beta_pkey", key), **rest),))


REFERENCE = Column("beta", "uuid")
KEY = Column("id", "uuid", not_null=True)
REPLACED_WHERE_DATA_IS_LOST = (
    beta((KEY, Column("number", "numeric(10,2)")), ("id",)),
    beta(
        (KEY, Column("number", "bigint", not_null=True), REFERENCE),
        ("id", "number"),
        uniques=(Unique("beta_id_key", ("id",)),),
        foreign_keys=(ForeignKey("beta_beta_fkey", ("beta",), "beta", ("id",)),),
    ),
)
"""A key gives way to a new one on which a new foreign key rests, all of it done last."""


@given(schemas(), schemas())
@example(*REPLACED_WHERE_DATA_IS_LOST)
@settings(
    max_examples=examples(100),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_a_diff_leads_from_any_schema_to_any_other_and_back(connections, first, second) -> None:
    one, other = connections
    before, after = build(one, first), build(other, second)
    migrate(one, before, after)
    migrate(one, after, before)

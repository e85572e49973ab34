"""Any entities become any others and back, and the end is what a direct build gives."""

import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, assume, event, given, note, settings
from hypothesis import strategies as st

from berceau.errors import BerceauError, MigrationError
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.locks import try_lock, unlock
from berceau.postgres.inspect import catalog
from berceau.postgres.inspect.schemas import (
    create_schema,
    drop_schema,
    execute_statements,
    use_schema,
)
from berceau.postgres.inspect.scratch import PREFIX, scratch
from berceau.schema.diff import create, diff
from berceau.schema.lowering import in_steps
from berceau.schema.model import Schema
from berceau.schema.order import order
from berceau.schema.sql import to_statements
from berceau.workflows.shared.databases import Databases

pytestmark = pytest.mark.slow

EXAMPLES = int(os.environ.get("BERCEAU_TEST_EXAMPLES", "40"))

TYPES = [
    "bool",
    "int",
    "int, size=8",
    "int, size=64",
    "int, size=32, unsigned=True",
    "int, sql_type='numeric(8)'",
    "float",
    "Decimal",
    "Decimal, 10, 2",
    "Decimal, 12, 4",
    "str",
    "str, 20",
    "str, 40",
    "str, sql_type='char(5)'",
    "str, sql_type='inet'",
    "LongStr",
    "bytes",
    "date",
    "time",
    "time, 3",
    "timedelta",
    "datetime",
    "datetime, 0",
    "UUID",
    "Json",
    "Json, sql_type='json'",
    "IntArray",
    "StrArray",
    "FloatArray",
    "Color",
    "Shape",
]
NO_KEYS = ("Json", "Array", "float")
COMPARABLE = [each for each in TYPES if not any(word in each for word in NO_KEYS)]
DEFAULTS = {"int": "7", "str": "'none'", "str, 20": "'x'", "datetime": "now()", "bool": "true"}
KEYS = [
    "",
    "id = PrimaryKey(int, auto=True)",
    "id = PrimaryKey(int, size=64, auto=True)",
    "id = PrimaryKey(int)",
    "id = PrimaryKey(str)",
    "id = PrimaryKey(str, 30)",
    "id = PrimaryKey(UUID)",
    "key = PrimaryKey(int, auto=True)",
    "id = PrimaryKey(int, auto=True, column='number')",
    "x = Required(int)\n    y = Required(str)\n    PrimaryKey(x, y)",
    "x = Required(int)\n    y = Required(str)\n    PrimaryKey(y, x)",
    "x = Required(int, size=64)\n    y = Required(date)\n    z = Required(int)\n"
    "    PrimaryKey(x, y, z)",
]
REFUSAL = re.compile("can't become|cannot cast|removed or reordered")
ENTITIES = ("Ant", "Bee", "Cat")
ATTRIBUTES = ("a", "b", "c")
COLORS = (("RED",), ("RED", "BLUE"), ("GREEN", "RED"), ("GREEN", "RED", "PINK", "BLUE"))


@st.composite
def attributes(draw: st.DrawFn, name: str) -> str:
    kind = draw(st.sampled_from(["Required", "Optional"]))
    sql_type = draw(st.sampled_from(TYPES))
    options = ""
    if sql_type in COMPARABLE and draw(st.integers(0, 4)) == 0:
        options += ", unique=True"
    elif sql_type != "Json, sql_type='json'" and draw(st.integers(0, 3)) == 0:
        options += draw(st.sampled_from([", index=True", f", index='ix_{name}_{{entity}}'"]))
    if kind == "Optional" and draw(st.booleans()):
        options += ", nullable=True"
    if sql_type in DEFAULTS and draw(st.booleans()):
        options += f', sql_default="{DEFAULTS[sql_type]}"'
    if draw(st.integers(0, 5)) == 0:
        options += f", column='{name}_col'"
    return f"{name} = {kind}({sql_type}{options})"


SET, ONE = "{rs} = Set('{of}', reverse='{r}')", "{rs} = Optional('{of}', reverse='{r}')"
RELATIONS = [
    ("{r} = Required('{to}', reverse='{rs}'{on})", SET),
    ("{r} = Optional('{to}', reverse='{rs}'{on})", SET),
    (
        "{r} = Optional('{to}', reverse='{rs}')",
        SET.replace("reverse", "cascade_delete=True, reverse"),
    ),
    (
        "{r} = Required('{to}', reverse='{rs}')",
        SET.replace("reverse", "cascade_delete=False, reverse"),
    ),
    ("{r} = Optional('{to}', reverse='{rs}'{on})", ONE),
    ("{r} = Required('{to}', reverse='{rs}'{on})", ONE),
    ("{r} = Required('{to}', reverse='{rs}', unique=True)", SET),
    ("{r} = Set('{to}', reverse='{rs}')", SET),
    ("{r} = Set('{to}', reverse='{rs}', table='links')", SET),
    (
        "{r} = Set('{to}', reverse='{rs}', column='other')",
        SET.replace("reverse", "column='one', reverse"),
    ),
    (
        "n_{r} = Required(int)\n    {r} = Required('{to}', reverse='{rs}')\n"
        "    composite_key({r}, n_{r})",
        SET,
    ),
]
KEY_RELATIONS = [
    ("{r} = PrimaryKey('{to}', reverse='{rs}')", ONE),
    (
        "no = Required(int)\n    {r} = Required('{to}', reverse='{rs}')\n    PrimaryKey({r}, no)",
        SET,
    ),
]
OWN_RELATIONS = [
    "s = Set('{of}', reverse='s')",
    "s = Optional('{of}', reverse='t')\n    t = Set('{of}', reverse='s')",
    "s = Optional('{of}', reverse='t')\n    t = Optional('{of}', reverse='s')",
    "s = Set('{of}', reverse='t')\n    t = Set('{of}', reverse='s')",
]


@st.composite
def entities(draw: st.DrawFn, labels: int) -> str:
    """Draw the source of up to three entities with relations, subclasses and enums."""
    names = draw(st.lists(st.sampled_from(ENTITIES), unique=True))
    bodies = {name: [draw(st.sampled_from(KEYS))] for name in names}
    for name, body in bodies.items():
        drawn = draw(st.lists(st.sampled_from(ATTRIBUTES), unique=True))
        body += [draw(attributes(each)).replace("{entity}", name.lower()) for each in drawn]
        plain = [each for each in drawn if _comparable(body, each)]
        if len(plain) > 1 and draw(st.booleans()):
            kind = draw(st.sampled_from(["composite_key", "composite_index"]))
            body.append(f"{kind}({', '.join(draw(st.permutations(plain)))})")
        if draw(st.integers(0, 4)) == 0:
            body.append(draw(st.sampled_from(OWN_RELATIONS)).format(of=name))
        if draw(st.integers(0, 5)) == 0:
            body.insert(0, f"_table_ = '{name.lower()}_table'")
    for of, to in ((of, to) for of in names for to in names if of < to):
        if draw(st.booleans()):
            relate(draw, bodies, of, to)
    source = "".join(
        f"class {name}(enum.Enum):\n" + "".join(f"    {label} = {label!r}\n" for label in COLORS[n])
        for name, n in (("Color", labels), ("Shape", 3))
    )
    for name, body in bodies.items():
        lines = [line for line in body if line] or ["pass"]
        source += f"class {name}(db.Entity):\n    " + "\n    ".join(lines) + "\n"
        if draw(st.integers(0, 3)) == 0:
            extra = draw(attributes("e")).replace("{entity}", name.lower())
            source += f"class {name}Kid({name}):\n    {extra}\n"
            if draw(st.booleans()):
                source += f"class {name}Heir({name}Kid):\n    f = Required(int)\n"
    return source


def relate(draw: st.DrawFn, bodies: dict[str, list[str]], of: str, to: str) -> None:
    keyless = "" in bodies[of] and not any("PrimaryKey" in line for line in bodies[of])
    kinds = RELATIONS + (KEY_RELATIONS if keyless else [])
    near, far = draw(st.sampled_from(kinds))
    r, rs = f"r_{of}_{to}".lower(), f"rs_{of}_{to}".lower()
    on = draw(st.sampled_from(["", "", ", column='link'", f", index='ix_{r}'"]))
    if any("    PrimaryKey(" in line for line in bodies[to]):
        on = ""  # several columns can't have one name
    names = {"of": of, "to": to, "r": r, "rs": rs, "on": on}
    bodies[of].append(near.format(**names))
    bodies[to].append(far.format(**names))


def _comparable(body: list[str], name: str) -> bool:
    line = next(line for line in body if line.startswith(f"{name} ="))
    return not any(word in line for word in NO_KEYS)


@pytest.fixture(scope="module")
def connection(server: Databases) -> Iterator[Connection]:
    with scratch(server.migration_url) as connection:
        yield connection


@contextmanager
def built(connection: Connection, declared: Schema) -> Iterator[Schema]:
    """Build what is ``declared`` in a schema of its own, and give it as PostgreSQL sees it."""
    name = PREFIX + secrets.token_hex(6)
    try_lock(connection, name)
    create_schema(connection, name)
    try:
        use_schema(connection, name)
        execute_statements(connection, to_statements(order(create(declared))))
        yield catalog.read(connection)
    finally:
        drop_schema(connection, name)
        unlock(connection, name)


def normal(schema: Schema) -> object:
    """Return ``schema`` without what makes no difference: names of constraints, and order."""
    return set(schema.enums), {
        table.name: (
            set(table.columns),
            {replace(each, name="") for each in (*table.constraints, *table.indexes)},
        )
        for table in schema.tables
    }


def migrate(connection: Connection, current: Schema, desired: Schema) -> None:
    statements = to_statements(order(in_steps(diff(current, desired), current, desired)))
    for statement in statements:
        note(f"{statement}")
    execute_statements(connection, statements)
    reached = catalog.read(connection)
    assert normal(reached) == normal(desired)
    assert diff(reached, desired) == ()


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=set(Phase) - {Phase.explain},
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(entities(1), entities(3))
def test_any_entities_become_any_others_and_back(
    declare: Callable[[str], Schema], connection: Connection, first: str, second: str
) -> None:
    try:
        declared = declare(first), declare(second)
        with built(connection, declared[1]) as desired:
            pass
        with built(connection, declared[0]) as current:
            note(first + "=====\n" + second)
            there_and_back(connection, current, desired)
    except BerceauError as error:
        event(error.message.splitlines()[0][:60])
        assume(False)


def there_and_back(connection: Connection, current: Schema, desired: Schema) -> None:
    try:
        migrate(connection, current, desired)
        migrate(connection, catalog.read(connection), current)
    except MigrationError as error:
        if not REFUSAL.search(error.message):
            raise AssertionError(str(error)) from error
        event(REFUSAL.search(error.message)[0])

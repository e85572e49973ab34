"""What is said of a release on another's schema is what Pony's entities really find there."""

import os

import pytest
from hypothesis import HealthCheck, Phase, assume, event, given, note, settings
from hypothesis import strategies as st

from berceau.errors import MigrationError
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.url import Url
from berceau.postgres.inspect.schemas import execute_statements
from berceau.postgres.inspect.scratch import scratch
from berceau.schema.choices import Choices
from berceau.schema.diff import create
from berceau.schema.keeping import Keeping
from berceau.schema.order import order
from berceau.schema.release import fits
from berceau.schema.sql import to_statements
from berceau.schema.sql.text import to_text
from berceau.workflows.compatibility.witness import Witness
from berceau.workflows.deploy.replay import make
from berceau.workflows.shared.cache import SchemaCache
from berceau.workflows.write.decisions import Decisions
from berceau.workflows.write.planner import Planner
from tests.acceptance.release_at_work import AtWork, mapped

pytestmark = [
    pytest.mark.slow,
    # Pony warns where it reads NULL in a required attribute, and goes on.
    pytest.mark.filterwarnings("ignore::pony.orm.DatabaseContainsIncorrectEmptyValue"),
]

EXAMPLES = int(os.environ.get("BERCEAU_TEST_EXAMPLES", "4"))
"""How many evolutions are tried."""

TYPES = [
    "bool",
    "int",
    "int, size=16",
    "int, size=64",
    "float",
    "Decimal, 10, 2",
    "Decimal, 12, 4",
    "str",
    "str, 20",
    "str, 40",
    "bytes",
    "date",
    "time",
    "time, 3",
    "timedelta",
    "datetime",
    "datetime, 0",
    "UUID",
    "Json",
    "IntArray",
    "StrArray",
    "FloatArray",
    "Color",
]
COLORS = ["RED", "RED BLUE", "BLUE RED GREEN", "RED GREEN"]
DEFAULTS = {"int": "7", "str": "'none'", "bool": "true", "str, 20": "'x'"}
RELATIONS = [
    ("", ""),
    ("ant = Required('Ant')", "bees = Set('Bee')"),
    ("ant = Optional('Ant')", "bees = Set('Bee')"),
    ("ant = Optional('Ant')", "bees = Set('Bee', cascade_delete=True)"),
    ("ants = Set('Ant')", "bees = Set('Bee')"),
    ("ant = Required('Ant')", "bee = Optional('Bee')"),
    ("ant = Optional('Ant')", "bee = Optional('Bee')"),
]
KEYS = ["", "", "id = PrimaryKey(int, size=64, auto=True)", "id = PrimaryKey(int)"]
KEYS += ["code = PrimaryKey(str, 9)"]


@st.composite
def attribute(draw: st.DrawFn) -> str:
    kind, name = draw(st.sampled_from(["Required", "Optional"])), draw(st.sampled_from(TYPES))
    options = ""
    if kind == "Optional" and draw(st.booleans()):
        options += ", nullable=True"
    if name in DEFAULTS and draw(st.integers(0, 2)) == 0:
        options += f', sql_default="{DEFAULTS[name]}"'
    return f"{kind}({name}{options})"


@st.composite
def evolution(draw: st.DrawFn) -> tuple[str, str]:
    """Draw the entities of two releases that differ in a few places."""
    changes = draw(st.integers(1, 3))
    slots = [(entity, name) for entity in ("Ant", "Bee") for name in ("a", "b")]
    before = {slot: draw(st.none() | attribute()) for slot in slots}
    extra = {"Kid": draw(st.none() | attribute()), "key": draw(st.sampled_from(KEYS))}
    shape = {
        "relation": draw(st.sampled_from(RELATIONS)),
        "colors": draw(st.sampled_from(COLORS)),
        "bee": True,
        **extra,
    }
    after, shape_after = dict(before), dict(shape)
    for _ in range(changes):
        where = draw(st.sampled_from([*slots, *slots, *shape]))
        if where in before:
            after[where] = draw(st.none() | attribute())
        elif where == "relation":
            shape_after[where] = draw(st.sampled_from(RELATIONS))
        elif where == "colors":
            shape_after[where] = draw(st.sampled_from(COLORS))
        elif where == "key":
            shape_after[where] = draw(st.sampled_from(KEYS))
        elif where == "Kid":
            shape_after[where] = draw(st.none() | attribute())
        else:
            shape_after[where] = draw(st.booleans())
    return source(before, shape), source(after, shape_after)


def source(attributes: dict, shape: dict) -> str:
    labels = "".join(f"    {each} = '{each.lower()}'\n" for each in shape["colors"].split())
    lines = {"Ant": [shape["key"]], "Bee": []}
    for (entity, name), text in attributes.items():
        lines[entity].append(text and f"{name} = {text}")
    if shape["bee"]:
        lines["Bee"].append(shape["relation"][0])
        lines["Ant"].append(shape["relation"][1])
    else:
        del lines["Bee"]
    text = f"class Color(enum.StrEnum):\n{labels}"
    for entity, body in lines.items():
        text += f"class {entity}(db.Entity):\n    " + "\n    ".join(filter(None, body) or ["pass"])
        text = text.rstrip() + ("\n" if any(body) else "\n    pass\n")
    if shape["Kid"]:
        text += f"class Kid(Ant):\n    k = {shape['Kid']}\n"
    return text


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=set(Phase) - {Phase.explain},
    suppress_health_check=list(HealthCheck),
)
@given(evolution())
def test_verdicts_are_what_happens(server, sources) -> None:
    note("\n=====\n".join(sources))
    old, new = map(mapped, sources)
    for one, other in ((old, new), (new, old)):
        compare(server.migration_url, one, other)


def compare(url, release: AtWork, other: AtWork) -> None:
    """Compare the verdicts on a ``release`` on the schema of the ``other`` with what happens."""
    with scratch(url) as own, scratch(url) as there:
        schema, schema_there = make(own, release.schema), make(there, other.schema)
        told = fits(release.schema, other.schema)
        witness = Witness(release.schema, other.schema)
        witness.before(own, schema, schema_there)
        witness.after(there, schema_there)
        here = release.failures(located(url, own))
        really = release.failures(located(url, there), rows_of=other)
        broken = {key: said for key, said in really.items() if key not in here}
    event("breaks" if broken else "runs")
    note(f"told: {told}")
    note(f"seen: {witness.verdict.misfits}")
    note(f"happened: {broken}; at home: {here}")
    assert bool(told) == bool(witness.verdict.misfits) == bool(broken)
    seen = {each.place for each in witness.verdict.misfits}
    assert {each.place for each in told} <= seen
    assert {each.entity for each in told} <= {entity for entity, *_ in broken}


def located(url: Url, connection: Connection) -> Url:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return url.with_schema(*cursor.fetchone())


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=set(Phase) - {Phase.explain},
    suppress_health_check=list(HealthCheck),
)
@given(evolution())
def test_what_migrate_would_apply_leaves_both_releases_alive(
    server, generated, tmp_path_factory, sources
) -> None:
    """Whatever is kept or filled for the old one: nothing breaks, or the proof says so.

    And nothing of that is in the way of the new one.
    """
    note("\n=====\n".join(sources))
    old, new = map(mapped, sources)
    built = generated(to_text(to_statements(order(create(old.schema)))))
    decisions = Decisions(
        choices=Choices(cuts=True),
        keeping=Keeping(True, lambda: old.schema),
        find_running=lambda: old.schema,
    )
    cache = SchemaCache(tmp_path_factory.mktemp("cache"))
    try:
        plan = Planner(server.migration_url, [built], cache, decisions).plan(new.schema)
    except MigrationError as error:
        event(f"refused: {error.message[:40]}")
        assume(False)
        return
    with scratch(server.migration_url) as own, scratch(server.migration_url) as there:
        make(own, old.schema)
        make(there, old.schema)
        execute_statements(there, plan.up)
        here = old.failures(located(server.migration_url, own))
        really = old.failures(located(server.migration_url, there), rows_of=new)
    with scratch(server.migration_url) as own, scratch(server.migration_url) as there:
        make(own, new.schema)
        make(there, old.schema)
        execute_statements(there, plan.up)
        at_home = new.failures(located(server.migration_url, own))
        newer = new.failures(located(server.migration_url, there))
    broken = {key: said for key, said in really.items() if key not in here}
    event("breaks" if broken else "runs")
    note("\n".join(map(str, plan.up)))
    assert {key: said for key, said in newer.items() if key not in at_home} == {}
    note(f"seen: {plan.verdict.misfits}")
    note(f"happened: {broken}; at home: {here}")
    assert bool(plan.verdict.misfits) == bool(broken)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=set(Phase) - {Phase.explain},
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(attribute(), min_size=1, max_size=3))
def test_either_release_writes_what_moves(server, generated, tmp_path_factory, moved) -> None:
    """The new one writes the first row and then the second one, which no trigger made before."""
    names = {f"m{number}": text for number, text in enumerate(moved)}
    lines = "".join(f"    {name} = {text}\n" for name, text in names.items())
    color = "class Color(enum.StrEnum):\n    RED = 'red'\n    BLUE = 'blue'\n"
    ant = f"{color}class Ant(db.Entity):\n    a = Optional(int)\n"
    two = "    bee = Optional('Bee')\nclass Bee(db.Entity):\n    ant = Required(Ant)\n"
    note(lines)
    old, new = mapped(ant + lines), mapped(ant + two + lines)
    built = generated(to_text(to_statements(order(create(old.schema)))))
    decisions = Decisions(
        keeping=Keeping(True, lambda: old.schema),
        find_running=lambda: old.schema,
        moves=[(("ant", name), ("bee", name)) for name in names],
    )
    cache = SchemaCache(tmp_path_factory.mktemp("cache"))
    try:
        plan = Planner(server.migration_url, [built], cache, decisions).plan(new.schema)
    except MigrationError as error:
        event(f"refused: {error.message[-40:]}")
        assume("has a default, and may be empty" not in error.message)
        raise
    note("\n".join(map(str, plan.up)))
    with scratch(server.migration_url) as own, scratch(server.migration_url) as there:
        make(own, old.schema)
        make(there, old.schema)
        execute_statements(there, plan.up)
        url = located(server.migration_url, there)
        here = old.failures(located(server.migration_url, own))
        assert new.pairs(url, "Bee") == ""
        newer, older = new.failures(url), old.failures(url)
    with scratch(server.migration_url) as own:
        make(own, new.schema)
        at_home = new.failures(located(server.migration_url, own))
    assert {key: said for key, said in newer.items() if key not in at_home} == {}
    assert {key: said for key, said in older.items() if key not in here} == {}

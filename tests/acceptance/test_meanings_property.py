"""Whatever is declared in another order or by another name: rows stay in reach, as Pony sees it."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pony.orm
import pytest
from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st

from berceau.errors import MigrationError, RenameError
from berceau.migration.header import Header, checksum
from berceau.migration.migration import Migration
from berceau.orm.database import connect, map_entities
from berceau.orm.mapping import to_schema
from berceau.postgres.inspect.schemas import execute_statements
from berceau.postgres.inspect.scratch import scratch
from berceau.postgres.pooling.pool import ConnectionPool
from berceau.schema.diff import create
from berceau.schema.order import order
from berceau.schema.recorded import missing
from berceau.schema.renames import Kind
from berceau.schema.sql import to_statements
from berceau.schema.sql.text import to_text
from berceau.settings import Limits
from berceau.workflows.shared.cache import SchemaCache
from berceau.workflows.write.decisions import Decisions
from berceau.workflows.write.planner import Planner

pytestmark = pytest.mark.slow


EXAMPLES = int(os.environ.get("BERCEAU_TEST_EXAMPLES", "25"))
ENTITIES = ["Ant", "Bee"]
ROOT = "Cat"
IDS = range(1, 7)


@dataclass(frozen=True)
class Relation:
    """A many-to-many relation; ``number`` tells it from others, whatever it is called."""

    number: int
    ends: tuple[str, str]
    names: tuple[str, str]


@dataclass(frozen=True)
class Shape:
    """What entities declare, in their order; ``subclasses`` are names by number."""

    relations: tuple[Relation, ...]
    subclasses: tuple[tuple[int, str], ...]

    def text(self) -> str:
        """Return the entities as source."""
        lines = []
        for entity in ENTITIES:
            lines += [f"class {entity}(db.Entity):", "    id = PrimaryKey(int)"]
            for each in self.relations:
                for here, there in ((0, 1), (1, 0)):
                    if each.ends[here] == entity:
                        name, other = each.names[here], each.names[there]
                        lines.append(f"    {name} = Set({each.ends[there]!r}, reverse={other!r})")
        lines += [f"class {ROOT}(db.Entity):", "    id = PrimaryKey(int)"]
        for _, name in self.subclasses:
            lines += [f"class {name}({ROOT}):", "    pass"]
        return "\n".join(lines) + "\n"


NAMES = [f"{letter}{number}" for number in "12" for letter in "abcdefgh"]


@st.composite
def shapes(draw) -> tuple[Shape, Shape]:
    """Draw what is declared, and the same in another order and by other names, more or less."""
    count = draw(st.integers(1, 4))
    ends = [draw(st.sampled_from([("Ant", "Bee"), ("Ant", "Ant")])) for _ in range(count + 1)]
    names = draw(st.permutations(NAMES))
    drawn = [
        Relation(number, ends[number], (names[2 * number], names[2 * number + 1]))
        for number in range(count)
    ]
    kinds = [(number, name) for number, name in enumerate(draw(st.permutations("XYZ"))[:2])]
    before = Shape(tuple(drawn), tuple(kinds))
    after = draw(st.permutations(drawn))[: draw(st.integers(max(1, count - 1), count))]
    fresh = iter(draw(st.permutations([*NAMES[8:], "i", "j", "k", "l", "m", "n"])))
    used = {name for each in drawn for name in each.names}
    fresh = (name for name in fresh if name not in used)
    after = [
        Relation(
            each.number,
            each.ends,
            tuple(next(fresh) if draw(st.integers(0, 3)) == 0 else name for name in each.names),
        )
        for each in after
    ]
    if draw(st.booleans()):
        new = Relation(count, ends[count], (next(fresh), next(fresh)))
        after.insert(draw(st.integers(0, len(after))), new)
    kinds = draw(st.permutations(kinds))
    if draw(st.booleans()):
        kinds = [(number, f"{name}x" if number == 0 else name) for number, name in kinds]
    kinds = kinds[: draw(st.integers(1, 2))]
    return before, Shape(tuple(after), tuple(kinds))


@contextmanager
def connected(text: str, url) -> Iterator[pony.orm.Database]:
    """Map entities, as text, and connect them to the schema of ``url``."""
    database = pony.orm.Database()
    exec(text, {**vars(pony.orm), "db": database})
    map_entities(database)
    if url is not None:
        connect(ConnectionPool(url, Limits()), database)
    try:
        yield database
    finally:
        if url is not None:
            database.disconnect()


def reach(shape: Shape, url) -> tuple[dict[int, set[tuple[int, int]]], dict[int, str]]:
    """Return the links of each relation by number, and the class of each row, as Pony sees them."""
    with connected(shape.text(), url) as database, pony.orm.db_session:
        links = {
            each.number: {
                (one.id, other.id)
                for one in database.entities[each.ends[0]].select()
                for other in getattr(one, each.names[0])
            }
            for each in shape.relations
        }
        rows = {row.id: type(row).__name__ for row in database.entities[ROOT].select()}
        return links, rows


def fill(shape: Shape, url) -> None:
    """Give each relation links that no other has, and each class a row."""
    with connected(shape.text(), url) as database, pony.orm.db_session:
        rows = {name: [database.entities[name](id=n) for n in IDS] for name in ENTITIES}
        database.entities[ROOT](id=9)
        for number, name in shape.subclasses:
            database.entities[name](id=number)
        for each in shape.relations:
            one, other = (rows[end] for end in each.ends)
            getattr(one[each.number], each.names[0]).add(other[each.number + 1])


class Truth:
    """Who answers what became of relations and subclasses."""

    def __init__(self, before: Shape, after: Shape) -> None:
        self.relations = {}
        then = {each.number: each for each in after.relations}
        for each in before.relations:
            for end, name in enumerate(each.names):
                now = then.get(each.number)
                self.relations[name] = now.names[end] if now else None
        kinds = dict(after.subclasses)
        self.subclasses = {name: kinds.get(number) for number, name in before.subclasses}

    def __call__(self, question) -> str | None:
        event(f"asked about a {question.kind}")
        match question.kind:
            case Kind.RELATION:
                return self.relations[question.before]
            case Kind.SUBCLASS:
                return self.subclasses[question.before]
        return question.candidates[0] if question.certain else None


def expected(before: Shape, after: Shape, links, rows: dict[int, str]) -> tuple[object, ...]:
    """Return what is in reach by then: links that were, and rows under their new names."""
    names = dict(after.subclasses)
    old = {name: number for number, name in before.subclasses}
    return (
        {each.number: links.get(each.number, set()) for each in after.relations},
        {row: names.get(old.get(name, -1), ROOT) for row, name in rows.items()},
    )


def migrations_of(text: str) -> Sequence[Migration]:
    with connected(text, None) as database:
        schema = to_schema(database)
    sql = to_text(to_statements(order(create(schema))))
    name = "20260101000000_before"
    return [
        Migration(
            name, Header(generated=checksum(sql), means=missing((), schema)).to_sql(name) + sql
        )
    ]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(shapes())
def test_rows_stay_in_reach_or_the_command_refuses(server, tmp_path_factory, shapes) -> None:
    before, after = shapes
    note(f"{before.text()}=====\n{after.text()}")
    migrations = migrations_of(before.text())
    with connected(after.text(), None) as database:
        declared = to_schema(database)
    with scratch(server.migration_url) as target:
        with target.cursor() as cursor:
            cursor.execute("SELECT current_schema()")
            url = server.migration_url.with_schema(*cursor.fetchone())
            cursor.execute(migrations[0].sql)
        fill(before, url)
        links, rows = reach(before, url)
        assert [len(each) for each in links.values()] == [1] * len(links)
        cache = SchemaCache(tmp_path_factory.mktemp("cache"))
        try:
            found = Planner(url, migrations, cache, Decisions(ask=None)).plan(declared)
            event("nothing is in doubt")
        except (RenameError, MigrationError):
            truth = Truth(before, after)
            answered = Decisions(ask=truth, ask_value=lambda _: ROOT)
            found = Planner(url, migrations, cache, answered).plan(declared)
        execute_statements(target, found.up)
        assert reach(after, url) == expected(before, after, links, rows)

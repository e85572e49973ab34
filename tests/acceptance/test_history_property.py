"""Whatever commands follow each other: ledger, files and database agree, or it is said."""

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, example, given, note, settings
from hypothesis import strategies as st

from berceau.errors import BerceauError, MigrationError, StatementError
from berceau.migration.header import without
from berceau.migration.migration import Migration
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.locks import try_lock, unlock
from berceau.postgres.core.url import Url
from berceau.postgres.inspect.schemas import create_schema, drop_schema
from berceau.postgres.inspect.scratch import PREFIX, scratch
from berceau.postgres.runner import runner
from berceau.schema.diff import diff
from berceau.schema.model import Schema
from berceau.settings import Settings
from berceau.workflows.deploy.down import ZERO
from berceau.workflows.deploy.replay import Replayed, read
from berceau.workflows.deploy.status import Status
from berceau.workflows.shared.cache import SchemaCache
from berceau.workflows.shared.databases import Databases
from tests.acceptance.world import BY_HAND, DATABASES, DRIFT, ENTITIES, Place, Step, World

pytestmark = pytest.mark.slow

EXAMPLES = int(os.environ.get("BERCEAU_TEST_EXAMPLES", "20"))
"""How many sequences are tried."""

names = st.sampled_from(["one", "two", "squashed"])
databases = st.sampled_from(DATABASES)
number = st.integers(0, 3)


def step(kind: str, *arguments: st.SearchStrategy[Any], weight: int = 1) -> list[Any]:
    """Return the strategy of one kind of step, as often as it is to be drawn."""
    return [st.tuples(st.just(kind), *arguments)] * weight


COMMANDS = [
    *step("migrate", databases, names, weight=3),
    *step("deploy", databases, weight=3),
    *step("squash", databases, names, weight=4),
    *step("down", databases, st.none() | st.just(ZERO) | number, weight=4),
    *step("adopt", databases, names, st.booleans(), weight=2),
    *step("baseline", databases, names | number, weight=2),
    *step("rebase", databases, st.none() | number, weight=2),
    *step("resolve", databases, number, st.sampled_from(["applied", "back", "done"]), weight=2),
    *step("reset", databases),
    *step("create", databases, names),
    *step("check", databases),
]
BESIDE_THEM = [
    *step("declare", st.integers(0, len(ENTITIES) - 1), weight=2),
    *step("write", st.sampled_from([*BY_HAND]), weight=3),
    *step("drift", databases, st.sampled_from(DRIFT)),
    *step("leave"),
    *step("switch"),
    *step("merge"),
    *step("edit", number),
    *step("lose", number),
]
STEPS = st.sampled_from(COMMANDS + BESIDE_THEM).flatmap(lambda each: each)
STARTS = st.sampled_from(
    [(0, ()), (1, DATABASES), (2, DATABASES[:1]), (2, DATABASES), (2, DATABASES), (2, DATABASES)]
)
"""How many migrations there are, and which databases have applied them."""

MAY_DIFFER = ("resolve", "drift", "edit", "lose", "switch", "merge")
"""What a person claims, or changes behind the commands' back."""

# A refusal changes nothing. But migrate applies what is pending before it compares, and rebase
# has told of each branch that it moved before the one that it can't move.


@pytest.fixture(scope="module")
def schemas(declare: Callable[[str], Schema]) -> list[Schema]:
    return [declare(each) for each in ENTITIES]


@pytest.fixture(scope="module")
def migration_url(server: Databases) -> Url:
    """The URL of sessions that don't wait for the disk: nothing here outlives a crash."""
    return server.migration_url.with_options({"synchronous_commit": "off"})


@pytest.fixture(scope="module")
def connection(migration_url: Url) -> Iterator[Connection]:
    with connect(migration_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def written(
    connection: Connection,
    migration_url: Url,
    schemas: list[Schema],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A folder with two migrations, of the first entities and of the second."""
    with world(connection, migration_url, schemas, tmp_path_factory.mktemp("start")) as project:
        for number, name in ((1, "one"), (2, "two")):
            project.declare(number)
            project.migrate(project.places["here"], name)
        return project.migrations


@contextmanager
def fresh(connection: Connection, migration_url: Url) -> Iterator[Url]:
    """Yield the URL of an empty schema that lasts as long as the body."""
    name = PREFIX + secrets.token_hex(6)
    try_lock(connection, name)
    create_schema(connection, name)
    try:
        yield migration_url.with_schema(name)
    finally:
        drop_schema(connection, name)
        unlock(connection, name)


@contextmanager
def world(
    connection: Connection, migration_url: Url, schemas: list[Schema], root: Path
) -> Iterator[World]:
    """Yield an empty project with empty databases."""
    with ExitStack() as stack:
        places = {}
        for name in DATABASES:
            url = stack.enter_context(fresh(connection, migration_url))
            text = url.with_password()
            places[name] = Place(url, Settings(root, text, text), SchemaCache(root / name))
        yield World(root / "migrations", places, schemas)


def built_by(migration_url: Url, migrations: Sequence[Migration]) -> Replayed | None:
    """Return what ``migrations`` build in an empty schema; ``None`` where they don't run."""
    return _built(
        migration_url, tuple((without(migration.sql), migration.data) for migration in migrations)
    )


@cache
def _built(migration_url: Url, texts: tuple[tuple[str, str], ...]) -> Replayed | None:
    with scratch(migration_url) as connection:
        try:
            runner.replay(
                connection, [Migration("replayed", *text[:1], "", text[1]) for text in texts]
            )
        except MigrationError:
            return None
        return read(connection)


def held(place: Place) -> Replayed:
    with connect(place.url, autocommit=True) as connection:
        return read(connection)


def same(one: Replayed | None, other: Replayed) -> bool:
    return (
        one is not None
        and not diff(one.schema, other.schema)
        and not diff(other.schema, one.schema)
        and one.objects == other.objects
    )


def says_nothing(found: Status) -> bool:
    """Return whether ``found`` has no disagreement between files, ledger and database."""
    history = found.history
    reported = history.contradictions, history.unfinished, found.drift, found.unmanaged
    return not any((*reported, found.unknown))


@dataclass(frozen=True)
class View:
    """A database as it is, and what is said of it."""

    held: Replayed
    status: Status

    def agrees(self, migration_url: Url, migrations: Sequence[Migration]) -> bool:
        """Return whether it holds what those of ``migrations`` that aren't pending build."""
        pending = self.status.history.pending
        return same(
            built_by(migration_url, [each for each in migrations if each not in pending]), self.held
        )


Views = dict[str, View]


def look(project: World, before: Views, step: Step, *, same_files: bool) -> Views:
    """Return the databases as they are; what ``step`` can't have touched is as ``before``."""
    after = {}
    for name, place in project.places.items():
        touched = not before or name in step
        if touched or not same_files:
            known = held(place) if touched else before[name].held
            after[name] = View(known, project.status(place))
    return before | after


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=set(Phase) - {Phase.explain},
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(start=STARTS, steps=st.lists(STEPS, min_size=4, max_size=8))
@example(start=(2, DATABASES), steps=[("squash", "here", "one"), ("down", "here", None)])
@example(start=(0, ()), steps=[("drift", "here", DRIFT[0]), ("check", "here")])
@example(
    start=(1, DATABASES),
    steps=[("declare", 0), ("create", "here", "one"), ("baseline", "here", "one")],
)
@example(start=(2, DATABASES), steps=[("squash", "here", "squashed"), ("down", "there", None)])
def test_history_agrees_with_the_database_or_says_that_it_does_not(
    connection: Connection,
    migration_url: Url,
    schemas: list[Schema],
    written: Path,
    tmp_path_factory: pytest.TempPathFactory,
    start: tuple[int, Sequence[str]],
    steps: Sequence[Step],
) -> None:
    with world(connection, migration_url, schemas, tmp_path_factory.mktemp("world")) as project:
        count, applied = start
        project.begin(written, count)
        for name in applied:
            project.deploy(project.places[name])
        views = look(project, {}, (), same_files=False)
        for step in steps:
            views = take(project, step, views, migration_url)


def take(project: World, step: Step, before: Views, migration_url: Url) -> Views:
    """Carry ``step`` out, hold what it left against what is said of it, and return both."""
    files = project.texts()
    refused = None
    try:
        project.carry_out(step)
    except BerceauError as error:
        refused = error
    note(f"{step}: {refused or 'done'}")
    event(f"{step[0]} {'refused' if refused else 'done'}")
    same_files = project.texts() == files
    if same_files and not {*step} & {*DATABASES}:
        return before
    after = look(project, before, step, same_files=same_files)
    migrations = project.read_migrations()
    for name, view in after.items():
        if says_nothing(view.status):
            assert view.agrees(migration_url, migrations), (
                f"{name} differs, and status doesn't say so"
            )
        elif not refused and says_nothing(before[name].status) and name in step:
            assert step[0] in MAY_DIFFER, f"{step} left a difference: {view.status}"
        if refused and not isinstance(refused, StatementError):
            unchanged = same(before[name].held, view.held)
            assert unchanged or step[0] == "migrate", f"{name} was changed, and {refused}"
            assert same_files or step[0] == "rebase", f"files were changed, and {refused}"
        if step[0] == "check" and name in step and not refused:
            # What no migration made is listed by the status, and is no finding.
            assert not view.status.drift, f"{name} drifted, and the check found nothing"
            assert view.status.unmanaged or view.agrees(migration_url, migrations), (
                f"{name} differs, and the check found nothing"
            )
    return after

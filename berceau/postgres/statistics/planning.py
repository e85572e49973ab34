"""A database that only plans: its tables look as large as the source's, and nothing reads them.

Nobody may connect but a superuser and the role ``ROLE``, which has a right to one function and to
nothing else. The function explains one statement, with the rights of the application's role.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psycopg2
from psycopg2 import sql

from berceau.errors import StatementError, StatisticsError
from berceau.planner.statistics import Statistics
from berceau.postgres.clone.databases import comment_database, database_comment
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.fetch import execute, fetch
from berceau.postgres.core.locks import await_lock, unlock
from berceau.postgres.core.url import Url
from berceau.postgres.embedded.cluster import ADMIN
from berceau.postgres.embedded.server import OWNER, RUNTIME, EmbeddedServer
from berceau.postgres.statistics.estimating import size_new
from berceau.postgres.statistics.growing import Grower
from berceau.postgres.statistics.loading import Loaded, load, make_still
from berceau.postgres.statistics.planner_settings import set_settings
from berceau.postgres.statistics.trying import hide

PREFIX = "berceau_plans_"
ROLE = "berceau_planner"
SCHEMA = "berceau_planning"
LOOK_SECONDS = 1.0
KEPT = 8
"""So many databases stay: branches and tests have statistics of their own."""

UNDEFINED = "42704"
_ROLE = re.compile(r'role "(.+)" does not exist')
_LOCALES = ("C.UTF-8", "en_US.UTF-8")
"""In these texts don't sort by bytes, as the planner sees it: as with most servers' own locale."""
_DATABASE = """
CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'
LC_COLLATE {} LC_CTYPE {} LOCALE_PROVIDER libc
"""
_SECURE = """
CREATE FUNCTION {schema}.explain(query text, generic boolean) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {app}, public AS $$
DECLARE
    found json;
BEGIN
    -- A loop over EXECUTE takes one statement, and none of several.
    FOR found IN EXECUTE 'EXPLAIN (FORMAT JSON, VERBOSE'
        || CASE WHEN generic THEN ', GENERIC_PLAN) ' ELSE ') ' END || query
    LOOP
        RETURN found;
    END LOOP;
END $$;
ALTER FUNCTION {schema}.explain OWNER TO {runtime};
GRANT USAGE ON SCHEMA {app} TO {runtime};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {app} TO {runtime};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA {app} TO {runtime};
GRANT USAGE ON SCHEMA {schema} TO {role};
ALTER DATABASE {database} OWNER TO {admin};
REVOKE ALL ON DATABASE {database} FROM PUBLIC, {owner};
GRANT CONNECT ON DATABASE {database} TO {role};
"""


@dataclass(frozen=True)
class Recipe:
    """What a planning database is made from.

    ``fill`` makes the ``schema`` in an empty database, as the owner of the URL that it gets. Of the
    indexes ``candidates``, which are SQL by name, only those that are tried are there for a plan.
    ``fingerprint`` stands for all of it.
    """

    fingerprint: str
    schema: str
    statistics: Statistics
    fill: Callable[[Url], None]
    candidates: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the database is called."""
        return f"{PREFIX}{self.fingerprint[:16]}"


@dataclass(frozen=True)
class Made:
    """A planning database: its URLs, and ``notes`` on how it differs from the source.

    That of the administrator is for those who try indexes.
    """

    url: Url
    admin_url: Url
    notes: tuple[str, ...]


def provide(server: EmbeddedServer, recipe: Recipe) -> Made:
    """Return the planning database of ``recipe``, made now unless it is there.

    The server runs. Raises ``BerceauError``.
    """
    name = recipe.name
    with connect(server.admin_url(ADMIN), autocommit=True) as guard:
        notes = _label(guard, name)
        while notes is None:
            if await_lock(guard, name, LOOK_SECONDS):
                try:
                    notes = _label(guard, name)
                    if notes is None:
                        notes = _make_with_roles(guard, server, recipe)
                finally:
                    unlock(guard, name)
            else:
                notes = _label(guard, name)
    admin_url = server.admin_url(name)
    return Made(Url(ROLE, "", admin_url.hosts, name, SCHEMA), admin_url, notes)


def _label(guard: Connection, name: str) -> tuple[str, ...] | None:
    """Return the notes of the complete database ``name``, which are its comment."""
    comment = database_comment(guard, name)
    return tuple(json.loads(comment)["notes"]) if comment else None


def _drop(guard: Connection, name: str) -> None:
    text = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    execute(guard, text.format(sql.Identifier(name)))


def _make_with_roles(guard: Connection, server: EmbeddedServer, recipe: Recipe) -> tuple[str, ...]:
    """Make it, and the roles that migrations name and this server lacks, as GRANT does."""
    made: list[str] = []
    while True:
        notes = list(_version_notes(guard, recipe.statistics))
        if made:
            listed = ", ".join(made)
            notes.append(f"Migrations name roles that were made for them, without login: {listed}.")
        try:
            return _make(guard, server, recipe, notes)
        except StatementError as error:
            missing = _ROLE.fullmatch(error.reason) if error.sqlstate == UNDEFINED else None
            if missing is None or missing[1] in made:
                raise
            execute(guard, sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(missing[1])))
            made.append(missing[1])


def _version_notes(guard: Connection, statistics: Statistics) -> Iterator[str]:
    source, own = (version // 10000 for version in (statistics.postgresql, guard.server_version))
    if source != own:
        yield f"The source is PostgreSQL {source}, and the clone {own}: plans may differ."


def _make(
    guard: Connection, server: EmbeddedServer, recipe: Recipe, before: Sequence[str]
) -> tuple[str, ...]:
    """Make it, and return how it differs; ``before`` is known of that already."""
    name = recipe.name
    _drop_old(guard)
    _drop(guard, name)
    try:
        with _as_of_the_file():
            _create(guard, name, recipe.statistics)
        with connect(server.admin_url(name), autocommit=True) as admin:
            _open_schemas(admin, recipe.schema)
            owner = server.owner_url
            recipe.fill(Url(owner.user, "", owner.hosts, name, recipe.schema))
            with _as_of_the_file():
                notes = (*before, *_equip(admin, server, recipe))
            _secure(guard, admin, recipe)
    except BaseException:
        if not guard.closed:
            with suppress(psycopg2.Error):
                _drop(guard, name)
        raise
    label = json.dumps({"berceau": "a database that only plans", "notes": notes})
    comment_database(guard, name, label)
    return notes


@contextmanager
def _as_of_the_file() -> Iterator[None]:
    """Raise ``StatisticsError`` for what PostgreSQL can't take: the statistics gave it."""
    try:
        yield
    except psycopg2.DataError as error:
        raise StatisticsError(
            "PostgreSQL can't take the numbers in the file of statistics. It says: "
            f"{error.diag.message_primary}.",
            cure="Take the file from version control, or save it again with `invoke stats.save`.",
        ) from error


def _drop_old(guard: Connection) -> None:
    found = fetch(
        guard,
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY oid DESC",
        (PREFIX,),
    )
    for (name,) in found[KEPT - 1 :]:
        with suppress(psycopg2.Error):  # somebody uses it
            execute(guard, sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


def _create(guard: Connection, name: str, statistics: Statistics) -> None:
    """Create the empty database ``name`` with a collation that plans like the source's."""
    sorted_as = ("C",) if statistics.collation == "C" else (statistics.collation, *_LOCALES, "C")
    for locale in sorted_as:
        text = sql.SQL(_DATABASE).format(
            *map(sql.Identifier, (name, OWNER)), *[sql.Literal(locale)] * 2
        )
        try:
            execute(guard, text)
        except (psycopg2.errors.WrongObjectType, psycopg2.errors.InvalidParameterValue):
            continue  # this machine doesn't have it
        break
    set_settings(guard, name, statistics.settings)


def _open_schemas(admin: Connection, schema: str) -> None:
    """Make the schemas, and the extensions that change files, which only ``admin`` finds."""
    text = sql.SQL(
        "CREATE SCHEMA IF NOT EXISTS {app} AUTHORIZATION {owner}; CREATE SCHEMA {own};"
        " SET search_path = {app}, {own}; CREATE EXTENSION pageinspect SCHEMA {own};"
        " CREATE EXTENSION pg_buffercache SCHEMA {own}"
    )
    names = {"app": schema, "owner": OWNER, "own": SCHEMA}
    execute(admin, text.format(**{key: sql.Identifier(value) for key, value in names.items()}))


def _equip(admin: Connection, server: EmbeddedServer, recipe: Recipe) -> tuple[str, ...]:
    """Let the tables look as large as the source's; return how they differ."""
    make_still(admin, recipe.schema)
    for text in recipe.candidates.values():
        # A function may not be immutable, or a type have no order: then there is no such index.
        with suppress(psycopg2.ProgrammingError, psycopg2.NotSupportedError):
            execute(admin, text)
    loaded = _load(admin, recipe)
    grower = Grower(admin, server.folder.resolve())
    grower.grow(loaded.growths)
    sized = [size_new(admin, recipe.statistics, index.oid) for index in loaded.new_indexes]
    grower.grow(each for each in sized if each is not None)
    hide(admin, recipe.schema, recipe.candidates)
    names = [each.name for each in loaded.new_indexes if each.name not in recipe.candidates]
    if not names:
        return loaded.notes
    listed = ", ".join(names)
    return (*loaded.notes, f"Indexes that the source lacks, of estimated sizes: {listed}.")


def _load(admin: Connection, recipe: Recipe) -> Loaded:
    loaded = load(admin, recipe.schema, recipe.statistics)
    if recipe.statistics.tables and not loaded.growths:
        names = ", ".join(table.name for table in recipe.statistics.tables[:3])
        raise StatisticsError(
            f"None of the tables in the file of statistics, such as {names}, is one of the "
            "project's.",
            cure="Name the file of this project, or save one with `invoke stats.save`. Migrations "
            "have to make the tables.",
        )
    return loaded


def _secure(guard: Connection, admin: Connection, recipe: Recipe) -> None:
    with suppress(psycopg2.errors.DuplicateObject, psycopg2.errors.UniqueViolation):
        execute(guard, sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(ROLE)))
    names = {
        **{"schema": SCHEMA, "app": recipe.schema, "runtime": RUNTIME, "role": ROLE},
        **{"database": recipe.name, "admin": ADMIN, "owner": OWNER},
    }
    text = sql.SQL(_SECURE)
    execute(admin, text.format(**{key: sql.Identifier(value) for key, value in names.items()}))

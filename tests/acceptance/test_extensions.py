"""Extensions in the project's own schema: what migrations make of them doesn't hinder the rest."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta

import pytest

from berceau.diagnostic import Diagnostic
from berceau.errors import BerceauError, HistoryError
from berceau.migration.codes import Code
from berceau.migration.migration import Migration
from berceau.postgres.clone.databases import create_empty, drop_database
from berceau.postgres.core.connection import connect
from berceau.settings import load
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import deploy
from berceau.workflows.deploy.down import ZERO, down
from berceau.workflows.deploy.reset import reset
from berceau.workflows.deploy.status import status
from berceau.workflows.history.check import check
from berceau.workflows.history.squash import squash
from berceau.workflows.shared.databases import Databases, embedded_server
from berceau.workflows.testing.isolation import private_schema
from tests.conftest import ROOT

FOO = """
class Foo(db.Entity):
    val = Required(str, 50)
    num = Optional(int)
"""
MORE = f"{FOO}    extra = Optional(int, index=True)\n"
ROWS = "INSERT INTO foo (val, num) VALUES ('12', 5), ('13', -6)"
STAY = ("foo.*", "foo_num")
"""What entities could declare, and don't."""

CASES = {
    "pg_trgm": (
        "CREATE EXTENSION IF NOT EXISTS pg_trgm;"
        "CREATE INDEX foo_trgm ON foo USING gin (val gin_trgm_ops)",
        "DROP INDEX foo_trgm; DROP EXTENSION pg_trgm",
    ),
    "btree_gin": (
        "CREATE EXTENSION btree_gin WITH SCHEMA public;"
        "CREATE INDEX CONCURRENTLY foo_num ON foo USING gin (num int4_ops);"
        "COMMENT ON EXTENSION btree_gin IS 'x'",
        "DROP INDEX foo_num; DROP EXTENSION btree_gin",
    ),
    "citext": (
        "CREATE EXTENSION citext; ALTER TABLE foo ADD mail citext UNIQUE CHECK (mail <> 'ADMIN'),"
        "ADD low text GENERATED ALWAYS AS (CASE WHEN mail = 'X' THEN val END) STORED;"
        "DROP VIEW IF EXISTS mails; CREATE VIEW mails AS SELECT mail FROM foo WHERE mail > 'A';"
        "DROP FUNCTION IF EXISTS f(int); CREATE FUNCTION f(citext) RETURNS citext RETURN $1",
        "DROP FUNCTION f(citext); DROP VIEW mails; ALTER TABLE foo DROP mail CASCADE;"
        "DROP EXTENSION citext",
    ),
    "hstore": (
        "CREATE EXTENSION hstore; ALTER TABLE foo ADD h hstore DEFAULT 'a=>1';"
        "CREATE INDEX foo_h ON foo USING gin (h); UPDATE foo SET h = h || hstore('b', '2');"
        "CREATE TABLE more (h hstore CHECK (h ? 'a')); INSERT INTO more VALUES ('a=>2')",
        "DROP TABLE more; ALTER TABLE foo DROP h; DROP EXTENSION hstore",
    ),
    "ltree": (
        "CREATE EXTENSION ltree; CREATE TABLE tree (path ltree PRIMARY KEY);"
        "CREATE INDEX tree_path ON tree USING gist (path);"
        "CREATE VIEW tops AS SELECT path FROM tree WHERE path <@ 'Top' AND nlevel(path) > 1",
        "DROP VIEW tops; DROP TABLE tree; DROP EXTENSION ltree",
    ),
    "btree_gist": (
        "CREATE EXTENSION btree_gist; ALTER TABLE foo ADD during int4range,"
        "ADD CONSTRAINT apart EXCLUDE USING gist (num WITH =, during WITH &&)",
        "ALTER TABLE foo DROP during; DROP EXTENSION btree_gist",
    ),
    "uuid-ossp": (
        'CREATE EXTENSION "uuid-ossp"; ALTER TABLE foo ADD u uuid DEFAULT uuid_generate_v4()',
        'ALTER TABLE foo DROP u; DROP EXTENSION "uuid-ossp"',
    ),
    "fuzzystrmatch": (
        "CREATE EXTENSION fuzzystrmatch; ALTER TABLE foo ADD CHECK (soundex(val) <> 'X') NOT VALID,"
        "ADD sound text GENERATED ALWAYS AS (soundex(val)) STORED;"
        "CREATE FUNCTION nearest() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN NEW.num := levenshtein(NEW.val, NEW.val); RETURN NEW; END';"
        "CREATE TRIGGER t BEFORE UPDATE ON foo FOR EACH ROW EXECUTE FUNCTION nearest();"
        "UPDATE foo SET num = 1",
        "DROP TRIGGER t ON foo; DROP FUNCTION nearest;"
        "ALTER TABLE foo DROP CONSTRAINT foo_val_check,"
        "DROP sound; DROP EXTENSION fuzzystrmatch",
    ),
}


@pytest.fixture
def new_database(server) -> Iterator[Callable[[], Databases]]:
    """Return a function that makes an empty database, whose schema is public."""
    with ExitStack() as stack:
        guard = stack.enter_context(connect(server.migration_url, autocommit=True))
        if server.embedded:
            embedded_server(load(ROOT)).allow_databases()

        def make() -> Databases:
            name = f"berceau_extensions_{secrets.token_hex(4)}"
            create_empty(guard, name)
            stack.callback(drop_database, guard, name)
            return Databases(
                server.runtime_url.with_database(name),
                server.migration_url.with_database(name),
                embedded=False,
            )

        yield make


@pytest.fixture
def database(new_database) -> Databases:
    """A database of its own: an extension is there once for all schemas."""
    return new_database()


@pytest.fixture
def by_hand(settings) -> Callable[..., None]:
    """Return a function that writes a migration of SQL behind those that there are."""

    def write(sql, back) -> None:
        last = datetime.strptime(
            migration_directory.read(settings.migrations)[-1].name[:14], "%Y%m%d%H%M%S"
        )
        folder = settings.migrations / f"{last + timedelta(seconds=1):%Y%m%d%H%M%S}_by_hand"
        folder.mkdir()
        (folder / "migration.sql").write_text(sql + ";\n")
        (folder / "down.sql").write_text(back + ";\n")
        migration_directory.point_head(settings.migrations)

    return write


@pytest.mark.slow
def test_all_goes_on_behind_extensions(
    migrate, declare, settings, database, new_database, query, dumped, by_hand, cache
) -> None:
    there = {name for (name,) in query("SELECT name FROM pg_available_extensions")}
    migration_url, more = database.migration_url, declare(MORE)

    def files() -> tuple[Migration, ...]:
        return migration_directory.read(settings.migrations)

    def wrong(place) -> list[Diagnostic]:
        found = check(place, more, settings.migrations, cache, STAY)
        return [each for each in found if each.code is not Code.RISKY]

    def require_agreement(place) -> None:
        found = status(place, more, files(), cache)
        assert not any((found.drift, found.unmanaged, found.unknown, found.history.pending))
        assert wrong(place) == []

    migrate(FOO)
    query(ROWS)
    for extension in (name for name in CASES if name in there):
        by_hand(*CASES[extension])
    assert migrate(FOO, unmanaged=STAY).written is None
    assert migrate(MORE, unmanaged=STAY).written
    assert migrate(MORE, unmanaged=STAY).written is None
    require_agreement(migration_url)
    assert query("SELECT count(*) FROM foo") == [(2,)]

    other = new_database().migration_url
    assert wrong(other) == []
    deploy(other, files())
    require_agreement(other)
    down(other, files(), ZERO, allow_data_loss=True)
    deploy(other, files())
    require_agreement(other)

    before = dumped()
    reset(migration_url, files(), cache)
    require_agreement(migration_url)
    with (
        private_schema(settings) as private,
        connect(private.databases.migration_url) as connection,
    ):
        connection.cursor().execute("SELECT extra FROM foo")
    assert squash(migration_url, settings.migrations, "squashed").kept
    require_agreement(migration_url)
    assert migrate(MORE, unmanaged=STAY).written is None
    assert dumped() == before
    fresh = new_database().migration_url
    deploy(fresh, files())
    require_agreement(fresh)
    with suppress(HistoryError):
        down(fresh, files(), ZERO, allow_data_loss=True)
        assert wrong(fresh) == []


@pytest.mark.slow
def test_a_rehearsal_uses_nothing_but_extensions_of_the_schema_behind(
    migrate, by_hand, query, settings
) -> None:
    migrate(FOO)
    by_hand("CREATE EXTENSION citext; CREATE FUNCTION g(citext) RETURNS int RETURN 1", "SELECT 1")
    migrate(FOO)
    query("CREATE TABLE legacy (id int PRIMARY KEY); CREATE TYPE mood AS ENUM ('a')")
    query("CREATE FUNCTION mine(citext) RETURNS int RETURN 1; INSERT INTO legacy VALUES (1)")
    for sql in (
        "INSERT INTO foo (val) SELECT id FROM legacy",
        "ALTER TABLE foo ADD old int REFERENCES legacy",
        "DROP FUNCTION mine(citext)",
        "ALTER FUNCTION mine(citext) STABLE",
        "ALTER TYPE mood ADD VALUE 'b'",
        "DROP TABLE legacy",
        "DROP TYPE mood",
        "CREATE FUNCTION h(mood) RETURNS int RETURN 1; DROP FUNCTION mine(citext)",
    ):
        by_hand(sql, "SELECT 1")
        with pytest.raises(BerceauError):
            migrate(MORE, create_only=True)
        folder = settings.migrations / migration_directory.read(settings.migrations)[-1].name
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
    by_hand("DROP TABLE IF EXISTS legacy; DROP FUNCTION IF EXISTS g(int)", "SELECT 1")
    assert migrate(MORE, create_only=True).written
    assert query("SELECT mine('a'), g('a'), id, 'a'::mood FROM legacy") == [(1, 1, 1, "a")]
    assert query("SELECT enumlabel FROM pg_enum") == [("a",)]


BLOCK = "BEGIN UPDATE foo SET val = hstore('a', 'b') -> 'a'; {} END"
"""What uses an extension, and perhaps commits."""


@pytest.mark.parametrize(
    "sql",
    [
        f"CREATE PROCEDURE p() LANGUAGE plpgsql AS $${BLOCK.format('')}$$; CALL p()",
        f"DO $${BLOCK.format('/* no COMMIT */')}$$",
        "DO $$BEGIN UPDATE foo SET val = apart.hstore('a', 'b') OPERATOR(apart.->) 'a'; COMMIT;"
        "END$$",
    ],
    ids=["procedure", "block", "extension apart"],
)
def test_a_procedure_or_block_uses_an_extension(migrate, by_hand, query, sql) -> None:
    migrate(FOO)
    query(ROWS)
    schema = " SCHEMA apart" if "apart" in sql else ""
    by_hand(
        "CREATE SCHEMA IF NOT EXISTS apart; CREATE EXTENSION citext;"
        f"CREATE EXTENSION hstore{schema}; {sql}",
        "SELECT 1",
    )
    migrate(FOO)
    assert query("SELECT DISTINCT val FROM foo") == [("b",)]
    assert migrate(MORE).written


@pytest.mark.parametrize(
    "sql",
    [
        f"CREATE PROCEDURE p() LANGUAGE plpgsql AS $${BLOCK.format('COMMIT;')}$$; CALL p()",
        f"DO $${BLOCK.format('ROLLBACK;')}$$",
    ],
)
def test_what_commits_and_uses_an_extension_of_the_schema_is_told_what_to_do(
    migrate, by_hand, query, sql
) -> None:
    migrate(FOO)
    query(ROWS)
    by_hand("CREATE EXTENSION hstore", "DROP EXTENSION hstore")
    migrate(FOO)
    by_hand(sql, "SELECT 1")
    with pytest.raises(
        BerceauError, match="a block that commits finds no extension of the schema public"
    ) as caught:
        migrate(MORE, create_only=True)
    assert "a separate schema" in str(caught.value)
    assert "hstore(unknown, unknown) does not exist" in str(caught.value)
    assert caught.value.where.line


@pytest.mark.parametrize("end", ["/* COMMIT */", "COMMIT;"])
def test_what_may_commit_reaches_no_table_of_the_schema_behind(
    migrate, by_hand, query, end
) -> None:
    migrate(FOO)
    by_hand("CREATE EXTENSION hstore", "DROP EXTENSION hstore")
    migrate(FOO)
    query("CREATE TABLE legacy (id int); INSERT INTO legacy VALUES (1)")
    by_hand(f"DO $$BEGIN DELETE FROM legacy; {end} END$$", "SELECT 1")
    with pytest.raises(BerceauError, match="legacy"):
        migrate(MORE, create_only=True)
    assert query("SELECT id FROM legacy") == [(1,)]

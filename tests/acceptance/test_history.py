"""The history of a team: parents, branches, components, and what no migration made."""

import json
import re

import pytest

from berceau.postgres.core.connection import connect
from berceau.postgres.core.locks import try_lock
from berceau.postgres.inspect.schemas import schemas_like
from berceau.postgres.inspect.scratch import PREFIX
from tests.conftest import Project, cases

BLOG = """
class Post(db.Entity):
    title = Required(str)
"""
GENERATED = r"-- Generated: [0-9a-f]{16}\n\nCREATE"
TAGS = """
class Tag(db.Entity):
    name = Required(str, 50)
"""


@pytest.fixture
def blog(connected) -> Project:
    connected.component("blog", BLOG)
    connected.succeed("migrate", "--name", "init")
    return connected


def sql(project, number: int = -1) -> str:
    return (
        project.root / "migrations" / project.migrations()[number] / "migration.sql"
    ).read_text()


def test_a_migration_names_its_parent_its_components_and_itself_as_the_newest(blog) -> None:
    (first,) = blog.migrations()
    blog.component("tags", TAGS)
    blog.succeed("migrate", "--name", "tags")
    second = blog.migrations()[1]
    assert re.match(
        f"-- Migration {first}\n-- Parent: none\n-- Components: blog\n{GENERATED}", sql(blog, 0)
    )
    assert re.match(
        f"-- Migration {second}\n-- Parent: {first}\n-- Components: tags\n{GENERATED}", sql(blog)
    )
    assert (blog.root / "migrations/HEAD").read_text() == f"{second}\n"


@pytest.mark.slow
def test_a_component_taken_out_leaves_its_tables_until_they_are_let_go(blog) -> None:
    folder = blog.component("tags", TAGS)
    blog.succeed("migrate", "--name", "tags")
    for file in folder.glob("*.py"):
        file.unlink()
    kept = blog.succeed("migrate")
    assert "kept of the component tags, which isn't there: tag" in kept
    assert "--drop-component tags" in kept
    assert kept.endswith("migrate: nothing to do\n")
    blog.succeed("migrate", "--drop-component", "tags", "--allow-data-loss")
    assert "-- Components: tags\n" in sql(blog)
    assert "DROP TABLE tag" in sql(blog)


def codes(project) -> list[str]:
    """Return the codes that the check finds, and hold its two forms against each other."""
    result = project.invoke("migrate.check", "--json")
    found = [each["code"] for each in json.loads(result.out)["findings"]]
    assert result.code == (1 if found else 0)
    assert ("; ".join(found) in result.err) or found
    return found


def test_a_project_in_order_passes(blog) -> None:
    assert blog.succeed("migrate.check") == "check: entities, migrations and database agree\n"
    assert codes(blog) == []


@pytest.mark.slow
def test_entities_without_a_migration_are_shown_as_sql(blog) -> None:
    blog.component("tags", TAGS)
    message = blog.fail("migrate.check")
    assert "error M001: The entities declare a schema that the migrations don't build" in message
    assert "CREATE TABLE tag" in message
    assert "Run `invoke migrate`" in message
    assert codes(blog) == ["M001"]


@pytest.mark.slow
def test_an_edit_is_shown_as_a_diff(blog) -> None:
    file = blog.root / "migrations" / blog.migrations()[0] / "migration.sql"
    file.write_text(file.read_text().replace("title text", "title varchar(9)"))
    for message in (blog.fail("migrate.check"), blog.succeed("migrate.status")):
        assert re.search(r"^ +-    title text NOT NULL,$", message, re.MULTILINE)
        assert re.search(r"^ +\+    title varchar\(9\) NOT NULL,$", message, re.MULTILINE)
    assert codes(blog) == ["M001", "M002"]


@pytest.mark.slow
def test_all_that_is_wrong_is_found_at_once(blog, query) -> None:
    file = blog.root / "migrations" / blog.migrations()[0] / "migration.sql"
    file.write_text(file.read_text() + "-- an afterthought\n")
    blog.migration("20990101000000_gone", "SELECT 1;\n")
    blog.migration("20990101000001_malformed", "-- Parent: two words\n")
    query(
        "INSERT INTO berceau_migration (name, checksum, script) VALUES ('20250101000000_x','','')"
    )
    query("ALTER TABLE post ALTER title DROP NOT NULL")
    blog.write("migrations/no_migration/notes.txt", "")
    found = json.loads(blog.invoke("migrate.check", "--json").out)["findings"]
    assert [each["code"] for each in found] == ["M002", "M003", "M004", "M004", "M008"], found
    assert found[0]["migration"] == blog.migrations()[0]
    assert "20990101000001_malformed" in found[2]["message"] + found[3]["message"]
    assert all(each["message"] and each["cure"] for each in found)


def test_migrations_that_do_not_run_are_named(blog) -> None:
    blog.migration("20990101000000_wrong", "SELECT nothing FROM nowhere;\n")
    assert codes(blog) == ["M007"]
    assert "nowhere" in blog.fail("migrate.check")


def test_a_head_that_names_another_is_found_and_corrected(blog) -> None:
    (blog.root / "migrations/HEAD").unlink()
    assert codes(blog) == ["M013"]
    blog.succeed("migrate.rebase")
    assert codes(blog) == []


@pytest.mark.slow
def test_an_edit_of_what_was_applied_can_be_accepted(blog, query) -> None:
    file = blog.root / "migrations" / blog.migrations()[0] / "migration.sql"
    file.write_text(f"{file.read_text()}-- an afterthought\n")
    name = file.parent.name
    assert f"`invoke migrate.resolve {name} --applied`" in blog.fail("migrate.deploy")
    blog.succeed("migrate.resolve", name, "--applied")
    assert codes(blog) == []
    assert query("SELECT script LIKE '%afterthought%' FROM berceau_migration") == [(True,)]


@pytest.mark.slow
def test_a_schema_named_in_what_was_applied_can_be_taken_out(blog, database) -> None:
    schema = database.migration_url.schema
    file = blog.migration("20990101000000_named", "CREATE VIEW v AS SELECT 1 one;\n")
    blog.succeed("migrate.deploy")
    named = f"CREATE OR REPLACE VIEW {schema}.v AS SELECT 1 one;\n"  # as an older version let pass
    file.write_text(named)
    blog.succeed("migrate.resolve", file.parent.name, "--applied")
    assert "Take the schema out of the names" in blog.fail("migrate", "--name", "next")
    file.write_text(named.replace(f"{schema}.", ""))
    blog.succeed("migrate.resolve", file.parent.name, "--applied")
    assert codes(blog) == []


def test_the_check_leaves_nothing_behind(blog, query, database) -> None:
    before = blog.files()
    query("CREATE VIEW titles AS SELECT title FROM post")
    blog.succeed("migrate.check")
    after = blog.files()
    assert {path for path in after if path not in before} <= {
        f".berceau/cache/{kind}.json"
        for kind in ("agreement", "applied", "compared", "declared", "inputs", "migrations", "seen")
    }
    with connect(database.migration_url) as connection:
        left = [name for name in schemas_like(connection, PREFIX) if try_lock(connection, name)]
    assert left == []
    assert query("SELECT * FROM titles") == []


UNMANAGED = """
CREATE TABLE by_hand (id int PRIMARY KEY);
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE VIEW titles AS SELECT title FROM post;
CREATE FUNCTION twice(a int) RETURNS int LANGUAGE sql AS 'SELECT 2 * a';
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER watch BEFORE UPDATE ON post FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE SEQUENCE numbers;
CREATE DOMAIN short AS varchar(3);
ALTER TABLE post ADD COLUMN note text;
ALTER TABLE post ADD CONSTRAINT filled CHECK (title <> '');
CREATE INDEX by_title ON post (title);
"""
LISTED = [
    "column post.note",
    "constraint filled on post",
    "enum mood",
    "function nothing()",
    "function twice(integer)",
    "index by_title on post",
    "sequence numbers",
    "table by_hand",
    "trigger watch on post",
    "type short",
    "view titles",
]


@pytest.mark.slow
def test_what_no_migration_made_is_listed_and_stays(blog, query) -> None:
    query(UNMANAGED)
    query("INSERT INTO post (title, note) VALUES ('a', 'kept')")
    status = blog.succeed("migrate.status")
    assert re.findall(r"^unmanaged: (.*)", status, re.MULTILINE) == LISTED
    assert codes(blog) == []
    assert "nothing to do" in blog.succeed("migrate")
    blog.component("blog", BLOG + "    pages = Optional(int)\n")
    blog.succeed("migrate", "--name", "pages")
    assert query("SELECT note FROM post, titles") == [("kept",)]
    found = json.loads(blog.succeed("migrate.status", "--json"))
    assert [f"{each['kind']} {each['name']}" for each in found["unmanaged"]] == LISTED
    assert not any(found["drift"].values())
    assert found["undeclared"] == []


DRIFT = {
    "a nullable column": (
        "ALTER TABLE post ALTER title DROP NOT NULL",
        "ALTER COLUMN title SET NOT NULL",
        "ALTER COLUMN title DROP NOT NULL",
    ),
    "another type": (
        "ALTER TABLE post ALTER title TYPE varchar(50)",
        "ALTER COLUMN title TYPE text",
        "ALTER COLUMN title TYPE character varying(50)",
    ),
    "a column gone": ("ALTER TABLE post DROP title", "ADD COLUMN title", "DROP COLUMN title"),
    "a table gone": ("DROP TABLE post", "CREATE TABLE post", "DROP TABLE post"),
}


@cases("change, restore, adopt", DRIFT, quick=2)
def test_drift_is_shown_as_sql_in_both_directions(blog, query, change, restore, adopt) -> None:
    query(change)
    for message in (blog.succeed("migrate.status"), blog.fail("migrate.check")):
        back, here = message.split("to restore what the migrations build:")[1].split("to keep")
        assert restore in back
        assert adopt in here
    assert codes(blog) == ["M008"]


@pytest.mark.slow
def test_what_a_migration_made_by_hand_is_missed_when_it_is_gone(connected, query) -> None:
    connected.migration(
        "20260101000000_hand",
        "CREATE TABLE t (a int);\nCREATE VIEW v AS SELECT a FROM t;\nCREATE VIEW w AS SELECT 1;\n",
    )
    connected.succeed("migrate.deploy")
    query("DROP VIEW v; CREATE OR REPLACE VIEW w AS SELECT 2")
    status = connected.succeed("migrate.status")
    assert "    view v is gone" in status
    assert "    view w differs\n    --- migrations\n    +++ database\n" in status
    assert "declared by no component: table t" in status
    assert "unmanaged" not in status


@pytest.mark.slow
def test_a_migration_that_stopped_half_way_is_told(connected, query) -> None:
    connected.migration(
        "20260101000000_half",
        "CREATE TABLE t (a int);\nINSERT INTO t VALUES (1);\n"
        "CREATE INDEX CONCURRENTLY i ON t ((1 / (a - a)));\n",
    )
    connected.fail("migrate.deploy")
    status = connected.succeed("migrate.status")
    assert re.search(r"^failed 20260101000000_half at statement \d", status, re.MULTILINE)
    assert "pending" not in status
    (finding,) = (
        each
        for each in json.loads(connected.invoke("migrate.check", "--json").out)["findings"]
        if each["code"] == "M009"
    )
    assert finding["migration"] == "20260101000000_half"
    assert "migrate.resolve" in finding["cure"]
    data = json.loads(connected.succeed("migrate.status", "--json"))["failed"]
    assert [(each["name"], each["position"], each["total"]) for each in data] == [
        ("20260101000000_half", 2, 3)
    ]
    assert query("SELECT * FROM t") == [(1,)]

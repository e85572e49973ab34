"""What a test leaves, and what it says when it fails, in a project's own runs of pytest."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from berceau.postgres.core.connection import connect
from berceau.settings import Settings
from berceau.workflows.shared.databases import embedded_server, resolve_databases
from tests.conftest import TASKS, Project, Result, sync_nothing
from tests.folders import open_folder

THING = (
    "class Thing(db.Entity):\n    number = PrimaryKey(int, auto=True)\n    name = Required(str)\n"
)
VIEWS = """
    from pyramid.view import view_config

    from components.blog.entities import Thing

    @view_config(route_name="things", renderer="json")
    def things(request):
        if "name" in request.params:
            Thing(name=request.params["name"])
        return sorted(thing.name for thing in Thing.select())
"""
MANIFEST = "def includeme(config):\n    config.add_route('things', '/things')\n"
HEADER = """
import pytest
from pony.orm import commit, db_session, flush

from components.blog.entities import Thing

def add(name):
    with db_session:
        thing = Thing(name=name)
        flush()
        return thing.number

def names():
    with db_session:
        return sorted(thing.name for thing in Thing.select())
"""


@pytest.fixture
def blog(connected) -> Project:
    """A migrated project with a component; without any configuration of pytest."""
    connected.component("blog", THING, __init__=MANIFEST, views=VIEWS)
    connected.succeed("migrate")
    return connected


def run(project, tests, *options) -> Result:
    """Run pytest as its own command does, which finds no modules where it is started."""
    project.write("components/blog/tests/test_things.py", HEADER + tests)
    return project.run("pytest", "-q", *options, PYTHONSAFEPATH="1")


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        "-n 2",
        "-n 2 --dist loadscope",
        "-p no:xdist -k test_",
    ],
)
def test_each_test_finds_nothing_of_another(blog, options) -> None:
    tests = """
from threading import Thread
from urllib.request import urlopen
from waitress.server import create_server

@pytest.fixture
def site(app):
    server = create_server(app.app, host="127.0.0.1", port=0)
    thread = Thread(target=server.run)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.task_dispatcher.shutdown()  # a thread that wakes the server would let it close too early
    server.trigger.pull_trigger(server.close)
    thread.join()

def test_pages(app):
    assert app.get("/things").json == []
    assert app.get("/things?name=Ada").json == ["Ada"]
    assert add("Bo")
    assert app.get("/things").json == ["Ada", "Bo"]

def test_a_server(site):
    assert names() == []
    assert urlopen(f"{site}/things?name=Ada").read() == b'["Ada"]'
    assert names() == ["Ada"]

@pytest.mark.commits
def test_a_server_that_commits(site, query):
    assert add("Bo") == 1
    assert urlopen(f"{site}/things?name=Ada").read() == b'["Ada", "Bo"]'

@pytest.mark.commits
def test_numbers_begin_again(db):
    assert add("Ada") == 1
    with db_session(serializable=True):
        assert Thing.select().count() == 1

@pytest.mark.commits
@pytest.mark.xfail(strict=True)
def test_a_failure_that_committed(db):
    add("Ada")
    assert names() == []

def test_what_commits_in_sql(db):
    with pytest.raises(Exception, match="SQL of its own"), db_session:
        Thing(name="Ada")
        flush()
        db.execute("COMMIT")

def test_nothing(db):
    assert names() == []
    add("Ada")

def test_nothing_again(db):
    assert names() == []

def test_what_asks_for_no_database():
    with pytest.raises(Exception, match="outside of a test with a database|No database connected"):
        names()
""".replace("(site, query)", "(site)")
    result = run(blog, tests, *options.split())
    assert result.code == 0, result
    assert "8 passed, 1 xfailed" in result.out


@pytest.mark.slow
def test_files_of_two_components_may_bear_the_same_name(blog) -> None:
    blog.component("shop", None)
    blog.write("components/shop/tests/test_things.py", "def test_shop(): pass\n")
    result = run(blog, "def test_blog(): assert names\n")
    assert result.code == 0, result
    assert "2 passed" in result.out


@pytest.mark.slow
def test_rows_that_a_killed_run_committed_are_deleted(blog) -> None:
    killed = """
import os, signal
@pytest.mark.commits
def test_killed(db):
    add("Ada")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert run(blog, killed).code != 0
    result = run(blog, "def test_next(db):\n    assert names() == []\n    assert add('Bo') > 0\n")
    assert result.code == 0, result


@pytest.mark.slow
def test_a_failed_test_keeps_its_rows_and_says_where(blog, database, query) -> None:
    tests = """
def test_failure(db):
    add("kept")
    with db_session:
        Thing(name="never committed")
        flush()
        assert not "shown"

def test_later_failure(db):
    assert names() == ["other"]

def test_success(db):
    add("gone")
"""
    result = run(blog, tests, "--keep-schema")
    assert result.out.count("The rows of this test are kept.") == 1
    (command,) = [line.strip() for line in result.out.splitlines() if "invoke db.shell" in line]
    option, name = command.split()[-2:]
    url = database.migration_url
    url = replace(url, database=name) if "database" in option else url.with_schema(name)
    with connect(url) as kept, kept.cursor() as cursor:
        cursor.execute("SELECT name FROM thing")
        assert cursor.fetchall() == [("kept",)]
    assert "2 failed, 1 passed" in result.out
    again = run(blog, "def test_next(db):\n    assert names() == []\n")
    assert again.code == 0, again
    with connect(url) as kept, kept.cursor() as cursor:
        cursor.execute("SELECT name FROM thing")
        assert cursor.fetchall() == [("kept",)]
    if url.schema == name:
        query(f'DROP SCHEMA "{name}" CASCADE')


@pytest.fixture
def embedded() -> Iterator[Project]:
    """The same project with an embedded server, whose owner may create databases."""
    with open_folder() as root:
        project = Project(root)
        project.write("tasks.py", TASKS)
        project.write("components/__init__.py", "")
        project.component("blog", THING, __init__=MANIFEST, views=VIEWS)
        project.succeed("migrate")
        sync_nothing(embedded_server(Settings(root)).admin_url("berceau"))
        yield project


@pytest.mark.slow
def test_dynamic_sql_that_names_the_schema_leaves_development_alone(embedded) -> None:
    wipe = """
    CREATE FUNCTION wipe() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS
        $$ BEGIN EXECUTE 'DELETE FROM public' || '.thing'; END $$;
    """
    embedded.migration("20990101000000_wipe", wipe)
    embedded.succeed("migrate.deploy")
    settings = Settings(embedded.root)  # whatever database the environment names
    with connect(resolve_databases(settings).migration_url) as owner, owner.cursor() as cursor:
        cursor.execute("INSERT INTO thing (name) VALUES ('of development')")
    tests = """
def test_wipe(db):
    add("of the test")
    with db_session:
        db.execute("SELECT wipe()")
    assert names() == []
"""
    result = run(embedded, tests)
    assert result.code == 0, result
    with connect(resolve_databases(settings).migration_url) as owner, owner.cursor() as cursor:
        cursor.execute("SELECT name FROM thing")
        assert cursor.fetchall() == [("of development",)]


@pytest.mark.slow
def test_each_process_has_a_database_to_itself(embedded) -> None:
    tests = """
@pytest.mark.parametrize("number", range(3))
def test_each_begins_empty(db, number):
    assert names() == []
    add("Ada")
    with db_session:
        assert db.select("current_database()")[0].startswith("berceau_test_")

@pytest.mark.commits
def test_commits(db):
    add("Ada")
    assert names() == ["Ada"]

def test_failure(db):
    add("kept")
    assert False
"""
    result = run(embedded, tests, "-n", "2", "--keep-schema")
    assert "1 failed, 4 passed" in result.out
    assert "invoke db.shell --database berceau_test_" in result.out


@pytest.mark.slow
def test_an_isolation_that_is_none_is_refused(blog) -> None:
    blog.write("pytest.ini", "[pytest]\nberceau_isolation = none\n")
    result = run(blog, "def test_one(db): pass\n")
    assert "berceau_isolation is 'none'" in result.out
    assert "Use auto, database or schema." in result.out


@pytest.mark.slow
def test_queries_are_shown(blog) -> None:
    tests = """
def test_failure(db):
    add("Ada")
    assert names() == []

def test_success(db):
    add("Bo")
"""
    failed = run(blog, tests, "--show-sql").out
    assert 'INSERT INTO "thing" ("name") VALUES (\'Ada\')' in failed
    assert "SELECT" in failed
    assert "'Bo'" not in failed
    assert "SAVEPOINT" not in failed
    assert "VALUES ('Bo')" in run(blog, tests, "--show-sql", "-s").out


@pytest.mark.slow
def test_queries_are_counted(blog) -> None:
    tests = """
def test_right(assert_queries):
    with assert_queries(2) as queries:
        add("Ada")
        names()
    assert "INSERT" in queries[0].text

def test_requests(app, assert_queries):
    with assert_queries(1):
        app.get("/things")

@pytest.mark.commits
def test_real_commits(assert_queries):
    with assert_queries(2):
        add("Ada")
        add("Bo")

def test_wrong(assert_queries):
    with assert_queries(1):
        add("Ada")
        names()

def test_what_fails_by_itself(assert_queries):
    with assert_queries(5):
        raise LookupError("seen")
"""
    result = run(blog, tests)
    assert "2 failed, 3 passed" in result.out
    assert "2 queries ran instead of 1:\n   1 " in result.out
    assert "VALUES ('Ada')" in result.out
    assert "LookupError: seen" in result.out


@pytest.mark.slow
def test_the_last_failures_run_alone(blog) -> None:
    tests = "def test_fails(db):\n    assert names() != []\n\ndef test_passes(db): pass\n"
    run(blog, tests)
    result = run(blog, tests, "--lf")
    assert "1 failed" in result.out
    assert "passed" not in result.out

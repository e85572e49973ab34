"""The pytest plugin in another project, which has Berceau installed: real runs of pytest."""

import signal
from collections.abc import Callable

import pytest

from tests.conftest import Project

POST = "class Post(db.Entity):\n    title = Required(str)\n"
TESTS = """
    import os
    from pathlib import Path

    import pytest
    from pony.orm import TransactionError, db_session

    from components.blog.entities import Post

    def test_a_query_needs_a_unit_as_it_does_in_the_application(db):
        with pytest.raises(TransactionError, match="db_session"):
            Post.get(title="any")

    @pytest.mark.parametrize("number", range(6))
    def test_each_test_begins_with_an_empty_database(db, number):
        with db_session:
            assert Post.select().count() == 0
            Post(title=f"the only one of {number}")
        with db_session:
            (place,) = db.select(
                "SELECT (SELECT oid FROM pg_database WHERE datname = current_database())::text"
                " || '/' || current_schema()::regnamespace::oid::text"
            )
        with Path(os.environ["SEEN"]).open("a") as seen:
            seen.write(f"{os.environ.get('PYTEST_XDIST_WORKER')} {place}\\n")

    @pytest.mark.parametrize(
        "sql", ["CREATE TABLE other ()", "ALTER TABLE post ADD n int", "TRUNCATE post"]
    )
    def test_the_application_cannot_change_the_schema(db, sql):
        with pytest.raises(Exception, match="permission denied|must be owner"), db_session:
            db.execute(sql)

    def test_the_application_answers(app):
        with db_session:
            Post(title="stored")
        assert app.get("/posts").text == "stored"
        app.post("/posts", {"title": "another"})
        assert app.get("/posts").text == "another stored"

    def test_what_the_application_stored_is_gone(app):
        assert app.get("/posts").text == ""
"""
VIEWS = """
    from pyramid.response import Response
    from pyramid.view import view_config

    from components.blog.entities import Post

    @view_config(route_name="posts", request_method="GET")
    def show(request):
        return Response(" ".join(sorted(post.title for post in Post.select())))

    @view_config(route_name="posts", request_method="POST", require_csrf=False)
    def add(request):
        Post(title=request.POST["title"])
        return Response("added")
"""
MANIFEST = "def includeme(config):\n    config.add_route('posts', '/posts')\n"


@pytest.fixture
def blog(connected) -> Project:
    """A migrated project with a component and its tests."""
    connected.write("pytest.ini", "[pytest]\npythonpath = .\n")
    connected.component("blog", POST, __init__=MANIFEST, views=VIEWS)
    connected.write("components/blog/tests/test_blog.py", TESTS)
    connected.environment["SEEN"] = str(connected.root / "seen")
    connected.succeed("migrate")
    return connected


def seen(project) -> set[tuple[str, str]]:
    """Return the pairs of worker and place, a database's and a schema's oid, of the last run."""
    file = project.root / "seen"
    found = {tuple(line.split()) for line in file.read_text().splitlines()}
    file.unlink()
    return found


@pytest.fixture
def exists(query) -> Callable[..., bool]:
    """Return a function that says whether a place is one, by oids: a name may be taken again."""

    def exists(place: str) -> bool:
        database, schema = place.split("/")
        return query(
            f"""
            SELECT datname <> current_database()
                   OR EXISTS (SELECT FROM pg_namespace WHERE oid = {schema})
            FROM pg_database WHERE oid = {database}
            """
        ) == [(True,)]

    return exists


@pytest.mark.slow
def test_each_worker_has_a_copy_of_its_own(blog, exists) -> None:
    result = blog.run("pytest", "-n", "2", "-q")
    assert result.code == 0, result
    assert "12 passed" in result.out
    workers, used = map(set, zip(*seen(blog), strict=True))
    assert workers == {"gw0", "gw1"}
    assert len(used) == 2
    assert all(map(exists, used))
    blog.run("pytest", "-n", "2", "-q")
    assert {place for _, place in seen(blog)} <= used  # nothing changed: nothing is made again


@pytest.mark.slow
def test_the_schema_is_prepared_once_while_the_workers_import(blog) -> None:
    blog.write(
        "conftest.py",
        """
        import os, pathlib, time
        from berceau.workflows.testing import isolation

        def note(word):
            with open("notes.txt", "a") as notes:
                notes.write(f"{word} {os.environ.get('PYTEST_XDIST_WORKER')}\\n")

        def prepare(*given):
            deadline = time.monotonic() + 60
            while pathlib.Path("notes.txt").read_text().count("imported") < 3:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            note("prepared")
            return real(*given)

        real, isolation.prepare = isolation.prepare, prepare
        note("imported")
        """,
    )
    result = blog.run("pytest", "-n", "2", "-q")
    assert result.code == 0, result
    notes = (blog.root / "notes.txt").read_text().splitlines()
    assert sorted(notes) == ["imported None", "imported gw0", "imported gw1", "prepared None"]


@pytest.mark.slow
def test_a_worker_that_takes_the_place_of_a_dead_one_goes_on(blog) -> None:
    blog.write(
        "components/blog/tests/test_dying.py",
        """
        import os, signal
        import pytest

        @pytest.mark.parametrize("number", range(6))
        def test_dies_once(db, number):
            if number == 2:
                os.kill(os.getpid(), signal.SIGKILL)
        """,
    )
    result = blog.run("pytest", "-n", "2", "-q", "-k", "dies_once")
    assert result.code == 1
    assert "1 failed, 5 passed" in result.out, result
    assert "worker 'gw" in result.out


@pytest.mark.parametrize(
    "options",
    [
        (),
        pytest.param(("-p", "no:xdist", "-p", "no:cacheprovider"), marks=pytest.mark.slow),
    ],
)
def test_one_process_is_enough(blog, exists, options) -> None:
    result = blog.run("pytest", "-q", *options)
    assert result.code == 0, result
    ((worker, place),) = seen(blog)
    assert worker == "None"
    assert exists(place)


@pytest.mark.slow
def test_a_killed_run_disturbs_no_later_one(blog) -> None:
    blog.write(
        "components/blog/tests/test_slow.py",
        """
        import os, signal
        from components.blog.entities import Post
        from pony.orm import db_session

        def test_dies(db):
            with db_session:
                Post(title="left behind")
            os.kill(os.getpid(), signal.SIGKILL)
        """,
    )
    assert blog.run("pytest", "-q", "-k", "dies").code == -signal.SIGKILL
    again = blog.run("pytest", "-q", "-k", "begins_with_an_empty_database")
    assert again.code == 0, again


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_a_database_that_lacks_migrations_is_named(blog, options) -> None:
    blog.migration("20990101000000_later", "SELECT 1;\n")
    result = blog.run("pytest", "-q", "-k", "answers", "--keep-schema", *options)
    assert result.code == 1
    assert "INTERNALERROR" not in result.out + result.err
    assert "which lacks 20990101000000_later" in result.out
    assert "invoke migrate.deploy" in result.out


@pytest.mark.slow
def test_invoke_test_passes_arguments_on(blog) -> None:
    result = blog.invoke("test", "--workers", "2", "--", "-q", "-k", "begins_with")
    assert result.code == 0, result
    assert "6 passed" in result.out
    assert {worker for worker, _ in seen(blog)} == {"gw0", "gw1"}
    nothing = blog.invoke("test", "--workers", "1", "--", "-q", "-k", "no_such_test")
    assert nothing.code == 1
    assert "12 deselected" in nothing.out


@pytest.mark.parametrize(
    ("arguments", "environment", "says"),
    [
        (("--workers", "0"), {}, "--workers is '0'"),
        (("--workers", "abc"), {}, "--workers is 'abc'"),
        ((), {"BERCEAU_TEST_WORKERS": "abc"}, "BERCEAU_TEST_WORKERS is 'abc'"),
    ],
)
def test_a_worker_count_that_is_none_is_refused(project, arguments, environment, says) -> None:
    message = project.fail("test", *arguments, **environment)
    assert says in message
    assert "Use an integer of 1 or more, or auto." in message


def test_a_project_without_berceau_pays_nothing(project) -> None:
    for path in ("tasks.py", "components/__init__.py"):
        (project.root / path).unlink()
    project.write(
        "test_other.py",
        """
        import sys

        def test_nothing_is_imported():
            heavy = {"psycopg2", "pony", "pyramid", "webtest", "invoke", "dotenv"}
            assert not heavy & sys.modules.keys()
            ours = {name for name in sys.modules if name.split(".")[0] == "berceau"}
            light = {"berceau.lazy", "berceau.testing.options", "berceau.testing.plugin"}
            assert ours == {"berceau", "berceau.testing"} | light
        """,
    )
    result = project.run("pytest", "-q")
    assert result.code == 0, result
    assert not (project.root / ".berceau").exists()

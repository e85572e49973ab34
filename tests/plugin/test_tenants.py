"""Tests of a project with tenants: each acts for one, and one line tests that two never meet."""

from collections.abc import Iterator

import pytest

from berceau.settings import Settings
from berceau.workflows.shared.databases import embedded_server
from tests.conftest import TASKS, Project, sync_nothing
from tests.folders import open_folder

NOTE = "class Note(db.Entity):\n    text = Required(str, unique=True)\n"
VIEWS = """
    from pyramid.view import view_config

    from components.blog.entities import Note

    @view_config(route_name="notes", renderer="json", require_csrf=False)
    def notes(request):
        if request.method == "POST":
            Note(text=request.POST["text"])
        return [str(request.tenant), *sorted(note.text for note in Note.select())]
"""
MANIFEST = """
    def includeme(config):
        config.add_route("notes", "/notes")
        config.set_tenant_factory(lambda request: request.headers.get("X-Tenant"))
"""
TESTS = """
    from threading import Thread

    import pytest
    from pony.orm import db_session

    from berceau.errors import TenantMissingError, TenantUnknownError
    from berceau.orm import SHARED, run_unit, tenant_context, unit_of_work
    from components.blog.entities import Note

    def add(text):
        with db_session:
            Note(text=text)

    def texts():
        with db_session:
            return sorted(note.text for note in Note.select())

    def test_two_tenants_never_meet(app, assert_apart):
        assert_apart(lambda: app.post("/notes", {"text": "mine"}))

    @pytest.mark.parametrize("number", range(2))
    def test_each_test_acts_for_a_tenant_without_rows(app, number):
        assert texts() == []
        add("stored")
        assert app.get("/notes").json == ["test", "stored"]
        app.post("/notes", {"text": "sent"})
        assert texts() == ["sent", "stored"]

    @pytest.mark.commits
    @pytest.mark.parametrize("number", range(2))
    def test_so_does_one_that_commits(app, tenant, assert_queries, number):
        with tenant_context(tenant):
            assert texts() == []
            add("theirs")
        add("stored")
        with assert_queries(1):
            assert texts() == ["stored"]
        assert app.get("/notes").json == ["test", "stored"]

    def test_another_tenant_has_rows_of_its_own(app, tenant, assert_queries):
        add("same")
        with tenant_context(tenant):
            with assert_queries(1):
                assert texts() == []
            add("same")
            assert app.get("/notes").json == ["other", "same"]
        with unit_of_work(tenant="other"):
            Note(text="second")
        assert run_unit(texts, tenant=tenant) == ["same", "second"]
        assert texts() == ["same"]

    def test_the_application_chooses_where_a_test_lets_it(app):
        add("mine")
        free = {"berceau.tenant": ""}
        theirs = app.get("/notes", headers={"X-Tenant": "other"}, extra_environ=free)
        assert theirs.json == ["other"]
        app.get("/notes", headers={"X-Tenant": "unknown"}, extra_environ=free, status=404)

    def test_what_has_no_tenant_fails_as_in_production(db):
        failed = []

        def work():
            try:
                run_unit(texts)
            except TenantMissingError as error:
                failed.append(error)

        thread = Thread(target=work)
        thread.start()
        thread.join()
        assert failed
        with pytest.raises(TenantUnknownError):
            run_unit(texts, tenant="unknown")

    def test_work_that_strays_is_caught(db, tenant, assert_apart):
        run_unit(lambda: Note(text="theirs, once"), tenant=tenant)

        def work():
            with unit_of_work() as unit:
                Note(text=f"by {unit.tenant}")
                db.execute(f"UPDATE {tenant.schema}.note SET text = text || '!'")

        with pytest.raises(pytest.fail.Exception, match="changed rows of the tenant other: note"):
            assert_apart(work)

    def test_both_histories_are_applied_in_their_order(migrator):
        migrator.up()
        assert migrator.applied == ("20260101000000_country",)
        migrator.execute("INSERT INTO country VALUES (1)")
        migrator.up()
        migrator.execute("INSERT INTO note (text, country) VALUES ('a', 1)")
        migrator.down()
        assert migrator.execute("SELECT id FROM country") == [(1,)]

    def test_work_that_does_nothing_proves_nothing(assert_apart):
        with pytest.raises(pytest.fail.Exception, match="it proves nothing"):
            assert_apart(texts)
"""


def write(project: Project) -> Project:
    """Make it a project with tenants, up to date; it has none yet."""
    project.environment |= {"BERCEAU_TENANTS": "schema"}
    project.component("blog", NOTE, __init__=MANIFEST, views=VIEWS)
    project.write(
        "migrations/shared/20260101000000_country/migration.sql",
        "CREATE TABLE country (id integer PRIMARY KEY);\n",
    )
    project.write("migrations/tenant/20260101000001_note/down.sql", "DROP TABLE note;\n")
    project.write(
        "migrations/tenant/20260101000001_note/migration.sql",
        "CREATE TABLE note (id serial PRIMARY KEY, text text NOT NULL,\n"
        "    country integer REFERENCES country,\n"
        "    CONSTRAINT note_text_key UNIQUE (text) DEFERRABLE INITIALLY DEFERRED);\n",
    )
    project.write("components/blog/tests/test_notes.py", TESTS)
    project.succeed("migrate.deploy")
    return project


@pytest.fixture
def embedded() -> Iterator[Project]:
    """A project with a server of its own, where tests have databases."""
    with open_folder() as root:
        project = Project(root)
        project.write("tasks.py", TASKS)
        project.write("components/__init__.py", "")
        write(project)
        sync_nothing(embedded_server(Settings(project.root)).admin_url("berceau"))
        yield project


def check(project: Project, *options: str) -> None:
    """Run all tests twice: the second time, they take the copy of the first."""
    for _ in range(2):
        run = project.run("pytest", "-q", *options, PYTHONSAFEPATH="1")
        assert run.code == 0, run.out + run.err
        assert "11 passed" in run.out


def test_each_acts_for_one_and_can_tell_two_apart(connected) -> None:
    check(write(connected), "-p", "no:xdist", "-o", "berceau_isolation=schema")
    assert "dropped" in connected.succeed("db.prune")


@pytest.mark.slow
def test_so_it_is_in_databases_of_tests(embedded) -> None:
    check(embedded, "-n", "2", "-o", "berceau_isolation=database")

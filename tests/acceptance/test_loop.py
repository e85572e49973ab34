"""What a developer changes is served at once, by itself; mistakes are shown until corrected."""

import os
import secrets
import signal
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from berceau.web.reload import snapshot
from tests.conftest import Project
from tests.waiting import wait_until

RELOAD = "--reload"
VIEWS = """
from pyramid.view import view_config

@view_config(route_name="shop", renderer="{renderer}")
def shop(request):
    return {value}
"""
MANIFEST = """
def includeme(config):
    config.add_route("shop", "/shop")
"""


@pytest.fixture
def notes(connected) -> Project:
    """A project with a new component, migrated."""
    connected.succeed("new", "notes")
    connected.succeed("migrate", "--name", "init")
    return connected


def change(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


@pytest.mark.slow
def test_code_templates_and_components_are_picked_up(notes, serve) -> None:
    folder = notes.root / "components/notes"
    with serve(notes, RELOAD) as site:
        assert "Nothing here yet" in site.get("/notes")[1]
        change(folder / "templates/list.pt", "Nothing here yet", "Nothing so far")
        assert "Nothing so far" in site.get("/notes")[1], "a template needs no reload"
        change(folder / "views.py", '"length": TITLE_LENGTH', '"length": 77')
        site.await_text("/notes", 'maxlength="77"')
        views = VIEWS.format(renderer="string", value="'A new shop'")
        notes.component("shop", __init__=MANIFEST, views=views)
        site.await_text("/shop", "A new shop")
        for file in (notes.root / "components/shop").glob("*.py"):
            file.unlink()
        site.await_text("/shop", "This page doesn't exist")
        notes.write("lengths.py", "TITLE = 5")
        change(folder / "views.py", '"length": 77', '"length": __import__("lengths").TITLE')
        site.await_text("/notes", 'maxlength="5"')
        notes.write("lengths.py", "TITLE = 66")
        site.await_text("/notes", 'maxlength="66"')


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "before", "after", "says"),
    [
        ("views.py", "from . import service", "from . import servant", "servant"),
        ("entities.py", "Required(str", "Requird(str", "Requird"),
        ("entities.py", "Required(str, TITLE", "Set('Nothing', TITLE", "Nothing"),
        ("__init__.py", "config.add_route(", "config.add_rout(", "add_rout"),
        ("service.py", "def create(title: str)", "def create(title: str", "SyntaxError"),
    ],
)
def test_a_broken_component_is_shown_and_recovers(notes, serve, file, before, after, says) -> None:
    path = notes.root / "components/notes" / file
    whole = path.read_text()
    with serve(notes, RELOAD) as site:
        change(path, before, after)
        page = site.await_text(
            "/notes", "The application can&#39;t be loaded".replace("&#39;", "'")
        )
        assert says in page
        line = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if after in text)
        assert f"components/notes/{file}:{line}" in page
        assert f"<mark>{line}  " in page
        assert site.get("/")[0] == 500
        path.write_text(whole)
        site.await_text("/notes", "Nothing here yet")


@pytest.mark.slow
def test_a_component_that_is_broken_from_the_start_is_shown(notes, serve) -> None:
    path = notes.root / "components/notes/views.py"
    change(path, "from . import service", "from . import servant")
    with serve(notes, RELOAD) as site:
        assert "servant" in site.get("/notes")[1]
        change(path, "from . import servant", "from . import service")
        site.await_text("/notes", "Nothing here yet")


@pytest.mark.slow
def test_types_and_schema_are_written_again(notes, serve) -> None:
    with serve(notes, RELOAD) as site:
        entities = notes.root / "components/notes/entities.py"
        change(entities, "    created_at", "    pages = Required(int, default=1)\n    created_at")
        site.await_text("/notes", "Entities and database differ")
        assert "pages INTEGER" in (notes.root / ".berceau/schema/notes.sql").read_text()


@pytest.mark.parametrize("name", ["migrations", "tests"])
def test_any_name_is_watched_that_a_component_may_have(tmp_path, name) -> None:
    for path in (f"components/{name}/views.py", "components/shop/tests/test_x.py", "tests/y.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    assert list(snapshot(tmp_path)) == [str(tmp_path / f"components/{name}/views.py")]


@pytest.mark.slow
def test_a_component_that_was_taken_out_closes_no_page(notes, serve) -> None:
    views = VIEWS.format(renderer="string", value="'A shop'")
    notes.component("shop", __init__=MANIFEST, views=views)
    with serve(notes, RELOAD) as site:
        assert site.get("/shop") == (200, "A shop")
        for file in (notes.root / "components/notes").glob("*.py"):
            file.unlink()
        site.await_text("/notes", "This page doesn't exist")
        assert site.get("/shop") == (200, "A shop")


@pytest.mark.slow
def test_no_request_is_refused_while_the_code_changes(notes, serve) -> None:
    views = notes.root / "components/notes/views.py"
    with serve(notes, RELOAD) as site:
        for _ in range(3):
            views.touch()
            end = time.monotonic() + 1.5
            while time.monotonic() < end:
                assert site.get("/notes")[0] == 200


@pytest.mark.slow
def test_a_process_that_died_leaves_its_requests_to_the_next(notes, serve) -> None:
    views = notes.root / "components/notes/views.py"
    change(views, "    return {\n", "    import os; os._exit(3)\n    return {\n")
    with serve(notes, RELOAD) as site:
        with pytest.raises(OSError):  # noqa: PT011 - whatever a cut connection is called
            site.get("/notes")
        change(views, "    import os; os._exit(3)\n", "")
        site.await_text("/notes", "Nothing here yet")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_the_server_ends(notes, serve, number) -> None:
    with serve(notes, RELOAD) as site:
        assert site.get("/notes")[0] == 200
        group = processes(notes)
        assert len(group) == 3, "the monitor, the one that watches, and the one that serves"
        os.kill(min(group), number)
        wait_until(lambda: not processes(notes))
        # Reset, where the kernel is still closing the socket of what has just ended.
        with pytest.raises(OSError, match=r"refused|reset"):
            site.get("/notes")


def processes(project) -> list[int]:
    """Return the ids of the processes that serve the project."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            here = process.cwd() == str(project.root) and process.status() != psutil.STATUS_ZOMBIE
            if here and "postgres" not in process.name():
                found.append(process.pid)
    return found


@pytest.mark.slow
def test_the_button_needs_the_token_of_the_page(notes, serve) -> None:
    before = notes.migrations()
    with serve(notes, RELOAD) as site:
        change(
            notes.root / "components/notes/entities.py",
            "    created_at",
            "    pages = Required(int, default=1)\n    created_at",
        )
        page = site.await_text("/notes", "Write and apply it")
        assert '<form class="form" method="post" action="/berceau/migrate"' in page
        assert site.get("/berceau/migrate", data=b"name=forged")[0] == 400
    assert notes.migrations() == before


@pytest.mark.slow
def test_production_has_no_page_of_differences_and_no_reload(notes, serve) -> None:
    change(
        notes.root / "components/notes/entities.py",
        "    created_at",
        "    pages = Required(int, default=1)\n    created_at",
    )
    notes.environment["BERCEAU_SECRET"] = secrets.token_urlsafe(48)
    with serve(notes, development=False) as site:
        status, page = site.get("/notes")
        assert "Entities and database differ" not in page
        assert status == 500, "the table lacks a column, and a visitor isn't told more"
        assert site.get("/berceau/migrate")[0] == 404
    with serve(notes, RELOAD, development=False) as site:
        assert "Entities and database differ" not in site.get("/notes")[1]

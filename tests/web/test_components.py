"""Components join the application by being there; a broken one is named, file and line."""

import sys
import traceback
from pathlib import Path

import pytest

from berceau.errors import BerceauError, ComponentError, ComponentImportError, EntityError

HELLO = """
    from pyramid.response import Response
    from pyramid.view import view_config

    @view_config(route_name="hello")
    def hello(request):
        return Response("hello")
"""
ROUTE = """
    def includeme(config):
        config.add_route("hello", "/hello")
"""


def line_of(component, path, text) -> tuple[Path, int]:
    """Return the file of a component, and the number of the line that holds ``text``."""
    file = component.path / path
    lines = file.read_text().splitlines()
    return file, next(n for n, line in enumerate(lines, 1) if text in line)


def failure(serve, *components) -> BerceauError:
    with pytest.raises(BerceauError) as caught:
        serve(*components)
    return caught.value


def test_the_manifest_runs_and_decorated_views_are_found(serve, component) -> None:
    app = serve(component("greeter", {"__init__.py": ROUTE, "views.py": HELLO}))
    assert app.get("/hello").text == "hello"


def test_a_component_without_a_manifest_is_fine(serve, component) -> None:
    app = serve(component("silent", {"__init__.py": '"""Says nothing."""'}))
    assert "Says nothing." in app.get("/")


def test_tests_are_not_part_of_the_application(serve, component) -> None:
    broken = "raise RuntimeError('a test was imported')"
    made = component("tested", {"tests/__init__.py": broken, "conftest.py": broken})
    serve(made)
    assert f"{made.package}.tests" not in sys.modules


VIEWS = {
    "a coroutine": HELLO.replace("def hello", "async def hello"),
    "a generator": HELLO.replace("return", "yield"),
    "a method": """
    from pyramid.view import view_config

    class Hello:
        def __init__(self, request):
            pass

        @view_config(route_name="hello", renderer="json")
        async def hello(self):
            return {}
""",
}


@pytest.mark.parametrize("text", VIEWS.values(), ids=VIEWS)
def test_a_view_that_runs_later_is_refused(serve, component, text) -> None:
    made = component("greeter", {"__init__.py": ROUTE, "views.py": text})
    error = failure(serve, made)
    assert "it would run after its unit of work" in str(error)
    assert "Write the view with `def`" in str(error)
    assert error.where is not None
    assert (error.where.file, error.where.line) == line_of(made, "views.py", "@view_config")


@pytest.mark.parametrize(
    ("path", "text", "culprit"),
    [
        ("__init__.py", "import nowhere_to_be_found", "nowhere"),
        ("__init__.py", "def includeme(config):\n    config.no_such_thing()", "no_such_thing"),
        ("views.py", "x = 1\nx.no_such_thing", "no_such_thing"),
        ("views.py", "def broken(:\n    pass", "def broken"),
        ("deep/down/__init__.py", "raise SystemExit(3)", "SystemExit"),
    ],
    ids=["import", "manifest", "views", "syntax", "exit"],
)
def test_a_broken_component_is_named_with_file_and_line(
    serve, component, path, text, culprit
) -> None:
    files = {"deep/__init__.py": "", path: text}
    healthy, broken = component("healthy", {"__init__.py": ROUTE}), component("broken", files)
    error = failure(serve, healthy, broken)
    assert isinstance(error, ComponentImportError)
    assert error.where.component == "broken"
    assert (error.where.file, error.where.line) == line_of(broken, path, culprit)
    assert error.cure


def test_an_error_found_when_all_is_put_together_is_named_too(serve, component) -> None:
    broken = component("broken", {"views.py": HELLO})  # its route isn't there
    error = failure(serve, broken)
    assert isinstance(error, ComponentError)
    assert error.where.component == "broken"
    assert (error.where.file, error.where.line) == line_of(broken, "views.py", "@view_config")
    assert "hello" in error.message


def test_two_components_with_the_same_route_are_both_named(serve, component) -> None:
    first, second = (component(name, {"__init__.py": ROUTE}) for name in ("first", "second"))
    error = failure(serve, first, second)
    for made in (first, second):
        file, line = line_of(made, "__init__.py", "add_route")
        assert f"{file}:{line}" in error.message


@pytest.mark.usefixtures("db")
def test_an_entity_outside_of_the_entities_module_is_too_late(serve, component) -> None:
    text = "from berceau.orm import db\n\nclass TooLate(db.Entity):\n    pass\n"
    late = component("late", {"models.py": text})
    error = failure(serve, late)
    assert isinstance(error, EntityError)
    assert "TooLate" in error.message
    assert "entities.py" in error.cure
    assert (error.where.file, error.where.line) == line_of(late, "models.py", "class TooLate")


def test_the_message_keeps_its_cause_for_a_debugger(serve, component) -> None:
    error = failure(serve, component("broken", {"views.py": "1 / 0"}))
    assert "ZeroDivisionError" in "".join(traceback.format_exception(error.__cause__))

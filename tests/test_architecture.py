"""The house rules that imports can break, checked on the imports themselves."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "berceau"

# From the top of the house down: a room imports from its own level's rooms only where it is named
# there, and from any level below.
LEVELS = (
    {"tasks", "testing", "web", "console", "__init__", "__main__"},
    {"workflows"},
    {"lint", "jobs", "files"},
    {"postgres", "orm", "source"},
    {"components", "settings"},
    {"migration", "planner", "tenancy"},
    {"schema"},
    {
        "column_options",
        "errors",
        "diagnostic",
        "lazy",
        "lines",
        "location",
        "text",
        "mypy",  # the plugin for mypy, which nothing here imports
    },
)
# In rooms of many modules, which package may import from which: these arrows, and no others.
PACKAGES = {
    "workflows": {
        "shared": set(),
        "build": {"shared"},
        "compatibility": {"build", "shared"},
        "deploy": {"shared"},
        "describe": {"advise", "build", "deploy", "shared"},
        "document": {"describe", "shared"},
        "write": {"compatibility", "deploy", "shared"},
        "history": {"compatibility", "write", "deploy", "shared"},
        "testing": {"deploy", "shared", "tenants"},
        "serve": {"build", "deploy", "shared", "tenants"},
        "tenants": {"build", "deploy", "shared", "write"},
        "advise": {"build", "deploy", "shared", "tenants"},
        "rows": set(),
        "overview": {"build", "deploy", "describe", "serve", "shared", "write"},
    },
    "postgres": {
        "citus": {"core"},
        "core": set(),
        "rows": {"citus", "core"},
        "inspect": {"citus", "core"},
        "embedded": {"core", "inspect"},
        "pooling": {"core"},
        "runner": {"core", "citus", "inspect"},
        "clone": {"core", "inspect"},
        "tenants": {"core"},
        "statistics": {"clone", "core", "embedded", "inspect"},
    },
}
BESIDE = {
    ("errors", "location"),  # an error has a place
    ("__main__", "tasks"),  # `python -m berceau` is a command
    ("console", "web"),  # pages of the console are pages of the application
    ("testing", "web"),  # the `app` fixture is the real application
    ("tasks", "web"),  # `invoke docs` takes the OpenAPI documents of the application
    ("tasks", "testing"),  # `invoke test` gives pytest an option of the plugin
}
EDGES = {
    "psycopg2": {"postgres"},
    "pyramid": {"console", "web"},
    "pony.orm.core": {"orm"},  # an internal; the names of pony.orm are for everybody
    "invoke": {"tasks"},
    "pytest": {"testing"},
    "pglast": {"postgres"},
    "pydantic": {"settings", "web"},
    "mypy": {"mypy"},
    "obstore": {"files"},
    "procrastinate": {"jobs"},
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def name_of(path: Path) -> str:
    parts = ("berceau", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts).removesuffix(".__init__")


NAMES = {name_of(path) for path in modules()}


def package(name: str) -> str:
    """Return which package of its room the module called ``name`` is in; none has itself."""
    parts = name.split(".")
    return parts[2] if len(parts) > 2 else ""


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            assert node.module is not None
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            yield from NAMES & names
            if names - NAMES:  # what the package itself offers
                yield node.module


def level(name: str) -> int:
    return next(number for number, rooms in enumerate(LEVELS) if name in rooms)


def test_every_room_is_on_the_plan() -> None:
    assert {room(path) for path in modules()} == set.union(*LEVELS)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    here = room(path)
    for name in imports(path):
        if not name.startswith("berceau."):
            continue
        there = name.split(".")[1]
        if there in {here, "__version__"} or (here, there) in BESIDE:
            continue
        assert level(there) > level(here), f"{here} imports {name}"


@pytest.mark.parametrize("name", PACKAGES)
def test_packages_of_a_room_import_as_planned(name: str) -> None:
    found: dict[str, set[str]] = {}
    for path in modules():
        here = package(name_of(path))
        if room(path) == name and here:
            below = found.setdefault(here, set())
            below |= {package(there) for there in imports(path) if in_room(there, name)} - {here}
    assert found == PACKAGES[name]


def in_room(name: str, room: str) -> bool:
    return name in NAMES and name.startswith(f"berceau.{room}.")


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {name_of(path): NAMES.intersection(imports(path)) for path in modules()}
    # A package is imported with each of its modules, and none of ours imports in turn.
    graph = {name: below - {name} for name, below in graph.items()}
    with_circles = TopologicalSorter(graph)
    with_circles.prepare()  # raises CycleError, which shows the circle


@pytest.mark.parametrize("library", EDGES)
def test_a_library_is_used_at_its_edge_only(library: str) -> None:
    users = {
        room(path)
        for path in modules()
        if any(f"{name}/".startswith((f"{library}.", f"{library}/")) for name in imports(path))
    }
    assert users == EDGES[library]


def test_settings_are_read_at_the_edges_only() -> None:
    readers = {
        path.relative_to(PACKAGE).as_posix()
        for path in modules()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "os.environ"
    }
    # psql inherits the whole environment, unread; the reads of components are watched; systemd
    # tells only the server where it listens for news.
    assert readers == {
        "settings/sources.py",
        "postgres/embedded/shell.py",
        "workflows/build/input_tracking.py",
        "web/server.py",
    }


def loaded(*names: str) -> set[str]:
    """Return what a new process has imported once it imported the modules ``names``."""
    code = f"import sys, {', '.join(names)}; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    return set(found.stdout.split())


def test_a_command_starts_without_what_others_need() -> None:
    found = loaded("berceau.tasks")
    assert not [name for name in found if name.startswith(("berceau.postgres", "berceau.schema"))]


def test_a_deploy_with_nothing_pending_starts_without_what_applies() -> None:
    found = loaded("berceau.tasks", "berceau.workflows.tenants.deploying")
    assert not {"berceau.migration.splitter", "berceau.schema", "tomllib", "configparser"} & found
    assert not {"berceau.workflows.tenants.stages", "concurrent.futures.thread"} & found


def test_a_start_needs_pydantic_only_where_a_component_uses_it() -> None:
    assert "pydantic" not in loaded("berceau.tasks", "berceau.workflows.serve.start")


def test_where_nothing_changed_pony_is_not_imported() -> None:
    commands = (
        *("build.build", "build.declared", "deploy.deploy", "deploy.status"),
        *("history.check", "write.migrate", "write.propose"),
    )
    found = loaded(*(f"berceau.workflows.{name}" for name in commands))
    assert not {"pony", "berceau.orm", "pyramid"} & found


def test_a_copy_of_a_schema_starts_without_what_plans_changes() -> None:
    """It takes less than a second, of which each import is a part."""
    found = loaded("berceau.workflows.testing.clone_command", "berceau.workflows.shared.databases")
    assert not {"psutil", "berceau.schema", "berceau.migration.history"} & found


def test_the_controller_of_test_workers_starts_without_what_imports_entities() -> None:
    assert not {"pony", "pyramid"} & loaded("berceau.testing.preparation")


def test_an_application_without_an_api_starts_without_pydantic() -> None:
    assert "pydantic" not in loaded("berceau.web.app", "berceau.web.api.directives")


def test_what_serves_needs_no_type_checker() -> None:
    """The process that waits for changes imports all of Berceau, maybe without mypy."""
    code = "import sys; from berceau.web import reload; reload._warm_up(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert "mypy" not in done.stdout.split()


def test_the_plugin_for_mypy_can_be_imported_first() -> None:
    subprocess.run([sys.executable, "-c", "import berceau.mypy.hooks"], check=True)


def test_no_component_is_named() -> None:
    for path in modules():
        assert not any(name.split(".")[0] == "components" for name in imports(path)), path


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_says_what_it_is_and_stays_a_room(path: Path) -> None:
    text = path.read_text()
    assert ast.get_docstring(parsed(path))
    assert len(text.splitlines()) <= 300


def test_no_pattern_has_a_range_of_a_million_characters() -> None:
    """Python takes 7 ms to compile one, and a set of what it isn't takes 0.1 ms."""
    assert not [path for path in modules() if "-\\u0010ffff" in path.read_text().lower()]


def composed(tree: ast.Module, query: ast.expr) -> bool:
    """Return whether ``query`` is composed with ``psycopg2.sql``, as far as its module shows."""
    named = {each.id for each in ast.walk(query) if isinstance(each, ast.Name)}
    given = [
        each.value
        for each in ast.walk(tree)
        if isinstance(each, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id in named for target in each.targets)
    ]
    makers = {
        each.name
        for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef)
        and each.returns
        and "Compos" in ast.unparse(each.returns)
    }
    used = {n.id for each in (query, *given) for n in ast.walk(each) if isinstance(n, ast.Name)}
    return not used.isdisjoint({"sql", *makers})


def test_a_composed_query_gets_values_in_one_place() -> None:
    """psycopg2 takes a percent sign in a quoted name for a parameter: ``core.fetch`` doesn't."""
    found = [
        f"{path.relative_to(PACKAGE)}:{call.lineno}"
        for path in modules()
        if path.is_relative_to(PACKAGE / "postgres") and path.name != "fetch.py"
        for call in ast.walk(parsed(path))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in ("execute", "executemany", "mogrify")
        and len(call.args) > 1
        and composed(parsed(path), call.args[0])
    ]
    assert not found


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_an_error_is_not_edited_on_its_way_up(path: Path) -> None:
    """Others may hold it, too: who knows more raises another, ``error.at(where)``."""
    handlers = [n for n in ast.walk(parsed(path)) if isinstance(n, ast.ExceptHandler)]
    edited = [
        f"{path.name}:{node.lineno}"
        for handler in handlers
        for node in ast.walk(handler)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == handler.name
    ]
    assert not edited


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_what_returns_a_bool_returns_whether(path: Path) -> None:
    """One word for it, as elsewhere in Python: it neither says nor tells."""
    docstrings = [
        ast.get_docstring(node) or ""
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef)
        and node.returns
        and ast.unparse(node.returns) == "bool"
    ]
    assert not [text for text in docstrings if text.startswith(("Say", "Tell"))]

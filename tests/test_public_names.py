"""What users import: few places, of which each lists its names, and a page of the reference."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from inspect import getdoc, isfunction
from itertools import pairwise
from pathlib import Path

import pytest

import berceau.testing.fixtures

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
PLACES = (
    *("berceau", "berceau.errors", "berceau.files", "berceau.jobs", "berceau.orm", "berceau.tasks"),
    *("berceau.testing", "berceau.web", "berceau.web.api"),
)
ROW = re.compile(r"^\| `(\w+)` \| (.+) \|$", re.MULTILINE)
SHOWN = re.compile(
    r"^\.\. auto(?:function|class|data|exception):: ([\w.]+)(?:\(.*\))?$", re.MULTILINE
)
ADDED = re.compile(
    r'add_(?:directive|request_method|route_predicate)\("?(\w+)|^derive\.options = \("(\w+)',
    re.MULTILINE,
)
FOUND = re.compile(
    r"^\| `(?:config\.add_route\(\.\.\., |config\.|request\.|@view_config\(\.\.\., )(\w+)",
    re.MULTILINE,
)
places = pytest.mark.parametrize("place", PLACES)


def tree(place: str) -> ast.Module:
    """Return the file of ``place``, parsed."""
    spec = find_spec(place)
    assert spec is not None
    assert spec.origin is not None
    return ast.parse(Path(spec.origin).read_text())


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a module, and those that only type checkers see."""
    for node in body:
        yield from node.body if isinstance(node, ast.If) else [node]


def bound(body: list[ast.stmt]) -> Iterator[str]:
    """Yield the public names that a module defines, or imports from elsewhere in Berceau."""
    for node in statements(body):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        elif isinstance(node, ast.ImportFrom) and str(node.module).startswith("berceau"):
            names = (alias.asname or alias.name for alias in node.names)
            yield from (name for name in names if not is_module(f"{node.module}.{name}"))


def is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def is_public(name: str) -> bool:
    return not name.startswith("_") or name == "__version__"


def names_of(place: str) -> list[str]:
    names: list[str] = import_module(place).__all__
    return names


def description(place: str, name: str) -> str | None:
    """Return what is said of a name: of an object, that is the text that follows it."""
    value = getattr(import_module(place), name)
    if isinstance(value, type) or isfunction(value):
        return value.__doc__ and getdoc(value)
    return said_below(tree(origin(place, name)).body, name)


def origin(place: str, name: str) -> str:
    """Return the module that ``place`` imports a name from, or else ``place``."""
    for node in statements(tree(place).body):
        if isinstance(node, ast.ImportFrom) and name in {alias.name for alias in node.names}:
            return str(node.module)
    return place


def first_line(said: str | None) -> str | None:
    """Return the first line of a docstring as Markdown."""
    return said.splitlines()[0].replace("``", "`") if said else None


def said_below(body: list[ast.stmt], name: str) -> str | None:
    for node, after in pairwise(body):
        if isinstance(node, ast.Assign | ast.AnnAssign) and name in bound([node]):
            value = getattr(getattr(after, "value", None), "value", None)
            return value if isinstance(value, str) else None
    return None


def page_of(place: str) -> str:
    return (REFERENCE / f"{place}.md").read_text()


@places
def test_a_place_lists_all_that_it_offers(place: str) -> None:
    offered = {name for name in bound(tree(place).body) if is_public(name)}
    assert offered - {"TYPE_CHECKING"} == set(names_of(place))
    assert len(names_of(place)) == len(set(names_of(place)))


@places
def test_each_name_can_be_imported_from_its_place(place: str) -> None:
    names = ", ".join(names_of(place))
    found = {}
    exec(f"from {place} import {names}", found)
    assert set(names_of(place)) <= found.keys()
    assert set(names_of(place)) <= set(dir(import_module(place)))


@places
def test_a_place_has_no_other_names(place: str) -> None:
    with pytest.raises(AttributeError, match=f"module '{place}' has no attribute 'unheard_of'"):
        import_module(place).unheard_of  # noqa: B018


@places
def test_type_checkers_see_what_is_imported(place: str) -> None:
    for node in statements(tree(place).body):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("berceau"):
            for alias in node.names:
                if alias.name in names_of(place):
                    seen = getattr(import_module(str(node.module)), alias.name)
                    assert getattr(import_module(place), alias.name) is seen


def test_the_stub_of_the_orm_has_the_same_names() -> None:
    stub = ast.parse((ROOT / "berceau/orm/__init__.pyi").read_text())
    assert {name for name in bound(stub.body) if is_public(name)} == set(names_of("berceau.orm"))


@places
def test_each_name_is_described(place: str) -> None:
    assert not [name for name in names_of(place) if not description(place, name)]


@places
def test_the_reference_has_each_name_with_its_first_line(place: str) -> None:
    page = page_of(place).partition("```{eval-rst}")[0]
    said = {name: first_line(description(place, name)) for name in names_of(place)}
    listed = dict(ROW.findall(page))
    assert {name: listed.get(name) for name in said} == said


@places
def test_the_reference_shows_all_that_is_said_of_a_name(place: str) -> None:
    """Where that is one line, the list of names has it."""
    longer = {name for name in names_of(place) if "\n" in (description(place, name) or "")}
    shown = {name.removeprefix(f"{place}.") for name in SHOWN.findall(page_of(place))}
    assert longer <= shown <= set(names_of(place))


def test_the_reference_has_each_fixture_with_its_first_line() -> None:
    module = ast.parse(Path(berceau.testing.fixtures.__file__).read_text())
    fixtures = {
        node.name: first_line(ast.get_docstring(node))
        for node in module.body
        if isinstance(node, ast.FunctionDef)
        and any("pytest.fixture" in ast.unparse(each) for each in node.decorator_list)
    }
    listed = dict(ROW.findall(page_of("berceau.testing")))
    types = names_of("berceau.testing")
    assert {name: said for name, said in listed.items() if name not in types} == fixtures


def test_the_reference_has_what_the_application_adds_to_pyramid() -> None:
    modules = [path.read_text() for path in ROOT.glob("berceau/web/**/*.py")]
    added = {"".join(names) for text in modules for names in ADDED.findall(text)}
    assert set(FOUND.findall(page_of("berceau.web"))) == added


def users() -> list[Path]:
    """Return the files that show users how Berceau is used."""
    patterns = (
        *("README.md", "CONTRIBUTING.md", "docs/*.md", "docs/guide/*.md", "docs/reference/*.md"),
        *("components/demo/**/*.py", "tasks.py", "benchmarks/testing/*.py"),
        "benchmarks/mistakes/berceau/**/*.py",
        "berceau/workflows/build/*component/**/*.tmpl",
    )
    return sorted(path for pattern in patterns for path in ROOT.glob(pattern))


@pytest.mark.parametrize("path", users(), ids=lambda path: str(path.relative_to(ROOT)))
def test_users_are_shown_the_public_places_only(path: Path) -> None:
    text = path.read_text()
    for place, names in re.findall(
        r"^ *from (berceau(?:\.[\w.]+)?) import \(?([\w, ]+)", text, re.M
    ):
        assert place in PLACES, f"{path.name}: from {place} import"
        assert {name.strip() for name in names.split(",")} - {""} <= set(names_of(place))
    for place in re.findall(r"^ *import (berceau(?:\.[\w.]+)?)$", text, re.MULTILINE):
        assert place in PLACES, f"{path.name}: import {place}"


def test_what_a_place_offers_is_imported_when_it_is_used() -> None:
    """All of Berceau's processes and all of pytest's import ``berceau.web`` or ``.testing``."""
    code = (
        "import sys, berceau.testing, berceau.web; from berceau.web import is_blank;"
        "print(*sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    heavy = {"pony", "pyramid", "psycopg2", "pytest", "webtest", "berceau.settings"}
    assert not heavy & set(found.stdout.split())

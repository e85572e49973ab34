"""`invoke new` writes a component that passes its own tests, types and rules at once."""

import ast
import builtins
import subprocess
import sys
import time
from pathlib import Path

import pony.orm
import pytest
from hypothesis import given
from hypothesis import strategies as st

from berceau.errors import ComponentError
from berceau.workflows.build.new import entity_name, render, singular

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
MYPY = """
[mypy]
strict = true
[mypy-pony.*,pyramid.*,berceau.*]
ignore_missing_imports = true
follow_imports = skip
[mypy-components.*]
disallow_subclassing_any = false
disallow_untyped_decorators = false
"""
ISORT = """
[tool.ruff.lint.isort]
known-first-party = ["berceau"]
"""
API_FILES = {"__init__.py", "entities.py", "models.py", "tests/test_guest_books.py", "views.py"}
FILES = {
    "__init__.py",
    "entities.py",
    "service.py",
    "templates/list.pt",
    "tests/test_guest_books.py",
    "views.py",
}


def written(project) -> set[str]:
    folder = project.root / "components"
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
@pytest.mark.parametrize(("options", "files"), [((), FILES), (("--api",), API_FILES)])
def test_a_new_component_passes_all_checks_at_once(connected, options, files) -> None:
    (connected.root / "components/__init__.py").unlink()
    out = connected.succeed("new", "guest_books", *options)
    assert "wrote components/guest_books, with the entity GuestBook:" in out
    assert written(connected) == {"__init__.py", *(f"guest_books/{file}" for file in files)}
    assert "CREATE TABLE guest_book" in connected.succeed("migrate", "--name", "add_guest_books")
    assert "nothing changed" in connected.succeed("build", "--check")
    assert " passed" in connected.succeed("test", "--", "components", "-q")
    connected.write("mypy.ini", MYPY)
    connected.write("pyproject.toml", PYPROJECT.read_text().partition("[tool.mypy]")[0] + ISORT)
    # Here, what a query finds has no type: test_new_project.py checks those of an API.
    checks = ("ruff check", "ruff format --check", *(() if options else ("mypy",)))
    for check in checks:
        result = connected.run(*check.split(), "components")
        assert result.code == 0, result


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Notes", "lower-case letters"),
        ("a-b", "lower-case letters"),
        ("1a", "lower-case letters"),
        ("_x", "lower-case letters"),
        ("x__y", "lower-case letters"),
        ("../x", "lower-case letters"),
        ("", "lower-case letters"),
        ("n" * 41, "at most 40"),
        ("class", "a keyword of Python"),
        ("match", "a keyword of Python"),
        ("main", "main.sql"),
        ("exceptions", "called Exception"),
        ("sets", "called Set"),
        ("sequences", "called Sequence"),
        ("orders", "called order, a reserved word"),
    ],
)
def test_a_name_that_can_not_be_is_refused(name, reason) -> None:
    with pytest.raises(ComponentError, match=reason) as caught:
        render(name)
    assert "such as notes" in str(caught.value.cure)


def test_a_name_that_is_taken_is_refused(project) -> None:
    project.component("blog", "class Note(db.Entity):\n    text = Required(str)")
    (project.root / "components/stray").mkdir()
    before = written(project)
    assert "A folder with that name" in project.fail("new", "blog")
    assert "A folder with that name" in project.fail("new", "stray")
    assert "The component blog has note in the database already" in project.fail("new", "notes")
    assert written(project) == before
    project.component("broken", "import nothing_there")
    assert "components/broken/entities.py" in project.fail("new", "shop")
    assert "shop" not in str(written(project))


NAMES = st.text() | st.from_regex(r"[a-z]{1,9}(_[a-z0-9]{1,9}){0,4}", fullmatch=True)


@given(NAMES, st.booleans())
def test_whatever_the_name_its_files_are_right_or_it_is_refused(name, api) -> None:
    try:
        files = render(name, api=api)
    except ComponentError:
        return
    entity = entity_name(name)
    assert entity.isidentifier()
    for path, text in files.items():
        assert "~" not in path + text
        if path.endswith(".py"):
            compile(text, path, "exec")


@given(st.sampled_from(sorted({*dir(builtins), *vars(pony.orm)})), st.booleans())
def test_no_entity_takes_a_name_that_its_module_uses(word, api) -> None:
    name = word.lower()
    try:
        files = render(name, api=api)
    except ComponentError:
        return
    for text in files.values():
        tree = ast.parse(text) if text.startswith('"""') else ast.Module([], [])
        imported = [
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and "entities" not in str(node.module)
            for alias in node.names
        ]
        assert entity_name(name) not in imported


@pytest.mark.parametrize("name", ["pages", "notes", "note_pages", "page_pages"])
def test_no_module_has_a_class_of_its_own_with_the_name_of_the_entity(name) -> None:
    for path, text in render(name).items():
        if path.endswith(".py") and path != "entities.py":
            assert f"class {entity_name(name)}:" not in text, path


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("notes", "note"),
        ("stories", "story"),
        ("boxes", "box"),
        ("user_classes", "user_class"),
        ("news", "new"),
        ("status", "status"),
        ("glass", "glass"),
        ("analysis", "analysis"),
        ("shop", "shop"),
        ("houses", "house"),
    ],
)
def test_an_entity_is_called_by_the_singular(plural, one) -> None:
    assert singular(plural) == one


@pytest.mark.slow
def test_of_several_at_once_one_writes(project) -> None:
    started = [project.start("invoke", "new", "notes") for _ in range(4)]
    ended = [(*process.communicate(timeout=60), process.returncode) for process in started]
    assert sorted(code for _, _, code in ended) == [0, 1, 1, 1], ended
    assert all("The name notes is taken." in err for _, err, code in ended if code)
    assert len(written(project)) == 1 + len(FILES)


@pytest.mark.slow
@pytest.mark.parametrize("wait", [0.2, 0.3, 0.4, 0.5, 0.6])
def test_a_killed_one_leaves_a_whole_component_or_none(project, wait) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "invoke", "new", "notes"],
        cwd=project.root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        time.sleep(wait)
        process.kill()
    seen = [path for path in written(project) if not path.startswith(".")]
    assert len(seen) in {1, 1 + len(FILES)}
    if len(seen) == 1:
        project.succeed("new", "notes")


@pytest.mark.parametrize("name", ["ab", "notes", "n" * 40])
def test_an_api_is_formatted_whatever_its_name(name, tmp_path) -> None:
    for path, text in render(name, api=True).items():
        file = tmp_path / Path(path).name
        file.write_text(text)
    command = ("ruff", "format", "--check", "--line-length", "100", tmp_path)
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout

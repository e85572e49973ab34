"""Components are found in folders and distributions, in order; a broken one is named."""

import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from textwrap import dedent
from uuid import uuid4

import pytest

from berceau.components import Component, discover, import_entities
from berceau.errors import ComponentError, ComponentImportError, DuplicateNameError

CULPRIT = "# culprit"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty components folder, whose name no other test has."""
    folder = tmp_path / f"components_{uuid4().hex}"
    folder.mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for module in [module for module in sys.modules if module.startswith(folder.name)]:
        del sys.modules[module]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed packages, all of whose names begin with ``fake_``."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    yield site
    for module in [module for module in sys.modules if module.startswith("fake_")]:
        del sys.modules[module]


def write(folder: Path, path: str, text: str = "") -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(dedent(text))


def install(site: Path, name: str, package: str) -> None:
    """Install a distribution that offers the component ``name``; not the package itself."""
    write(site, f"{package}-1.dist-info/METADATA", f"Name: {package}\nVersion: 1\n")
    text = f"[berceau.components]\n{name} = {package}\n"
    write(site, f"{package}-1.dist-info/entry_points.txt", text)


def refused(folder: Path) -> ComponentError:
    with pytest.raises(ComponentError) as caught:
        discover(folder)
    return caught.value


def test_folders_are_found_in_the_order_of_their_names(folder) -> None:
    for name in ("zeta", "alpha", "mid"):
        write(folder, f"{name}/__init__.py")
    package = folder.name
    assert discover(folder) == (
        Component("alpha", f"{package}.alpha", folder / "alpha"),
        Component("mid", f"{package}.mid", folder / "mid"),
        Component("zeta", f"{package}.zeta", folder / "zeta"),
    )


@pytest.mark.parametrize("path", ["_draft/__init__.py", ".git/__init__.py", "assets/a.css", "x.py"])
def test_what_is_no_component_is_passed_over(folder, path) -> None:
    write(folder, path)
    write(folder, "__pycache__/x.pyc")
    assert discover(folder) == ()


def test_a_missing_folder_holds_no_components(tmp_path) -> None:
    assert discover(tmp_path / "components") == ()


def test_python_files_without_a_package_are_refused(folder) -> None:
    write(folder, "blog/views.py")
    error = refused(folder)
    assert (error.where.component, error.where.file) == ("blog", folder / "blog")
    assert "Add an __init__.py" in error.cure


@pytest.mark.parametrize("name", ["my-blog", "my blog", "2048", "class", "blog.old"])
def test_a_name_that_cannot_be_imported_is_refused(folder, name) -> None:
    write(folder, f"{name}/__init__.py")
    error = refused(folder)
    assert repr(name) in error.message
    assert error.where.file == folder / name
    assert error.cure.startswith("Rename it")


def test_entities_are_a_module_or_a_package(folder) -> None:
    write(folder, "module/__init__.py")
    write(folder, "module/entities.py")
    write(folder, "package/__init__.py")
    write(folder, "package/entities/__init__.py")
    write(folder, "nothing/__init__.py")
    module, nothing, package = discover(folder)
    assert module.entities == folder / "module/entities.py"
    assert nothing.entities is None
    assert package.entities == folder / "package/entities/__init__.py"


def test_sources_leave_tests_and_locks_of_editors_out(folder) -> None:
    for path in ("__init__", "views", "deep/down", "tests/test_views", "deep/tests/test_down"):
        write(folder, f"blog/{path}.py")
    (folder / "blog/.#views.py").symlink_to("somebody@somewhere.42")
    (blog,) = discover(folder)
    assert [str(path.relative_to(blog.path)) for path in blog.sources()] == [
        "__init__.py",
        "deep/down.py",
        "views.py",
    ]


def test_the_description_is_the_first_line_of_the_docstring(folder) -> None:
    write(folder, "blog/__init__.py", '"""Posts.\n\nAnd more.\n"""')
    write(folder, "blog/entities.py")
    write(folder, "mute/__init__.py")
    write(folder, "mute/entities.py")
    components = discover(folder)
    import_entities(components, folder)
    assert [component.description for component in components] == ["Posts.", ""]


def test_an_installed_distribution_offers_a_component(folder, site) -> None:
    install(site, "wiki", "fake_wiki")
    write(site, "fake_wiki/__init__.py")
    write(folder, "alpha/__init__.py")
    wiki, alpha = discover(folder)
    assert wiki == Component("wiki", "fake_wiki", site / "fake_wiki")
    assert alpha.name == "alpha"
    assert "fake_wiki" not in sys.modules, "discovery imports nothing"


def test_installed_components_come_in_the_order_of_their_names(folder, site) -> None:
    for name in ("beta", "gamma", "alpha"):
        install(site, name, f"fake_{name}")
        write(site, f"fake_{name}/__init__.py")
    assert [component.name for component in discover(folder)] == ["alpha", "beta", "gamma"]


@pytest.mark.parametrize(
    ("package", "files", "says"),
    [
        ("fake_gone", (), "its package fake_gone can't be found"),
        ("fake_gone.deep", (), "its package fake_gone.deep can't be found"),
        ("fake_flat", ("fake_flat.py",), "its package fake_flat is a module, not a package"),
        ("fake_flat.deep", ("fake_flat.py",), "its package fake_flat.deep can't be found"),
    ],
)
def test_a_distribution_that_offers_no_package_is_named(folder, site, package, files, says) -> None:
    install(site, "wiki", package)
    for file in files:
        write(site, file)
    error = refused(folder)
    assert says in error.message
    assert error.where.component == "wiki"
    assert error.cure


def test_a_distribution_whose_parent_package_fails_is_named(folder, site) -> None:
    install(site, "wiki", "fake_broken.wiki")
    write(site, "fake_broken/__init__.py", "1 / 0")
    write(site, "fake_broken/wiki/__init__.py")
    error = refused(folder)
    assert "ZeroDivisionError" in error.message
    assert error.where.component == "wiki"
    assert "reinstall" in error.cure


def test_an_installed_component_needs_a_name_too(folder, site) -> None:
    install(site, "../wiki", "fake_wiki")
    write(site, "fake_wiki/__init__.py")
    assert refused(folder).where.file == site / "fake_wiki"


def test_an_installed_and_a_local_component_need_two_names(folder, site) -> None:
    install(site, "wiki", "fake_wiki")
    write(site, "fake_wiki/__init__.py")
    write(folder, "wiki/__init__.py")
    error = refused(folder)
    assert isinstance(error, DuplicateNameError)
    assert str(site / "fake_wiki") in error.message
    assert error.where.file == folder / "wiki"


def test_the_environment_of_these_tests_offers_no_component() -> None:
    assert not entry_points(group="berceau.components")


BROKEN = {
    "a missing package": (
        {"blog/entities.py": "import no_such_package  # culprit"},
        "ModuleNotFoundError: No module named 'no_such_package'",
    ),
    "a syntax error": (
        {"blog/entities.py": "x = 1\ndef broken(:  # culprit\n    pass"},
        "SyntaxError: invalid syntax",
    ),
    "a syntax error in a module that it imports": (
        {
            "blog/entities.py": "from COMPONENTS.blog import helper",
            "blog/helper.py": "\n\nx = = 1  # culprit",
        },
        "SyntaxError: invalid syntax",
    ),
    "a tab too many": (
        {"blog/entities.py": "x = 1\n\ty = 2  # culprit"},
        "IndentationError: unexpected indent",
    ),
    "a misspelt name": (
        {"blog/entities.py": "x = 1\n\n\nprint(no_such_name)  # culprit"},
        "NameError: name 'no_such_name' is not defined",
    ),
    "a misspelt name in another component": (
        {
            "alpha/entities.py": "import COMPONENTS.zeta.entities",
            "zeta/entities.py": "x = 1\nno_such_name  # culprit",
        },
        "NameError",
    ),
    "a mistake within a library": (
        {"blog/entities.py": "import json\n\njson.loads('{')  # culprit"},
        "JSONDecodeError",
    ),
    "a mistake in the package itself": (
        {"blog/__init__.py": "\n1 / 0  # culprit", "blog/entities.py": ""},
        "ZeroDivisionError: division by zero",
    ),
    "a mistake in a module of the package": (
        {
            "blog/entities/__init__.py": "from COMPONENTS.blog.entities import post",
            "blog/entities/post.py": "x = 1\n1 / 0  # culprit",
        },
        "ZeroDivisionError",
    ),
    "an exit": ({"blog/entities.py": "import sys\nsys.exit(0)  # culprit"}, "SystemExit"),
    "a failing assertion": ({"blog/entities.py": "assert False  # culprit"}, "AssertionError"),
    "a circle": (
        {
            "alpha/entities.py": "from COMPONENTS.zeta.entities import zeta\nalpha = 1",
            "zeta/entities.py": "from COMPONENTS.alpha.entities import alpha  # culprit\nzeta = 1",
        },
        "most likely due to a circular import",
    ),
}


@pytest.mark.parametrize(("files", "says"), BROKEN.values(), ids=BROKEN)
def test_a_component_that_does_not_import_is_named_with_its_line(folder, files, says) -> None:
    for path, text in files.items():
        write(folder, path, text.replace("COMPONENTS", folder.name))
    for component in {path.partition("/")[0] for path in files}:
        (folder / component / "__init__.py").touch()
    path, line = next(
        (path, number)
        for path, text in files.items()
        for number, line in enumerate(text.splitlines(), 1)
        if CULPRIT in line
    )
    with pytest.raises(ComponentImportError) as caught:
        import_entities(discover(folder), folder)
    where = caught.value.where
    assert (where.component, where.file, where.line) == (path.split("/")[0], folder / path, line)
    assert says in caught.value.message
    assert caught.value.cure.startswith("Correct the line")


def test_an_exit_by_the_keyboard_is_no_mistake_of_a_component(folder) -> None:
    write(folder, "blog/__init__.py")
    write(folder, "blog/entities.py", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        import_entities(discover(folder), folder)

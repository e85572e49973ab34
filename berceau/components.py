"""Component discovery: folders and installed packages become ``Component`` values, in order."""

import ast
import importlib
import keyword
import os
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from operator import attrgetter
from pathlib import Path
from types import ModuleType

from berceau.errors import (
    ComponentError,
    ComponentImportError,
    DuplicateNameError,
    Location,
    SettingsError,
)
from berceau.tenancy import Scope

ENTRY_POINT_GROUP = "berceau.components"


@dataclass(frozen=True)
class Component:
    """A feature: one Python package with its entities, pages, logic and tests.

    ``name`` is what people call it, ``package`` its import name, ``path`` its folder.
    """

    name: str
    package: str
    path: Path

    @property
    def entities(self) -> Path | None:
        """The file that declares its entities: ``entities.py`` or ``entities/__init__.py``."""
        return self._module("entities")

    @property
    def settings(self) -> Path | None:
        """The file that declares its settings: ``settings.py`` or ``settings/__init__.py``."""
        return self._module("settings")

    @property
    def seeds(self) -> Path | None:
        """The file whose function ``seed`` makes the rows to begin with: ``seeds.py``."""
        file = self.path / "seeds.py"
        return file if file.is_file() else None

    @property
    def scope(self) -> Scope:
        """Whose its tables are where a project has tenants: each tenant's, by default.

        Its package says otherwise by ``scope = "shared"``, which is read without running it. Raises
        ``ComponentError`` for another word.
        """
        file = self.path / "__init__.py"
        source = file.read_bytes() if file.is_file() else b""
        if b"scope" not in source:
            return "tenant"
        with suppress(SyntaxError, ValueError):  # its import reports them
            for node in ast.parse(source).body:
                match node:
                    case ast.Assign(targets=[ast.Name("scope")], value=value):
                        return _scope(value, Location(self.name, file, node.lineno))
                    case ast.AnnAssign(target=ast.Name("scope"), value=value):
                        return _scope(value, Location(self.name, file, node.lineno))
        return "tenant"

    @property
    def description(self) -> str:
        """The first line of the package's docstring, or an empty string."""
        lines = (sys.modules[self.package].__doc__ or "").strip().splitlines()
        return lines[0] if lines else ""

    def _module(self, name: str) -> Path | None:
        for candidate in (self.path / f"{name}.py", self.path / name / "__init__.py"):
            if candidate.is_file():
                return candidate
        return None

    def sources(self) -> Iterator[Path]:
        """Yield its Python files in order, its tests left out."""
        yield from map(Path, _sources(str(self.path)))


def _scope(value: ast.expr | None, where: Location) -> Scope:
    match value:
        case ast.Constant("shared"):
            return "shared"
        case ast.Constant("tenant"):
            return "tenant"
    raise ComponentError(
        f"The scope of a component can't be {ast.unparse(value) if value else 'left open'}.",
        where=where,
        cure='Write scope = "shared" where all tenants share its tables, else remove the line.',
    )


def _sources(folder: str) -> Iterator[str]:
    # Of all commands, this is what those that find nothing to do mostly do: os is twice as fast.
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=attrgetter("name")):
            if entry.is_dir(follow_symlinks=False):
                if entry.name != "tests":
                    yield from _sources(entry.path)
            # An editor's lock may be a link to nowhere, called .#views.py.
            elif entry.name.endswith(".py") and entry.is_file():
                yield entry.path


def discover(folder: Path) -> tuple[Component, ...]:
    """Return the installed components, then those in ``folder``, each sorted by name.

    Nothing of a component is imported, save the parents of an installed package. Raises
    ``DuplicateNameError`` where two bear the same name, ``ComponentError`` for a folder that
    can't be a package.
    """
    found: dict[str, Component] = {}
    for component in (*_installed(), *_in_folder(folder)):
        other = found.setdefault(component.name, component)
        if other is not component:
            raise DuplicateNameError(
                f"Two components are called {component.name}: {other.path} and {component.path}.",
                where=Location(component.name, component.path),
                cure="Rename the folder, or uninstall the other one.",
            )
    return tuple(found.values())


def _installed() -> Iterator[Component]:
    for entry in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: entry.name):
        locations = _spec(entry).submodule_search_locations
        if not locations:
            raise _broken_offer(entry, "is a module, not a package")
        path = Path(next(iter(locations)))
        _require_name(entry.name, path)
        yield Component(entry.name, entry.value, path)


def _spec(entry: EntryPoint) -> ModuleSpec:
    try:
        spec = find_spec(entry.value)
    except ImportError:
        spec = None
    except Exception as error:
        failure = f"{type(error).__name__}: {error}"
        raise _broken_offer(entry, f"can't be reached: {failure}") from error
    if spec is None:
        raise _broken_offer(entry, "can't be found")
    return spec


def _broken_offer(entry: EntryPoint, problem: str) -> ComponentImportError:
    distribution = entry.dist.name if entry.dist else "An installed distribution"
    return ComponentImportError(
        f"{distribution} offers the component {entry.name}, but its package {entry.value} "
        f"{problem}.",
        where=Location(entry.name),
        cure=f"Correct its entry point in {ENTRY_POINT_GROUP}, reinstall or uninstall it.",
    )


def _in_folder(folder: Path) -> Iterator[Component]:
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if not path.is_dir() or path.name.startswith(("_", ".")):
            continue
        if (path / "__init__.py").is_file():
            _require_name(path.name, path)
            yield Component(path.name, f"{folder.name}.{path.name}", path)
        elif next(path.glob("*.py"), None):
            raise ComponentError(
                f"The folder {path.name} has Python files but isn't a package.",
                where=Location(path.name, path),
                cure="Add an __init__.py with an includeme, or move the folder out of components/.",
            )


def _require_name(name: str, path: Path) -> None:
    if not name.isidentifier() or keyword.iskeyword(name):
        raise ComponentError(
            f"A component can't be called {name!r}: that isn't a name in Python.",
            where=Location(name, path),
            cure="Rename it: a letter, then letters, digits and underscores; no keyword of Python.",
        )


def import_entities(components: Iterable[Component], folder: Path) -> None:
    """Import the entity modules of ``components`` in order; ``folder`` holds the local ones.

    Raises ``ComponentImportError`` with the component, file and line at fault.
    """
    make_importable(folder)
    components = tuple(components)
    for component in components:
        if component.entities is not None:
            import_module(f"{component.package}.entities", component, components)


def make_importable(folder: Path) -> None:
    """Put the parent of the components' ``folder`` on Python's path, once."""
    parent = str(folder.parent)
    if parent not in sys.path:
        sys.path.insert(0, parent)


def import_module(name: str, component: Component, among: Iterable[Component]) -> ModuleType:
    """Import the module ``name`` of ``component``.

    Raises ``ComponentImportError`` that points into whichever component of ``among`` failed.
    """
    try:
        return importlib.import_module(name)
    except (ComponentError, SettingsError) as error:  # they know the cure, but not their place
        if error.where is not None:
            raise
        raise error.at(locate(error, among)) from error
    except (Exception, SystemExit) as error:
        where = locate(error, among)
        if missing := _missing(error, component, among):
            raise ComponentImportError(
                f"Component {where.component or component.name} needs the component {missing}, "
                "which isn't there.",
                where=where,
                cure=f"Add {missing}, or remove the components that need it, too.",
            ) from error
        raise ComponentImportError(
            f"Component {component.name} doesn't import: {type(error).__name__}: {error}",
            where=where if where.file else Location(component.name, component.entities),
            cure="Correct the line, or remove the component's folder.",
        ) from error


def _missing(error: BaseException, component: Component, among: Iterable[Component]) -> str | None:
    """Return the name of the component that isn't there, if that is what ``error`` says."""
    folder = component.package.rpartition(".")[0]
    if not isinstance(error, ModuleNotFoundError) or not folder:
        return None
    package, _, name = str(error.name).partition(".")
    name = name.partition(".")[0]
    there = {each.name for each in among}
    return name if package == folder and name and name not in there else None


def locate(error: BaseException, components: Iterable[Component]) -> Location:
    """Return the innermost place inside one of ``components`` that ``error`` passed through."""
    frames = [
        (Path(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)
    ]
    if isinstance(error, SyntaxError) and error.filename:
        frames.append((Path(error.filename), error.lineno))
    folders = by_folder(components)
    for file, line in reversed(frames):
        component = component_of(file, folders)
        if component is not None:
            return Location(component.name, file, line)
    return Location()


def scope_of(entities: Path) -> Scope:
    """Return the scope of the component whose ``entities``, or a part of them, are in this file.

    Raises ``ComponentError``.
    """
    folder = entities.parent
    while folder.name == "entities":
        folder = folder.parent
    return Component(folder.name, folder.name, folder).scope


def by_folder(components: Iterable[Component]) -> dict[Path, Component]:
    """Return ``components`` by their folders, to look many files up with ``component_of``."""
    return {component.path: component for component in components}


def component_of(file: Path, folders: Mapping[Path, Component]) -> Component | None:
    """Return the component, among those ``by_folder``, that ``file`` belongs to."""
    return next((folders[parent] for parent in file.parents if parent in folders), None)

"""New: a component that works, written from templates as a whole or not at all."""

import builtins
import collections.abc
import keyword
import re
from dataclasses import dataclass
from pathlib import Path

from berceau.errors import BerceauError, ComponentError, Location
from berceau.schema.names import RESERVED_IN_COLUMNS
from berceau.settings import Settings
from berceau.workflows.build.build import WHOLE
from berceau.workflows.build.declared import declared, look
from berceau.workflows.build.templates import fill
from berceau.workflows.shared.files import write, write_folder

MAX_LENGTH = 40
"""The longest name of a component; those of tables, routes and tests follow from it."""

COMPONENTS = '"""The components of this project."""\n'
"""The file ``__init__.py`` of the folder ``components``."""

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_PLURALS = ((r"ies$", "y"), (r"(ss|x|z|ch|sh)es$", r"\1"), (r"([^sui])s$", r"\1"))


@dataclass(frozen=True)
class Created:
    """A component that was written: its entity and its folder, with the ``files`` in it."""

    name: str
    entity: str
    folder: Path
    files: tuple[str, ...]


def create(settings: Settings, name: str, *, api: bool = False) -> Created:
    """Write the component ``name`` into the project: entities, views and tests.

    It has a page with a template, or an ``api`` instead. The folder appears as a whole or not at
    all. Raises ``ComponentError`` for a name that can't be, or that something else has, and what
    ``declared`` raises for components that are broken.
    """
    folder = settings.components / name
    texts = render(name, api=api)
    _check_free(settings, name)
    package = settings.components / "__init__.py"
    if not package.exists():  # without it, type checkers find each component twice
        write(package, COMPONENTS)
    try:
        write_folder(folder, texts)
    except BerceauError:
        if folder.exists():  # since we looked
            raise _taken(name, folder, "A folder with that name exists already.") from None
        raise
    return Created(name, entity_name(name), folder, tuple(sorted(texts)))


def render(name: str, *, api: bool = False) -> dict[str, str]:
    """Return the files of a component ``name``, by their paths in its folder.

    It has a page, or an ``api``. Raises ``ComponentError`` for a name that none can have.
    """
    _check_name(name)
    title = name.replace("_", " ").capitalize()
    one = singular(name)
    values = {
        "name": name,
        "entity": entity_name(name),
        "one": one.replace("_", " "),
        "key": f"{one}_id",
        "title": title,
    }
    page = fill("component", values)
    if not api:
        return page
    return {"entities.py": page["entities.py"], **fill("api_component", values)}


def entity_name(name: str) -> str:
    """Return what the entity of a component is called: ``GuestBook`` in ``guest_books``."""
    return "".join(word.capitalize() for word in singular(name).split("_"))


def singular(name: str) -> str:
    """Return an English noun in the singular, as far as its ending shows: ``notes``, ``note``."""
    for ending, other in _PLURALS:
        found, times = re.subn(ending, other, name)
        if times:
            return found
    return name


def _check_name(name: str) -> None:
    import pony.orm  # no other command that only looks at files needs it

    entity = entity_name(name)
    if not _NAME.fullmatch(name) or len(name) > MAX_LENGTH:
        problem = (
            f"a name has lower-case letters, digits and _, and at most {MAX_LENGTH} characters"
        )
    elif keyword.iskeyword(name) or keyword.issoftkeyword(name):
        problem = "it is a keyword of Python"
    elif name == WHOLE:
        problem = f"{WHOLE}.sql holds the schema of all components"
    elif any(hasattr(module, entity) for module in (builtins, collections.abc, pony.orm)):
        problem = f"its entity would be called {entity}, which Python or Pony uses"
    elif singular(name) in RESERVED_IN_COLUMNS:
        problem = f"its table would be called {singular(name)}, a reserved word of SQL"
    else:
        return
    raise ComponentError(
        f"A component can't be called {name!r}: {problem}.",
        cure="Choose another name, such as notes or guest_book.",
    )


def _check_free(settings: Settings, name: str) -> None:
    folder = settings.components / name
    if folder.exists():
        raise _taken(name, folder, "A folder with that name exists already.")
    sources = look(settings)
    for component in sources.components:
        if component.name == name:
            raise _taken(name, component.path, "A component with that name is installed.")
    found, table = declared(settings, sources), singular(name)
    names = {each.name for each in found.schema.tables}
    if table in names.union(each.name for each in found.schema.enums):
        other = found.component_by_name.get(table)
        whose = f"The component {other}" if other else "The project"
        raise _taken(name, settings.components, f"{whose} has {table} in the database already.")


def _taken(name: str, place: Path, why: str) -> ComponentError:
    return ComponentError(
        f"The name {name} is taken. {why}",
        where=Location(file=place),
        cure="Choose another name.",
    )

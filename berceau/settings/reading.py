"""The settings that a component declares are read from what was given."""

import dataclasses
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from berceau.errors import ComponentError, Location
from berceau.settings.component import ComponentSettings, Description, declared
from berceau.settings.secrets import remember
from berceau.settings.sources import Place, Sources


@dataclass(frozen=True)
class Declaration:
    """The class ``kind`` that declares the settings of ``component``, and ``where`` it is."""

    component: str
    kind: type[ComponentSettings]
    where: Location


@dataclass(frozen=True)
class Entry:
    """One setting of a component: how it is called, what it is, and what it is set to.

    ``place`` is where ``value`` was written,
    ``None`` where it is the default. ``mistake`` is what is wrong with it.
    """

    declaration: Declaration
    attribute: str
    description: Description
    value: Any = dataclasses.field(repr=False)  # it may be a secret
    place: Place | None = None
    mistake: str | None = None

    @property
    def component(self) -> str:
        """The name of the component that declares it."""
        return self.declaration.component

    @property
    def key(self) -> str:
        """Its name in the ini file, such as ``mail.sender``."""
        return f"{self.component}.{self.attribute}"

    @property
    def variable(self) -> str:
        """Its name in the environment and ``.env``, such as ``MAIL_SENDER``."""
        return f"{self.component}_{self.attribute}".upper()


def read(declaration: Declaration, sources: Sources, root: Path) -> Iterator[Entry]:
    """Yield the settings that are declared, in order, with what ``sources`` say of them.

    Relative paths begin at ``root``. Raises ``ComponentError`` for a type that no text can be read
    as.
    """
    kind = declaration.kind
    types = _types(declaration)
    for each in dataclasses.fields(kind):  # type: ignore[arg-type] # it is a dataclass
        description = declared(kind)[each.name]
        entry = Entry(declaration, each.name, description, each.default)
        yield _read(entry, types[each.name], sources, root)


def _types(declaration: Declaration) -> dict[str, Any]:
    from berceau.settings.conversion import adapter  # pydantic is for those who have settings

    kind = declaration.kind
    try:
        types = typing.get_type_hints(kind, include_extras=True)
    except NameError as error:
        raise ComponentError(
            f"A type of {kind.__name__} can't be found: {error}.",
            where=declaration.where,
            cure="Import it in settings.py, also at run time.",
        ) from error
    for name in declared(kind):
        try:
            adapter(types[name])
        except Exception as error:  # pydantic's own, of several kinds
            raise ComponentError(
                f"{kind.__name__}.{name} has a type that no text can be read as: {types[name]}.",
                where=declaration.where,
                cure="Use str, int, float, bool, Path, timedelta, an enum, a Literal, a tuple of "
                "one of them, or another type that pydantic reads from a text.",
            ) from error
    return types


def _read(entry: Entry, kind: Any, sources: Sources, root: Path) -> Entry:
    from berceau.settings.conversion import convert

    if entry.description.secret and entry.key in (sources.ini or {}):
        return dataclasses.replace(entry, place="ini file", mistake=_secret_in_ini(entry))
    found = sources.find(entry.variable, entry.key)
    if found is None:
        is_missing = entry.value is dataclasses.MISSING
        return dataclasses.replace(entry, mistake=_missing(entry) if is_missing else None)
    if entry.description.secret:
        remember(str(found.value))
    try:
        value = convert(kind, found.value, root)
    except ValueError as error:
        quoted = "wrong" if entry.description.secret else repr(found.value)
        mistake = f"{_name(entry, found.place)} is {quoted}: {error}."
        return dataclasses.replace(entry, value=found.value, place=found.place, mistake=mistake)
    return dataclasses.replace(entry, value=value, place=found.place)


def _name(entry: Entry, place: Place) -> str:
    names = {
        "override": f"{entry.key}, overridden,",
        "environment": f"{entry.variable} in the environment",
        ".env": f"{entry.variable} in .env",
        "ini file": f"{entry.key} in the ini file",
    }
    return names[place]


def _secret_in_ini(entry: Entry) -> str:
    return (
        f"{entry.key} is in the ini file, but it is a secret, and everybody who can read the code "
        f"can read this file. Remove the line, and set {entry.variable} in the environment or in "
        ".env, to a new value."
    )


def _missing(entry: Entry) -> str:
    where = f"{entry.variable} in the environment or in .env"
    if not entry.description.secret:
        where += f", or {entry.key} in the ini file"
    return f"{entry.key} has no value: {entry.description.help}. Set {where}."

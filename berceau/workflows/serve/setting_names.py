"""The names of components' settings: those that clash, and those that nothing declares."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

from berceau.errors import ComponentError
from berceau.settings import INI_PREFIX, own
from berceau.settings.reading import Entry
from berceau.settings.sources import Sources

RESERVED = {"berceau": "Berceau's own", "pyramid": "Pyramid's"}
"""The components whose settings would be called in the ini file as somebody else's."""

CUTOFF = 0.8
"""How much of a name must be alike, of 1, to be taken for another one, mistyped."""


def refuse_clashes(entries: Iterable[Entry]) -> None:
    """Raise ``ComponentError`` where two settings have one name in the environment.

    ``MAIL_QUEUE_SIZE`` may be ``queue_size`` of ``mail``, and ``size`` of ``mail_queue``.
    """
    by_variable: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_variable[entry.variable].append(entry)
        if owner := RESERVED.get(entry.component.lower()):
            raise ComponentError(
                f"A component called {entry.component} can't have settings: the names "
                f"{entry.component}.* of the ini file are {owner}.",
                where=entry.declaration.where,
                cure="Rename the component.",
            )
    for variable, same in by_variable.items():
        keys = [entry.key for entry in same]
        if variable in own.variables():
            keys.append("a setting of Berceau")
        if len(keys) > 1:
            raise ComponentError(
                f"The variable {variable} would be {' and '.join(keys)}.",
                where=same[-1].declaration.where,
                cure="Rename one of the settings that components declare.",
            )


def unknown(entries: Iterable[Entry], sources: Sources) -> tuple[str, ...]:
    """Return a sentence for each name of the ini file, or of a test, that no component declares.

    In the ini file, only names that begin with the name of one of the components are looked at.
    """
    known = {entry.key: entry for entry in entries}
    prefixes = tuple({f"{entry.component}.".lower() for entry in known.values()})
    given = [key for key in sources.ini or {} if str(key).lower().startswith(prefixes)]
    found = [(key, "in the ini file") for key in given]
    found += [(key, "overridden,") for key in sources.overrides]
    return tuple(
        f"{key} {place} is declared by no component.{_guess(key, known)}"
        for key, place in found
        if key not in known
    )


def mistyped(entries: Sequence[Entry], sources: Sources) -> tuple[str, ...]:
    """Return a sentence for each name that looks like a setting of ``entries``, or of Berceau.

    Other programs have variables, too, and other names in the ini file: those that look otherwise
    are theirs.
    """
    return (*_mistyped_variables(entries, sources), *_mistyped_keys(entries, sources))


def _mistyped_variables(entries: Sequence[Entry], sources: Sources) -> Iterator[str]:
    known = {*own.variables(), *(entry.variable for entry in entries)}
    prefixes = ("BERCEAU_", *{f"{entry.component}_".upper() for entry in entries})
    for name in {**sources.environment, **sources.dotenv}:
        written = name.upper().replace(".", "_")  # perhaps as in the ini file
        if name not in known and written.startswith(prefixes):
            guess = _guess(written, known)
            if guess:
                yield f"The variable {name} is no setting.{guess}"


def _mistyped_keys(entries: Sequence[Entry], sources: Sources) -> Iterator[str]:
    own_keys = {each.key for each in own.OWN if each.key}
    by_variable = {entry.variable: entry.key for entry in entries}
    for name in sources.ini or {}:
        guess = ""
        if name in by_variable:  # as in the environment
            guess = _guess(by_variable[name], by_variable.values())
        elif name.startswith(INI_PREFIX) and name not in own_keys:
            guess = _guess(name, own_keys)
        if guess:
            yield f"The ini file's {name} is no setting.{guess}"


def _guess(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, known, n=1, cutoff=CUTOFF)
    return f" Did you mean {close[0]}?" if close else ""

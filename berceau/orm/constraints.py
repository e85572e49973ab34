"""What a violated constraint is about: an entity and its attributes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pony.orm import IntegrityError

from berceau.orm.conflicts import CURES, ViolationError
from berceau.orm.failures import sqlstate
from berceau.orm.made import is_hidden
from berceau.orm.mapping import to_schema

Columns = tuple[str, ...]

UNIQUE = "23505"
FOREIGN_KEY = "23503"
RESTRICT = "23001"
EXCLUSION = "23P01"

_KINDS: dict[str, Literal["taken", "missing", "referred to"]] = {
    UNIQUE: "taken",
    EXCLUSION: "taken",
    FOREIGN_KEY: "missing",
    RESTRICT: "referred to",
}
_HAPPENED = {
    "taken": "another row has this value already",
    "missing": "the row that it refers to doesn't exist",
    "referred to": "it refers to the row that was to be deleted",
}
_DETAIL_COLUMNS = re.compile(r"\(([^()]*)\)=\(")


@dataclass(frozen=True)
class Held:
    """The ``attributes`` of an ``entity`` behind some columns of a table."""

    entity: str
    attributes: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.entity}.{', '.join(self.attributes)}"


class Constraints:
    """What the constraints of a mapped ``database`` are about."""

    def __init__(self, database: Any) -> None:
        self._columns = dict(_columns(database))
        self._names: dict[tuple[str, str], Columns] = {}
        for table in to_schema(database).tables:
            keys = (table.primary_key, *table.uniques, *table.foreign_keys)
            self._names |= {(table.name, key.name): key.columns for key in keys if key is not None}

    def find(self, diagnostics: Any) -> Held | None:
        """Return what PostgreSQL's ``diagnostics`` of a violation are about, if an entity."""
        table, name = diagnostics.table_name, diagnostics.constraint_name
        columns = self._names.get((table, name))
        if columns is None:  # the constraint has another name in this database
            found = _DETAIL_COLUMNS.search(diagnostics.message_detail or "")
            columns = tuple(found[1].replace('"', "").split(", ")) if found else ()
        held = [self._columns[table, each] for each in columns if (table, each) in self._columns]
        if not held:
            return None
        return Held(held[0][0], tuple(dict.fromkeys(attribute for _, attribute in held)))


def violation(error: IntegrityError, sql: str, constraints: Constraints) -> ViolationError | None:
    """Return ``error``, by which PostgreSQL refused ``sql``, as a conflict; None where it is none.

    A constraint that concerns one row only isn't: a missing value, a check.
    """
    kind = _KINDS.get(sqlstate(error) or "")
    if kind is None:
        return None
    if kind == "missing" and sql.lstrip()[:6].upper() == "DELETE":
        kind = "referred to"
    diagnostics = error.original_exc.diag  # type: ignore[attr-defined]  # of psycopg2's error
    held = constraints.find(diagnostics)
    found = ViolationError(
        f"{held or diagnostics.table_name}: {_HAPPENED[kind]} ({diagnostics.message_primary}).",
        cure=CURES[kind],
        kind=kind,
        entity=held.entity if held else None,
        attributes=held.attributes if held else (),
    )
    found.original_exc = error.original_exc
    return found


def _columns(database: Any) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """Yield tables and columns with the entities and attributes behind them.

    Of a link's two sides it is the one that was declared first.
    """
    links = set()
    for entity in sorted(database.entities.values(), key=lambda each: int(each._id_)):
        for attr in entity._attrs_:
            held = attr.entity.__name__, attr.name
            if not attr.is_collection:
                yield from (((entity._table_, column), held) for column in attr.columns)
            elif attr.reverse.is_collection and attr.reverse not in links and not is_hidden(attr):
                links.add(attr)
                columns = (*attr.columns, *(attr.reverse_columns or ()), *attr.reverse.columns)
                yield from (((attr.table, column), held) for column in columns)

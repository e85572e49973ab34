"""One object: all its values, and what is related to it, whichever side the relation is written on.

Large values are cut, and only a few related objects are shown: of the rest, there is a list.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from berceau.errors import RowsError
from berceau.orm.fields import EntityFields, Field
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch_value
from berceau.postgres.core.own_tables import ROW
from berceau.postgres.rows.conditions import equal, identifier, of_row
from berceau.postgres.rows.listing import Listing, read_page
from berceau.postgres.rows.only_reading import only_reading
from berceau.workflows.rows.browsing import PATIENCE, Browsing, Row, browse
from berceau.workflows.rows.cells import Cell, cell_sql, label_sql, read_cell
from berceau.workflows.rows.entities import Entities
from berceau.workflows.rows.keys import read_key, write_key
from berceau.workflows.rows.operators import Filter, of_classes

LARGE = 20_000
"""How many characters of a value are shown."""
RELATED = 8
"""How many related objects are shown."""
SUGGESTED = 20
"""How many objects are suggested."""
SUGGESTING = 1.0
"""Seconds that each query of suggestions may take: somebody is typing."""


@dataclass(frozen=True)
class Related:
    """Objects of ``target`` that are related to one: those that ``filter`` finds.

    ``field`` is the attribute of that one. ``more`` says that there are others, ``problem`` why
    they couldn't be read.
    """

    field: Field
    target: str
    filter: Filter
    rows: tuple[Row, ...] = ()
    more: bool = False
    problem: str = ""


@dataclass(frozen=True)
class Seen:
    """An object of ``entity``, which is the class that it really has."""

    entity: EntityFields
    key: str
    label: str
    values: tuple[tuple[Field, Cell], ...]
    related: tuple[Related, ...] = ()

    def cell(self, name: str) -> Cell | None:
        """Return the value of the field called ``name``."""
        return next((cell for field, cell in self.values if field.name == name), None)


def look_at(
    connection: Connection, entities: Entities, name: str, key: str, *, longest: int | None = LARGE
) -> Seen | None:
    """Return an object by the name of its entity and its key; ``None`` where there is none.

    Values are cut after ``longest`` characters. Raises ``RowsError``.
    """
    entity = entities.find(name)
    parts = readable_key(entities, entity, key)
    entity = _real_class(connection, entities, entity, parts)
    columns = tuple(entity.columns)
    listing = Listing(
        table=entity.table,
        key=entity.key,
        cells=(
            label_sql(entities, entity),
            *(cell_sql(entities, entity, each, longest, indented=True) for each in columns),
        ),
        conditions=(*of_classes(entities.find(name)), equal(entity.key, parts)),
    )
    with only_reading(connection, PATIENCE):
        found = read_page(connection, listing, None, 1)
    if not found:
        return None
    label, *values = found[0].cells
    pairs = zip(columns, zip(values[::2], values[1::2], strict=True), strict=True)
    own = write_key(found[0].place.key)
    cells = tuple((field, read_cell(entities, entity, field, pair)) for field, pair in pairs)
    return Seen(entity, own, label or own, cells)


def with_related(connection: Connection, entities: Entities, seen: Seen) -> Seen:
    """Return an object with the first of the objects that are related to it from afar."""
    return Seen(
        seen.entity,
        seen.key,
        seen.label,
        seen.values,
        tuple(
            _read(connection, entities, each) for each in relations(entities, seen.entity, seen.key)
        ),
    )


def relations(entities: Entities, entity: EntityFields, key: str) -> Iterator[Related]:
    """Yield the relations of an object that its row has no columns for, without their objects.

    Those that are secret are left out.
    """
    for field in entity.fields:
        if field.relation is None or entities.is_secret(entity, field):
            continue
        if field.many or not field.columns:
            target = entities.by_name[field.relation.target]
            reverse = entities.field(target, field.relation.reverse)
            operator = "has" if reverse.many else "equals"
            yield Related(field, target.name, Filter(reverse.name, operator, key))


def suggest(
    connection: Connection, entities: Entities, name: str, text: str
) -> tuple[tuple[str, str], ...]:
    """Return keys and names of objects whose key is ``text``, or whose name contains it.

    Those whose name begins with it come first: in a large table, they may be all that is found in
    time.
    """
    entity = entities.find(name)
    require_open_key(entities, entity)
    named = name_of(connection, entities, name, text) if text else None
    found = {} if named is None else {text: named}
    label = entities.label(entity)
    ways: list[tuple[Filter, ...]] = [()] if not text else []
    if text and label is not None:
        ways = [(Filter(label.name, operator, text),) for operator in ("begins", "contains")]
    for filters in ways:
        browsing = Browsing(name, filters=filters)
        try:
            page = browse(connection, entities, browsing, SUGGESTED, SUGGESTING)
        except RowsError:  # it takes too long, or the text can't be stored
            continue
        found |= {row.key: row.label for row in page.rows if row.key is not None}
    return tuple(found.items())[:SUGGESTED]


def name_of(connection: Connection, entities: Entities, name: str, key: str) -> str | None:
    """Return what an object is called; ``None`` where none has this key, or none can."""
    try:
        seen = look_at(connection, entities, name, key, longest=1)
    except RowsError:
        return None
    return None if seen is None else seen.label


def readable_key(entities: Entities, entity: EntityFields, key: str) -> tuple[str, ...]:
    """Return the values of the columns of ``key``.

    Raises ``RowsError`` where it can't be one, and where keys of ``entity`` are secrets.
    """
    require_open_key(entities, entity)
    return read_key(entity, key)


def require_open_key(entities: Entities, entity: EntityFields) -> None:
    """Raise ``RowsError`` where keys of ``entity`` are secrets, which no address may hold."""
    if entities.has_secret_key(entity):
        raise RowsError(
            f"The key of {entity.name} is a secret, so its objects can't be opened.",
            cure="Give the entity a key that may be shown, such as a number.",
        )


def _real_class(
    connection: Connection, entities: Entities, entity: EntityFields, key: tuple[str, ...]
) -> EntityFields:
    if entity.discriminator is None:
        return entity
    where = equal(entity.key, key)
    value = of_row([entity.discriminator])
    rows = f"{identifier(entity.table)} AS {ROW} WHERE {where.text}"
    with only_reading(connection, PATIENCE):
        found = fetch_value(
            connection,
            f"SELECT {value}::text FROM {rows}",  # noqa: S608 - all is quoted
            where.values,
        )
    return entity if found is None else entities.of_class(entity, found)


def _read(connection: Connection, entities: Entities, related: Related) -> Related:
    browsing = Browsing(related.target, filters=(related.filter,))
    try:
        page = browse(connection, entities, browsing, RELATED)
    except RowsError as error:
        return Related(related.field, related.target, related.filter, problem=error.message)
    more = page.next is not None
    return Related(related.field, related.target, related.filter, page.rows, more)

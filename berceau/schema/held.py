"""Which entities of a table have which of its columns, and whose rows lose what they hold there."""

from collections.abc import Iterator
from dataclasses import dataclass

from berceau.schema.meaning import Place, Role
from berceau.schema.model import Schema
from berceau.schema.moved import Moved
from berceau.schema.renames import Kind, path_of


@dataclass(frozen=True)
class Hidden:
    """Rows of ``table`` whose ``discriminator`` is ``value`` no longer have ``column``.

    The names are those of today; ``entity`` is what the rows are.
    """

    table: str
    column: str
    discriminator: str
    value: str
    entity: str

    def __str__(self) -> str:
        return f"column {self.table}.{self.column} of {self.entity}"


def hidden(moved: Moved) -> Iterator[Hidden]:
    """Yield what rows hold that their entity doesn't declare by now, while the column stays."""
    values = {
        (each.parent, each.before): each.after
        for each in moved.chosen
        if each.kind is Kind.SUBCLASS
    }
    before, after = _Held(moved.current), _Held(moved.desired)
    columns = {(table.name, c.name) for table in moved.current.tables for c in table.columns}
    for place in sorted(columns):
        table, column = place
        discriminator = before.discriminators.get(table)
        if discriminator in (None, column):
            continue
        new_place = moved.new_place(place)
        if new_place not in moved.there:
            continue
        for value, entity in before.values[table].items():
            path = path_of((table, str(discriminator)))
            new_value = values.get((path, value), value)
            had, has = before.has(place, value), after.has(new_place, new_value)
            if had and not has and new_value in after.values.get(new_place[0], {}):
                yield Hidden(table, column, str(discriminator), value, entity)


class _Held:
    """What a schema records of tables that several entities share."""

    def __init__(self, schema: Schema) -> None:
        self.discriminators: dict[str, str] = {}
        self.values: dict[str, dict[str, str]] = {}
        self._holders: dict[Place, set[str]] = {}
        for each in schema.meanings:
            if each.role == Role.SUBCLASS:
                table, self.discriminators[each.place[0]], value = each.place
                self.values.setdefault(table, {})[value] = each.of
            elif each.role == Role.HELD:
                self._holders.setdefault(each.place[:2], set()).add(each.place[2])

    def has(self, place: Place, value: str) -> bool:
        """Return whether rows of ``value`` have the column at ``place``; untold, all have it."""
        return place not in self._holders or value in self._holders[place]

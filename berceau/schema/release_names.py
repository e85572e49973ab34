"""What people call the tables and columns of a release: by its entities and their attributes."""

from berceau.schema.meaning import Role, as_written
from berceau.schema.model import Schema


class ReleaseNames:
    """The entities and attributes behind the names of a ``schema`` that entities declare.

    A name that follows from an entity's is turned back into it.
    """

    def __init__(self, schema: Schema) -> None:
        self._columns = {
            (table.name, each.name) for table in schema.tables for each in table.columns
        }
        self._entities: dict[str, str] = {}
        self._attributes: dict[tuple[str, str], tuple[str, str]] = {}
        self._holders: dict[tuple[str, str], str] = {}
        self._relations: dict[str, tuple[str, str]] = {}
        for each in schema.meanings:
            place = each.place[0], each.place[-1]
            entity, _, attribute = as_written(each.of).partition("-")[0].rpartition(".")
            match each.role:
                case Role.TABLE:
                    self._entities[each.place[0]] = each.of
                case Role.COLUMN:
                    self._attributes[place] = entity, attribute
                case Role.LINK:
                    self._attributes[place] = entity, attribute
                    sides = self._relations.get(each.place[0], (entity, attribute))
                    self._relations[each.place[0]] = min(sides, (entity, attribute))
                case Role.HELD:
                    self._holders.setdefault((each.place[0], each.place[1]), each.of)

    def table(self, name: str) -> tuple[str, str]:
        """Return the entity whose rows a table has, and ""; of a link table, its relation."""
        return self._relations.get(name) or (self.entity(name), "")

    def entity(self, table: str) -> str:
        """Return the entity whose rows ``table`` has."""
        return self._entities.get(table) or "".join(map(str.capitalize, table.split("_")))

    def knows(self, table: str, column: str) -> bool:
        """Return whether the schema has ``column``."""
        return (table, column) in self._columns

    def attribute(self, table: str, column: str) -> tuple[str, str]:
        """Return the entity and the attribute that have their values in ``column``."""
        found = self._attributes.get((table, column))
        if found is not None:
            return found
        return self._holders.get((table, column)) or self.entity(table), column

"""The entities whose rows can be seen: their fields, which are secret, and what rows are called."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Self

from berceau.errors import RowsError
from berceau.orm import db
from berceau.orm.fields import EntityFields, Field, read_fields
from berceau.planner.privacy import Privacy

_NAMES = (
    *("name", "title", "label", "full_name", "display_name", "username", "headline", "subject"),
    *("email", "slug", "code"),
)
"""Fields that say what an object is, the best first."""
_OPEN = frozenset(("boolean", "enum", "date", "time", "datetime", "interval", "relations"))
"""Kinds of fields whose values are no secrets, whatever they are called: ``token_expires_at``."""


@dataclass(frozen=True, eq=False)
class Entities:
    """The entities of a mapped ``database``, by their names; ``privacy`` is the project's.

    Those ``of_tenants`` are left out: there are tables of each tenant, and none is meant.
    """

    database: Any
    by_name: Mapping[str, EntityFields]
    privacy: Privacy
    of_tenants: frozenset[str] = frozenset()

    def shared_by(self, packages: Collection[str]) -> Self:
        """Return those that all tenants share: their code is in ``packages``.

        They have no relations to others, which each tenant has of its own.
        """
        kept = {
            name: each
            for name, each in self.by_name.items()
            if any(f"{each.module}.".startswith(f"{package}.") for package in packages)
        }
        return replace(
            self,
            by_name={name: _among(each, kept) for name, each in kept.items()},
            of_tenants=frozenset(self.by_name) - kept.keys(),
        )

    def find(self, name: str) -> EntityFields:
        """Return the entity called ``name``. Raises ``RowsError`` where there is none."""
        if name in self.of_tenants:
            raise RowsError(
                f"The rows of {name} are those of a tenant, and this address is of none.",
                cure="Open the console at an address of the tenant.",
            )
        if name not in self.by_name:
            raise RowsError(
                f"There is no entity {name}.", cure="Choose one of the list of all entities."
            )
        return self.by_name[name]

    def field(self, entity: EntityFields, name: str) -> Field:
        """Return a field of ``entity``. Raises ``RowsError`` where it has none of this ``name``."""
        found = entity.find(name)
        if found is None:
            raise RowsError(
                f"{entity.name} has no attribute {name}.",
                cure=f"Choose one of {', '.join(each.name for each in entity.fields)}.",
            )
        return found

    def is_secret(self, entity: EntityFields, field: Field) -> bool:
        """Return whether values of ``field`` are never shown: those of passwords and tokens.

        The key of another object is secret where that object's own is. What the project calls
        private is secret, of whatever kind it is, and a relation from both of its sides.
        """
        if any(self.privacy.is_private(*each) for each in self._stored(entity, field)):
            return True
        if field.relation is not None and not field.many:
            return self.has_secret_key(self.by_name[field.relation.target])
        if field.kind in _OPEN:
            return False
        return any(self.privacy.is_secret(entity.table, each) for each in field.columns)

    def _stored(self, entity: EntityFields, field: Field) -> Iterator[tuple[str, str]]:
        """Yield the tables and columns that tell the value of ``field``, also those of others."""
        yield from ((entity.table, each) for each in field.columns)
        relation = field.relation
        if relation is None:
            return
        if relation.link is not None:
            columns = (*relation.link.own, *relation.link.others)
            yield from ((relation.link.table, each) for each in columns)
        else:
            table = self.by_name[relation.target].table
            yield from ((table, each) for each in relation.reverse_columns)

    def has_secret_key(self, entity: EntityFields) -> bool:
        """Return whether the key of ``entity`` is a secret, so that no address may hold it."""
        parts = [
            each for each in entity.fields if each.columns and set(each.columns) <= set(entity.key)
        ]
        return any(self.is_secret(entity, each) for each in parts)

    def label(self, entity: EntityFields) -> Field | None:
        """Return the field that says what an object is; ``None`` where only its key does."""
        texts = {
            each.name: each
            for each in entity.columns
            if each.kind == "text" and not self.is_secret(entity, each)
        }
        named = next((texts[name] for name in _NAMES if name in texts), None)
        required = [each for each in texts.values() if each.required and not each.key]
        unique = [each for each in required if each.unique]
        return named or next(iter(unique + required), None)

    def subclasses(self, entity: EntityFields) -> tuple[str, ...]:
        """Return the names of the entities that inherit from ``entity``."""
        declared = self.database.entities
        return tuple(
            name
            for name in self.by_name
            if name != entity.name and issubclass(declared[name], declared[entity.name])
        )

    def of_class(self, entity: EntityFields, value: str | None) -> EntityFields:
        """Return the entity of a row by its discriminator; that of the root for an unknown one."""
        return self.by_name[entity.classes.get(value or "", entity.root)]


def _among(entity: EntityFields, kept: Collection[str]) -> EntityFields:
    """Return ``entity`` without the relations that lead to others than those ``kept``."""
    fields = (each for each in entity.fields if not each.relation or each.relation.target in kept)
    return replace(entity, fields=tuple(fields))


@cache
def read_entities(privacy: Privacy, database: Any = db) -> Entities:
    """Return the entities of a mapped ``database``."""
    return Entities(database, read_fields(database), privacy)

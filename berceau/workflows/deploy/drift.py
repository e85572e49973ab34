"""Drift: where the database differs from what its migrations built, and what isn't managed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import unified_diff

from berceau.errors import MigrationError
from berceau.postgres.inspect.dependents import User, in_the_way
from berceau.postgres.inspect.objects import Object
from berceau.schema.managed import Unmanaged, managed, unmanaged
from berceau.schema.model import Schema
from berceau.schema.pairs import compare
from berceau.schema.planning import steps_between
from berceau.schema.sql import to_statements
from berceau.schema.sql.transfers import PREFIX
from berceau.workflows.deploy.replay import Replayed


@dataclass(frozen=True)
class Drift:
    """How the managed part of a database differs from what its migrations build.

    ``restore`` is the SQL that leads back, ``adopt`` the SQL that led here, a statement each.
    ``objects`` are views, functions and the like that are gone or differ, each with a diff.
    """

    restore: tuple[str, ...] = ()
    adopt: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.restore or self.adopt or self.objects)

    def __str__(self) -> str:
        parts = list(self.objects)
        if self.restore:
            parts += "to restore what the migrations build:", *self.restore
        if self.adopt:
            parts += "to keep the database as it is:", *self.adopt
        return "\n".join(parts)


def drift(held: Replayed, built: Replayed) -> Drift:
    """Compare what a database holds with what its migrations built."""
    ours = managed(held.schema, built.schema)
    used = (*held.users, *built.users)
    return Drift(
        to_sql(ours, built.schema, used),
        to_sql(built.schema, ours, used),
        differing(held.objects, built.objects),
    )


def foreign(held: Replayed, built: Replayed) -> tuple[Unmanaged, ...]:
    """Return what a database holds that its migrations didn't build, by kind and name."""
    beyond = (Unmanaged(each.kind, each.name) for each in foreign_objects(held, built))
    return tuple(sorted((*unmanaged(held.schema, built.schema), *beyond)))


def foreign_objects(held: Replayed, built: Replayed) -> Iterator[Object]:
    """Yield views, functions and the like that a database holds and its migrations didn't build.

    The triggers that serve two releases are parts of their tables, and so are their functions.
    """
    ours = {(each.kind, each.name) for each in (*built.objects, *_between_releases(held.objects))}
    yield from (each for each in held.objects if (each.kind, each.name) not in ours)


def _between_releases(objects: Iterable[Object]) -> Iterator[Object]:
    """Yield Berceau's own triggers, and the functions that they run."""
    objects = tuple(objects)
    own = [o for o in objects if o.kind == "trigger" and o.name.lstrip('"').startswith(PREFIX)]
    run = {each.definition.rpartition("EXECUTE FUNCTION ")[2] for each in own}
    yield from own
    yield from (each for each in objects if each.kind == "function" and each.name in run)


def to_sql(current: Schema, desired: Schema, used: Iterable[User]) -> tuple[str, ...]:
    """Return the SQL that leads from one schema to another, a statement each.

    What uses columns, and may have to stand aside while these get another type, is ``used``.
    """
    barred = in_the_way(used)
    try:
        steps = steps_between(current, desired, in_the_way=barred)
        return tuple(map(str, to_statements(steps)))
    except MigrationError as error:
        return (f"-- {error.message}",)


def differing(held: Sequence[Object], built: Sequence[Object]) -> tuple[str, ...]:
    """Return what is gone from ``built`` or differs in what is ``held``, each with its diff."""
    found = compare(built, held, key=lambda each: (each.kind, each.name))
    gone = [f"{each} is gone{_changed(each.definition, '')}" for each in found.removed]
    differ = [
        f"{after} differs{_changed(before.definition, after.definition)}"
        for before, after in found.changed
    ]
    return (*gone, *differ)


def _changed(before: str, after: str) -> str:
    """Return the lines that differ, each on a line of its own."""
    texts = (before.strip().splitlines(), after.strip().splitlines())
    lines = unified_diff(*texts, "migrations", "database", lineterm="", n=1)
    return "".join(f"\n{line}" for line in lines)

"""The files of a migration: what was planned as SQL, below a header that says what it is."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from types import MappingProxyType

from berceau.migration.header import Header, checksum, nameable
from berceau.migration.migration import Migration, new_name
from berceau.schema.changes import CreateEnum, CreateTable
from berceau.schema.meaning import Role
from berceau.schema.renames import path_of
from berceau.schema.row_impact import not_undone
from berceau.schema.sql.text import to_text
from berceau.workflows.deploy import migration_directory
from berceau.workflows.write.plan import Plan


def to_empty_migration(
    slug: str, migrations: Sequence[Migration], after: str | None = None
) -> Migration:
    """Return a migration after ``migrations`` without a statement, to be written by hand.

    Its name sorts behind ``after``, too.
    """
    last = migration_directory.last_name(migrations)
    name = _name(slug, last, after)
    header = Header(last).to_sql(name)
    return Migration(name, f"{header}-- Write your SQL here.\n", "-- Write here what undoes it.\n")


def to_migration(
    found: Plan,
    slug: str,
    migrations: Sequence[Migration],
    components: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    unmanaged: Iterable[str] = (),
) -> Migration:
    """Return the migration that carries out ``found`` after ``migrations``.

    ``components`` gives those that each table and enum in it may be of, by name. It records that
    the ``unmanaged`` tables and enums belong to no entity.
    """
    last = migration_directory.last_name(migrations)
    name = _name(slug, last, found.after)
    up = to_text(found.up) if found.up else _unchanged(found)
    named = tuple(sorted({*chain.from_iterable(components.values())}))
    others = tuple(sorted(set(unmanaged)))
    header = Header(
        last,
        named,
        generated=checksum(up),
        unmanaged=others,
        means=found.means,
        creates=_creates(found, components) if len(named) > 1 else (),
        phase=found.phase,
        keeps=found.keeps,
        ends=found.ends,
    ).to_sql(name)
    if found.down is None:
        down = f"-- {name} can't be undone automatically: {found.irreversible}\n"
    else:
        notes = "".join(f"-- {note}\n" for note in not_undone(found.changes))
        back = to_text(found.down) if found.down else _NOTHING_BACK
        down = f"-- Undoes {name}\n{notes}{_obstacle(found.obstacle)}\n" + back
    return Migration(name, header + up, down)


def _name(slug: str, last: str | None, after: str | None) -> str:
    return new_name(slug, datetime.now(UTC), max(last or "", after or "") or None)


def _creates(found: Plan, components: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the component of each table and enum that is created, as a header lists them.

    Of subclasses, it lists those in a table of another component.
    """
    made = {each.subject for each in found.changes if isinstance(each, CreateTable | CreateEnum)}
    made |= {
        path_of(each.place)
        for each in found.means
        if each.role == Role.SUBCLASS
        and each.of
        and components.get(path_of(each.place)) != components.get(each.place[0])
    }
    return nameable(
        sorted(
            f"{of[0]}.{name}" for name, of in components.items() if len(of) == 1 and name in made
        )
    )


def _unchanged(found: Plan) -> str:
    """Return the comment of a migration without a statement: why there is none."""
    if found.keeps:
        return _KEEPS_ONLY
    return _ENDS_ONLY if found.ends and not found.means else _NO_CHANGE


_NO_CHANGE = "-- Nothing changes in the database: only what its names stand for is new.\n"
_KEEPS_ONLY = "-- Nothing changes in the database yet: the running release needs what goes.\n"
_ENDS_ONLY = "-- Nothing changes in the database: what was kept stays there.\n"
_NOTHING_BACK = "SELECT 1; -- nothing in the database has to change back\n"


def _obstacle(obstacle: str) -> str:
    """Return the comment that warns of rows that can't be undone with, if there is reason to."""
    if not obstacle:
        return ""
    said = "\n".join(f"--   {line}" for line in obstacle.splitlines())
    return f"-- Validated without rows only. With the existing rows\n{said}\n"

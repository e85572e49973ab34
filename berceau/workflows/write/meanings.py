"""What names stand for: as the migrations record it, and as a person or a check reads it."""

import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from berceau.errors import MigrationError
from berceau.migration.migration import Migration
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.url import Url
from berceau.postgres.rows.rows import count_rows
from berceau.postgres.rows.violations import count_label
from berceau.schema.choices import Choices
from berceau.schema.held import hidden
from berceau.schema.links import Links
from berceau.schema.meaning import Meaning, Place, Role, recorded
from berceau.schema.model import Schema
from berceau.schema.moved import Moved
from berceau.schema.recorded import current_meanings, missing, places
from berceau.schema.renames import path_of
from berceau.schema.subclasses import Recoded, Subclasses
from berceau.workflows.shared.row_counts import counted_rows
from berceau.workflows.write.gaps import AskValue, Gap
from berceau.workflows.write.renames import Count
from berceau.workflows.write.target import Rows


def records(migrations: Sequence[Migration]) -> tuple[Meaning, ...]:
    """Return what names stand for, as recorded in ``migrations``."""
    return recorded(migration.header.means for migration in migrations)


def with_meanings(schema: Schema, migrations: Sequence[Migration], desired: Schema) -> Schema:
    """Return ``schema``, which ``migrations`` build, with what its names stand for."""
    return replace(schema, meanings=current_meanings(records(migrations), schema, desired))


def without_meanings(schema: Schema, left: Collection[str]) -> Schema:
    """Return ``schema`` without what the names in the tables and enums that are ``left`` mean."""
    kept = tuple(each for each in schema.meanings if each.place[0] not in left)
    return replace(schema, meanings=kept)


def astray(current: Schema, desired: Schema) -> tuple[str, ...]:
    """Return what stands for something else in ``current`` than what is ``desired``, as lines."""
    moved = Moved(current, desired, ())
    links, subclasses = Links(moved), Subclasses(moved, ())
    asked = (
        *moved.crossed(Role.TABLE, Role.COLUMN, Role.LABEL),
        *subclasses.questions(),
        *links.relations(),
        *links.tables(),
        *links.columns(),
    )
    lines = {question.note: None for question in asked}
    for each in subclasses.recoded():
        for value, new in each.values.items():
            lines[f"rows with {path_of(each.place)} = {value!r} are {new!r} now"] = None
        for value in each.gone:
            lines[f"rows with {path_of(each.place)} = {value!r} have no entity now"] = None
    for found in hidden(moved):
        lines[f"{found} isn't declared for it any more"] = None
    for (table,) in links.lost():
        lines[f"the table {table} holds links of a relation that is gone"] = None
    return tuple(lines)


def loses_relations(current: Schema, desired: Schema) -> bool:
    """Return whether a link table, or the column of a one-to-one relation, isn't ``desired``."""
    there, wanted = places(current), places(desired)
    links = {each.place for each in current.meanings if each.role == Role.LINK}
    mirrors = {each.place for each in desired.meanings if each.role == Role.MIRROR}
    return bool((links | mirrors & there) - wanted)


def unrecorded(
    migrations: Sequence[Migration], declared: Schema, left: Collection[str] = ()
) -> tuple[str, ...]:
    """Return what no migration records of names that earlier ones record, as lines.

    What was migrated before migrations said anything isn't among it.
    """
    known = records(migrations)
    tables = {(each.role, each.place[0]) for each in known}
    new = (each for each in missing(known, declared, left) if (each.role, each.place[0]) in tables)
    return tuple(
        f"{path_of(each.place)} stands for {each.of}"
        if each.of
        else f"{path_of(each.place)} stands for nothing now"
        for each in new
    )


def guessed(current: Schema, means: Sequence[Meaning]) -> Iterator[str]:
    """Yield what is recorded late of link tables of ``current``: it may have been otherwise."""
    new = {each.place[0] for each in means if each.role == Role.LINK and each.of}
    ends: dict[tuple[str, ...], list[str]] = {}
    for table in current.tables:
        if table.name in new and not any(each.place[0] == table.name for each in current.meanings):
            ends.setdefault(tuple(key.target for key in table.foreign_keys), []).append(table.name)
    for names in ends.values():
        if len(names) > 1:
            yield (
                f"no migration records which relations {', '.join(names)} hold: it is assumed that "
                "they hold those of today's entities"
            )


def counting(migration_url: Url) -> Count:
    """Return what counts rows in the database at ``migration_url``, by the place of a name."""

    def count(place: Place) -> str | None:
        with connect(migration_url) as target:
            target.set_session(readonly=True, autocommit=True)
            found = _count(target, place)
            return None if found is None else counted_rows(target, place[0], found)

    return count


def _count(target: Connection, place: Place) -> int | None:
    match place:
        case (table,):
            return count_rows(target, table)
        case (table, column):
            return count_rows(target, table, not_null=column)
        case (table, column, value):
            return count_label(target, table, column, value)
    return None


def with_subclasses(
    rows: Rows, recoded: Sequence[Recoded], choices: Choices, ask: AskValue | None
) -> Choices:
    """Return ``choices`` with what the ``rows`` get that were of subclasses called otherwise.

    Those of subclasses that are gone, which no query would find any more, need a choice even where
    there are none here: other databases may have some. Raises ``MigrationError`` without one.
    """
    gaps = {gap.place: gap for each in recoded for gap in _gaps(rows, each)}
    for place in choices.subclasses.keys() - gaps.keys():
        raise MigrationError(
            f"No subclass with the value {place[1]!r} in {place[0]} is removed.",
            cure="Nothing was written. Correct the name, or leave the option out.",
        )
    answers = dict(choices.subclasses)
    open_ = [gap for place, gap in gaps.items() if place not in answers and not choices.cuts]
    for gap in open_:
        answer = ask(gap) if ask else None
        if answer is None:
            options = " ".join(each.option for each in open_)
            raise MigrationError(
                "; ".join(each.need for each in open_) + ".",
                cure="Nothing was written. If a component that declares such an entity was taken "
                f"out, put it back. Else give their values: {options}, or add --allow-data-loss "
                "to delete them.",
            )
        answers[gap.place] = answer
    return _recoding(choices, recoded, answers)


def _gaps(rows: Rows, recoded: Recoded) -> Iterator[Gap]:
    table, column = recoded.place[0], recoded.place[1]
    for value in recoded.gone:
        count = rows.count_value(table, column, value)
        option = f"{path_of((table, column, value))}={path_of((recoded.root,))}"
        yield Gap(
            (path_of((table, column)), value),
            f"The rows of {table} whose {column} is {value!r} ({count} here) have no entity any "
            "more",
            f"--map-value {shlex.quote(option)}",
            recoded.left or (recoded.root,),
        )


def _recoding(
    choices: Choices, recoded: Sequence[Recoded], answers: Mapping[tuple[str, str], str]
) -> Choices:
    values = {place: dict(pairs) for place, pairs in choices.values.items()}
    merged, deleted = [*choices.merged], [*choices.deleted]
    for each in recoded:
        table, column = each.place[0], each.place[1]
        found = values.setdefault((table, column), dict(each.values))
        for value in each.gone:
            new = answers.get((path_of(each.place), value))
            if new is None:
                deleted.append((table, column, value))
            else:
                _require(new, each)
                found[value] = new
                merged.append((table, column, value))
    return replace(choices, values=values, merged=tuple(merged), deleted=tuple(deleted))


def _require(value: str, recoded: Recoded) -> None:
    known = recoded.left or (recoded.root,)
    if value not in known:
        raise MigrationError(
            f"No entity declares the value {value} of {path_of(recoded.place)}.",
            cure=f"Nothing was written. Choose one of: {', '.join(known)}.",
        )

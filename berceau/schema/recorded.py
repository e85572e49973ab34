"""The names in a schema, what records have of them, and what has to be recorded."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from berceau.schema.meaning import Meaning, Place, Role, usual_place
from berceau.schema.model import Schema


def places(schema: Schema) -> set[Place]:
    """Return the places of all tables, columns and labels of ``schema``."""
    found: set[Place] = {(enum.name, label) for enum in schema.enums for label in enum.labels}
    for table in schema.tables:
        found.add((table.name,))
        found |= {(table.name, column.name) for column in table.columns}
    return found


def missing(
    records: Sequence[Meaning], declared: Schema, left: Collection[str] = ()
) -> tuple[Meaning, ...]:
    """Return what has to be recorded after ``records``, so that they have what is ``declared``.

    What they have of the tables and enums that are ``left`` stays.
    """
    known = {(each.role, each.place): each.of for each in records}
    wanted = {(each.role, each.place): each.of for each in declared.meanings}
    new = [
        each
        for each in declared.meanings
        if each.role != Role.MIRROR and known.get((each.role, each.place)) != each.of
    ]
    gone = [
        Meaning(each.role, each.place, "")
        for each in records
        if (each.role, each.place) not in wanted and each.place[0] not in left
    ]
    return (*new, *gone)


def current_meanings(
    records: Sequence[Meaning], current: Schema, desired: Schema
) -> tuple[Meaning, ...]:
    """Return what the names of ``current`` stand for, as far as that is known.

    ``records`` have it. Where they don't, a name that follows from something ``desired``, which
    is called otherwise by now, is what that was called.
    """
    there = places(current)
    known = [each for each in records if each.place[:2] in there]
    taken = {(each.role, each.place) for each in known}
    for each in desired.meanings:
        place = usual_place(each, there)
        if place not in (None, each.place) and (each.role, place) not in taken:
            known.append(replace(each, place=place))
    return tuple(known)

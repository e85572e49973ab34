"""What rows hold once their columns have other types, and what doesn't allow that."""

from collections.abc import Iterator, Mapping, Sequence

from berceau.postgres.rows.conflicts import Rule, key
from berceau.schema.changes import (
    AlterColumn,
    AlterEnum,
    Change,
    DropConstraint,
    DropIndex,
)
from berceau.schema.choices import Choices, Place
from berceau.schema.conversions import chosen_labels, relabelled, retypes
from berceau.schema.model import Table
from berceau.schema.names import quote_name
from berceau.workflows.shared.wording import counted
from berceau.workflows.write.gaps import enums_after
from berceau.workflows.write.target import Rows


def converted(rows: Rows, changes: Sequence[Change], choices: Choices) -> dict[Place, str]:
    """Return the SQL of the new values of columns that get another type, or lose labels."""
    enums = enums_after(rows, changes)
    found: dict[Place, str] = {}
    for change in changes:
        match change:
            case AlterColumn(table, _, after) if retypes(change):
                value = rows.converted(change, enums, choices)
                if value is not None:
                    found[table, after.name] = value
            case AlterEnum(before, after) if labels := chosen_labels(after, choices):
                name = quote_name(before.name)
                found |= {
                    (table.name, column.name): relabelled(
                        quote_name(column.name), column.type.replace(name, "text"), labels
                    )
                    for table in rows.current.tables
                    for column in table.columns
                    if column.type in (name, f"{name}[]")
                }
    return found


def left_empty(rows: Rows, changes: Sequence[Change], choices: Choices) -> Iterator[str]:
    """Yield the required columns that --using leaves without a value in some rows."""
    for change in changes:
        if not isinstance(change, AlterColumn) or not change.after.not_null:
            continue
        place = change.table, change.after.name
        filled = not change.before.not_null and (
            choices.value(*place) is not None or change.after.default is not None
        )
        if place not in choices.usings or filled:
            continue
        count = rows.count_nothing(change.table, choices.usings[place])
        if count:
            yield (
                f"The column {'.'.join(place)} is required, but --using leaves "
                f"{counted(count, 'row')} of {change.table} without a value"
            )


def in_kept_keys(
    rows: Rows, changes: Sequence[Change], values: Mapping[Place, str]
) -> Iterator[str]:
    """Yield what keys, indexes and exclusions that stay don't allow, where columns get ``values``.

    Keys are those that migrations build; indexes by hand may be the database's only.
    """
    gone = set[tuple[str, str]]()
    for change in changes:
        match change:
            case DropConstraint(name, constraint):
                gone.add((name, constraint.name))
            case DropIndex(name, index):
                gone.add((name, index.name))
    changed = {place[0] for place in values}
    for table in rows.current.tables:
        if table.name not in changed:
            continue
        known = tuple(_keys(table))
        names = {each.name for each in known}
        others = [each for each in rows.rules(table.name) if each.name not in names]
        for rule in (*known, *others):
            touched = any((table.name, column) in values for column in rule.columns)
            if touched and (table.name, rule.name) not in gone:
                yield from broken(rows, table.name, rule, values)


def _keys(table: Table) -> Iterator[Rule]:
    for each in (*table.uniques, *((table.primary_key,) if table.primary_key else ())):
        yield key(each.name, each.columns)


def broken(rows: Rows, table: str, rule: Rule, values: Mapping[Place, str]) -> Iterator[str]:
    """Yield, as a sentence, how rows would break ``rule``, where columns get ``values``."""
    count, shown = rows.conflicts(table, rule, values)
    if not count:
        return
    if rule.operators:
        yield (
            f"{counted(count, 'row')} of {table} would be in conflict by the exclusion constraint "
            f"{rule.name}: {shown}"
        )
        return
    more = count - shown.count(" times")
    names = ", ".join(rule.columns if rule.is_key else rule.keys)
    by = "" if rule.is_key else f" (index {rule.name})"
    yield f"{names} of {table} must be unique{by}, but there is {shown}" + (
        f" and {more} more" if more > 0 else ""
    )

"""A label of an enum that has two names while two releases run: each reads a column of its own."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from berceau.errors import RenameError
from berceau.schema.choices import Choices, Place
from berceau.schema.keeping import Keeping
from berceau.schema.kept import Kind as KeptKind
from berceau.schema.model import Schema
from berceau.schema.names import quote_literal, quote_name
from berceau.schema.renames import Kind, Rename


def has_both_names(keeping: Keeping, rename: Rename) -> bool:
    """Return whether the running release is known to use what ``rename`` gives another name."""
    if rename.kind is Kind.TABLE:
        return keeping.uses_table(rename.before)
    if rename.kind is Kind.COLUMN:
        return keeping.uses(rename.place)
    return rename.kind is Kind.LABEL and keeping.uses(rename.place, KeptKind.LABEL)


def require_columns(current: Schema, doubled: Collection[Rename]) -> None:
    """Raise ``RenameError`` where a label has two names, and a column of it has one.

    Each release compares a column with its own name of the label, so none can hold both. An array
    can't be translated from one to the other.
    """
    columns = {each.place for each in doubled if each.kind is Kind.COLUMN}
    for each in doubled:
        if each.kind is not Kind.LABEL:
            continue
        for table in current.tables:
            for column in table.columns:
                place = (table.name, column.name)
                enum = quote_name(str(each.parent))
                if column.type == f"{enum}[]":
                    raise _refusal_of_items(each, place)
                if column.type == enum and place not in columns:
                    raise _refusal(each, place)


def _refusal_of_items(label: Rename, place: Place) -> RenameError:
    """Return why ``label`` keeps its name: no entity declares an array of an enum's labels."""
    return RenameError(
        f"The array {'.'.join(place)} may hold {label.before}, which would be called "
        f"{label.after} (--rename {label}). What two releases do with it isn't known, because SQL "
        "by hand made it.",
        cure=f"Nothing was written. Keep the value, and rename only the member in Python: "
        f'{label.after} = "{label.before}". Or stop all processes for this migration, and add '
        "--allow-downtime: the items get the new name, too.",
    )


def _refusal(label: Rename, place: Place) -> RenameError:
    table, column = place
    return RenameError(
        f"The running release reads and writes {label.before} in {table}.{column}, where this one "
        f"would read and write {label.after} (--rename {label}).",
        cure=f"Nothing was written. Keep the value, and rename only the member in Python: "
        f'{label.after} = "{label.before}". Or give the attribute a column of its own, '
        f'column="{column}_new", and add --rename {table}.{column}={column}_new. Or stop all '
        "processes for this migration, and add --allow-downtime.",
    )


def translating(current: Schema, doubled: Iterable[Rename], choices: Choices) -> Choices:
    """Return ``choices`` with the SQL that turns labels of a column into those of its new one."""
    doubled = tuple(doubled)
    values: dict[Place, str] = {}
    types = {(t.name, column.name): column.type for t in current.tables for column in t.columns}
    for each in doubled:
        if each.kind is not Kind.COLUMN:
            continue
        table, type_ = str(each.parent), types[str(each.parent), each.before]
        labels = {
            label.before: label.after
            for label in doubled
            if label.kind is Kind.LABEL and quote_name(str(label.parent)) == type_
        }
        if labels:
            back = {after: before for before, after in labels.items()}
            values[table, each.after] = _case(each.before, labels, type_)
            values[table, each.before] = _case(each.after, back, type_)
    return replace(choices, backfills={**values, **choices.backfills}) if values else choices


def _case(column: str, labels: dict[str, str], type_: str) -> str:
    name = quote_name(column)
    whens = "".join(
        f" WHEN {quote_literal(before)} THEN {quote_literal(after)}"
        for before, after in labels.items()
    )
    return f"(CASE {name}::text{whens} ELSE {name}::text END)::{type_}"

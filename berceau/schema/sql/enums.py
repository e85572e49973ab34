"""Changes of enum types as SQL."""

from collections.abc import Iterator

from berceau.errors import MigrationError
from berceau.schema.changes import AlterEnum, CreateEnum, DropEnum
from berceau.schema.model import Enum
from berceau.schema.names import quote_literal, quote_name
from berceau.schema.sql.statement import Statement, render


@render.register
def _(change: CreateEnum) -> Iterator[Statement]:
    yield Statement(f"CREATE TYPE {quote_name(change.enum.name)} AS ENUM ({_labels(change.enum)})")


@render.register
def _(change: AlterEnum) -> Iterator[Statement]:
    before, after = change.before, change.after
    if [label for label in after.labels if label in before.labels] != list(before.labels):
        raise MigrationError(
            f"The labels of the enum {after.name} were removed or reordered: "
            f"{', '.join(before.labels)} became {', '.join(after.labels)}.",
            cure="Only added labels can be migrated automatically: keep the old ones in place.",
        )
    previous: str | None = None
    for label in after.labels:
        if label not in before.labels:
            place = (
                f"AFTER {quote_literal(previous)}"
                if previous is not None
                else f"BEFORE {quote_literal(before.labels[0])}"
            )
            yield Statement(
                f"ALTER TYPE {quote_name(after.name)} ADD VALUE {quote_literal(label)} {place}"
            )
        previous = label


@render.register
def _(change: DropEnum) -> Iterator[Statement]:
    yield Statement(f"DROP TYPE {quote_name(change.enum.name)}")


def _labels(enum: Enum) -> str:
    return ", ".join(map(quote_literal, enum.labels))

"""Changes of constraints as SQL."""

from collections.abc import Iterator

from berceau.schema.changes import AddConstraint, DropConstraint, ValidateConstraint
from berceau.schema.model import Check, Constraint, ForeignKey, PrimaryKey, Rule, Unique
from berceau.schema.names import quote_name, quote_names
from berceau.schema.sql.statement import Hazard, Lock, Statement, Transaction, render


@render.register
def _(change: AddConstraint) -> Iterator[Statement]:
    constraint = change.constraint
    checked = not isinstance(constraint, Check | ForeignKey) or constraint.valid
    yield Statement(
        f"ALTER TABLE {quote_name(change.table)} ADD {constraint_definition(constraint)}",
        frozenset({Hazard.NEEDS_ROWS_TO_FIT}) if checked else frozenset(),
        Lock.SHARE_ROW_EXCLUSIVE if isinstance(constraint, ForeignKey) else Lock.ACCESS_EXCLUSIVE,
    )


@render.register
def _(change: ValidateConstraint) -> Iterator[Statement]:
    yield Statement(
        f"ALTER TABLE {quote_name(change.table)} "
        f"VALIDATE CONSTRAINT {quote_name(change.constraint.name)}",
        frozenset({Hazard.NEEDS_ROWS_TO_FIT}),
        Lock.SHARE_UPDATE_EXCLUSIVE,
        Transaction.OWN,
    )


@render.register
def _(change: DropConstraint) -> Iterator[Statement]:
    yield Statement(
        f"ALTER TABLE {quote_name(change.table)} "
        f"DROP CONSTRAINT {quote_name(change.constraint.name)}",
        lock=Lock.ACCESS_EXCLUSIVE,
    )


def constraint_definition(constraint: Constraint) -> str:
    """Return ``constraint`` as it stands in CREATE TABLE and after ADD."""
    match constraint:
        case PrimaryKey(columns=columns):
            body = f"PRIMARY KEY ({quote_names(columns)})"
        case Unique(columns=columns):
            body = f"UNIQUE ({quote_names(columns)})"
        case Check(expression=expression):
            body = f"CHECK ({expression})"
        case Rule(definition=body) | ForeignKey(definition=str(body)):
            pass
        case ForeignKey(columns=columns, on_delete=action):
            target = f"{quote_name(constraint.target)} ({quote_names(constraint.target_columns)})"
            body = f"FOREIGN KEY ({quote_names(columns)}) REFERENCES {target}"
            body += "" if action == "NO ACTION" else f" ON DELETE {action}"
    if isinstance(constraint, Check | ForeignKey) and not constraint.valid:
        body += " NOT VALID"
    return f"CONSTRAINT {quote_name(constraint.name)} {body}"

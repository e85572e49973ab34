"""Changes of constraints as SQL."""

from collections.abc import Iterator

from berceau.schema.changes import (
    AddConstraint,
    CreateIndex,
    DropConstraint,
    ReplaceKey,
    ValidateConstraint,
)
from berceau.schema.model import (
    Check,
    Constraint,
    ForeignKey,
    Index,
    PrimaryKey,
    RawConstraint,
    Unique,
)
from berceau.schema.names import quote_name, quote_names
from berceau.schema.sql.indexes import create_index
from berceau.schema.sql.render import render
from berceau.schema.statement import Hazard, Lock, Statement, Transaction


@render.register
def _(change: AddConstraint) -> Iterator[Statement]:
    match change.constraint:
        case PrimaryKey() | Unique() as key:
            yield from _by_index(change.table, key)
        case Check(valid=False) | ForeignKey(valid=False) as unchecked:
            yield _add(change.table, unchecked, frozenset())
        case constraint:
            yield _add(change.table, constraint, frozenset({Hazard.NEEDS_ROWS_TO_FIT}))


def _add(table: str, constraint: Constraint, hazards: frozenset[Hazard]) -> Statement:
    return Statement(
        f"ALTER TABLE {quote_name(table)} ADD {constraint_definition(constraint)}",
        hazards,
        Lock.SHARE_ROW_EXCLUSIVE if isinstance(constraint, ForeignKey) else Lock.ACCESS_EXCLUSIVE,
    )


def _by_index(table: str, key: PrimaryKey | Unique) -> Iterator[Statement]:
    """Yield what builds a key while its table is in use: first the index, then the constraint."""
    keys = tuple(map(quote_name, key.columns))
    index = Index(key.name, keys, unique=True)
    yield create_index(CreateIndex(table, index), concurrently=True)
    yield Statement(
        f"ALTER TABLE {quote_name(table)} ADD {_using_index(key, key.name)}",
        lock=Lock.ACCESS_EXCLUSIVE,
    )


def _using_index(key: PrimaryKey | Unique, index: str) -> str:
    kind = "PRIMARY KEY" if isinstance(key, PrimaryKey) else "UNIQUE"
    name = quote_name(key.name)
    return f"CONSTRAINT {name} {kind} USING INDEX {quote_name(index)}{_deferral(key)}"


def _deferral(key: PrimaryKey | Unique) -> str:
    return " DEFERRABLE INITIALLY DEFERRED" if isinstance(key, Unique) and key.deferred else ""


@render.register
def _(change: ReplaceKey) -> Iterator[Statement]:
    yield Statement(
        f"ALTER TABLE {quote_name(change.table)} "
        f"DROP CONSTRAINT {quote_name(change.before.name)}, "
        f"ADD {_using_index(change.after, change.index.name)}",
        lock=Lock.ACCESS_EXCLUSIVE,
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
            body = f"UNIQUE ({quote_names(columns)}){_deferral(constraint)}"
        case Check(expression=expression):
            body = f"CHECK ({expression})"
        case RawConstraint(definition=body) | ForeignKey(definition=str(body)):
            pass
        case ForeignKey(columns=columns, on_delete=action):
            target = f"{quote_name(constraint.target)} ({quote_names(constraint.target_columns)})"
            body = f"FOREIGN KEY ({quote_names(columns)}) REFERENCES {target}"
            body += "" if action == "NO ACTION" else f" ON DELETE {action}"
    if isinstance(constraint, Check | ForeignKey) and not constraint.valid:
        body += " NOT VALID"
    return f"CONSTRAINT {quote_name(constraint.name)} {body}"

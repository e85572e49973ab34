"""Status: what is applied, what is pending, what contradicts, and what nobody declares."""

from collections.abc import Sequence
from dataclasses import dataclass

from berceau.migration.history import History, compare
from berceau.migration.script import Script
from berceau.postgres import catalog, ledger
from berceau.postgres.connection import connect
from berceau.postgres.url import Url
from berceau.schema.model import Schema


@dataclass(frozen=True)
class Status:
    """The history, and the tables and enums in the database that no component declares."""

    history: History
    undeclared: tuple[str, ...]


def status(owner: Url, declared: Schema, scripts: Sequence[Script]) -> Status:
    """Compare the database of ``owner`` with the migrations and the ``declared`` schema."""
    with connect(owner) as connection:
        connection.autocommit = True
        history = compare(scripts, ledger.read(connection))
        held = catalog.read(connection)
    names = {table.name for table in declared.tables} | {enum.name for enum in declared.enums}
    undeclared = [f"table {table.name}" for table in held.tables if table.name not in names]
    undeclared += [f"enum {enum.name}" for enum in held.enums if enum.name not in names]
    return Status(history, tuple(undeclared))

"""Objects changed by what people typed: found by their keys as texts, checked, and written.

It rests on private names of pony==0.7.20.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pony.orm import OrmError
from pony.orm.core import DBException

from berceau.errors import BerceauError, RowsError
from berceau.orm.conflicts import conflict
from berceau.orm.failures import causes, is_repeatable
from berceau.orm.unit import UnitOfWork

_UNREADABLE = (ValueError, TypeError, ArithmeticError)
"""What is raised for a value that Python, or the type of an attribute, doesn't have."""


@dataclass(frozen=True)
class Refused:
    """Why something wasn't written: ``kind`` is that of a ``ConflictError``, or empty."""

    message: str
    kind: str = ""
    attributes: tuple[str, ...] = ()


def find_by_key(entity: Any, texts: Sequence[str], *, for_update: bool = False) -> Any:
    """Return the object of ``entity`` with a key, a text for each of its columns.

    ``None`` where there is none, or none can have such a key. With ``for_update``, its row
    is locked. Raises ``RowsError`` where Python has no value for what the row holds.
    """
    key = _key(entity._root_, texts)
    if key is None:
        return None
    look = entity.get_for_update if for_update else entity.get
    try:
        return look(**key)
    except _UNREADABLE as error:
        raise RowsError(
            f"Python can't read a value of this {entity.__name__}: {error}.",
            cure="Change the value by SQL, as in `invoke db.shell`.",
        ) from error


def _key(entity: Any, texts: Sequence[str]) -> dict[str, Any] | None:
    """Return the values of the key's attributes; ``None`` where no object has them."""
    found: dict[str, Any] = {}
    rest = list(texts)
    for attribute in entity._pk_attrs_:
        parts, rest = rest[: len(attribute.columns)], rest[len(attribute.columns) :]
        if attribute.reverse:
            value = find_by_key(attribute.reverse.entity, parts)
        else:
            value = _read(attribute, parts[0])
        if value is None:
            return None
        found[attribute.name] = value
    return found


def _read(attribute: Any, text: str) -> Any:
    try:
        return attribute.validate(text, None, attribute.entity, from_db=False)
    except _UNREADABLE:
        return None


def key_of(found: Any) -> list[str]:
    """Return the key of an object, a text for each of its columns."""
    converters = type(found)._root_._pk_converters_
    values = zip(converters, found._get_raw_pkval_(), strict=True)
    return [str(converter.py2sql(value)) for converter, value in values]


def refusal(entity: Any, name: str, value: Any) -> str | None:
    """Return why the attribute ``name`` of ``entity`` can't have ``value``, ``None`` if it can."""
    attribute = entity._adict_[name]
    try:
        attribute.validate(value, None, entity, from_db=False)
    except (ValueError, TypeError, ArithmeticError) as error:
        return str(error).replace(f"attribute {attribute}", "this").replace(f"{attribute}: ", "")
    return None


def save(unit: UnitOfWork, database: Any, work: Callable[[], Any]) -> Any:
    """Return what ``work`` returns, after all that it changed was written and checked.

    Constraints that wait for the commit are checked, too. Returns ``Refused`` where the database,
    Pony or the entity's own code objects, and nothing of it is kept then. What may succeed when the
    unit runs again passes through.
    """
    try:
        with unit.savepoint():
            result = work()
            database.flush()
            database.execute("SET CONSTRAINTS ALL IMMEDIATE")
            return result
    except (OrmError, DBException, BerceauError, ValueError, TypeError) as error:
        found = conflict(error)
        if found is not None:
            return Refused(found.message, found.kind, found.attributes)
        if is_repeatable(error):
            raise
        return Refused(_said(error))


def _said(error: Exception) -> str:
    """Return what ``error`` says, without PostgreSQL's details: they hold the values of rows."""
    for cause in causes(error):
        diagnostics = getattr(getattr(cause, "original_exc", None), "diag", None)
        if diagnostics is not None and diagnostics.message_primary:
            return str(diagnostics.message_primary)
    return error.message if isinstance(error, BerceauError) else str(error)

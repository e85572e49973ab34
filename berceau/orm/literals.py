"""Python values as SQL: what an attribute holds when no value was given."""

import json
from collections.abc import Iterable
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from pony.orm.ormtypes import Json

from berceau.schema.names import quote_literal


def empty_value(converter: Any) -> str | None:
    """Return what stands for no value in a column that needs one, as SQL.

    That is the attribute's own default, if it is a value and not a function; for an optional
    string '', for optional JSON and arrays Pony's empty ones. ``None`` where there is none.
    """
    attribute = converter.attr
    value = getattr(attribute, "default", None)
    if value is None or callable(value) or attribute.reverse:
        return None
    if isinstance(attribute.py_type, type) and issubclass(attribute.py_type, Json):
        return quote_literal(json.dumps(value))
    return _literal(value if isinstance(value, list) else converter.py2sql(value))


def _literal(value: object) -> str | None:
    match value:
        case bool():
            return str(value).lower()
        case int() | Decimal():
            return str(value)
        case float():
            return repr(value)
        case timedelta():
            return quote_literal(f"{value.days} days {value.seconds}.{value.microseconds:06} s")
        case list():
            return quote_literal("{" + ",".join(_elements(value)) + "}")
        case str() | date() | time() | UUID():
            return quote_literal(str(value))
    return None


def _elements(values: Iterable[object]) -> Iterable[str]:
    for value in values:
        text = str(value).replace("\\", "\\\\").replace('"', '\\"')
        yield f'"{text}"' if isinstance(value, str) else text

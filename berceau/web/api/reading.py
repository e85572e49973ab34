"""What a view returned, as pydantic can read it: entities by their attributes, sets as lists."""

from dataclasses import is_dataclass
from typing import Any

from berceau.orm.results import ROW, ROWS
from berceau.web.api.pages import NumberedPage, Page

BY_ATTRIBUTES = (ROW, Page, NumberedPage)


class Reading:
    """One reading of a result.

    pydantic makes a mistake of the value out of every exception. Those of the database are needed
    as they are: they decide whether the request runs again.
    """

    def __init__(self) -> None:
        self.failed: Exception | None = None

    def check(self) -> None:
        """Raise what reading an attribute raised, if one did."""
        if self.failed is not None:
            raise self.failed from None

    def readable(self, value: Any) -> Any:
        """Return ``value`` with its entities in a form that pydantic reads."""
        if isinstance(value, BY_ATTRIBUTES) or _has_fields(value):
            return Readable(value, self)
        if isinstance(value, ROWS):
            return [self.readable(each) for each in _ordered(value)]
        if type(value) in {list, tuple, set, frozenset}:
            return [self.readable(each) for each in value]
        if type(value) is dict:
            return {name: self.readable(each) for name, each in value.items()}
        return value


class Readable:
    """Stands for an object: its attributes are read when pydantic asks for them."""

    __slots__ = ("_reading", "_value")

    def __init__(self, value: Any, reading: Reading) -> None:
        self._value = value
        self._reading = reading

    def __getattr__(self, name: str) -> Any:
        try:
            return self._reading.readable(getattr(self._value, name))
        except AttributeError:
            raise
        except Exception as error:
            self._reading.failed = error
            raise


def _has_fields(value: Any) -> bool:
    return is_dataclass(value) and not isinstance(value, type)


def _ordered(rows: Any) -> list[Any]:
    """Return ``rows`` as a list: what a query found in its order, a set in that of the keys."""
    found = list(rows)
    if isinstance(rows, ROWS[2]) and all(isinstance(each, ROW) for each in found):
        found.sort(key=lambda each: each.get_pk())
    return found

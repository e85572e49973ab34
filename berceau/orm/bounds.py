"""Numbers: a bound of 0, which Pony takes for none, and a bool for an integer."""

from typing import Any

from pony.orm.dbproviders.postgres import PGIntConverter, PGRealConverter


class _Bounded:
    _from_zero = _to_zero = False
    attr: Any

    def init(self, kwargs: dict[str, Any]) -> None:
        """Read the attribute's options."""
        self._from_zero, self._to_zero = kwargs.get("min") == 0, kwargs.get("max") == 0
        super().init(kwargs)  # type: ignore[misc]  # that of Pony's converter

    def validate(self, val: Any, obj: Any = None) -> Any:
        """Return ``val`` as a number; ``ValueError`` where it is beyond a bound."""
        number = super().validate(val, obj)  # type: ignore[misc]  # as above
        if (self._from_zero and number < 0) or (self._to_zero and number > 0):
            bound = "less than the minimum" if number < 0 else "greater than the maximum"
            raise ValueError(f"Value {number!r} of attr {self.attr} is {bound} allowed value 0")
        return number


class IntegerConverter(_Bounded, PGIntConverter):
    """Pony's for integers: a bool is one in Python, but not in PostgreSQL."""

    def validate(self, val: Any, obj: Any = None) -> Any:
        """Return ``val`` as an integer; ``ValueError`` where it is none, or beyond a bound."""
        number = super().validate(val, obj)
        return int(number) if isinstance(number, bool) else number


class FloatConverter(_Bounded, PGRealConverter):
    """Pony's for floats."""


CONVERTERS = {PGIntConverter: IntegerConverter, PGRealConverter: FloatConverter}
"""The converters to use instead of Pony's."""

"""What Berceau teaches Pony's query translator: enums as operands, and aware datetimes.

It rests on private names of pony==0.7.20; tests/orm runs every operator on PostgreSQL.
"""

from collections.abc import Callable
from datetime import datetime, time
from decimal import Decimal
from enum import Enum, EnumType
from typing import Any

from pony.orm import core as pony_core
from pony.orm import ormtypes as pony_types
from pony.orm import sqltranslation
from pony.orm.sqltranslation import AttrMonad, ConstMonad, ExprMonad, MonadMixin, ParamMonad

# As they are inside: their types tell what is for users.
core: Any = pony_core
ormtypes: Any = pony_types
_pony_normalize = ormtypes.normalize


def allow_enum(enum_class: type[Enum]) -> None:
    """Let queries use members of ``enum_class``, in its native enum's order."""
    ormtypes.comparable_types.add(enum_class)
    ormtypes.primitive_types.add(enum_class)


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, EnumType) and kind in ormtypes.primitive_types


def _normalize(value: Any) -> tuple[Any, Any]:
    kind = type(value)
    # Pony would take a member of a StrEnum for a str.
    return (kind, value) if _is_enum(kind) else _pony_normalize(value)


class EnumMixin(MonadMixin):
    """An enum in a query: a whole, without attributes."""

    def getattr(self, attrname: str) -> Any:
        """Refuse ``.value`` and the like: raises ``TypeError``."""
        raise TypeError(
            f"{{EXPR}}: a query compares enums as wholes and can't read .{attrname}; "
            f"compare with a member of {self.type.__name__}"
        )

    def typed(self, operand: list[Any]) -> list[list[Any]]:
        """Return ``operand``, a syntax tree, cast to its type: PostgreSQL can't always infer it."""
        return [["RAWSQL", [operand, f"::{self.converter.sql_type()}"]]]


class EnumAttrMonad(EnumMixin, AttrMonad):
    """An entity's attribute: ``post.status``."""


class EnumParamMonad(EnumMixin, ParamMonad):
    """A member from outside of the query."""

    aggregated = False

    def getsql(self, sqlquery: Any = None) -> Any:
        """Return the parameter as a syntax tree."""
        return self.typed(ParamMonad.getsql(self, sqlquery)[0])


class EnumConstMonad(EnumMixin, ConstMonad):
    """A member that is an argument's default in a method that the query calls."""

    aggregated = False

    def __init__(self, value: Enum) -> None:
        super().__init__(value)
        self.converter = self.translator.database.provider.get_converter_by_py_type(self.type)

    def getsql(self, sqlquery: Any = None) -> Any:  # noqa: ARG002 - Pony's signature
        """Return the label as a syntax tree."""
        return self.typed(["VALUE", self.converter.py2sql(self.value)])


class EnumExprMonad(EnumMixin, ExprMonad):
    """What a query computes: ``max(post.status for post in Post)``."""


def _extend(base: type[Any], monad_class: type[Any], kind: Callable[..., Any]) -> None:
    """Let ``base.new`` make a ``monad_class`` where ``kind``, of its arguments, is an enum."""
    pony_new = base.new

    def new(*args: Any, **kwargs: Any) -> Any:
        return (monad_class if _is_enum(kind(*args)) else pony_new)(*args, **kwargs)

    base.new = staticmethod(new)


_extend(AttrMonad, EnumAttrMonad, lambda _parent, attr: attr.py_type)
_extend(ParamMonad, EnumParamMonad, lambda kind, *_: kind)
_extend(ExprMonad, EnumExprMonad, lambda kind, *_: kind)
_extend(ConstMonad, EnumConstMonad, type)
_modules: tuple[Any, ...] = (core, ormtypes, sqltranslation)
for module in _modules:
    module.normalize = _normalize


def _are_comparable(one: Any, other: Any, operator: str = "==") -> bool:
    """Return whether a query can compare these types; a float counts as it is written."""
    item = other.item_type if isinstance(other, ormtypes.SetType) else other
    return {one, item} == _DECIMAL_AND_FLOAT or _pony_are_comparable(one, other, operator)


def _coerced_types(one: Any, other: Any) -> Any:
    """Return the type of what is computed of both, if there is one."""
    if {one, other} == _DECIMAL_AND_FLOAT:
        raise TypeError(
            "{EXPR} computes with a Decimal and a float: write the float as a decimal, "
            'Decimal("1.7"), or the decimal as a float, float(item.price)'
        )
    return _pony_coerced_types(one, other)


def _coerced_monads(one: Any, other: Any, for_comparison: bool = False) -> Any:
    """Return the common type of both sides, and the sides."""
    if for_comparison and {one.type, other.type} == _DECIMAL_AND_FLOAT:
        return None, one, other
    for operand, beside in ((one, other), (other, one)):
        is_time = operand.type is beside.type is time
        if is_time and isinstance(operand, ParamMonad) and isinstance(beside, AttrMonad):
            (operand.converter,) = beside.attr.converters  # the column tells if it keeps zones
    return _pony_coerced_monads(one, other, for_comparison)


# psycopg2 writes a float as its digits, which PostgreSQL reads as a decimal: 1.1 is exactly that.
_DECIMAL_AND_FLOAT = {Decimal, float}
_translation: Any = sqltranslation
_pony_are_comparable = _translation.are_comparable_types
_pony_coerced_types = _translation.coerce_types
_pony_coerced_monads = _translation.coerce_monads
_translation.are_comparable_types = _are_comparable
_translation.coerce_types = _coerced_types
_translation.coerce_monads = _coerced_monads

# Pony would read datetime(2024, 1, 31) in a query as a constant without a time zone, and fail on
# one with tzinfo=. As an expression from outside of the query it becomes a parameter.
core.const_functions.discard(datetime)
# And it reads Decimal("1.5") so, but not Decimal(1).
core.const_functions.discard(Decimal)

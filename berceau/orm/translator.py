"""How a query becomes SQL where Pony's way gives rows twice, or SQL that PostgreSQL refuses.

It rests on private names of pony==0.7.20; tests/pony runs Pony's own tests on it.
"""

import re
from enum import Enum
from typing import Any

from pony.orm import sqltranslation
from pony.orm.dbproviders.postgres import PGSQLBuilder, PGTranslator
from pony.orm.ormtypes import Json

from berceau.orm.enums import enum_label
from berceau.orm.locks import locking

_Ast = list[Any]
_PERCENT = re.compile("%%?")
_JSON_KINDS = {
    int: ("number", "numeric"),  # an integer of a document may be larger than any of PostgreSQL's
    float: ("number", "double precision"),
    bool: ("boolean", "boolean"),
}
_ARGUMENTS = (
    *("limit", "offset", "distinct", "aggr_func_name", "aggr_func_distinct", "sep"),
    *("for_update", "nowait", "skip_locked", "is_not_null_checks"),
)


class Builder(PGSQLBuilder):
    """Writes what Pony's syntax trees and Berceau's say as SQL."""

    def FIRST(self, expr: _Ast, order: str) -> Any:  # noqa: N802 - a node's name, as Pony has them
        """Write the first value of ``expr`` in the rows of a group; of any type, unlike min()."""
        return "(array_agg(", self(expr), " ORDER BY ", self(expr), f" {order}))[1]"

    def VALUE(self, value: Any) -> Any:  # noqa: N802
        """Write a constant, such as what tells the rows of a subclass."""
        return super().VALUE(enum_label(value) if isinstance(value, Enum) else value)

    def LOCK_OF(self, alias: str, *locking: Any) -> Any:  # noqa: N802
        """Write a SELECT that locks the rows of one of its tables."""
        query, lock, *waiting = self.SELECT_FOR_UPDATE(*locking)
        return query, f"{lock} OF ", self.quote_name(alias), *waiting

    def RAWSQL(self, sql: Any) -> Any:  # noqa: N802
        """Write SQL of the developer; a % in it is one, doubled for psycopg2 or not."""
        parts = [sql] if isinstance(sql, str) else sql
        return [_PERCENT.sub("%%", x) if isinstance(x, str) else self(x) for x in parts]

    def JSON_VALUE(self, expr: _Ast, path: _Ast, py_type: Any) -> Any:  # noqa: N802
        """Write what is at ``path`` as a ``py_type``, NULL where it is of another kind."""
        kind, sql_type = _JSON_KINDS.get(py_type, (None, None))
        if kind is None:
            return super().JSON_VALUE(expr, path, py_type)
        found = self.JSON_QUERY(expr, path)
        text = super().JSON_VALUE(expr, path, str)
        return (
            *("(CASE WHEN jsonb_typeof(", found, f"::jsonb) = '{kind}' THEN "),
            *(text, f"::{sql_type} END)"),
        )

    def JSON_INT(self, expr: _Ast, path: _Ast) -> Any:  # noqa: N802
        """Write what is at ``path``, a number or a text, as an integer."""
        return super().JSON_VALUE(expr, path, str), "::int8"

    def JSON_HAS(self, expr: _Ast, value: _Ast) -> Any:  # noqa: N802
        """Write whether a document is ``value``, or a list that holds it."""
        return self(expr), " @> to_jsonb(", self(value), ")"

    def MAKE_ARRAY(self, *items: _Ast) -> Any:  # noqa: N802
        """Write a list; PostgreSQL would take one of floats for decimals."""
        array = super().MAKE_ARRAY(*items)
        return (*array, "::double precision[]") if any(map(_is_float, items)) else array


def _is_float(item: _Ast) -> bool:
    match item:
        case ["VALUE", value]:
            return isinstance(value, float)
        case ["PARAM", _, converter, *_]:
            return converter is not None and converter.py_type is float
    return False


class Translator(PGTranslator):
    """Pony's, whose results have no row twice, in whatever order."""

    def construct_sql_ast(self, *arguments: Any, **options: Any) -> Any:
        """Return the syntax tree of the query, and where its attributes are in a row."""
        options |= zip(_ARGUMENTS, arguments, strict=False)
        if options.get("for_update"):
            return self._construct_locking(options)
        if options.get("distinct") is not None or not (self.distinct and self.order):
            return super().construct_sql_ast(**options)
        if options.get("aggr_func_name"):  # which needs no order
            return super().construct_sql_ast(**options | {"distinct": True})
        # A limit of the query that this one selects from counts rows before they are one.
        limited = self.limit is not None or self.offset is not None
        if limited or any(map(_is_raw, self.order)):
            return super().construct_sql_ast(**options)
        tree, offsets = super().construct_sql_ast(**options | {"distinct": True})
        return _grouped(tree), offsets

    def _construct_locking(self, options: dict[str, Any]) -> Any:
        """Return the syntax tree of a query with ``for_update()``."""
        if options.get("aggr_func_name"):  # it gives no rows
            unlocked = dict.fromkeys(("for_update", "nowait", "skip_locked"), False)
            return self.construct_sql_ast(**options | unlocked)
        distinct = options.get("distinct")
        repeated = self.distinct if distinct is None else distinct
        tree, offsets = super().construct_sql_ast(**options | {"distinct": repeated})
        return locking(tree, self.alias if offsets else None, repeated=repeated), offsets


def _grouped(tree: _Ast) -> _Ast:
    """Return a SELECT DISTINCT with an order as one that PostgreSQL runs.

    What it is ordered by has to be selected, or else rows that are one are a group.
    """
    selected = tree[1][1:]
    order = next(section for section in tree[2:] if section[0] == "ORDER_BY")
    terms = [_term(term) for term in order[1:]]
    if all(expr[0] == "VALUE" or expr in selected for expr, _ in terms):
        return tree
    position = tree.index(order)
    first = [
        term if expr[0] == "VALUE" or expr in selected else _first(expr, direction)
        for term, (expr, direction) in zip(order[1:], terms, strict=True)
    ]
    columns = [each[1] if each[0] == "AS" else each for each in selected]
    return [
        tree[0],
        ["ALL", *selected],
        *tree[2:position],
        ["GROUP_BY", *columns],
        ["ORDER_BY", *first],
        *tree[position + 1 :],
    ]


def _term(term: _Ast) -> tuple[_Ast, str]:
    return (term[1], "DESC") if term[0] == "DESC" else (term, "ASC")


def _first(expr: _Ast, direction: str) -> _Ast:
    first = ["FIRST", expr, direction]
    return ["DESC", first] if direction == "DESC" else first


def _is_raw(term: _Ast) -> bool:
    """Return whether a term is SQL of the developer's, which may be several."""
    return bool(_term(term)[0][0] == "RAWSQL")


def _make_alias(query: Any, name: str) -> str:
    """Return an alias; Pony would call a table ``t-1`` that a query calls ``t``."""
    name = name[: sqltranslation.max_alias_length - 3].lower()
    number = query.alias_counters.setdefault(name, 0) + 1
    query.alias_counters[name] = number
    return name if number == 1 else f"{name}-{number}"


def _requires_distinct(monad: Any, joined: bool = False) -> bool:  # noqa: ARG001 - Pony's signature
    """Return whether an object may come several times: it isn't what the last ``for`` names.

    Pony compares names, which differ from aliases that are short, and in small letters.
    """
    translator = monad.translator
    last = translator.tree.generators[-1].target.id
    return translator.sqlquery.tablerefs.get(last) is not monad.tableref


def _list_contains(items: Any, found: Any, not_in: bool = False) -> Any:
    """Return whether a document is one of ``items``; they are compared as ``==`` does."""
    if found.type is not Json:
        return _pony_list_contains(items, found, not_in)
    equal = [sqltranslation.CmpMonad("==", found, item).getsql()[0] for item in items.items]
    condition = ["OR", *equal]
    return sqltranslation.BoolExprMonad(["NOT", condition] if not_in else condition)


def _array_contains(array: Any, found: Any, not_in: bool = False) -> Any:
    """Return whether ``found``, which may be of a document, is in an array."""
    if found.type is Json:
        found = found.cast_from_json(array.type.item_type)
    return _pony_array_contains(array, found, not_in)


def _json_to_int(document: Any) -> Any:
    base, path = document.get_path()
    return sqltranslation.ExprMonad.new(int, ["JSON_INT", base.getsql()[0], path])


def _json_contains(document: Any, found: Any, not_in: bool = False) -> Any:
    """Return whether a document has a key, or is a list that holds a text or number."""
    if found.type not in (int, float, bool):
        return _pony_json_contains(document, found, not_in)
    condition = ["JSON_HAS", document.getsql()[0], found.getsql()[0]]
    return sqltranslation.BoolExprMonad(["NOT", condition] if not_in else condition)


# Replaced in Pony's classes, because its translator makes these by name.
sqltranslation.SqlQuery.make_alias = _make_alias
sqltranslation.ObjectIterMonad.requires_distinct = _requires_distinct
_pony_list_contains = sqltranslation.ListMonad.contains
_pony_array_contains = sqltranslation.ArrayMixin.contains
_pony_json_contains = sqltranslation.JsonMixin.contains
sqltranslation.ListMonad.contains = _list_contains
sqltranslation.ArrayMixin.contains = _array_contains
sqltranslation.JsonMixin.contains = _json_contains
sqltranslation.JsonItemMonad.to_int = _json_to_int

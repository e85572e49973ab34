"""Conditions on rows, as SQL with its values: a value is never a part of the SQL.

Values are texts. PostgreSQL reads each as what it is compared with.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from berceau.postgres.core.own_tables import ROW
from berceau.schema.names import in_quotes


@dataclass(frozen=True)
class Sql:
    """A piece of SQL, with the values of its parameters."""

    text: str
    values: tuple[object, ...] = ()


def identifier(name: str) -> str:
    """Return ``name`` as SQL has it in a statement with parameters."""
    return in_quotes(name).replace("%", "%%")


def of_row(columns: Sequence[str], row: str = ROW) -> str:
    """Return the columns of a row as one operand."""
    names = ", ".join(f"{row}.{identifier(column)}" for column in columns)
    return names if len(columns) == 1 else f"({names})"


def parameters(count: int) -> str:
    """Return as many parameters as one operand."""
    return "%s" if count == 1 else f"({', '.join(['%s'] * count)})"


def equal(columns: Sequence[str], values: Sequence[str], row: str = ROW) -> Sql:
    """Return that the columns of a row have these values."""
    return Sql(f"{of_row(columns, row)} = {parameters(len(columns))}", tuple(values))


def one_of(columns: Sequence[str], rows: Sequence[Sequence[str]], row: str = ROW) -> Sql:
    """Return that the columns of a row have the values of one of ``rows``, which aren't empty."""
    values = tuple(value for each in rows for value in each)
    places = ", ".join([parameters(len(columns))] * len(rows))
    return Sql(f"{of_row(columns, row)} IN ({places})", values)


def missing(columns: Sequence[str]) -> Sql:
    """Return that a row has no value in these columns."""
    return Sql(" AND ".join(f"{of_row([column])} IS NULL" for column in columns))


def present(columns: Sequence[str]) -> Sql:
    """Return that a row has values in these columns."""
    return Sql(" AND ".join(f"{of_row([column])} IS NOT NULL" for column in columns))


def linked(key: Sequence[str], table: str, own: Sequence[str], value: Sql) -> Sql:
    """Return that the key of a row is in the columns ``own`` of a row ``l`` of ``table``."""
    found = ", ".join(f"l.{identifier(column)}" for column in own)
    rows = f"SELECT {found} FROM {identifier(table)} AS l"  # noqa: S608 - all is quoted
    return Sql(f"{of_row(key)} IN ({rows} WHERE {value.text})", value.values)


def compared(operator: str, column: str, value: str) -> Sql:
    """Return what ``operator``, one of ``COMPARISONS``, says of a column and ``value``."""
    return COMPARISONS[operator](of_row([column]), value)


def _simple(operator: str) -> Callable[[str, str], Sql]:
    return lambda column, value: Sql(f"{column} {operator} %s", (value,))


def _like(operator: str, pattern: str) -> Callable[[str, str], Sql]:
    def condition(column: str, value: str) -> Sql:
        escaped = value.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
        return Sql(f"{column}::text {operator} %s", (pattern.format(escaped),))

    return condition


def _has_item(column: str, value: str) -> Sql:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return Sql(f"{column} @> %s", (f'{{"{escaped}"}}',))


COMPARISONS: Mapping[str, Callable[[str, str], Sql]] = {
    "equals": _simple("="),
    "differs": _simple("IS DISTINCT FROM"),
    "less": _simple("<"),
    "at most": _simple("<="),
    "more": _simple(">"),
    "at least": _simple(">="),
    "contains": _like("ILIKE", "%{}%"),
    "begins": _like("LIKE", "{}%"),
    "ends": _like("LIKE", "%{}"),
    "holds": _simple("@>"),
    "has key": lambda column, value: Sql(f"jsonb_exists({column}, %s)", (value,)),
    "has item": _has_item,
}
"""Comparisons of a column, as SQL, with a value."""

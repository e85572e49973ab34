"""The conditions of a plan, as PostgreSQL prints them: which columns are compared, and how.

No parser of SQL is needed for it: PostgreSQL has read the query, knows whose each column is, and
prints every condition in the same way, with parentheses around each part.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from berceau.schema.names import unquote_name

_NAME = r'"(?:[^"]|"")+"|[^\W\d][\w$]*'
_COLUMN = rf"\(*(?P<alias>{_NAME})\.(?P<column>{_NAME})\)*(?:::[a-z ]+(?:\(\d+\))?)?"
_BARE_COLUMN = re.compile(_COLUMN)
_OWN = re.compile(rf"(?<![\w.])(?P<alias>{_NAME})\.(?P<column>{_NAME})(?!\()")
_KEY = re.compile(rf"{_COLUMN}(?P<order>(?: DESC)?(?: NULLS (?:FIRST|LAST))?)")
_TEXT = r"'(?:[^']|'')*'"
_PART = re.compile(
    rf"{_TEXT}|{_NAME}|[()]"
    r"| (?P<operator>=|<=|>=|<|>|~~\*|~~|@>|<@|&&|\?\||\?&|\?|@@|<>|IS NOT NULL|IS NULL)(?= |$)"
)
_FLIPPED = {
    "=": "=",
    "<": ">",
    ">": "<",
    "<=": ">=",
    ">=": "<=",
    "&&": "&&",
    "<@": "@>",
    "@>": "<@",
}
_OF_EXPRESSIONS = ("=", "<", ">", "<=", ">=", "~~", "~~*", "@>", "&&", "?", "?|", "?&", "@@")
"""An index on an expression answers these."""
_STRINGS = re.compile(_TEXT)
_CASTS = re.compile(r"::[a-z ]+(?:\(\d+\))?(?:\[\])*")
# Keywords are in capital letters, and a function has its parenthesis.
_PLAIN = re.compile(r'(?<![\w.$"])("(?:[^"]|"")+"|[a-z_][\w$]*)(?![\w."(])')


@dataclass(frozen=True)
class Condition:
    """A comparison of a column with a value, or with a column of another table: ``other``.

    Both are pairs of an alias and a name. A boolean column is compared by ``TRUE`` or ``FALSE``.
    ``value`` is SQL. Where an ``expression`` is compared, it is the SQL of it without the alias,
    and ``column`` one that it is made of.
    """

    column: tuple[str, str]
    operator: str
    other: tuple[str, str] | None = None
    value: str = ""
    expression: str = ""


def conditions(text: str) -> Iterator[Condition]:
    """Yield the comparisons that all have to hold, and leave out what is none of a column."""
    for part in _conjuncts(text):
        yield from _condition(_bare(part))


def sort_keys(text: str) -> tuple[tuple[tuple[str, str], str], ...]:
    """Return the columns of a sort key, each with its order, such as ``""`` or ``" DESC"``.

    Nothing is returned where one of them isn't a column.
    """
    found = []
    for part in text.split(", "):
        match = _KEY.fullmatch(part)
        if match is None:
            return ()
        found.append((_names(match), match["order"]))
    return tuple(found)


def columns_in(text: str) -> Iterator[tuple[str, str]]:
    """Yield the pairs of an alias and a column that an expression reads."""
    for match in _OWN.finditer(_STRINGS.sub("''", text)):
        yield _names(match)


def names_in(text: str) -> Iterator[str]:
    """Yield the columns that an expression of one table reads, without an alias before them."""
    for name in _PLAIN.findall(_CASTS.sub("", _STRINGS.sub("''", text))):
        yield unquote_name(name)


def _condition(part: str) -> Iterator[Condition]:
    at = _operator(part)
    if at is None:
        yield from _boolean(part)
        return
    left, operator, right = part[: at.start()], at["operator"], part[at.end() :].strip()
    column, other = (_BARE_COLUMN.fullmatch(each) for each in (left, right))
    if column and other:
        if column["alias"] != other["alias"]:
            yield Condition(_names(column), operator, _names(other))
            yield Condition(_names(other), _FLIPPED.get(operator, operator), _names(column))
    elif column and _is_value(right):
        yield Condition(_names(column), operator, None, right)
    elif other and operator in _FLIPPED and _is_value(left):
        yield Condition(_names(other), _FLIPPED[operator], None, left)
    elif operator in _OF_EXPRESSIONS and _is_value(right):
        yield from _expression(left, operator, right)


def _operator(part: str) -> re.Match[str] | None:
    """Return the first operator that is outside of parentheses, names and texts."""
    depth = 0
    for match in _PART.finditer(part):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if match["operator"] and depth == 0:
            return match
    return None


def _boolean(part: str) -> Iterator[Condition]:
    plain = part.removeprefix("NOT ")
    match = _BARE_COLUMN.fullmatch(_bare(plain))
    if match:
        yield Condition(_names(match), "TRUE" if plain == part else "FALSE")


def _expression(left: str, operator: str, right: str) -> Iterator[Condition]:
    """Yield the condition of an expression of one table, without values that may change."""
    found = dict.fromkeys(columns_in(left))
    aliases = {alias for alias, _ in found}
    if len(aliases) == 1 and not re.search(r"\$\d|\(SubPlan|\(InitPlan", left):
        (alias,) = aliases
        names = rf"(?<![\w.])(?:{re.escape(alias)}|\"{re.escape(alias)}\")\."
        yield Condition(next(iter(found)), operator, None, right, re.sub(names, "", _bare(left)))


def _is_value(text: str) -> bool:
    return next(columns_in(text), None) is None


def _names(match: re.Match[str]) -> tuple[str, str]:
    return unquote_name(match["alias"]), unquote_name(match["column"])


def _conjuncts(text: str) -> Iterator[str]:
    """Yield what is between the ANDs outside of parentheses and texts."""
    text = _bare(text)
    start = depth = 0
    for match in re.finditer(rf"{_TEXT}|\"(?:[^\"]|\"\")*\"|[()]| AND ", text):
        if match[0] == "(":
            depth += 1
        elif match[0] == ")":
            depth -= 1
        elif match[0] == " AND " and depth == 0:
            yield text[start : match.start()]
            start = match.end()
    yield text[start:]


def _bare(text: str) -> str:
    """Return ``text`` without the parentheses around the whole of it."""
    while text.startswith("(") and text.endswith(")"):
        depth = 0
        for match in re.finditer(rf"{_TEXT}|[()]", text):
            depth += {"(": 1, ")": -1}.get(match[0], 0)
            if depth == 0 and match.end() < len(text):
                return text
        text = text[1:-1]
    return text

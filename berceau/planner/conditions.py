"""The conditions of a plan, as PostgreSQL prints them: which columns are compared, and how.

No parser of SQL is needed for it: PostgreSQL has read the query, knows whose each column is, and
prints every condition in the same way, with parentheses around each part.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice, product

from berceau.schema.names import unquote_name

_NAME = r'"(?:[^"]|"")+"|[^\W\d][\w$]*'
# A cast between types of texts leaves the value as it is: any other makes an expression of it.
_SAME = r"(?:::(?:text|character varying|bpchar)(?:\(\d+\))?)?"
_COLUMN = rf"\(*(?P<alias>{_NAME})\.(?P<column>{_NAME})\)*{_SAME}"
_BARE_COLUMN = re.compile(_COLUMN)
_OWN = re.compile(rf"(?<![\w.])(?P<alias>{_NAME})\.(?P<column>{_NAME})(?!\()")
_KEY = re.compile(r"(?P<what>.+?)(?P<order>(?: DESC)?(?: NULLS (?:FIRST|LAST))?)", re.DOTALL)
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
MOST_ARMS = 50
"""So many arms of an OR are looked at."""
_STRINGS = re.compile(_TEXT)
_CASTS = re.compile(r"::[a-z ]+(?:\(\d+\))?(?:\[\])*")
# Keywords are in capital letters, and a function has its parenthesis.
_PLAIN = re.compile(r'(?<![\w.$"])("(?:[^"]|"")+"|[a-z_][\w$]*)(?![\w."(])')


@dataclass(frozen=True)
class Condition:
    """A comparison of a column with a value, or with a column of another table: ``other``.

    Both are pairs of an alias and a name. A boolean column is compared by ``TRUE`` or ``FALSE``.
    ``value`` is SQL. Of an expression of another table, ``other`` is the first column. Where an
    ``expression`` is compared, it is the SQL of it without the alias, and ``column`` one that it
    is made of.
    """

    column: tuple[str, str]
    operator: str
    other: tuple[str, str] | None = None
    value: str = ""
    expression: str = ""


@dataclass(frozen=True)
class SortKey:
    """What rows are sorted by: a ``column``, or an ``expression``, as in ``Condition``.

    ``order`` is such as ``""`` or ``" DESC"``.
    """

    column: tuple[str, str]
    order: str = ""
    expression: str = ""


def conditions(text: str) -> Iterator[Condition]:
    """Yield the comparisons that all have to hold, and leave out what is none of a column."""
    for part in _parts(bare(text), " AND "):
        yield from _condition(bare(part))


def alternatives(text: str) -> Iterator[tuple[tuple[Condition, ...], ...]]:
    """Yield the arms of each ``OR``: of one of them, all comparisons have to hold.

    An ``OR`` inside of an arm makes several of it.
    """
    for part in _parts(bare(text), " AND "):
        arms = tuple(islice(_arms(part), MOST_ARMS))
        if len(arms) > 1:
            yield arms


def _arms(text: str) -> Iterator[tuple[Condition, ...]]:
    either = tuple(_parts(bare(text), " OR "))
    if len(either) > 1:
        for each in either:
            yield from _arms(each)
        return
    both = tuple(_parts(bare(text), " AND "))
    if len(both) == 1:
        yield tuple(_condition(bare(text)))
        return
    for arms in product(*map(_arms, both)):
        yield tuple(chain.from_iterable(arms))


def sort_keys(text: str) -> tuple[SortKey, ...]:
    """Return what a sort key consists of.

    Nothing is returned where a part of it is neither a column nor an expression of one table.
    """
    found = []
    for part in _parts(text, ", "):
        match = _KEY.fullmatch(part)
        column = match and _BARE_COLUMN.fullmatch(match["what"])
        if match and column:
            found.append(SortKey(_names(column), match["order"]))
        elif match and (expression := _of_one_table(match["what"])):
            found.append(SortKey(expression[0], match["order"], expression[1]))
        else:
            return ()
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
    yield from _compared(left, operator, right)
    yield from _compared(right, _FLIPPED.get(operator, ""), left)


def _compared(side: str, operator: str, value: str) -> Iterator[Condition]:
    """Yield the condition that ``side`` is compared with ``value``, if it is one of a table."""
    column, others = _BARE_COLUMN.fullmatch(side), tuple(columns_in(value))
    if column and all(alias != unquote_name(column["alias"]) for alias, _ in others):
        other, own = (others[0], "") if others else (None, value)
        if operator:
            yield Condition(_names(column), operator, other, own)
    elif operator in _OF_EXPRESSIONS and not column and not others:
        found = _of_one_table(side)
        if found:
            yield Condition(found[0], operator, None, value, found[1])


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
    match = _BARE_COLUMN.fullmatch(bare(plain))
    if match:
        yield Condition(_names(match), "TRUE" if plain == part else "FALSE")


def _of_one_table(text: str) -> tuple[tuple[str, str], str] | None:
    """Return a column of an expression, and its SQL, if it is of one table without parameters."""
    found = dict.fromkeys(columns_in(text))
    aliases = {alias for alias, _ in found}
    if len(aliases) != 1 or re.search(r"\$\d|\(SubPlan|\(InitPlan", text):
        return None
    (alias,) = aliases
    names = rf"(?<![\w.])(?:{re.escape(alias)}|\"{re.escape(alias)}\")\."
    return next(iter(found)), re.sub(names, "", bare(text))


def _names(match: re.Match[str]) -> tuple[str, str]:
    return unquote_name(match["alias"]), unquote_name(match["column"])


def _parts(text: str, between: str) -> Iterator[str]:
    """Yield what is around ``between``, where that is outside of parentheses, names and texts."""
    start = depth = 0
    for match in re.finditer(rf"{_TEXT}|\"(?:[^\"]|\"\")*\"|[()]|{between}", text):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if match[0] == between and depth == 0:
            yield text[start : match.start()]
            start = match.end()
    yield text[start:]


def bare(text: str) -> str:
    """Return ``text`` without the parentheses around the whole of it."""
    while text.startswith("(") and text.endswith(")"):
        depth = 0
        for match in re.finditer(rf"{_TEXT}|[()]", text):
            depth += {"(": 1, ")": -1}.get(match[0], 0)
            if depth == 0 and match.end() < len(text):
                return text
        text = text[1:-1]
    return text

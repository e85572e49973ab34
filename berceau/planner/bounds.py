"""Ranges of columns whose values aren't known, planned for any values.

PostgreSQL compares ``day > '2026-01-01'`` with the histogram of ``day``. In a file of statistics
without values there is none: then it takes half of the rows, and between two ends a single one.
Of a parameter, ``day > $1``, it takes a third, and between two ends half a percent.
"""

import re
from collections.abc import Callable

from berceau.planner.conditions import conditions
from berceau.planner.plan import Node
from berceau.planner.uses import RANGES

Knows = Callable[[str, str], bool]
"""Tells whether the values of a column are known, by the names of its table and its own."""
_CONDITIONS = ("Index Cond", "Recheck Cond", "Filter", "Join Filter")
_TOKEN = re.compile(
    r"""
    (?P<value>'(?:[^']|'')*'|(?<![\w.$])\d+(?:\.\d+)?)
  | (?P<other>[a-z]'(?:[^'\\]|\\.|'')*'|"(?:[^"]|"")*"|\w+|[()\[\],]|[-+*/<>=~!@\#%^&|`?:]+)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_TYPE = r"(?:date|time(?:stamp)?(?:tz)?(?: with(?:out)? time zone)?|interval|numeric)"
_TYPED = re.compile(rf"\b({_TYPE})\s+(\$\d+)", re.IGNORECASE)
_PARAMETER = re.compile(r"\$(\d+)")
_ENDS = frozenset(
    "or on when then else end from where group order having limit offset fetch union intersect "
    "except returning window for".split()
)
"""A bound ends before these, and before the ``and`` that isn't the one of BETWEEN."""


def has_unknown_bounds(plan: Node, knows: Knows) -> bool:
    """Return whether ``plan`` has a range of a column of which no values are known."""
    tables = {each.alias: each.relation for each in plan.walk() if each.alias and each.relation}
    return any(
        each.operator in RANGES
        and each.other is None
        and not each.expression
        and "$" not in each.value
        and not knows(tables.get(each.column[0], ""), each.column[1])
        for node in plan.walk()
        for name, text in node.conditions
        if name in _CONDITIONS
        for each in conditions(text)
    )


def with_any_bounds(text: str) -> str:
    """Return the statement ``text`` with parameters for the values of its ranges."""
    last = max(map(int, _PARAMETER.findall(text)), default=0)
    began: int | None = None
    """Where a bound is read, the depth of parentheses that it began in."""
    depth = 0
    between = False

    def replace(match: re.Match[str]) -> str:
        nonlocal last, began, depth, between
        if match["value"]:
            if began is None:
                return match[0]
            last += 1
            return f"${last}"
        word = match[0].lower()
        depth += (word in "([") - (word in ")]")
        ends = word in _ENDS or word == "," or (word == "and" and not between)
        if began is not None and (depth < began or (ends and depth == began)):
            began = None
        if word in RANGES or word == "between":
            began, between = depth, word == "between"
        elif word == "and" and depth == began:
            between = False
        return match[0]

    return _TYPED.sub(r"\2::\1", _TOKEN.sub(replace, text))

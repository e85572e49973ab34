"""What a plan does with each table: what it compares, joins, sorts by and reads."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from berceau.planner.conditions import (
    Condition,
    SortKey,
    alternatives,
    columns_in,
    conditions,
    names_in,
    sort_keys,
)
from berceau.planner.plan import Node
from berceau.schema.names import quote_name

CONTAINS = ("@>", "<@", "&&", "?", "?|", "?&", "@@")
"""The operators of arrays, JSON and texts to search in, which a GIN index answers."""
_COMPARED = ("Index Cond", "Recheck Cond", "Filter", "Hash Cond", "Merge Cond", "Join Filter")
LIKES = ("~~", "~~*")
RANGES = ("<", ">", "<=", ">=")
_EXTREME = re.compile(r"(?:max|min)\((.+)\)")


@dataclass
class Use:
    """What a plan does with ``table``, under one alias; all but predicates are names of columns.

    ``equal`` are those compared with a value, ``joined`` with another table, ``ranges`` by an
    order. ``expressions`` are compared, too. ``sorted`` is what rows are sorted by.
    ``contained`` are looked into, and ``liked`` are matched with a pattern, each given as SQL.
    ``predicates`` have no parameter: they hold for some rows and not for others. ``read`` are all
    columns that the query needs. ``arms`` are those of an ``OR``, each with what it compares.
    """

    table: str
    equal: list[str] = field(default_factory=list)
    joined: list[str] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    expressions: list[Condition] = field(default_factory=list)
    sorted: Sequence[SortKey] = ()
    contained: list[str] = field(default_factory=list)
    liked: list[tuple[str, str]] = field(default_factory=list)
    predicates: list[Condition] = field(default_factory=list)
    read: set[str] = field(default_factory=set)
    arms: list["Use"] = field(default_factory=list)


def uses(plan: Node) -> Mapping[str, Use]:
    """Return what ``plan`` does with its tables, by their aliases."""
    nodes = tuple(plan.walk())
    found = {each.alias: Use(each.relation) for each in nodes if each.alias and each.relation}
    # What a plan of one table hands on has no alias before its columns.
    only = next(iter(found)) if len(found) == 1 else None
    for node in nodes:
        for name, text in node.conditions:
            if name in _COMPARED:
                _note_conditions(found, text)
                _note_arms(found, text)
            elif name == "Sort Key":
                _note_order(found, text, of_groups=_has_groups(node))
        for extreme in filter(None, map(_EXTREME.fullmatch, node.output)):
            _note_order(found, f"{quote_name(only)}.{extreme[1]}" if only else extreme[1])
    for alias, column in _needed(plan, only):
        if alias in found:
            found[alias].read.add(column)
    return found


def has_unknown_filters(plan: Node) -> bool:
    """Return whether ``plan`` filters by the value of an expression: how many have it isn't known.

    An index on the expression would find them.
    """
    return any(
        each.expression and each.operator == "="
        for node in plan.walk()
        for name, text in node.conditions
        if name == "Filter"
        for each in conditions(text)
    )


def _note_conditions(found: Mapping[str, Use], text: str) -> None:
    for condition in conditions(text):
        use = found.get(condition.column[0])
        if use is not None:
            _note(use, condition)


def _note_arms(found: Mapping[str, Use], text: str) -> None:
    """Note what each arm of an OR compares, if all compare something of one table.

    Then an index for each of them finds all rows.
    """
    for arms in alternatives(text):
        for alias, use in found.items():
            own = [_arm(use.table, alias, arm) for arm in arms]
            if Use(use.table) not in own:
                use.arms += own


def _arm(table: str, alias: str, compared: Iterable[Condition]) -> Use:
    arm = Use(table)
    for each in compared:
        if each.column[0] == alias:
            _note(arm, each)
    return arm


def _note(use: Use, condition: Condition) -> None:
    column, operator = condition.column[1], condition.operator
    if condition.expression:
        use.expressions.append(condition)
        return
    notes: Mapping[str, Callable[[str], None]] = {
        **dict.fromkeys(("=", "IS NULL", "TRUE", "FALSE"), use.equal.append),
        **dict.fromkeys(RANGES, use.ranges.append),
        **dict.fromkeys(CONTAINS, use.contained.append),
    }
    if condition.other is not None:
        if operator == "=":
            use.joined.append(column)
        return
    if operator in notes:
        notes[operator](column)
    if operator in LIKES:
        use.liked.append((column, f"{operator} {condition.value}"))
    if operator in ("=", "IS NULL", "IS NOT NULL", "TRUE", "FALSE"):
        use.predicates.append(condition)


def _note_order(found: Mapping[str, Use], text: str, *, of_groups: bool = False) -> None:
    """Note what rows are sorted by. Expressions ``of_groups`` are sums and counts of them."""
    keys = sort_keys(text)
    aliases = {each.column[0] for each in keys}
    if len(aliases) == 1 and not (of_groups and any(each.expression for each in keys)):
        (alias,) = aliases
        if alias in found:
            found[alias].sorted = keys


def _has_groups(node: Node) -> bool:
    return any(each.kind.endswith(("Aggregate", "WindowAgg", "Group")) for each in node.walk())


def _needed(plan: Node, only: str | None) -> Iterator[tuple[str, str]]:
    """Yield the columns that conditions read, and those that leave a scan.

    A scan's own output has all columns where it costs nothing to hand them on: what is above it
    tells which are needed.
    """
    for node in plan.walk():
        for _, text in node.conditions:
            yield from columns_in(text)
        if node is plan or node.relation is None:
            for text in node.output:
                yield from ((only, name) for name in names_in(text)) if only else columns_in(text)

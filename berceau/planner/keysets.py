"""Pages that continue after a row by an OR: ``a > $1 OR (a = $2 AND id > $3)``.

No index begins at such a place: the rows before it are read, and a filter takes them out.
PostgreSQL takes it for granted that the rows of the page are as near to the beginning of the index
as any others, and that a LIMIT ends soon.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from berceau.planner.conditions import Condition, alternatives, conditions
from berceau.planner.plan import Node
from berceau.planner.uses import RANGES
from berceau.schema.names import quote_name

PASSED = 0.5
"""Which part of the rows is before a page, on average."""
_IN_ORDER = ("Nested Loop", "Incremental Sort", "Gather Merge", "LockRows", "Result", "Unique")
"""These hand on the rows of their first child as they come."""


@dataclass(frozen=True)
class Keyset:
    """A place in the order of the columns ``names``, as an OR compares it by ``operators``."""

    names: tuple[str, ...]
    operators: tuple[str, ...]

    @property
    def cure(self) -> str:
        """What begins at the place, as a phrase."""
        first, direction = quote_name(self.names[0]), self.operators[0][0]
        if all(each.startswith(direction) for each in self.operators):
            columns = ", ".join(map(quote_name, self.names))
            values = ", ".join(f"${number}" for number, _ in enumerate(self.names, 1))
            row = f"({columns}) {self.operators[-1]} ({values})"
            return f"write `{row}`, for which an index on ({columns}) begins there"
        return (
            f"write `{first} {direction}= $1 AND (...)`, for which an index that has {first} first "
            "begins near it"
        )


def keysets(node: Node) -> Iterator[Keyset]:
    """Yield the places after which rows of ``node`` follow, where an OR filters them."""
    found = dict(node.conditions)
    begins = {each.column for each in conditions(found.get("Index Cond", "")) if _is_range(each)}
    for arms in alternatives(found.get("Filter", "")):
        keyset = _keyset(arms)
        if keyset is not None and (node.alias, keyset.names[0]) not in begins:
            yield keyset


def with_passed_rows(node: Node) -> Node:
    """Return the plan with the cost of the rows before a page, where a LIMIT hides it."""
    children = tuple(map(with_passed_rows, node.children))
    more = sum(new.cost - old.cost for new, old in zip(children, node.children, strict=True))
    if node.kind == "Limit":
        child = next(each for each in children if not each.is_aside)
        more += min(PASSED * _scanned(child), child.cost - node.cost)
    return replace(node, cost=node.cost + more, children=children)


def _scanned(node: Node) -> float:
    """Return what it costs to read all of an index whose rows before a place are passed."""
    if node.kind.startswith(("Index Scan", "Index Only Scan")):
        return node.cost - node.startup if any(keysets(node)) else 0.0
    return _scanned(node.sources[0]) if node.kind.startswith(_IN_ORDER) and node.sources else 0.0


def _keyset(arms: Sequence[Sequence[Condition]]) -> Keyset | None:
    """Return the place that ``arms`` compare: each by one column more, after equal ones."""
    ends: list[Condition] = []
    for arm in sorted(arms, key=len):
        ranges = [each for each in arm if _is_range(each)]
        equal = {each.column for each in arm if each.operator == "="}
        if len(ranges) != 1 or equal != {each.column for each in ends}:
            return None
        ends += ranges
    return Keyset(tuple(each.column[1] for each in ends), tuple(each.operator for each in ends))


def _is_range(condition: Condition) -> bool:
    is_column = condition.other is None and not condition.expression
    return is_column and condition.operator in RANGES

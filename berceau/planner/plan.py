"""A plan of PostgreSQL as a value: its nodes, what they cost, and how EXPLAIN shows them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

CONDITIONS = (
    *("Index Cond", "Recheck Cond", "TID Cond", "Order By", "Hash Cond", "Merge Cond"),
    *("Join Filter", "Filter", "One-Time Filter", "Sort Key", "Presorted Key", "Group Key"),
    "Cache Key",
)
"""What decides how much work a node is, under PostgreSQL's names, in the order to show it."""
_AGGREGATES = {"Hashed": "HashAggregate", "Sorted": "GroupAggregate", "Mixed": "MixedAggregate"}


@dataclass(frozen=True)
class Node:
    """A node of a plan, with those below it.

    ``kind`` is what EXPLAIN calls it: ``Index Scan``, ``Hash Left Join``. ``relation``, ``alias``
    and ``index`` are those that it reads, if it reads one. ``startup`` and ``cost`` are
    PostgreSQL's, ``rows`` and ``width`` its guess. ``conditions`` are pairs of a name and SQL, and
    ``output`` is the SQL of what it hands on. An ``is_aside`` is planned for a value, as that of a
    subquery or of a WITH: it hands no rows to the node above it.
    """

    kind: str
    startup: float
    cost: float
    rows: float
    width: int
    relation: str | None = None
    alias: str | None = None
    index: str | None = None
    conditions: tuple[tuple[str, str], ...] = ()
    children: tuple["Node", ...] = ()
    output: tuple[str, ...] = ()
    is_aside: bool = False

    def walk(self) -> Iterator["Node"]:
        """Yield this node and all below it, from the top."""
        yield self
        for child in self.children:
            yield from child.walk()

    @property
    def sources(self) -> tuple["Node", ...]:
        """The children whose rows it takes."""
        return tuple(each for each in self.children if not each.is_aside)

    @property
    def indexes(self) -> tuple[str, ...]:
        """The indexes that the plan reads, sorted."""
        return tuple(sorted({each.index for each in self.walk() if each.index}))

    @property
    def seq_scans(self) -> tuple[str, ...]:
        """The tables that the plan reads from the beginning to the end, sorted."""
        found = {each.relation for each in self.walk() if each.kind.endswith("Seq Scan")}
        return tuple(sorted(name for name in found if name))

    @property
    def structure(self) -> tuple[Any, ...]:
        """What makes it the plan that it is, without costs: equal plans have equal structures."""
        below = tuple(child.structure for child in self.children)
        return self.kind, self.relation, self.alias, self.index, self.conditions, below

    @property
    def outline(self) -> tuple[str, ...]:
        """The lines that EXPLAIN shows, without numbers."""
        return tuple(_lines(self, "", numbers=False))

    def __str__(self) -> str:
        return "\n".join(_lines(self, "", numbers=True))


def from_json(found: Mapping[str, Any]) -> Node:
    """Return the plan of what ``EXPLAIN (FORMAT JSON)`` returned: the object with a ``Plan``."""
    return _node(found["Plan"])


def _node(found: Mapping[str, Any]) -> Node:
    return Node(
        kind=_kind(found),
        startup=found["Startup Cost"],
        cost=found["Total Cost"],
        rows=found["Plan Rows"],
        width=found["Plan Width"],
        relation=found.get("Relation Name"),
        alias=found.get("Alias"),
        index=found.get("Index Name"),
        conditions=tuple(
            (name, _text(found[name])) for name in CONDITIONS if found.get(name) is not None
        ),
        children=tuple(map(_node, found.get("Plans", ()))),
        output=tuple(found.get("Output", ())),
        is_aside=found.get("Parent Relationship") in ("InitPlan", "SubPlan"),
    )


def _text(condition: str | list[str]) -> str:
    return ", ".join(condition) if isinstance(condition, list) else condition


def _kind(found: Mapping[str, Any]) -> str:
    kind: str = found["Node Type"]
    if kind == "Aggregate":
        kind = _AGGREGATES.get(found.get("Strategy", ""), kind)
    if kind == "ModifyTable":
        kind = found["Operation"]
    if found.get("Partial Mode", "Simple") != "Simple":
        kind = f"{found['Partial Mode']} {kind}"
    if found.get("Join Type", "Inner") != "Inner":
        join = f"{found['Join Type']} Join"
        kind = f"{kind.removesuffix(' Join')} {join}"
    if found.get("Scan Direction") == "Backward":
        kind = f"{kind} Backward"
    return f"Parallel {kind}" if found.get("Parallel Aware") else kind


def _lines(node: Node, indent: str, *, numbers: bool) -> Iterator[str]:
    using = f" using {node.index}" if node.index else ""
    on = f" on {node.relation}" if node.relation else ""
    alias = f" {node.alias}" if node.alias and node.alias != node.relation else ""
    costs = f"  (cost={node.startup:.2f}..{node.cost:.2f} rows={node.rows:.0f})" if numbers else ""
    yield f"{f'{indent}->  ' if indent else ''}{node.kind}{using}{on}{alias}{costs}"
    below = f"{indent}      " if indent else "  "
    yield from (f"{below}{name}: {text}" for name, text in node.conditions)
    for child in node.children:
        yield from _lines(child, below, numbers=numbers)

"""Why a plan is slow, in words: what it reads, and what it sorts."""

import re
from collections.abc import Iterator

from berceau.planner.keysets import keysets
from berceau.planner.knowledge import Knowledge
from berceau.planner.plan import Node
from berceau.planner.uses import uses

PART = 0.2
"""A step that takes less of the whole cost isn't worth words."""
_LOOPS = ("Nested Loop",)
_ELEMENT = re.compile(r"(?:'(?:[^']|'')*'(?:::[a-z ]+)?|\$\d+) = ANY \(\(?([\w.\"]+)\)?")
_PATH = re.compile(r"([\w.\"]+) (?:->>?|#>>?) \$\d")


def reasons(plan: Node, known: Knowledge) -> tuple[str, ...]:
    """Return the steps of ``plan`` that cost much, as phrases, the most expensive first."""
    found = sorted(_steps(plan, plan, known), reverse=True)
    return tuple(dict.fromkeys(text for cost, text in found if cost >= PART * plan.cost))


def hints(plan: Node, *, has_trigrams: bool) -> Iterator[str]:
    """Yield what could help ``plan`` that can't be tried, as phrases."""
    found = (each for use in uses(plan).values() for each in (use, *use.arms))
    liked = {f"{use.table}.{name}" for use in found for name, _ in use.liked}
    if liked and not has_trigrams:
        yield (
            f"patterns of {', '.join(sorted(liked))} could be found by a GIN index with trigrams, "
            "if a migration created the extension pg_trgm"
        )
    texts = [text for node in plan.walk() for _, text in node.conditions]
    arrays = {each[1] for text in texts for each in _ELEMENT.finditer(text)}
    for name in sorted(arrays):
        yield (f"`x in {name}` finds no index (x = ANY); `[x] in {name}` finds a GIN index on it")
    paths = {each[1] for text in texts for each in _PATH.finditer(text)}
    for name in sorted(paths):
        yield (
            f"which path in {name} is compared isn't known, as it is a parameter: `invoke test` "
            "records it where the code has it, or give `--queries` a file of SQL with the path"
        )


def _steps(node: Node, plan: Node, known: Knowledge) -> Iterator[tuple[float, str]]:
    below = sum(child.cost for child in node.children)
    for each in keysets(node):
        yield (
            plan.cost,
            f"an OR finds what follows a place in the order of ({', '.join(each.names)}), and no "
            f"index begins at that: {each.cure}",
        )
    if node.kind.endswith("Seq Scan") and node.relation:
        yield node.cost, _whole(node, known)
    elif node.kind.endswith(("Sort", "Sort Backward")) and node.sources:
        keys = dict(node.conditions).get("Sort Key", "")
        yield node.cost - below, f"{_count(node.sources[0].rows)} are sorted by {keys}"
    elif node.kind.startswith(_LOOPS) and len(node.sources) == 2:
        outer, inner = node.sources
        rest = node.cost - outer.cost - inner.cost
        yield rest, f"{inner.relation or 'the inner part'} is read for each of {_count(outer.rows)}"
    elif node.index and dict(node.conditions).get("Filter"):
        yield node.cost, f"{node.index} finds rows of {node.relation} that a filter takes out again"
    for child in node.children:
        yield from _steps(child, plan, known)


def _whole(node: Node, known: Knowledge) -> str:
    total = known.rows(node.relation or "")
    text = f"all of {node.relation} is read"
    if total:
        text = f"all {total:,.0f} rows of {node.relation} are read"
    if dict(node.conditions).get("Filter") and node.rows < total / 2:
        text += f" to find about {node.rows:,.0f}"
    return text


def _count(rows: float) -> str:
    return "one row" if rows == 1 else f"{rows:,.0f} rows"

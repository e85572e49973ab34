"""Which rows ``for_update()`` locks: those that a query gives, each once, and no row of a join.

Pony locks the rows of all tables that a query joins, and sends ``DISTINCT`` along, with which
PostgreSQL refuses to lock. What a row has to fulfil stays beside its lock, so PostgreSQL looks at
it again after it waited for another transaction.

It rests on private names of pony==0.7.20.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from berceau.errors import DatabaseError

Ast = list[Any]

_HEAD = 3  # a node's name and two options stand before the sections of a locking SELECT


def locking(tree: Ast, alias: str | None, *, repeated: bool) -> Ast:
    """Return the syntax tree of a query with ``for_update()`` as one that PostgreSQL runs.

    The query gives rows of the table ``alias``, ``None`` where it gives values; with ``repeated``,
    an unchanged one might give a row several times. Raises ``DatabaseError`` for what can't be
    locked.
    """
    sections = {section[0]: section for section in tree[_HEAD:]}
    tables = sections.get("FROM") or sections.get("LEFT_JOIN") or []
    if not sections.keys().isdisjoint({"GROUP_BY", "HAVING"}):
        raise _refusal("groups rows")
    if alias is None:
        if repeated:
            raise _refusal("gives values, each once")
        return tree
    if tables[0] == "LEFT_JOIN" and tables[1][0] != alias:
        raise _refusal("gives what a left join may have none of")
    if repeated:
        return _once(tree, alias, sections)
    return tree if len(tables) == 2 else ["LOCK_OF", alias, *tree[1:]]


def _once(tree: Ast, alias: str, sections: dict[str, Ast]) -> Ast:
    """Return a query on one table; what joins rows to it becomes a condition."""
    if "FROM" not in sections:
        raise _refusal("gives each row once although a left join repeats it")
    order = sections.get("ORDER_BY", ["ORDER_BY"])
    if any(each != alias for each in _aliases(order)):
        raise _refusal("is ordered by a row that is joined, of which there may be several")
    own = next(each for each in sections["FROM"][1:] if each[0] == alias)
    others = [each for each in sections["FROM"][1:] if each[0] != alias]
    conditions = [each[3] for each in (own, *others) if len(each) > _HEAD]
    conditions += sections.get("WHERE", ["WHERE"])[1:]
    outside = [each for each in conditions if set(_aliases(each)) == {alias}]
    inside = [each for each in conditions if each not in outside]
    if others:
        joined = ["FROM", *(each[:_HEAD] for each in others)]
        outside.append(["EXISTS", joined, ["WHERE", *inside]])
    else:
        outside += inside
    return [
        *tree[:_HEAD],
        ["ALL", *tree[_HEAD][1:]],
        ["FROM", own[:_HEAD]],
        *([["WHERE", *outside]] if outside else []),
        *(sections[name] for name in ("ORDER_BY", "LIMIT") if name in sections),
    ]


def _aliases(tree: Sequence[Any]) -> Iterator[str | None]:
    """Yield the aliases of the columns in ``tree``, and ``None`` for SQL of the developer's."""
    if tree and tree[0] == "COLUMN":
        yield tree[1]
    elif tree and tree[0] == "RAWSQL":
        yield None
    else:
        for part in tree:
            if isinstance(part, list | tuple):
                yield from _aliases(part)


def _refusal(what: str) -> DatabaseError:
    return DatabaseError(
        f"for_update() can't lock the rows of a query that {what}.",
        cure="Select the keys without it, and lock then: "
        "`Order.select(lambda o: o.id in keys).for_update()`.",
    )

"""Indexes that could help a plan, by what it compares, joins, sorts by and reads."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from berceau.planner.conditions import Condition
from berceau.planner.knowledge import Knowledge, constant
from berceau.planner.plan import Node
from berceau.planner.uses import CONTAINS, LIKES, RANGES, Use, uses
from berceau.schema.names import quote_name

MOST_COLUMNS = 3
MOST_INCLUDED = 3
WIDEST = 64
"""Columns of more bytes on average aren't included: the index would become a second table."""
SELECTIVE = 0.25
"""An index is partial where at most this part of the rows fits its condition."""
FEW_VALUES = 10
"""A constant of a column with more values than these is one of many that queries ask for."""
FLIPPED = {
    "": " DESC",
    " DESC": "",
    " NULLS FIRST": " DESC NULLS LAST",
    " DESC NULLS LAST": " NULLS FIRST",
}
"""Each order of a key, and the one that it has when the index is read from its end."""


@dataclass(frozen=True, order=True)
class Key:
    """A key of an index: a ``column``, or an ``expression`` that it is a part of.

    ``suffix`` is its order or its operator class, as SQL after a space.
    """

    column: str
    suffix: str = ""
    expression: str = ""

    @property
    def sql(self) -> str:
        """The key as in CREATE INDEX."""
        return f"{self._name}{self.suffix}"

    @property
    def _name(self) -> str:
        if not self.expression:
            return quote_name(self.column)
        # What isn't a call needs parentheses.
        is_call = re.fullmatch(r"\w+\([^()]*(?:\([^()]*\)[^()]*)*\)", self.expression)
        return self.expression if is_call else f"({self.expression})"


@dataclass(frozen=True, order=True)
class Candidate:
    """An index on ``keys`` of ``table``; ``include`` are columns, and ``where`` is SQL or empty."""

    table: str
    keys: tuple[Key, ...]
    method: str = "btree"
    include: tuple[str, ...] = ()
    where: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a plain B-tree, or the one of a plain GIN index; else nothing.

        Entities can declare these, where the attribute makes an index of that method.
        """
        inverted = self.method == "gin" and len(self.keys) == 1
        special = not (self.method == "btree" or inverted) or self.include or self.where
        if special or any(each.suffix or each.expression for each in self.keys):
            return ()
        return tuple(each.column for each in self.keys)

    @property
    def sql(self) -> str:
        """The statement that makes it, but for the name."""
        return f"ON {quote_name(self.table)} {self._rest}"

    def __str__(self) -> str:
        """Return what it is called in advice, and dismissed by: ``post (author, at)``."""
        return f"{self.table} {self._rest}"

    @property
    def _rest(self) -> str:
        method = "" if self.method == "btree" else f"USING {self.method} "
        keys = ", ".join(each.sql for each in self.keys)
        include = f" INCLUDE ({', '.join(map(quote_name, self.include))})" if self.include else ""
        where = f" WHERE {self.where}" if self.where else ""
        return f"{method}({keys}){include}{where}"


@dataclass(frozen=True)
class Means:
    """What the database offers: the operator class of ``trigrams`` in a GIN index, if it is there.

    ``bytewise`` is whether texts are sorted by bytes, so that any B-tree answers ``LIKE 'a%'``.
    """

    trigrams: str | None = None
    bytewise: bool = False


def candidates(plan: Node, known: Knowledge, means: Means) -> tuple[Candidate, ...]:
    """Return the indexes that may help ``plan``, sorted.

    Columns that are equal to a value come first, those with more different values before others:
    an index serves conditions on its first columns. Then comes what is sorted by, or a range.
    """
    found: set[Candidate] = set()
    for whole in uses(plan).values():
        for use in (whole, *_with_arms(whole)):
            for keys in _key_lists(use, known, means):
                short = _short(keys)
                if short:
                    found.add(Candidate(use.table, short))
                    found.update(_covering(use, short, known))
            found.update(_partial(use, known, means))
            found.update(_inside(use, means))
    return tuple(sorted(found))


def _with_arms(use: Use) -> Iterator[Use]:
    """Yield each arm of an OR, together with what holds beside it."""
    for arm in use.arms:
        yield replace(arm, equal=[*use.equal, *arm.equal])


def _short(keys: Iterable[Key]) -> tuple[Key, ...]:
    """Return the first keys, each column once."""
    unique: dict[tuple[str, str], Key] = {}
    for each in keys:
        unique.setdefault((each.column, each.expression), each)
    return tuple(unique.values())[:MOST_COLUMNS]


def _order(use: Use) -> list[Key]:
    """Return the keys to sort by.

    A B-tree is read in both directions: of an order and its reverse, one stands for both.
    """
    suffixes = [each.order for each in use.sorted]
    if suffixes and " DESC" in suffixes[0] and all(each in FLIPPED for each in suffixes):
        suffixes = [FLIPPED[each] for each in suffixes]
    return [
        Key(each.column[1], suffix, each.expression)
        for each, suffix in zip(use.sorted, suffixes, strict=True)
    ]


def _key_lists(use: Use, known: Knowledge, means: Means) -> Iterator[Sequence[Key]]:
    equal = [
        *(Key(name) for name in _by_values(use, known)),
        *_expressions(use, ("=",)),
    ]
    joined, ranges = ([Key(name) for name in dict.fromkeys(n)] for n in (use.joined, use.ranges))
    # The texts that begin with the same letters are a range, too.
    ranges += [*_expressions(use, RANGES), *_liked(use, means, begins=True)]
    order = _order(use)
    yield from ([key] for key in (*equal, *joined, *ranges))
    yield order
    for base in (equal, *([*equal, key] for key in joined)):
        if base:
            yield base
            yield [*base, *order]
            yield from ([*base, key] for key in ranges)


def _expressions(use: Use, operators: Sequence[str]) -> list[Key]:
    """Return the expressions that are compared by one of the ``operators``."""
    return [
        Key(each.column[1], "", each.expression)
        for each in use.expressions
        if each.operator in operators
    ]


def _by_values(use: Use, known: Knowledge) -> list[str]:
    """Return the columns that are equal to a value, those with more different values first."""
    return sorted(
        dict.fromkeys(use.equal), key=lambda name: (-known.distinct(use.table, name), name)
    )


def _covering(use: Use, keys: tuple[Key, ...], known: Knowledge) -> Iterator[Candidate]:
    """Yield the index with all columns that the query reads, where these are few and narrow.

    A column that could be a key is no use behind the keys, and an index with all columns of the
    table would be that again.
    """
    rest = sorted(use.read - {each.column for each in keys})
    better = {*use.equal, *use.joined, *(each.column[1] for each in use.sorted)}
    whole = len(keys) + len(rest) >= known.columns(use.table)
    if whole or any(each.expression for each in keys) or not better.isdisjoint(rest):
        return
    widths = [known.width(use.table, name) for name in rest]
    if 0 < len(rest) <= MOST_INCLUDED and all(w is not None and w <= WIDEST for w in widths):
        yield Candidate(use.table, keys, include=tuple(rest))


def _partial(use: Use, known: Knowledge, means: Means) -> Iterator[Candidate]:
    for predicate in use.predicates:
        share = known.share(use.table, predicate)
        column, where = predicate.column[1], _sql(predicate)
        many = known.distinct(use.table, column) > FEW_VALUES
        if share is None or share > SELECTIVE or (many and predicate.operator == "="):
            continue
        lists = [
            _short(key for key in keys if key.column != column or key.expression)
            for keys in _key_lists(use, known, means)
        ]
        for keys in {*filter(None, lists)} or {(Key(column),)}:
            yield Candidate(use.table, keys, where=where)


def _sql(predicate: Condition) -> str:
    name = quote_name(predicate.column[1])
    match predicate.operator:
        case "TRUE":
            return name
        case "FALSE":
            return f"NOT {name}"
        case "=":
            return f"{name} = {predicate.value}"
        case operator:
            return f"{name} {operator}"


def _inside(use: Use, means: Means) -> Iterator[Candidate]:
    """Yield the indexes on what is in a value: elements, members, or parts of a text."""
    for key in (*map(Key, dict.fromkeys(use.contained)), *_expressions(use, CONTAINS)):
        yield Candidate(use.table, (key,), "gin")
    for key in _liked(use, means, begins=False):
        yield Candidate(use.table, (key,), "gin")


def _liked(use: Use, means: Means, *, begins: bool) -> Iterator[Key]:
    """Yield the keys for patterns: for those that are known to begin with letters, or for others.

    Their operator class is the one of a B-tree, or of a GIN index.
    """
    liked = [(Key(name), pattern) for name, pattern in use.liked]
    for each in use.expressions:
        if each.operator in LIKES:
            key = Key(each.column[1], "", each.expression)
            liked.append((key, f"{each.operator} {each.value}"))
    for key, pattern in liked:
        operator, _, value = pattern.partition(" ")
        text = constant(value)
        if text is not None and operator == "~~" and not text.startswith(("%", "_")):
            if begins:
                yield replace(key, suffix="" if means.bytewise else " text_pattern_ops")
        elif not begins and means.trigrams is not None:
            yield replace(key, suffix=f" {means.trigrams}")

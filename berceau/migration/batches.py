"""The comment ``-- Batches``, and the UPDATE below it, which a deploy may carry out in parts."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from berceau.errors import Location, MigrationFileError
from berceau.migration.splitter import ParsedStatement, Token, tokens
from berceau.schema.names import unquote_name
from berceau.schema.statement import LARGE

_MARKER = re.compile(r"\s*--\s*Batches\s*(?::(?P<options>.*))?", re.IGNORECASE)
_OPTION = re.compile(
    r"(?:above (?P<above>\d{1,9}) rows?|target (?P<target>\d{1,6}) ms"
    r"|pause (?P<pause>\d{1,3}(?:\.\d{1,3})?)|lag (?P<lag>\d{1,6}) s)",
    re.IGNORECASE,
)
_CURE = (
    "Write `-- Batches` right above an UPDATE of one table, whose WHERE finds what is still to "
    "do: `UPDATE post SET slug = lower(title) WHERE slug IS NULL;`."
)
_OPTIONS_CURE = (
    "Write `-- Batches`, or add options after a colon, with commas between them: "
    f"`-- Batches: above {LARGE} rows, target 100 ms, pause 0.5, lag 10 s`."
)


@dataclass(frozen=True)
class Options:
    """What the comment says: ``above`` which rows a table is large, and how gently it is treated.

    A batch should take about ``target`` seconds. After it, the deploy sleeps ``pause`` times as
    long as it took, and while a replica is more than ``lag`` seconds behind.
    """

    above: int = LARGE
    target: float = 0.1
    pause: float = 0.5
    lag: float = 10.0


@dataclass(frozen=True)
class BatchedUpdate:
    """An UPDATE of one table, taken apart so that ranges of its rows can be updated.

    All is SQL: ``target`` is the table as UPDATE takes it (ONLY included), ``name`` how the
    statement calls its rows, ``others`` what it reads besides, ``head`` all before the WHERE. But
    ``columns`` are the plain names of those that it sets.
    """

    target: str
    name: str
    head: str
    others: str
    condition: str
    columns: frozenset[str]
    options: Options = field(default_factory=Options)

    def left(self, limit: int) -> str:
        """Return the query that counts the rows that are to be updated, up to a ``limit``."""
        tables = ", ".join(filter(None, (f"{self.target} AS {self.name}", self.others)))
        return (
            f"SELECT count(*) FROM (SELECT 1 FROM {tables}\n"  # noqa: S608 - Citus needs a column
            f"WHERE {self.condition}\nLIMIT {limit}) AS berceau_left"
        )

    def within(self, range_: str) -> str:
        """Return the query that updates the rows for which the SQL ``range_`` holds as well.

        It returns how many those were, and for how many of them the WHERE still holds.
        """
        again = f"({self.condition}\n)"
        return (
            f"WITH berceau_batch AS ({self.head}\nWHERE {again} AND {range_} "  # noqa: S608
            f"RETURNING {again} AS again) "
            "SELECT count(*), count(*) FILTER (WHERE again) FROM berceau_batch"
        )


def find(text: str, statements: Sequence[ParsedStatement]) -> dict[int, BatchedUpdate]:
    """Return the batched updates among the ``statements`` of ``text``, by their indexes.

    Raises ``MigrationFileError`` with the line of a comment that isn't above such a statement, or
    that can't be understood.
    """
    found: dict[int, BatchedUpdate] = {}
    lines = text.split("\n")
    start = 0
    for index, statement in enumerate(statements):
        marked = list(_markers(lines, start, statement.line - 1))
        if len(marked) > 1:
            raise _refused(marked[1][0], "`-- Batches` is there twice.", "Remove one of them.")
        if marked:
            ((line, options),) = marked
            found[index] = _take_apart(statement, _parse_options(options, line))
        elif statement.head[0] == "update" and (inside := _inside(statement)):
            raise _refused(inside, "`-- Batches` is inside of a statement.", _CURE)
        length = statement.text.count("\n") + 1
        start = statement.line - 1 + length + (statement.data or "").count("\n")
    for line, _ in _markers(lines, start, len(lines)):
        raise _refused(line, "No statement follows `-- Batches`.", _CURE)
    return found


def _markers(lines: Sequence[str], start: int, end: int) -> Iterator[tuple[int, str]]:
    """Yield the number and the options of each marker between two indexes of ``lines``."""
    for index in range(start, end):
        if match := _MARKER.fullmatch(lines[index].rstrip("\r")):
            yield index + 1, match["options"] or ""


def _inside(statement: ParsedStatement) -> int | None:
    """Return the line of a marker that interrupts ``statement``."""
    passed = 0
    for token in tokens(statement.text) if "batches" in statement.text.lower() else ():
        if token.kind == "space" and _MARKER.fullmatch(token.text):
            return statement.line + passed
        passed += token.text.count("\n")
    return None


def _parse_options(text: str, line: int) -> Options:
    values: dict[str, str] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        match = _OPTION.fullmatch(" ".join(part.split()))
        given = {name: value for name, value in match.groupdict().items() if value} if match else {}
        if not given or given.keys() & values.keys():
            raise _refused(line, f"`-- Batches` can't be told {part!r}.", _OPTIONS_CURE)
        values |= given
    default = Options()
    target = float(values["target"]) / 1000 if "target" in values else default.target
    if target <= 0:
        raise _refused(line, "A batch can't take 0 ms.", _OPTIONS_CURE)
    return Options(
        int(values.get("above", default.above)),
        target,
        float(values.get("pause", default.pause)),
        float(values.get("lag", default.lag)),
    )


def _take_apart(statement: ParsedStatement, options: Options) -> BatchedUpdate:
    """Return the parts of an UPDATE; raises ``MigrationFileError`` for any other statement."""
    parts = _Parts(statement)
    if "returning" in parts.clauses:
        raise parts.refused("has RETURNING")
    if not {"set", "where"} <= parts.clauses.keys():
        raise parts.refused("is no UPDATE of one table that has a WHERE")
    set_, where = parts.clauses["set"], parts.clauses["where"]
    target, name = parts.table(set_)
    condition = parts.text(where + 1, len(parts.tokens))
    if re.match(r"current\s+of\b", condition, re.IGNORECASE):
        raise parts.refused("names a cursor")
    from_ = parts.clauses.get("from", where)
    columns = frozenset(parts.columns(set_ + 1, from_))
    head, others = parts.text(0, where), parts.text(from_ + 1, where)
    return BatchedUpdate(target, name, head, others, condition, columns, options)


class _Parts:
    """The tokens of an UPDATE, and the places of the clauses that it has at its own level."""

    def __init__(self, statement: ParsedStatement) -> None:
        self.statement = statement
        self.tokens = list(tokens(statement.text))
        self.clauses: dict[str, int] = {}
        depth = 0
        for place, (kind, text) in enumerate(self.tokens):
            depth += (kind == "open") - (kind == "close")
            word = text.lower()
            if kind == "word" and depth == 0 and word in ("set", "from", "where", "returning"):
                # IS DISTINCT FROM stands in a condition or a value, not before a table.
                distinct = word == "from" and self._before(place) == "distinct"
                if not distinct:
                    self.clauses.setdefault(word, place)
        if self.statement.head[0] != "update":
            self.clauses = {}

    def text(self, start: int, end: int) -> str:
        """Return the SQL between two places."""
        return "".join(token.text for token in self.tokens[start:end]).strip()

    def table(self, end: int) -> tuple[str, str]:
        """Return what stands between UPDATE and SET: the table, and what its rows are called."""
        words = self._words(1, end)
        only = ["ONLY"] if words and words[0].text.lower() == "only" else []
        rest = [token.text for token in words[len(only) :] if token.text != "*"]
        size = 3 if rest[1:2] == ["."] else 1
        name, alias = rest[:size], rest[size:]
        if alias and alias[0].lower() == "as":
            alias = alias[1:]
        if len(alias) > 1 or not name or len(name) != size:
            raise self.refused("is no UPDATE of one table")
        return " ".join([*only, "".join(name)]), alias[0] if alias else name[-1]

    def columns(self, start: int, end: int) -> Iterator[str]:
        """Yield the names that are set: each follows on SET or a comma, or is in a list of them."""
        depth, target = 0, True
        for token in self._words(start, end):
            depth += (token.kind == "open") - (token.kind == "close")
            if token.text == "," and depth == 0:
                target = True
            elif token.text == "=":
                target = False
            elif target and token.kind in ("word", "quoted"):
                plain = token.kind == "word"
                yield token.text.lower() if plain else unquote_name(token.text)

    def refused(self, what: str) -> MigrationFileError:
        return _refused(self.statement.line, f"The statement below `-- Batches` {what}.", _CURE)

    def _words(self, start: int, end: int) -> list[Token]:
        return [each for each in self.tokens[start:end] if each.kind not in ("space", "comment")]

    def _before(self, place: int) -> str:
        words = self._words(0, place)
        return words[-1].text.lower() if words else ""


def _refused(line: int, what: str, cure: str) -> MigrationFileError:
    return MigrationFileError(what, where=Location(line=line), cure=cure)

"""Statements planned in a planning database, and never run."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress

import psycopg2

from berceau.errors import PlanError
from berceau.planner.bounds import Knows, has_unknown_bounds, with_any_bounds
from berceau.planner.expectations import Relations
from berceau.planner.guessing import Refusal, with_guesses
from berceau.planner.plan import Node, from_json
from berceau.planner.shapes import has_parameters
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.fetch import fetch
from berceau.postgres.statistics.planning import SCHEMA, Made
from berceau.postgres.statistics.trying import shown

# A plan names the partition that it reads, and its index.
_RELATIONS = """
WITH RECURSIVE part (whole, oid) AS (
    SELECT c.oid, c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm', 'i', 'I')
        AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    UNION
    SELECT part.whole, i.inhrelid FROM part JOIN pg_inherits i ON i.inhparent = part.oid
)
SELECT whole.relkind IN ('i', 'I'), whole.relname::text, array_agg(c.relname::text)
FROM part JOIN pg_class whole ON whole.oid = part.whole JOIN pg_class c ON c.oid = part.oid
GROUP BY 1, 2
"""

_NAME = re.compile(r'"(?:[^"]|"")*"')
# A shape has neither literals nor comments, in which a semicolon would be no end.
_MORE = re.compile(r"""[;'"]|--|/\*""")


class PlanReader:
    """Plans statements of the tables of ``schema``. Only an administrator can try candidates.

    Ranges of columns whose values it doesn't know (``knows``) are planned for any values.
    """

    def __init__(self, connection: Connection, schema: str, knows: Knows) -> None:
        self._connection = connection
        self._schema = schema
        self._knows = knows
        self._texts: dict[str, str] = {}

    def plan(self, query: str, candidates: Iterable[str] = ()) -> Node:
        """Return the plan of ``query``, a statement; indexes ``candidates`` are there for it.

        Where it has parameters (``$1``), that is the plan for any values. Raises ``PlanError``.
        """
        names = tuple(candidates)

        def attempt(text: str) -> Node:
            with shown(self._connection, self._schema, names) if names else nullcontext():
                return self._explain(text)

        text, plan = _plan(self._texts.get(query, query), attempt)
        if query not in self._texts and has_unknown_bounds(plan, self._knows):
            with suppress(PlanError):
                text, plan = _plan(with_any_bounds(text), attempt)
        self._texts[query] = text
        return plan

    def _explain(self, query: str) -> Node:
        with self._connection.cursor() as cursor:
            # As text: what psycopg2 makes of JSON, the application may have changed.
            call = f"SELECT {SCHEMA}.explain(%s, %s)::text"
            cursor.execute(call, (query, has_parameters(query)))
            ((found,),) = cursor.fetchall()
        return from_json(json.loads(found)[0])

    def relations(self) -> Relations:
        """Return the tables and indexes that plans can be about."""
        found = fetch(self._connection, _RELATIONS)
        tables, indexes = (
            {name: parts for is_index, name, parts in found if is_index == wanted}
            for wanted in (False, True)
        )
        return Relations(tables, indexes)


def _plan(query: str, explain: Callable[[str], Node]) -> tuple[str, Node]:
    """Return what ``explain`` returns, and the text that it could read: ``query`` with guesses.

    Raises ``PlanError``.
    """

    def attempt(text: str) -> Node | Refusal:
        try:
            return explain(text)
        except psycopg2.Error as error:
            return _refusal(text, error)

    text, found = with_guesses(query, attempt)
    if isinstance(found, Refusal):
        raise _refused(query, found.reason)
    return text, found


def _refusal(text: str, error: psycopg2.Error) -> Refusal:
    """Return why ``text`` can't be planned: it stands at the end of what PostgreSQL read."""
    diagnosis = error.diag
    reason = diagnosis.message_primary or str(error).strip()
    place = diagnosis.internal_position or diagnosis.statement_position
    if place is None:
        return Refusal(error.pgcode or "", None, reason)
    whole = diagnosis.internal_query or _explanation(text)
    return Refusal(error.pgcode or "", int(place) - 1 - (len(whole) - len(text)), reason)


def _explanation(query: str) -> str:
    generic = "GENERIC_PLAN, " if has_parameters(query) else ""
    return f"EXPLAIN ({generic}FORMAT JSON) {query}"


def _refused(query: str, reason: str) -> PlanError:
    return PlanError(
        f"This can't be planned. PostgreSQL says: {reason}\n    {' '.join(query.split())[:500]}",
        cure="It has to be one statement on tables of the project: SELECT, INSERT, UPDATE, DELETE "
        "or MERGE.",
        reason=reason,
    )


@contextmanager
def reading(made: Made, schema: str, knows: Knows, *, tries: bool = False) -> Iterator[PlanReader]:
    """Give the body what plans in the database ``made``; ``tries`` is whether with candidates."""
    with connect(made.admin_url if tries else made.url, autocommit=True) as connection:
        yield PlanReader(connection, schema, knows)


def explain(connection: Connection, query: str) -> Node:
    """Return how the database of ``connection`` would run ``query``, which it doesn't.

    The query isn't a visitor's: it was recorded. Its parameters (``$1``) stand for any values, for
    which PostgreSQL 16 or later is needed. The connection is in a transaction, which goes on.
    Raises ``PlanError``.
    """
    if _MORE.search(_NAME.sub("", query)):
        raise PlanError(
            f"This can't be planned, as it may be more than one statement:\n    {query[:500]}",
            cure="Send the statements one by one.",
        )

    def attempt(text: str) -> Node:
        with connection.cursor() as cursor:
            cursor.execute("SAVEPOINT berceau_explain")
            try:
                cursor.execute(_explanation(text))
                ((found,),) = cursor.fetchall()
            except psycopg2.Error:
                cursor.execute("ROLLBACK TO SAVEPOINT berceau_explain")
                raise
        return from_json((json.loads(found) if isinstance(found, str) else found)[0])

    return _plan(query, attempt)[1]

"""What a test expects of a plan, and how a plan fails it, in words."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite

from berceau.planner.plan import Node


@dataclass(frozen=True)
class Relations:
    """The tables and the indexes of a database, by name.

    Each has the names that a plan has for it: its own, and those of its partitions.
    """

    tables: Mapping[str, Collection[str]]
    indexes: Mapping[str, Collection[str]]


@dataclass(frozen=True)
class Expectation:
    """What plans have to be like: the indexes to read, the tables not to read whole, the cost.

    ``no_seq_scan`` is of these tables, or of all if it is ``True``.
    """

    uses: Collection[str] = ()
    no_seq_scan: bool | Collection[str] = False
    max_cost: float | None = None

    @classmethod
    def of(
        cls,
        uses: str | Collection[str] = (),
        no_seq_scan: bool | str | Collection[str] = False,
        max_cost: float | None = None,
    ) -> "Expectation":
        """Return what these arguments of a test mean.

        Raises ``TypeError`` if that is nothing: such a test would never fail.
        """
        indexes = _names("uses", uses)
        tables = no_seq_scan is True or _names("no_seq_scan", no_seq_scan or ())
        if max_cost is not None and not _is_number(max_cost):
            raise TypeError(f"max_cost takes a number, and not {max_cost!r}.")
        if not indexes and not tables and max_cost is None:
            raise TypeError(
                'Nothing is expected of the plan: give uses="post_author_idx", no_seq_scan=True '
                "or max_cost=100."
            )
        return cls(indexes, tables, max_cost)

    def failures(self, plans: Collection[Node], known: Relations) -> Iterator[str]:
        """Yield a sentence for each way in which ``plans``, of one piece of code, fail.

        ``known`` is what there is to be read.
        """
        used = {index for plan in plans for index in plan.indexes}
        for index in self.uses:
            if index not in known.indexes:
                yield f"There is no index {index}.{_near(index, known.indexes)}"
            elif used.isdisjoint(known.indexes[index]):
                others = f" (it uses {', '.join(sorted(used))})" if used else ""
                yield f"The index {index} isn't used{others}."
        whole = {name for plan in plans for name in plan.seq_scans}
        if self.no_seq_scan is not True:
            tables = self.no_seq_scan or ()
            for table in tables:
                if table not in known.tables:
                    yield f"There is no table {table}.{_near(table, known.tables)}"
            whole &= {part for table in tables for part in known.tables.get(table, ())}
        for table in sorted(whole):
            yield f"All of {table} is read (Seq Scan)."
        for plan in plans:
            if self.max_cost is not None and plan.cost > self.max_cost:
                yield f"The cost is {plan.cost:.2f}, and {self.max_cost:g} is allowed."


def _near(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, sorted(known), n=3)
    return f" Did you mean {' or '.join(near)}?" if near else ""


def _names(argument: str, given: object) -> tuple[str, ...]:
    names = (given,) if isinstance(given, str) else given
    if isinstance(names, Collection) and not isinstance(names, bytes):
        texts = tuple(each for each in names if isinstance(each, str))
        if len(texts) == len(names):
            return texts
    raise TypeError(f"{argument} takes a name, or a list of names, and not {given!r}.")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)

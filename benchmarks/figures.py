"""Seconds that works took in rounds, as tables of medians and ratios."""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Aim:
    """That the work ``one`` takes so many times as long as the work ``other``, in words."""

    one: str
    other: str
    aim: str

    def __str__(self) -> str:
        return f"{self.one} / {self.other}"


@dataclass
class Figures:
    """Seconds by what took them, and by the number of tenants; shown in the ``unit`` of so many."""

    unit: float = 1
    seconds: dict[str, dict[int, list[float]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    def time(self, size: int, what: str, work: Callable[[], object]) -> float:
        """Note how long ``work`` takes, and return it."""
        begun = time.perf_counter()
        work()
        taken = time.perf_counter() - begun
        self.seconds[what][size].append(taken)
        return taken

    def ratio(self, size: int, what: str, other: str) -> str:
        """Return the median of the ratios of the rounds, the least and the greatest."""
        pairs = zip(self.seconds[what][size], self.seconds[other][size], strict=True)
        found = sorted(one / two for one, two in pairs)
        return f"{statistics.median(found):.2f} ({found[0]:.2f} to {found[-1]:.2f})"

    def print(self, sizes: Sequence[int], aims: Iterable[Aim] = ()) -> None:
        """Print a table of medians, and one of ratios beside their ``aims``."""
        row("seconds" if self.unit == 1 else "milliseconds", *map(str, sizes))
        row(*["---"] * (len(sizes) + 1))
        for what, taken in self.seconds.items():
            medians = {n: statistics.median(taken[n]) / self.unit for n in sizes if n in taken}
            row(what, *(f"{medians[n]:.3f}" if n in medians else "" for n in sizes))
        print()
        known = [each for each in aims if {each.one, each.other} <= self.seconds.keys()]
        if known:
            row("times as long", "aim", *map(str, sizes))
            row(*["---"] * (len(sizes) + 2))
        for each in known:
            both = {*self.seconds[each.one]} & {*self.seconds[each.other]}
            cells = (self.ratio(n, each.one, each.other) if n in both else "" for n in sizes)
            row(str(each), each.aim, *cells)


def row(*cells: str) -> None:
    """Print a row of a table."""
    print(f"| {' | '.join(cells)} |", flush=True)

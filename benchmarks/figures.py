"""Seconds that works took in rounds, as tables of medians and ratios."""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field


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

    def print(self, sizes: Sequence[int], ratios: Iterable[tuple[str, str]] = ()) -> None:
        """Print medians, and ratios of the works that are named."""
        row("seconds" if self.unit == 1 else "milliseconds", *map(str, sizes))
        row(*["---"] * (len(sizes) + 1))
        for what, taken in self.seconds.items():
            medians = {n: statistics.median(taken[n]) / self.unit for n in sizes if n in taken}
            row(what, *(f"{medians[n]:.3f}" if n in medians else "" for n in sizes))
        print()
        for one, two in ratios:
            known = {*self.seconds[one]} & {*self.seconds[two]}
            if known:
                cells = (self.ratio(n, one, two) if n in known else "" for n in sizes)
                row(f"{one} / {two}", *cells)


def row(*cells: str) -> None:
    """Print a row of a table."""
    print(f"| {' | '.join(cells)} |", flush=True)

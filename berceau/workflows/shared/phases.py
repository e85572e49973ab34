"""How long each phase of a long piece of work took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Phases:
    """A stopwatch with named laps; ``seconds`` keeps them in order."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Add the time that the body takes to the lap called ``name``, in seconds."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

    def __str__(self) -> str:
        return ", ".join(f"{name} {took * 1000:.0f} ms" for name, took in self.seconds.items())

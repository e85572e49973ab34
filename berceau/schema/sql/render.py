"""The function that renders a change as statements: a module registers those that it knows."""

from collections.abc import Iterator
from functools import singledispatch

from berceau.schema.changes import Change
from berceau.schema.statement import Statement


@singledispatch
def render(change: Change) -> Iterator[Statement]:
    """Yield the statements of one change."""
    raise TypeError(f"not a change: {change!r}")

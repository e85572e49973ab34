"""Progress of a migration, told to a function while it runs."""

from collections.abc import Callable

Report = Callable[[str], None]
"""Takes one line for a person."""


def silent(_: str) -> None:
    """Report nothing."""

"""The benchmarks name functions of Berceau, which may get other names."""

import importlib
from operator import attrgetter

from benchmarks.phases import FUNCTIONS


def test_every_function_that_is_timed_is_there() -> None:
    for name in (each for names in FUNCTIONS.values() for each in names):
        module, _, path = name.partition(":")
        assert callable(attrgetter(path)(importlib.import_module(f"berceau.workflows.{module}")))

"""Names that a package offers, and imports when somebody uses them: PEP 562."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def offer(
    package: str, modules: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` for ``package``.

    ``modules`` has the module of each name. The package imports the same names where
    only type checkers look.
    """

    def __getattr__(name: str) -> Any:  # noqa: N807 - what Python looks for in a module
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(modules[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    def __dir__() -> list[str]:  # noqa: N807 - as above
        return sorted(vars(sys.modules[package]).keys() | modules.keys())

    return __getattr__, __dir__

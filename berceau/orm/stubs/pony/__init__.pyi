"""The types of Pony, as ``invoke build`` puts them beside a project's own entities."""

from typing import Any

__version__: str

def __getattr__(name: str) -> Any: ...

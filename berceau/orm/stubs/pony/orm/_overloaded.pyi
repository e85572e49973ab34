"""What differs from entity to entity, as ty reads it: ``invoke build`` writes this file."""

from typing import Any

class OverloadedMeta(type):
    def __getattr__(cls, name: str) -> Any: ...

class OverloadedEntity:
    def __init__(self, **values: Any) -> None: ...
    def set(self, **values: Any) -> None: ...

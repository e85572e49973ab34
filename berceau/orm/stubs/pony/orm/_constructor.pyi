"""The constructor of entities: mypy learns from its plugin which of them is an entity's."""

from typing import Any

from pony.orm._project import Constructors

MYPY: bool

if MYPY:
    class Constructor:
        def __init__(self, **values: Any) -> None: ...

else:
    class Constructor(Constructors): ...

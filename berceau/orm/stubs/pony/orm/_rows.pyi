# mypy: ignore-errors
"""The entities as a query's variables: ``invoke build`` adds a class for each entity."""

from typing import TypeVar

import pony.orm._queried as _queried

# for all import MODULE

_M_co = TypeVar("_M_co", covariant=True)

# for all class NAME(ENTITY, _queried.InQuery[ENTITY, _M_co]): ...

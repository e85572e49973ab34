"""What kind of index ``index=True`` makes, by the type of the attribute."""

from typing import Any

from pony.orm.ormtypes import Array, Json


def index_method(value_type: Any) -> str:
    """Return ``gin`` for a type whose values are searched in, and ``btree`` for any other."""
    inverted = isinstance(value_type, type) and issubclass(value_type, Array | Json)
    return "gin" if inverted else "btree"

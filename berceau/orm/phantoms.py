"""A partner of a one-to-one relation that appears after it was looked for: the read is repeated.

Another unit of work made it meanwhile. Pony ends in a bare AssertionError there, where it raises
``UnrepeatableReadError`` for an object that appears in a collection.

It rests on private names of pony==0.7.20.
"""

from typing import Any

from pony.orm import UnrepeatableReadError, core

_Attribute: Any = core.Attribute  # as it is inside: its type tells what is for users
_pony_db_set = _Attribute.db_set


def _db_set(self: Any, obj: Any, new_dbval: Any, is_reverse_call: bool = False) -> None:
    """Note what the database has for this attribute of ``obj``."""
    if is_reverse_call and isinstance(new_dbval, core.Entity) and self not in obj._dbvals_:
        known = obj._vals_.get(self, core.NOT_LOADED)
        if known is None and not obj._wbits_ & obj._bits_except_volatile_[self]:
            raise UnrepeatableReadError(f"Phantom object {new_dbval} appeared in {obj}.{self.name}")
    _pony_db_set(self, obj, new_dbval, is_reverse_call)


_Attribute.db_set = _db_set

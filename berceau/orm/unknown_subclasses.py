"""Rows of a subclass that this process doesn't know: they are read as what was asked for.

Its component was taken out, or a newer release, which runs beside this one, declares it. The rows
are of the root in any case, and relations of others lead to them. Where the root is alone, it has
no discriminator, and Pony reads them so, too.

It rests on private names of pony==0.7.20.
"""

from typing import Any

from pony.orm import core

_Discriminator: Any = core.Discriminator  # as it is inside: its type tells what is for users
_pony_validate = _Discriminator.validate


def criterion_of_root(discriminator: Any, alias: str | None) -> list[Any]:
    """Return the condition of a query on a root, as Pony's syntax: it has the rows of all."""
    return ["IS_NOT_NULL", ["COLUMN", alias, discriminator.column]]


def _validate(
    self: Any, val: Any, obj: Any = None, entity: Any = None, from_db: bool = False
) -> Any:
    """Return the value of a class that is declared: that of ``entity`` for one that isn't."""
    if not from_db:
        return _pony_validate(self, val, obj, entity)
    known = self.converters[0].sql2py(val)  # of an enum, a member
    return known if known in self.code2cls else entity._discriminator_


_Discriminator.validate = _validate

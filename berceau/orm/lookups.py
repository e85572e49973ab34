"""Look-ups by values that nothing in the database can have: they find nothing.

It rests on private names of pony==0.7.20.
"""

from collections.abc import Mapping
from typing import Any

from pony.orm import Json
from pony.orm.core import Entity, EntityMeta, ObjectNotFound, Query

LARGEST = 2**63 - 1
"""PostgreSQL's largest LIMIT and OFFSET."""

_UNSTORABLE = (ValueError, TypeError, ArithmeticError)
"""What converters raise for a value: Pony gives no error of its own for that."""


_EntityMeta: Any = EntityMeta  # as it is inside: its type tells what is for users


class Lookups(_EntityMeta):
    """What ``get()``, ``exists()``, ``get_for_update()`` and ``[key]`` of an entity look up."""

    def _find_one_(self, kwargs: Mapping[str, Any], *locks: bool) -> Any:
        for name, value in kwargs.items():
            if not can_hold(self, name, value):
                raise ObjectNotFound(self, _key(self, kwargs))
        if not any(_is_document(self, name) for name in kwargs):
            return super()._find_one_(kwargs, *locks)
        # Pony gives psycopg2 the document as it is; its queries give it JSON.
        query = self.select(**kwargs)
        found = (query.for_update(*locks[1:]) if locks and locks[0] else query).get()
        if found is None:
            raise ObjectNotFound(self, _key(self, kwargs))
        return found

    def _get_by_raw_pkval_(
        self, raw_pkval: Any, for_update: bool = False, from_db: bool = True, seed: bool = True
    ) -> Any:
        try:
            return super()._get_by_raw_pkval_(raw_pkval, for_update, from_db, seed)
        except _UNSTORABLE:
            if seed:  # a value for an attribute, not a look-up
                raise
            raise ObjectNotFound(self, tuple(raw_pkval)) from None


def _key(entity: Any, kwargs: Mapping[str, Any]) -> tuple[Any, ...] | None:
    key = tuple(kwargs.get(attr.name) for attr in entity._pk_attrs_)
    return None if None in key else key


def _is_document(entity: Any, name: str) -> bool:
    attr = entity._adict_.get(name)
    return attr is not None and attr.py_type is Json


def can_hold(entity: Any, name: str, value: Any) -> bool:
    """Return whether the attribute ``name`` of ``entity`` can have ``value``.

    True also for what is a mistake in code, not in data, which Pony refuses: an attribute that
    isn't there, a collection, an object of another entity.
    """
    attr = entity._adict_.get(name)
    if attr is None or attr.is_collection or isinstance(value, Entity):
        return True
    try:
        attr.validate(value, None, entity, from_db=False)
    except _UNSTORABLE:
        return False
    return True


def _filtered(query: Any, kwargs: Mapping[str, Any], original_names: bool = False) -> Any:
    """Return ``query`` with keywords as conditions: ``select()``, ``filter()``, ``where()``."""
    translator = query._translator
    entity = translator.expr_type
    if original_names:
        entity = translator.sqlquery.tablerefs[translator.tree.generators[0].target.id].entity
    if isinstance(entity, EntityMeta):
        possible = {name: each for name, each in kwargs.items() if can_hold(entity, name, each)}
        if len(possible) < len(kwargs):
            return _pony_filtered(query, possible, original_names).filter("False")
    return _pony_filtered(query, kwargs, original_names)


def _fetched(query: Any, limit: int | None = None, offset: int | None = None, **how: Any) -> Any:
    """Return the result of ``limit()``, ``page()`` or a slice; none is before or after all rows."""
    if (limit or 0) < 0 or not 0 <= (offset or 0) <= LARGEST:
        limit, offset = 0, None
    elif limit is not None and limit > LARGEST:
        limit = None
    return _pony_fetched(query, limit, offset, **how)


_Query: Any = Query
_pony_filtered, _Query._apply_kwargs = _Query._apply_kwargs, _filtered
_pony_fetched, _Query._fetch = _Query._fetch, _fetched

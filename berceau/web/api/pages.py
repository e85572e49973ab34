"""Pages of long lists: each begins after an item, or at a number."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from berceau.orm.keyset import Keyset
from berceau.web.api.invalid import InvalidError

Item = TypeVar("Item")


class CursorQuery(BaseModel):
    """Which items of a list to return: those after the ``cursor`` that the last page gave.

    Derive a model from it to add parameters, or another greatest ``limit``.
    """

    limit: int = Field(20, ge=1, le=100, description="How many items to return at most.")
    cursor: str | None = Field(
        None, max_length=4096, description="Where to begin: `next` of the page before."
    )


class NumberedQuery(BaseModel):
    """Which page of a list to return, by its number; the first is 1."""

    limit: int = Field(20, ge=1, le=100, description="How many items a page has at most.")
    page: int = Field(1, ge=1, le=1_000_000, description="The number of the page.")


class Page(BaseModel, Generic[Item]):
    """Some items of a list; ``next`` is the cursor of those that follow, if any do."""

    items: list[Item]
    next: str | None = Field(description="The cursor of the next page; null on the last.")


class NumberedPage(BaseModel, Generic[Item]):
    """A page of a list by its number; ``next`` is the number of the one that follows, if any."""

    items: list[Item]
    next: int | None = Field(description="The number of the next page; null on the last.")
    total: int = Field(description="How many items all pages have.")


def cursor_page(rows: Any, query: CursorQuery, order: Any) -> Page[Any]:
    """Return the page of ``rows`` that ``query`` asks for, in one query.

    ``rows`` is a query for entities, such as ``Post.select()``, and ``order`` an attribute of
    theirs or ``desc(attribute)``. Items that are equal in it are ordered by their key, so that
    what is added or deleted meanwhile moves no item to another page. Raises ``InvalidError`` for a
    cursor that no such list gave, ``DatabaseError`` for an order that can't be.
    """
    keyset = Keyset.of(rows, order)
    place = None if query.cursor is None else _decode(query.cursor, keyset)
    found = keyset.rows(rows, place, query.limit + 1)
    more = len(found) > query.limit
    items = found[: query.limit]
    cursor = _encode(keyset.place(items[-1]), keyset) if more else None
    return Page[Any].model_construct(items=items, next=cursor)


def numbered_page(rows: Any, query: NumberedQuery) -> NumberedPage[Any]:
    """Return the page of ``rows`` that ``query`` asks for; ``rows`` is an ordered query.

    It takes two queries: one for the items, and one that counts them all.
    """
    items = list(rows.limit(query.limit, offset=(query.page - 1) * query.limit))
    total = rows.count()
    following = query.page + 1 if query.page * query.limit < total else None
    return NumberedPage[Any].model_construct(items=items, next=following, total=total)


def _encode(place: tuple[Any, ...], keyset: Keyset) -> str:
    # It names the order, too: a cursor of another list fits nowhere here.
    written = _adapter(keyset).dump_json((keyset.name, *place))
    return urlsafe_b64encode(written).decode().rstrip("=")


def _decode(cursor: str, keyset: Keyset) -> tuple[Any, ...]:
    """Return the place that ``cursor`` names; what it holds is checked as any other input."""
    try:
        written = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        name, *place = _adapter(keyset).validate_json(written, strict=True)
        if name == keyset.name and keyset.can_be(place):
            return tuple(place)
    except (ValueError, ValidationError, OverflowError):
        pass
    raise InvalidError(
        [{"parameter": "cursor", "detail": "This is no cursor of this list: begin without one."}]
    )


def _adapter(keyset: Keyset) -> "TypeAdapter[tuple[Any, ...]]":
    types: Any = tuple.__class_getitem__((str, *keyset.types))
    return TypeAdapter(types)

"""Pages of a long list: each begins at a post, so that new posts move none to another page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, Self
from uuid import UUID

from .entities import DemoPostStatus

PAGE = 20
"""How many posts a page has."""


@dataclass(frozen=True)
class Place:
    """Where a post is in the list: when it was written, and its id, as two may be of one time."""

    created_at: datetime
    id: UUID

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return the place that an address gives as ``text``; None where it gives none."""
        moment, _, post_id = text.partition("_")
        try:
            return cls(datetime.fromisoformat(moment).astimezone(UTC), UUID(post_id))
        except (ValueError, OverflowError):
            return None

    def __str__(self) -> str:
        return f"{self.created_at.isoformat()}_{self.id}"


class PostLine(NamedTuple):
    """What a list shows of a post, with the name of its author."""

    id: UUID
    title: str
    content: str
    status: DemoPostStatus
    author: str
    created_at: datetime

    @property
    def place(self) -> Place:
        """Where it is in the list."""
        return Place(self.created_at, self.id)


@dataclass(frozen=True)
class Page:
    """Some of the posts, the newest first; ``newer`` and ``older`` tell whether there are more."""

    posts: Sequence[PostLine]
    newer: bool = False
    older: bool = False

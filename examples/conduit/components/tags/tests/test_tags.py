"""The list of tags."""

from typing import Any

from pony.orm import db_session

from components.tags.entities import Tag


def test_tags_are_listed_by_name(visitor: Any) -> None:
    assert visitor.get("/tags") == {"tags": []}
    with db_session:
        for name in ("tea", "Äpfel", "cake"):
            Tag(name=name)
    assert sorted(visitor.get("/tags")["tags"]) == ["cake", "tea", "Äpfel"]

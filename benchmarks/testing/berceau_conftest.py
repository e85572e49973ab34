"""What the tests need of Berceau: a post, written as the application would."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from berceau.orm import unit_of_work
from components.demo.entities import DemoPost, DemoPostStatus, DemoUser


@pytest.fixture
def write(db) -> Callable[..., None]:
    def write(title) -> None:
        with unit_of_work():
            author = DemoUser.get(name="Ada") or DemoUser(name="Ada", email="ada@example.org")
            DemoPost(
                title=title,
                content="Some text",
                status=DemoPostStatus.PUBLISHED,
                author=author,
                created_at=datetime.now(UTC),
            )

    return write

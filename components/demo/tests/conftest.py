"""What the demo's tests share."""

from collections.abc import Callable

import pytest

from berceau.orm import unit_of_work
from components.demo import service
from components.demo.entities import DemoPostStatus


@pytest.fixture
def write(db) -> Callable[..., None]:  # noqa: ARG001 (posts need a database)
    """Return a function that writes a post in a unit of its own; it names what matters."""

    def write(**values) -> None:
        given = {
            "title": "A title",
            "content": "Some text",
            "status": DemoPostStatus.DRAFT,
            "name": "Ada",
            "email": "ada@example.org",
        }
        with unit_of_work():
            service.create_post(**given | values)

    return write

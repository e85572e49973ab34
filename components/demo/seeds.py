"""Posts to begin with, so that the pages have something to show: ``invoke db.seed``."""

from .entities import DemoPost, DemoPostStatus, DemoUser


def seed() -> None:
    """Write two posts by two authors."""
    DemoPost(
        title="Hello",
        content="This post comes from the demo's seeds.py.",
        status=DemoPostStatus.PUBLISHED,
        author=DemoUser(name="Ada", email="ada@example.org"),
    )
    DemoPost(
        title="To do",
        content="Write a component of our own.",
        author=DemoUser(name="Grace", email="grace@example.org"),
    )

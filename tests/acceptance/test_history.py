"""The history of a team: parents, branches, components, and what nobody's migration made."""

import pytest

BLOG = """
class Post(db.Entity):
    title = Required(str)
"""
TAGS = """
class Tag(db.Entity):
    name = Required(str, 50)
"""


@pytest.fixture
def blog(connected):
    connected.component("blog", BLOG)
    connected.succeed("migrate", "--name", "init")
    return connected


def sql(project, number: int = -1) -> str:
    return (
        project.root / "migrations" / project.migrations()[number] / "migration.sql"
    ).read_text()


def test_a_migration_names_its_parent_its_components_and_itself_as_the_newest(blog):
    (first,) = blog.migrations()
    blog.component("tags", TAGS)
    blog.succeed("migrate", "--name", "tags")
    second = blog.migrations()[1]
    assert sql(blog, 0).startswith(
        f"-- Migration {first}\n-- Parent: none\n-- Components: blog\n\nCREATE"
    )
    assert sql(blog).startswith(
        f"-- Migration {second}\n-- Parent: {first}\n-- Components: tags\n\nCREATE"
    )
    assert (blog.root / "migrations/HEAD").read_text() == f"{second}\n"


def test_a_component_taken_out_shows_what_that_drops(blog):
    folder = blog.component("tags", TAGS)
    blog.succeed("migrate", "--name", "tags")
    for file in folder.glob("*.py"):
        file.unlink()
    message = blog.fail("migrate")
    assert "table tag (of component tags, 0 rows)" in message
    assert "--allow-data-loss" in message
    blog.succeed("migrate", "--allow-data-loss")
    assert "-- Components: tags\n" in sql(blog)
    assert "DROP TABLE tag" in sql(blog)

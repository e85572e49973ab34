"""Commands whose database goes away meanwhile: one message, and another run does the rest."""

import pytest

from tests.proxy import proxy

POST = "class Post(db.Entity):\n    title = Required(str)\n"
SEED = "from components.blog.entities import Post\n\ndef seed():\n    Post(title='Hello')\n"


@pytest.mark.parametrize(
    ("command", "messages"), [("migrate", 8), ("migrate.status", 3), ("db.seed", 6)]
)
def test_a_command_says_that_the_database_failed(connected, database, command, messages) -> None:
    connected.component("blog", POST, seeds=SEED)
    if command == "db.seed":
        connected.succeed("migrate", "--no-input")
    with proxy(database.migration_url) as way:
        way.left = messages
        url = way.url.with_password()
        said = connected.fail(command, DATABASE_URL=url, MIGRATION_DATABASE_URL=url)
    assert "couldn't do what the command asked for: server closed the connection" in said
    connected.succeed(command)

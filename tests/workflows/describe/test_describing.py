"""The description of this project, without a database and with one that differs."""

import pytest

from berceau.planner.schema_findings import NO_KEY
from berceau.postgres.core.connection import connect
from berceau.settings import Settings, load
from berceau.workflows.describe.describing import describe
from tests.conftest import ROOT

HELD = """
CREATE TYPE mood AS ENUM ('good');
CREATE TABLE stray (mood mood, note varchar(9));
CREATE TABLE demo_user (id uuid PRIMARY KEY, name varchar(100), email varchar(254));
INSERT INTO demo_user SELECT gen_random_uuid() FROM generate_series(1, 500);
ANALYZE demo_user;
"""


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load(ROOT)


def test_declarations_are_described_without_a_database(settings) -> None:
    found = describe(settings)
    (demo,) = (each for each in found.components if each.name == "demo")
    assert demo.text.startswith("Posts and their authors")
    post = found.table("demo_post")
    author = next(each for each in post.columns if each.name == "author")
    assert (post.component, post.text) == ("demo", "A text by one author.")
    assert author.refers_to == ("demo_user", "id")
    assert (author.attribute, author.python, author.column.type) == (
        *("DemoPost.author", "DemoUser", "uuid"),
    )
    lines = (ROOT / author.source.file).read_text().splitlines()
    assert lines[author.source.line - 1].strip() == "author = Required(DemoUser, index=True)"
    assert author.migration.endswith("_init")
    (relation,) = post.entities[0].relations
    (reverse,) = found.table("demo_user").entities[0].relations
    assert (relation.kind, relation.reverse) == ("many to one", "DemoUser.posts")
    assert (reverse.kind, reverse.reverse) == ("one to many", "DemoPost.author")
    status = found.enum("demo_post_status")
    assert status.used_by == (("demo_post", "status"),)
    assert [each.member for each in status.labels] == ["DRAFT", "PUBLISHED", "ARCHIVED"]
    assert [each.name for each, _ in found.referring_to("demo_user")] == ["demo_post"]


def test_a_database_adds_what_it_has_and_shows_what_it_lacks(settings, database) -> None:
    with connect(database.migration_url, autocommit=True) as connection:
        with connection.cursor() as cursor:
            cursor.execute(HELD)
        found = describe(settings, connection)
    assert found.table("demo_post").is_missing
    user, stray = found.table("demo_user"), found.table("stray")
    assert not user.is_missing
    assert user.rows == 500
    assert user.bytes >= 8192
    key = next(each for each in user.indexes if each.index.name == "demo_user_pkey")
    assert key.constraint
    assert key.bytes >= 8192
    assert "created_at" in [each.name for each in user.columns]
    assert stray.component is None
    assert [each.code for each in stray.findings] == [NO_KEY]
    assert found.enum("mood").used_by == (("stray", "mood"),)

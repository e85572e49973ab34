"""``invoke advise``: indexes that queries of production need, tried without its rows."""

import json
import re
from dataclasses import replace

import pytest

from berceau.planner import recorded
from berceau.planner.statistics import QueryStatistics
from berceau.planner.statistics_file import from_text, to_text
from tests.conftest import Project, share_server

pytestmark = pytest.mark.slow

ENTITIES = """
class Author(db.Entity):
    name = Required(str)
    posts = Set("Post")

class Post(db.Entity):
    title = Required(str)
    author = Required(Author, index=True)
    state = Required(
        str,
        20,
    )
    score = Required(int)

    def rank(self):
        return self.score
"""
ROWS = """
INSERT INTO author SELECT i, 'author ' || i FROM generate_series(1, 500) i;
INSERT INTO post SELECT i, 'post ' || i, 1 + i % 500, 'state ' || i % 300, (i * 7919) % 1000
    FROM generate_series(1, 30000) i;
ANALYZE author, post
"""
QUERIES = (
    QueryStatistics("SELECT * FROM post WHERE author = $1", 9000, 9.0, 60),
    QueryStatistics("SELECT * FROM post WHERE score = $1", 1000, 20.0, 30000),
    QueryStatistics(
        "SELECT * FROM post WHERE state = $1 ORDER BY score DESC LIMIT $2", 500, 30.0, 5000
    ),
    QueryStatistics("SELECT count(*) FROM post", 10, 1.0, 10),
    QueryStatistics("SELECT * FROM gone WHERE a = $1", 10, 1.0, 10),
)


@pytest.fixture
def blog(connected, query) -> Project:
    """A migrated project, with the statistics of many rows and of a few queries."""
    share_server(connected)
    connected.component("blog", ENTITIES)
    connected.succeed("migrate", "--name", "init")
    query(ROWS)
    connected.succeed("stats.save")
    file = connected.root / "statistics" / "berceau.json"
    file.write_text(to_text(replace(from_text(file.read_text()), queries=QUERIES)))
    return connected


def test_indexes_are_advised_tried_and_written(blog) -> None:
    said = blog.succeed("advise")
    assert (
        "advise: 4 queries of statistics/berceau.json, of the database berceau, counted since"
        in said
    )
    assert (
        "1 query can't be planned, with 1.6% of the time. PostgreSQL says of it: "
        'relation "gone" does not exist: SELECT * FROM gone WHERE a = $1'
    ) in said
    assert "warning A101: An index on post (state, score) would save about" in said
    assert "components/blog/entities.py:8: warning A101: An index on post (state, score)" in said
    assert "Add composite_index(state, score) to Post." in said
    assert "warning A101: An index on post (score) would save about" in said
    assert "Add index=True to Post.score." in said
    assert "(author" not in said  # there is one
    said = blog.succeed("advise", "--plans")
    assert "->  Seq Scan on post" in said
    assert "Index Scan Backward using post_state_score_idx on post" in said
    assert "each write to post has one index more to update" in said

    found = json.loads(blog.succeed("advise", "--json"))
    assert [each["code"] for each in found["findings"]] == ["A101", "A101"]
    assert found["statistics"] == "statistics/berceau.json"
    (unplanned,) = found["unplanned"]
    assert (unplanned["reason"], unplanned["share"]) == ('relation "gone" does not exist', 0.0164)
    assert found["findings"][0]["subject"] == "post (state, score)"
    assert found["queries"][0]["reasons"][0].startswith("all 30,000 rows of post are read to find")
    assert "2 findings in queries, indexes and tables." in blog.fail("advise", "--check")

    code = (blog.root / "components/blog/entities.py").read_text()
    hidden = "score = Required(int) if True else None"
    blog.write("components/blog/entities.py", code.replace("score = Required(int)", hidden))
    result = blog.run("invoke", "advise", "--apply")
    assert result.code == 1
    assert (
        "wrote composite_index(state, score) into Post, components/blog/entities.py" in result.out
    )
    assert "1 index of 2 couldn't be written.\nPost isn't written in a way" in result.err
    assert "Add it there: index=True" in result.err
    blog.write("components/blog/entities.py", code)

    said = blog.succeed("advise", "--apply")
    assert "wrote index=True into Post.score, components/blog/entities.py" in said
    text = (blog.root / "components/blog/entities.py").read_text()
    assert "    score = Required(int, index=True)\n    composite_index(state, score)\n" in text
    assert "CREATE INDEX CONCURRENTLY" in blog.succeed("migrate.diff")
    blog.succeed("migrate", "--name", "indexes")
    assert "Nothing was found." in blog.succeed("advise")


def test_an_index_into_arrays_and_json_is_written_and_stays(blog, query) -> None:
    tagged = ENTITIES.replace(
        "    score = Required(int)\n",
        "    score = Required(int)\n    tags = Optional(StrArray)\n    data = Optional(Json)\n",
    )
    blog.component("blog", tagged)
    blog.succeed("migrate", "--name", "tags")
    query(
        "UPDATE post SET tags = ARRAY['tag' || id % 3000],"
        " data = jsonb_build_object('kind', id % 2000); ANALYZE post"
    )
    blog.succeed("stats.save", "--values")
    blog.write(
        "slow.sql",
        "SELECT 1 FROM post WHERE tags @> $1; SELECT 1 FROM post WHERE data @> $1;"
        "SELECT 1 FROM post WHERE data ->> 'kind' = $1",
    )
    said = blog.succeed("advise", "--queries", "slow.sql", "--apply")
    assert "wrote index=True into Post.data, " in said
    assert "An index on post USING gin (tags) would" in said
    assert "Add index=True to Post.tags." in said
    assert "Add index=True to Post.data." in said
    assert "not written: 1 index, each with its SQL above" in said
    by_hand = re.search(r"CREATE INDEX CONCURRENTLY .*", said)[0]
    blog.succeed("migrate", "--name", "gin")
    written = blog.succeed("migrate", "--create-only", "--name", "by_hand")
    blog.write(f"{re.search(r'migrations/[0-9a-z_]+', written)[0]}/migration.sql", by_hand)
    blog.succeed("migrate.deploy")
    assert "nothing to do" in blog.succeed("migrate.diff")
    assert "Nothing was found." in blog.succeed("advise", "--queries", "slow.sql")


def test_queries_are_those_of_tests_of_the_development_or_of_a_file(blog) -> None:
    score = QueryStatistics("SELECT * FROM post WHERE score = $1 LIMIT $2", 1000, 20.0, 30000)
    file = blog.root / "statistics" / "berceau.json"
    file.write_text(to_text(replace(from_text(file.read_text()), queries=(score,))))
    assert "  from " not in blog.succeed("advise")
    blog.write(
        ".berceau/queries.json",
        recorded.to_text(
            [
                recorded.Recorded(
                    "SELECT * FROM post WHERE score = $1 LIMIT 5", 3, 9, 0.1, ("a/services.py:7",)
                ),
                recorded.Recorded("SELECT * FROM post WHERE title = $1", 3, 9, 0.1, ("a/b.pt:4",)),
                recorded.Recorded(
                    "SELECT * FROM author WHERE name = $1", 1, 1, 0.1
                ),  # a test's own
            ]
        ),
    )
    said = blog.succeed("advise")
    assert (
        "advise: 1 query of statistics/berceau.json, of the database berceau, counted since" in said
    )
    assert "  from a/services.py:7\n" in said

    said = blog.succeed("advise", "--queries", "tests")
    assert "2 queries of the test run (.berceau/queries.json), planned by statistics/be" in said
    assert "An index on post (title) would make 1 query cheaper." in said
    assert "  from a/b.pt:4\n" in said

    blog.write("slow.sql", "-- reports\nSELECT title FROM post\nWHERE state = 'state 7';")
    said = blog.succeed("advise", "--queries", "slow.sql")
    assert "An index on post (state) would make 1 query cheaper" in said
    assert "  from slow.sql:2\n" in said
    blog.write("slow.sql", "SELECT * FROM post WHERE title LIKE '%tea%'")
    said = blog.succeed("advise", "--queries", "slow.sql")
    assert "No index helps what takes 100% of the cost:\n    SELECT * FROM post WHERE" in said
    assert "      patterns of post.title could be found by a GIN index with trigrams" in said


def test_what_entities_cannot_declare_is_sql_for_a_migration(blog) -> None:
    blog.write("slow.sql", "SELECT 1 FROM post WHERE lower(title) = $1 LIMIT 2")
    assert "plans of SELECT 1 FROM post WHERE lower(title) = $1 LIMIT 2\n" in blog.succeed(
        "advise", "--queries", "slow.sql", "--plans"
    )
    found = json.loads(blog.succeed("advise", "--queries", "slow.sql", "--json"))
    (sql,) = (each["sql"] for each in found["findings"])
    assert sql == "CREATE INDEX CONCURRENTLY post_lower_idx ON post (lower(title));"
    blog.succeed("migrate", "--create-only", "--name", "lower")
    (migration,) = blog.root.glob("migrations/*_lower/migration.sql")
    migration.write_text(f"{migration.read_text()}{sql}\n")
    blog.succeed("migrate")
    assert "Nothing was found." in blog.succeed("advise", "--queries", "slow.sql")
    assert "nothing to do" in blog.succeed("migrate.diff")

    blog.write("slow.sql", "SELECT 1 FROM post WHERE (CASE WHEN score > 1 THEN title END) = $1")
    assert " post_score_idx ON post ((CASE " in blog.succeed("advise", "--queries", "slow.sql")

    blog.write("slow.sql", "SELECT 1 FROM post WHERE score = $1 OR title = $2")
    said = blog.succeed("advise", "--queries", "slow.sql")
    for name, other in (("score", "title"), ("title", "score")):
        assert f"An index on post ({name}) would make 1 query cheaper." in said
        assert f" with it and one on post ({other})\n" in said

    # An attribute of the root and one of a subclass have no class to be declared in together.
    blog.component("blog", f"{ENTITIES}\nclass Plan(Post):\n    due = Optional(int)\n")
    blog.succeed("migrate", "--name", "plan")
    blog.write("slow.sql", "SELECT 1 FROM post WHERE score = $1 AND due = $2")
    said = blog.succeed("advise", "--queries", "slow.sql", "--apply")
    assert "Entities can't declare it: run `invoke migrate --create-only`, and add: CREATE" in said
    assert "List its name as unmanaged under [tool.berceau.migrations]" in said


def test_without_what_it_needs_it_says_what_to_do(connected) -> None:
    share_server(connected)
    assert "Save one of production with `invoke stats.save`" in connected.fail("advise")
    connected.write("statistics/a.json", "{}")
    assert "isn't a file of statistics" in connected.fail("advise")
    connected.write(
        "statistics/a.json",
        '{"berceau": "planner statistics", "format": 1, "postgresql": 150000, "schema": "public",'
        ' "settings": {}, "tables": {}, "queries": []}',
    )


def test_findings_of_the_schema_are_dismissed_with_a_reason(blog) -> None:
    blog.component(
        "blog",
        ENTITIES.replace(
            "author = Required(Author, index=True)", "author = Required(Author, index=False)"
        ),
    )
    blog.succeed("migrate", "--name", "without_index")
    file = blog.root / "statistics" / "berceau.json"
    file.write_text(to_text(replace(from_text(file.read_text()), queries=())))
    blog.write(
        "slow.sql", "SELECT * FROM post WHERE author = 7; SELECT 1 FROM post WHERE score%7 = 1"
    )
    said = blog.succeed("advise", "--queries", "slow.sql", "--apply")
    assert "A101: An index on post (author)" in said
    assert "A203" not in said  # one finding for one index
    assert (
        "author = Required(Author, index=True)"
        in (blog.root / "components/blog/entities.py").read_text()
    )
    assert "not written: 1 index, each with its SQL above" in said
    blog.component("blog", ENTITIES.replace("(Author, index=True)", "(Author, index=False)"))
    said = blog.succeed("advise")
    assert "has no queries" in said
    found = "entities.py:10: warning A203: No index begins with post (author), so each deletion in"
    assert found in said
    write = blog.write
    write("pyproject.toml", '[tool.berceau.advise]\ndismissed = ["A203 post (author)"]\n')
    assert "is dismissed without a reason" in blog.fail("advise")
    reason = '"A203 post (author): authors stay", "A204 gone: x"'
    write("pyproject.toml", f"[tool.berceau.advise]\ndismissed = [{reason}]\n")
    said = blog.succeed("advise", "--check")
    assert "A203:" not in said
    assert "Dismissed in pyproject.toml, and not found: A204 gone." in said
    write("pyproject.toml", '[tool.berceau.advise]\ndismissed = ["B203 post: authors stay"]\n')
    assert "doesn't begin with a code" in blog.fail("advise")

    write("pyproject.toml", "")
    code = "author = Required(Author, index=False)"
    comment = "  # berceau: ignore[A203] authors stay"
    attribute = "author = Required(Author, index=True)"
    blog.component("blog", ENTITIES.replace(attribute, code + comment))
    said = blog.succeed("advise", "--check")
    assert "Nothing was found." in said
    assert "names no rule" not in blog.succeed("build")
    blog.component(
        "blog", ENTITIES.replace("score = Required(int)", f"score = Required(int){comment}")
    )
    assert "entities.py:15: the comment `berceau: ignore[A203]` silences nothing." in blog.succeed(
        "advise"
    )

"""Plans asserted in tests of another project: by its committed statistics, on an empty schema."""

import pytest

from tests.conftest import Project, share_server

ENTITIES = """
    class Author(db.Entity):
        name = Required(str)
        posts = Set("Post")

    class Post(db.Entity):
        title = Required(str)
        author = Required(Author, index=True)
        score = Required(int, index="post_score_idx")
"""
ROWS = """
INSERT INTO author SELECT i, 'author ' || i FROM generate_series(1, 500) i;
INSERT INTO post SELECT i, 'post ' || i, 1 + i % 500, i % 1000 FROM generate_series(1, 20000) i;
ANALYZE author, post
"""
TESTS = """
    import pytest
    from pony.orm import db_session, select

    from components.blog.entities import Author, Post

    def best():
        with db_session:
            return list(Post.select().order_by(Post.score).limit(3)), Author.get(name="Ada")

    @db_session
    def test_a_query_of_entities(assert_plan):
        found = select(p for p in Post if p.score == 7)
        assert_plan(found, uses="post_score_idx", no_seq_scan=True)

    def test_sql(assert_plan):
        assert_plan("SELECT * FROM post WHERE author = $1", uses=["post_author_idx"], max_cost=200)

    def test_a_function(assert_plan):
        assert_plan(best, uses="post_score_idx", no_seq_scan="post")

    @db_session
    def test_wrong_index(assert_plan):
        assert_plan(Post.select(lambda p: p.score == 7), uses="post_author_idx")

    def test_read_whole(assert_plan):
        assert_plan(best, no_seq_scan=True)

    def test_too_much(assert_plan):
        assert_plan("SELECT count(*) FROM post", max_cost=10)

    def test_mistake(assert_plan):
        assert_plan("SELECT * FROM nowhere", no_seq_scan=True)

    def test_nothing(assert_plan):
        assert_plan(lambda: None, no_seq_scan=True)

    def test_a_file_that_is_not_there(assert_plan):
        assert_plan("SELECT 1", max_cost=1, statistics="statistics/other.json")

    def test_names_of_nothing(assert_plan):
        assert_plan("SELECT 1", uses="post_scores_idx", no_seq_scan="pots")

    @pytest.mark.parametrize("query", [7, Post, b"SELECT 1"])
    def test_no_query(assert_plan, query):
        assert_plan(query, no_seq_scan=True)
"""


@pytest.fixture
def blog(connected, query) -> Project:
    """A migrated project with a component, and the statistics of many rows."""
    share_server(connected)
    connected.write("pytest.ini", "[pytest]\npythonpath = .\n")
    connected.component("blog", ENTITIES)
    connected.write("components/blog/tests/test_blog.py", TESTS)
    connected.succeed("migrate", "--name", "init")
    query(ROWS)
    connected.succeed("stats.save", "statistics/production.json")
    query("TRUNCATE author CASCADE")
    return connected


@pytest.mark.slow
def test_plans_are_those_of_the_committed_statistics(blog) -> None:
    result = blog.run("pytest", "-q", "-p", "no:cacheprovider")
    assert "10 failed, 3 passed" in result.out, result.out
    for message in (
        "The index post_author_idx isn't used (it uses post_score_idx).",
        "All of author is read (Seq Scan).",
        "and 10 is allowed.\n\nSELECT count(*) FROM post\n"
        "is planned so, by statistics/production.json:\nAggregate  (cost=",
        'PostgreSQL says: relation "nowhere" does not exist',
        "It ran no query",
        "It can't be read",
        "There is no index post_scores_idx. Did you mean post_score_idx",
        "There is no table pots. Did you mean post?",
        "TypeError: assert_plan takes SQL, a query of entities or a function, not 7.",
        "a function, not the class Post.",
    ):
        assert message in result.out
    assert "Traceback" not in result.out


@pytest.mark.slow
def test_without_statistics_the_cure_is_named(blog) -> None:
    (blog.root / "statistics" / "production.json").unlink()
    result = blog.run("pytest", "-q", "-k", "test_sql")
    assert "There is no file of statistics in statistics/." in result.out
    assert "Save one of production with `invoke stats.save`, and commit it." in result.out


RUN = """
    from pony.orm import db_session, select

    from components.blog.entities import Post
    from components.blog.service import authors

    @db_session
    def test_posts(db):
        list(Post.select().order_by(Post.score).limit(3))
        Post.select(lambda p: p.score == 7).count()
        db.execute("SELECT name FROM berceau_migration")
"""


@pytest.mark.slow
def test_a_plan_that_got_worse_fails_the_run(blog) -> None:
    blog.write("components/blog/tests/test_blog.py", RUN)
    blog.write("components/blog/service.py", "def authors(): pass")
    result = blog.run("pytest", "-q", "-n", "2", "--update-plans")
    assert "wrote tests/plans.json" in result.out, result.out
    blog.write("statistics/other.json", "{}")
    blog.write("pyproject.toml", '[tool.berceau.statistics]\nfile = "statistics/production.json"\n')
    text = (blog.root / "tests" / "plans.json").read_text()
    assert "post_score_idx" in text
    blog.migration("20990101000000_drop", "DROP INDEX post_score_idx;")
    blog.succeed("migrate.deploy", BERCEAU_ALLOW_DOWNTIME="true")
    result = blog.run("pytest", "-q", "-n", "2")
    assert result.code == 1
    assert "2 of 2 plans got worse." in result.out, result.out
    assert "Index Scan using post_score_idx on post" in result.out
    assert "| Limit" in result.out
    assert "--update-plans" in result.out
    _, notes = result.out.split("production.json is of another schema:\n")
    assert "\n  Of the source only, and left out: index post_" in f"\n{notes}"
    assert (blog.root / "tests" / "plans.json").read_text() == text
    assert (
        "1 query can't be planned. PostgreSQL says of it: "
        'relation "berceau_migration" does not exist: SELECT name FROM berceau_migration'
    ) in result.out

    blog.write("components/blog/tests/test_blog.py", RUN.replace("p.score == 7", "p.title == 'a'"))
    result = blog.run("pytest", "-q")
    assert 'was: SELECT COUNT(*) FROM "post" "p" WHERE "p"."score" = $1' in result.out, result.out
    assert 'now: SELECT COUNT(*) FROM "post" "p" WHERE "p"."title" = $1' in result.out
    assert "2 of 2 plans got worse." in result.out


LOOP = """
    from components.blog.entities import Author

    def authors(ids):
        return [
            Author.get(id=each)  # culprit
            for each in ids
        ]
"""
LOOPS = """
    from pony.orm import db_session

    from components.blog.entities import Author
    from components.blog.service import authors

    @db_session
    def test_many(db):
        authors(range(1, 7))

    @db_session
    def test_some_below_zero(db):
        authors(range(-6, 5))

    @db_session
    def test_few(db):
        authors(range(1, 5))

    @db_session
    def test_of_its_own(db):
        for each in range(1, 9):
            Author.get(id=each)
            authors([each + 100])
"""


@pytest.mark.slow
def test_queries_in_a_loop_are_found(blog) -> None:
    blog.write("components/blog/service.py", LOOP)
    blog.write("components/blog/tests/test_blog.py", LOOPS)
    result = blog.run("pytest", "-q", "--n-plus-one", "5")
    assert "2 failed, 2 passed" in result.out, result.out
    file, line = blog.culprit()
    for times in (6, 11):
        assert f"{file.relative_to(blog.root)}:{line} sends this query {times} times:" in result.out
    assert 'FROM "author"' in result.out
    assert "Read the Author objects before the loop, in one query" in result.out

"""The queries of a test run of another project, written into a file with their lines."""

import pytest

from berceau.planner.recorded import Recorded, from_text
from tests.conftest import Project

ENTITIES = """
    class Author(db.Entity):
        name = Required(str)
        data = Optional(Json)
        posts = Set("Post")

    class Post(db.Entity):
        title = Required(str)
        author = Required(Author)
"""
COMPONENT = """
    def includeme(config):
        config.add_route("authors", "/authors")
"""
VIEWS = """
    from pyramid.view import view_config

    from .entities import Author, Post

    @view_config(route_name="authors", renderer="page.pt")
    def authors(request):
        return {"authors": Author.select(), "Post": Post}
"""
PAGE = """\
<html metal:use-macro="layout">
  <main metal:fill-slot="main">
    <p tal:repeat="each authors">
      ${each.name}
      <b tal:content="Post.select(author=each).count()">1</b>
    </p>
  </main>
</html>
"""
TESTS = """
    import pytest
    from pony.orm import db_session
    from components.blog.entities import Author, Post

    @pytest.fixture
    def ada(db):
        with db_session:
            for name in ("Ada", "Grace"):
                Post(title="On looms", author=Author(name=name))

    def test_page(app, ada):
        assert "Grace" in app.get("/authors")

    @db_session
    def test_paths(ada):
        for kind, size in (("a", 1), ("b", 2)):
            Author.select(lambda a: a.data["kind"] == kind and a.data["size"] == size)[:]
            Author.select(lambda a: a.data[kind] == "x").first()

    @db_session
    def test_limits(db):
        cursor = db.get_connection().cursor()
        for limit in (1, 2, 2):
            cursor.execute("SELECT name FROM author WHERE id > %s LIMIT %s", (7, limit))
        cursor.executemany("DELETE FROM post WHERE id = %s", [(1,), (2,)])
        cursor.execute("SET work_mem TO '5MB'")
"""


@pytest.fixture
def blog(connected) -> Project:
    connected.component("blog", ENTITIES, __init__=COMPONENT, views=VIEWS)
    connected.write("components/blog/page.pt", PAGE)
    connected.write("components/blog/tests/test_blog.py", TESTS)
    connected.succeed("migrate", "--name", "init")
    return connected


def recorded(project: Project) -> dict[str, Recorded]:
    text = (project.root / ".berceau" / "queries.json").read_text()
    return {each.text: each for each in from_text(text)}


def test_a_run_records_shapes_and_lines(blog) -> None:
    result = blog.run("pytest", "-q", "-n", "2", "--record-queries")
    assert "3 passed" in result.out, result.out
    found = recorded(blog)
    (count,) = (each for text, each in found.items() if "COUNT" in text)
    assert (count.calls, count.rows) == (2, 2)
    assert count.lines == ("components/blog/page.pt:5",)
    assert count.seconds > 0
    (authors,) = (
        each for text, each in found.items() if 'FROM "author"' in text and "#>>" not in text
    )
    assert authors.lines == ("components/blog/page.pt:3",)
    assert found["SELECT name FROM author WHERE id > $1 LIMIT 1"].calls == 1
    assert found["SELECT name FROM author WHERE id > $1 LIMIT 2"].calls == 2
    assert found["DELETE FROM post WHERE id = $1"].calls == 2
    assert found["DELETE FROM post WHERE id = $1"].lines == ()
    assert any("#>> '{kind}') = $" in text and "= 'number' THEN" in text for text in found)
    assert any("""("a"."data" #>> $1) = $2""" in text for text in found)
    assert not [text for text in found if "work_mem" in text or "Ada" in text]

    result = blog.run("pytest", "-q", "-k", "page", "--record-queries", "--n-plus-one", "1")
    assert "components/blog/page.pt:5 sends this query 2 times:" in result.out, result.out
    assert "Read the Post objects before the loop, in one query" in result.out
    assert recorded(blog).keys() == found.keys()

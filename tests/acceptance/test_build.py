"""``invoke build`` does what is needed, once, and says what it did."""

import json

import pytest

from berceau.workflows.build.record import BuildRecord
from tests.conftest import Project

POST = """
class Post(db.Entity):
    title = Required(str)
"""
TAG = """
class Tag(db.Entity):
    name = Required(str)
"""
MAIN, BLOG, TAGS = (f".berceau/schema/{name}.sql" for name in ("main", "blog", "tags"))


@pytest.fixture
def blog(project) -> Project:
    project.component("blog", POST)
    return project


def times(project) -> dict[str, int]:
    return {path: (project.root / path).stat().st_mtime_ns for path in project.files()}


def test_a_second_build_does_nothing(blog) -> None:
    first = blog.succeed("build")
    assert "build: 1 component in" in first
    assert "blog: 1 table, 0 enums" in first
    assert f"changed {MAIN}, {BLOG}" in first
    for phase in ("compare", "discover", "check", "import", "map", "write"):
        assert f"{phase} " in first
    before = times(blog)
    (blog.root / "components/blog/entities.py").touch()
    assert blog.succeed("build").startswith("build: nothing changed")
    assert times(blog) == before


def test_a_change_of_any_module_that_entities_import_is_seen(blog) -> None:
    blog.write("lengths.py", "TITLE = 10\n")
    blog.component("blog", "from lengths import TITLE\n" + POST.replace("str", "str, TITLE"))
    blog.succeed("build")
    blog.write("lengths.py", "TITLE = 200\n")
    assert BLOG in blog.succeed("build")
    assert "(200)" in (blog.root / BLOG).read_text()
    blog.component("blog", POST, helper="'''Changes no table.'''")
    assert BLOG in blog.succeed("build")
    blog.component("blog", POST, helper="'''Still changes no table.'''")
    assert "nothing changed" in blog.succeed("build")


def test_a_component_taken_out_takes_its_file_along(blog) -> None:
    tags = blog.component("tags", TAG)
    blog.succeed("build")
    assert (blog.root / TAGS).exists()
    for file in tags.glob("*.py"):
        file.unlink()  # as git does: it leaves the folder with its __pycache__
    assert f"changed {MAIN}, {TAGS}" in blog.succeed("build")
    assert not (blog.root / TAGS).exists()
    assert "tag" not in (blog.root / MAIN).read_text()


def test_lost_or_changed_output_is_written_again(blog) -> None:
    blog.succeed("build")
    before = blog.files()
    (blog.root / BLOG).unlink()
    (blog.root / MAIN).write_text("changed by hand")
    assert f"changed {MAIN}, {BLOG}" in blog.succeed("build")
    assert blog.files() == before


@pytest.mark.parametrize("record", ["", "{", "[]", "{}", '{"inputs": "a", "files": 2}', '"x"'])
def test_a_broken_record_of_the_last_build_is_none(tmp_path, record) -> None:
    (tmp_path / "build.json").write_text(record)
    assert not BuildRecord(tmp_path / "build.json").is_fresh("a")


def test_check_writes_nothing_and_names_what_is_stale(blog) -> None:
    assert f"would change {MAIN}, {BLOG}" in blog.fail("build", "--check")
    assert blog.files() == {}
    blog.succeed("build")
    assert "nothing changed" in blog.succeed("build", "--check")
    tags = blog.component("tags", TAG)
    before = blog.files()
    message = blog.fail("build", "--check", "--json")
    assert MAIN in message
    assert TAGS in message
    assert BLOG not in message
    assert "Run `invoke build`" in message
    assert blog.files() == before
    (tags / "entities.py").unlink()
    assert "nothing changed" in blog.succeed("build", "--check"), "what it would write is there"


def test_json_is_all_that_is_printed(blog) -> None:
    blog.component("loud", "print('a component that prints')\n" + TAG)
    first = json.loads(blog.succeed("build", "--json"))
    assert first["components"] == [
        {"name": "blog", "tables": 1, "enums": 0, "needs": []},
        {"name": "loud", "tables": 1, "enums": 0, "needs": []},
    ]
    assert first["changed"] == [MAIN, BLOG, ".berceau/schema/loud.sql", ".berceau/types"]
    assert all(seconds >= 0 for seconds in first["seconds"].values())
    second = json.loads(blog.succeed("build", "--json"))
    assert second["components"] == first["components"]
    assert second["changed"] == []


def test_no_database_is_needed_nor_started(blog) -> None:
    blog.succeed("build", DATABASE_URL="postgresql://127.0.0.1:1/nothing", PGHOST="127.0.0.1")
    blog.succeed("build", "--check")
    kept = [f".berceau/cache/{name}.json" for name in ("declared", "inputs", "lint")]
    written = (name for name in blog.files() if not name.startswith(".berceau/types/"))
    assert sorted(written) == [".berceau/build.json", *kept, BLOG, MAIN]


def test_a_project_without_components_builds(project) -> None:
    (project.root / "components/__init__.py").unlink()
    (project.root / "components").rmdir()
    assert "build: 0 components" in project.succeed("build")
    assert (project.root / MAIN).read_text() == ""


def test_the_name_of_the_whole_schema_is_taken(project) -> None:
    project.component("main", POST)
    message = project.fail("build")
    assert "main.sql" in message
    assert "in component main" in message
    assert not (project.root / MAIN).exists()


def test_it_works_from_any_folder_of_the_project(blog) -> None:
    blog.root, root = blog.root / "components/blog", blog.root
    assert "build: 1 component" in blog.succeed("build")
    assert (root / MAIN).exists()
    assert blog.files() == {}


def test_a_build_tells_which_component_needs_which(project) -> None:
    project.component(
        "people",
        """
        class Person(db.Entity):
            name = Required(str)
        """,
        service="def shout(text):\n    return text.upper()\n",
    )
    project.component("blog", 'class Post(db.Entity):\n    author = Optional("Person")\n')
    project.component(
        "likes",
        """
        from components.people.entities import Person

        class PersonLikes(Person, extend=True):
            def likes(self):
                return 0
        """,
    )
    project.component("mail", views="from ..people.service import shout\n")
    project.component("feed", views="from components import blog, likes\n")
    project.component("alone", "class Lone(db.Entity):\n    name = Required(str)\n")
    tests = project.write("components/alone/tests/test_it.py", "import components.blog\n")
    assert tests.exists()
    out = project.succeed("build")
    for line in (
        "  alone: 1 table, 0 enums\n",
        "  blog: 1 table, 0 enums; needs people\n",
        "  feed: 0 tables, 0 enums; needs blog, likes\n",
        "  likes: 0 tables, 0 enums; needs people\n",
        "  mail: 0 tables, 0 enums; needs people\n",
        "  people: 1 table, 0 enums\n",
    ):
        assert line in out
    report = json.loads(project.succeed("build", "--json"))
    assert {each["name"]: each["needs"] for each in report["components"]} == {
        "alone": [],
        "blog": ["people"],
        "feed": ["blog", "likes"],
        "likes": ["people"],
        "mail": ["people"],
        "people": [],
    }


def test_a_component_that_another_needs_is_missed_by_name(project) -> None:
    project.component(
        "blog",
        """
        from components.people.entities import Person  # culprit

        class Post(db.Entity):
            author = Optional(Person)
        """,
    )
    message = project.fail("build")
    file, number = project.culprit()
    assert "Component blog needs the component people, which isn't there." in message
    assert f"{file}:{number}" in message
    assert "Add people, or remove the components that need it, too." in message

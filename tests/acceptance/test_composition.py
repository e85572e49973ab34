"""Components that use each other in every direction make one schema, always the same."""

import re
from pathlib import Path

import pytest

from tests.conftest import Project

COMPONENTS = {
    # Relates to a component before it and to one after it.
    "blog": """
        from components.zeta.entities import Colour
        from lengths import TITLE

        class Post(db.Entity):
            title = Required(str, TITLE)
            colour = Required(Colour)
            author = Required("Author")
            letters = Set("Letter", reverse="post")
            tags = Set("Tag")

        class Author(db.Entity):
            posts = Set(Post)
            favourite = Optional("Letter", reverse="fans")
    """,
    "alphabet": """
        class Letter(db.Entity):
            post = Optional("Post")
            fans = Set("Author")
    """,
    "zeta": """
        import enum

        class Colour(enum.StrEnum):
            RED = "red"
            BLUE = "blue"

        class Tag(db.Entity):
            posts = Set("Post")
            colour = Optional(Colour)
    """,
    # Inherits across components; the base may be imported from one that comes later.
    "middle": """
        from components.zeta.entities import Tag

        class Special(Tag):
            weight = Required(int)
    """,
}


def names(file: Path, kind: str) -> list[str]:
    return re.findall(rf"^CREATE {kind} (\w+)", file.read_text(), re.MULTILINE)


@pytest.fixture
def composed(project) -> Project:
    for name, entities in COMPONENTS.items():
        project.component(name, entities)
    project.write("lengths.py", "TITLE = 80\n")
    project.component("quiet", views="'''Has neither entities nor an includeme.'''")
    project.write("components/package/__init__.py", "")
    project.write(
        "components/package/entities/__init__.py",
        "from components.package.entities.page import Page as Page\n",
    )
    project.write(
        "components/package/entities/page.py",
        """
        from berceau.orm import db
        from pony.orm import Required

        class Page(db.Entity):
            text = Required(str)
        """,
    )
    return project


def test_components_relate_in_every_direction(composed) -> None:
    report = composed.succeed("build")
    schema = composed.root / ".berceau/schema"
    assert {file.stem: names(file, "TABLE") for file in schema.iterdir()} == {
        "main": ["author", "letter", "page", "post", "post_tag", "tag"],
        "alphabet": ["letter"],
        "blog": ["author", "post"],
        "package": ["page"],
        "zeta": ["post_tag", "tag"],  # the later one of those that it links
    }
    assert names(schema / "zeta.sql", "TYPE") == ["colour"]
    assert names(schema / "blog.sql", "TYPE") == []
    assert "title varchar(80)" in (schema / "blog.sql").read_text().lower()
    assert "weight" in (schema / "zeta.sql").read_text(), "a subclass lives in its root's table"
    listed = re.findall(r"^  (\w+): ", report, re.MULTILINE)
    assert listed == ["alphabet", "blog", "middle", "package", "quiet", "zeta"]
    assert "quiet: 0 tables, 0 enums" in report


@pytest.mark.slow
def test_the_output_depends_on_nothing_but_the_components(composed) -> None:
    seen = set()
    for seed in ("0", "1", "random"):
        composed.succeed("build", PYTHONHASHSEED=seed)
        files = composed.files()
        seen.add(tuple((path, text) for path, text in files.items() if path.endswith(".sql")))
        for path in files:
            (composed.root / path).unlink()
    assert len(seen) == 1


def test_an_installed_component_is_built_like_a_local_one(project, tmp_path) -> None:
    site = tmp_path / "site"
    (site / "wiki-1.dist-info").mkdir(parents=True)
    (site / "wiki-1.dist-info/METADATA").write_text("Name: wiki\nVersion: 1\n")
    (site / "wiki-1.dist-info/entry_points.txt").write_text(
        "[berceau.components]\nwiki = some_wiki\n"
    )
    project.component("blog", "class Post(db.Entity):\n    page = Optional('Page')")
    folder = project.component("some_wiki", "class Page(db.Entity):\n    posts = Set('Post')")
    folder.rename(site / "some_wiki")

    report = project.succeed("build", PYTHONPATH=str(site))

    assert re.findall(r"^  (\w+): ", report, re.MULTILINE) == ["wiki", "blog"]
    assert names(project.root / ".berceau/schema/wiki.sql", "TABLE") == ["page"]

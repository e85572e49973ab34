"""What entity files may not do is seen before they are imported."""

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from berceau.components import Component
from berceau.errors import EntityError
from berceau.source import check_entities


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., None]:
    """Return a function that checks a component of files, their texts by path."""

    def check(files: Mapping[str, str]) -> None:
        for path, text in files.items():
            file = tmp_path / path
            file.parent.mkdir(exist_ok=True)
            file.write_text(dedent(text))
        check_entities([Component("blog", "components.blog", tmp_path)])

    return check


FORBIDDEN = {
    "a Database": ("db = Database()  # culprit", "creates its own Database"),
    "a Database of the module": ("x = 1\nmine = orm.Database()  # culprit", "its own Database"),
    "a Database with arguments": ("Database('sqlite', ':memory:')  # culprit", "its own Database"),
    "a Database by another name": (
        "from pony.orm import Database as Store\n\nmine = Store()  # culprit",
        "its own Database",
    ),
    "a Database in a function": ("def make():\n    return Database()  # culprit", "its own"),
    "a bind": ("db.bind(provider='sqlite')  # culprit", "calls db.bind()"),
    "a mapping": ("db.generate_mapping()  # culprit", "calls db.generate_mapping()"),
    "tables": ("\n\n\ndb.create_tables()  # culprit", "calls db.create_tables()"),
    "no tables": ("db.drop_all_tables(with_all_data=True)  # culprit", "db.drop_all_tables()"),
}


@pytest.mark.parametrize(("text", "says"), FORBIDDEN.values(), ids=FORBIDDEN)
@pytest.mark.parametrize("path", ["entities.py", "entities/post.py"])
def test_an_entity_file_does_only_what_it_may(check, tmp_path, path, text, says) -> None:
    package = {} if path == "entities.py" else {"entities/__init__.py": ""}
    with pytest.raises(EntityError) as caught:
        check(package | {path: text})
    line = next(n for n, line in enumerate(text.splitlines(), 1) if "# culprit" in line)
    where = caught.value.where
    assert (where.component, where.file, where.line) == ("blog", tmp_path / path, line)
    assert says in caught.value.message
    assert caught.value.cure


@pytest.mark.parametrize(
    "text",
    [
        "from berceau.orm import db\n\nclass Post(db.Entity):\n    table = Required(str)",
        "from pony.orm import Database\n\ndef describe(database: Database) -> str: ...",
        "# Database() and db.bind() are Berceau's\n'''class Post(db.Entity)'''",
        "socket.bind(('', 80))",
        "def broken(: Database()",
        "x = '\\0' + Database",
    ],
)
def test_what_only_looks_forbidden_passes(check, text) -> None:
    check({"entities.py": text})


def test_entities_stand_in_their_files_alone(check, tmp_path) -> None:
    entity = "from berceau.orm import db\n\nclass Post(db.Entity):\n    pass"
    check({"entities/__init__.py": entity, "entities/deep.py": entity})
    with pytest.raises(EntityError, match="Post is declared outside") as caught:
        check({"models.py": entity})
    assert (caught.value.where.file, caught.value.where.line) == (tmp_path / "models.py", 3)


def test_tests_may_do_as_they_like(check) -> None:
    check({"tests/test_post.py": "db = Database()\nclass Post(db.Entity): pass"})


def test_a_service_may_have_a_database_of_its_own(check) -> None:
    check({"warehouse.py": "warehouse = Database()\nwarehouse.bind('sqlite')"})

"""What mypy and pyright say of right and of wrong uses of entities."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent / "project"
MARK = re.compile(r"  # mypy: (?P<mypy>[\w-]+(?:, [\w-]+)*); pyright: (?P<pyright>\w+(?:, \w+)*)$")
WRONG = ("wrong.py", "wrong_music.py")
checkers = pytest.mark.parametrize("checker", ["mypy", "pyright"])


def marks(checker) -> dict[tuple[str, int], set[str]]:
    """Return the codes that a checker must give for each line of the files of wrong uses."""
    found = (
        ((file, number), MARK.search(line))
        for file in WRONG
        for number, line in enumerate((PROJECT / file).read_text().splitlines(), 1)
    )
    return {place: set(mark[checker].split(", ")) for place, mark in found if mark}


@pytest.mark.slow
@checkers
def test_every_wrong_line_is_objected_to_and_no_other(proofs, checker) -> None:
    assert getattr(proofs, checker)() == marks(checker)


@checkers
def test_every_use_in_the_wrong_file_is_marked(checker) -> None:
    """A mark that isn't understood would go unnoticed."""
    lines = [line for file in WRONG for line in (PROJECT / file).read_text().splitlines()]
    assert len(marks(checker)) == sum("# mypy:" in line for line in lines) > 400


@pytest.mark.slow
def test_the_proofs_would_fail_without_the_types(typed) -> None:
    (typed.root / ".berceau/types/pony/orm/_project.pyi").unlink()
    (typed.root / ".berceau/types/pony/orm/_attributes.pyi").write_text("")
    assert any(file == "right.py" for file, _ in typed.mypy())
    assert any(file == "right.py" for file, _ in typed.pyright())


@pytest.mark.slow
@checkers
def test_what_an_entity_gains_is_known(typed, checker) -> None:
    """The attribute at once, its keyword after the next build, also by what mypy remembers."""
    check = getattr(typed, checker)
    (typed.root / "wrong.py").unlink()
    assert not check()
    entities = typed.root / "components/blog/entities.py"
    text = entities.read_text()
    entities.write_text(text.replace("    title = ", "    subtitle = Required(str)\n    title = "))
    (typed.root / "use.py").write_text(
        "from components.blog.entities import Post\n"
        "def use(post: Post) -> str:\n"
        "    post.set(subtitle='')\n"
        "    return post.subtitle\n"
    )
    assert set(check()) == {("use.py", 3)}
    typed.build()
    missing = [number for file, number in check() if file == "right.py"]
    lines = (typed.root / "right.py").read_text().splitlines()
    assert missing
    assert all("Post(" in lines[number - 1] for number in missing)


@pytest.mark.slow
def test_a_key_gives_an_object_in_every_kind_of_statement(typed) -> None:
    package = typed.root / "components/blog/__init__.py"
    package.write_text("from .entities import Post as Post\n")
    (typed.root / "wrong.py").write_text(
        "from uuid import UUID\n"
        "from components.blog import entities\n"
        "from components.blog import Post as Text\n"
        "first = Text[UUID(int=0)]\n"
        "def use(keys: list[UUID]) -> None:\n"
        "    for key in keys:\n"
        "        try:\n"
        "            with open(str(key)):\n"
        "                post = Text[key]\n"
        "        except OSError:\n"
        "            post = entities.Post[keys[0]]\n"
        "        else:\n"
        "            match key.int:\n"
        "                case 0:\n"
        "                    other = Text[keys[-1]]\n"
        "                    post = other\n"
        "        if post.title and first.title:\n"
        "            again = Text[post.id]\n"
        "            again.title = 1\n"
    )
    assert typed.mypy() == {("wrong.py", 19): {"assignment"}}
    entities = typed.root / "components/blog/entities.py"
    entities.write_text(entities.read_text().replace("-> datetime:", '-> "datetime":'))
    assert typed.mypy() == {("wrong.py", 19): {"assignment"}}, "from what mypy remembers"
    assert set(typed.pyright()) == {("wrong.py", 19)}

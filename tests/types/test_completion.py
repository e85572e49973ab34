"""What an editor offers while an entity is being used, by pyright's language server."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.types.language_server import LanguageServer, language_server
from tests.waiting import wait_until

HEAD = "from components.blog.entities import Post\n\ndef use(post: Post) -> None:\n"
DECLARED = {
    "title": "Required[str]",
    "summary": "Optional[str]",
    "price": "Optional[Decimal | None]",
    "author": "Required[Person]",
    "editor": "Optional[Person | None]",
    "tags": "Set[Tag]",
    "heading": "str (property)",
}
VALUES = {
    "title": "str",
    "summary": "str",
    "price": "Decimal | None",
    "status": "Status",
    "author": "Person",
    "editor": "Person | None",
    "tags": "SetInstance[Tag]",
    "heading": "str (property)",
    "created": "datetime",
    "scores": "list[int]",
    "size": "Size | None",
}


@pytest.fixture
def server(typed) -> Iterator[LanguageServer]:
    program = Path(sys.executable).with_name("pyright-langserver")
    with language_server(str(program), typed.root, sys.executable, typed.environment) as server:
        yield server


@pytest.fixture
def offered(server, typed) -> Callable[..., dict[str, str]]:
    """Return a function that types a line, and returns what is offered in it: types by name."""

    def offered(line, names, at=None) -> dict[str, str]:
        file = typed.root / f"use_{line.count(' ')}_{len(line)}.py"
        server.open(file, f"{HEAD}    {line}\n")
        items = server.complete(file, 3, 4 + (len(line) if at is None else at))
        return {name: server.describe(items[name]) for name in names if name in items}

    return offered


def test_after_the_dot_the_attributes_are_offered_with_their_types(offered) -> None:
    assert offered("post.", DECLARED) == {
        name: f"{name}: {declared}" for name, declared in DECLARED.items()
    }


@pytest.mark.slow
def test_once_a_letter_is_typed_these_are_the_types_of_the_values(offered) -> None:
    assert offered("post.t", VALUES, at=len("post.")) == {
        name: f"{name}: {value}" for name, value in VALUES.items()
    }


@pytest.mark.slow
def test_attributes_are_offered_across_components(offered) -> None:
    assert offered("post.author.n", ["nickname"]) == {"nickname": "nickname: str"}
    assert offered("post.author.p", ["posts"]) == {"posts": "posts: SetInstance[Post]"}


@pytest.mark.slow
def test_what_other_components_add_is_offered(offered) -> None:
    assert offered("post.r", ["reviews"]) == {"reviews": "reviews: SetInstance[Review]"}
    assert offered("post.author.b", ["badge"]) == {"badge": "badge: Badge | None"}
    assert offered("post.author.w", ["written"]) == {"written": "written: SetInstance[Review]"}
    best = offered("post.author.be", ["best"])
    assert best == {"best": "def best(number: int = 3) -> list[Review]"}


@pytest.mark.slow
@pytest.mark.parametrize("call", ["Post(", "Post.get(", "Post.exists(", "post.set("])
def test_keywords_are_offered(server, typed, call) -> None:
    file = typed.root / "use.py"
    server.open(file, f"{HEAD}    {call}\n")
    items = server.complete(file, 3, 4 + len(call))
    assert {"title=", "author=", "editor="} <= items.keys()
    assert "titel=" not in items


@pytest.mark.slow
def test_an_attribute_shows_its_type_where_the_mouse_is(server, typed) -> None:
    file = typed.root / "use.py"
    server.open(file, f"{HEAD}    post.editor\n")
    assert server.hover(file, 3, len("    post.ed")) == "(variable) editor: Person | None"


@pytest.mark.slow
def test_a_build_is_noticed_without_a_restart(server, typed) -> None:
    file = typed.root / "use.py"
    server.open(file, f"{HEAD}    post.set(\n")
    place = 3, len("    post.set(")
    assert "subtitle=" not in server.complete(file, *place)
    entities = typed.root / "components/blog/entities.py"
    text = entities.read_text()
    entities.write_text(text.replace("    title = ", "    subtitle = Required(str)\n    title = "))
    typed.build()
    server.changed(entities, *(typed.root / ".berceau/types").rglob("*.pyi"))
    wait_until(lambda: "subtitle=" in server.complete(file, *place))

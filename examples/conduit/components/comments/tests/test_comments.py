"""Comments on articles."""

from typing import Any

import pytest


def comment(body: Any) -> Any:
    return {"comment": {"body": body}}


@pytest.fixture
def tea(ada: Any) -> str:
    return f"/articles/{ada.publish('Tea')['slug']}/comments"


def test_comments_are_listed_the_newest_first(visitor: Any, ada: Any, grace: Any, tea: str) -> None:
    assert visitor.get(tea) == {"comments": []}
    first = ada.post(tea, comment("Hot"), status=201)["comment"]
    second = grace.post(tea, comment("Green"), status=201)["comment"]
    assert visitor.get(tea) == {"comments": [second, first]}
    assert (first["body"], first["author"]["username"]) == ("Hot", "ada")
    ada.post("/profiles/grace/follow")
    following = [each["author"]["following"] for each in ada.get(tea)["comments"]]
    assert following == [True, False]


@pytest.mark.parametrize("body", ["", " \u200b", None, 1])
def test_a_comment_says_something(ada: Any, tea: str, body: Any) -> None:
    assert list(ada.post(tea, comment(body), status=422)["errors"]) == ["body"]


def test_only_its_author_deletes_a_comment(visitor: Any, ada: Any, grace: Any, tea: str) -> None:
    kept = ada.post(tea, comment("Kept"), status=201)["comment"]
    gone = ada.post(tea, comment("Gone"), status=201)["comment"]
    path = f"{tea}/{gone['id']}"
    visitor.delete(path, status=401)
    assert grace.delete(path, status=403) == {"errors": {"comment": ["forbidden"]}}
    assert ada.delete(path, status=204) is None
    assert ada.delete(path, status=404) == {"errors": {"comment": ["not found"]}}
    assert visitor.get(tea) == {"comments": [kept]}


def test_a_comment_belongs_to_its_article(ada: Any, tea: str) -> None:
    number = ada.post(tea, comment("Hot"), status=201)["comment"]["id"]
    ada.publish("Cake")
    ada.delete(f"/articles/cake/comments/{number}", status=404)
    ada.delete("/articles/tea/comments/x", status=404)
    ada.delete("/articles/none/comments/1", status=404)


def test_an_unknown_article_has_none(ada: Any) -> None:
    nothing = {"errors": {"article": ["not found"]}}
    assert ada.get("/articles/none/comments", status=404) == nothing
    assert ada.post("/articles/none/comments", comment("Hot"), status=404) == nothing


def test_the_number_of_queries_does_not_grow_with_the_rows(
    ada: Any, grace: Any, tea: str, assert_queries: Any
) -> None:
    for count in (2, 10):
        for number in range(count):
            (ada, grace)[number % 2].post(tea, comment(str(number)), status=201)
        with assert_queries(6):
            ada.get(tea)

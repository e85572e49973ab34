"""Favorites, and how articles count them."""

from typing import Any

import pytest
from pony.orm import db_session

from components.favorites.entities import Favorite


def counted(answer: Any) -> tuple[bool, int]:
    return answer["article"]["favorited"], answer["article"]["favoritesCount"]


def test_an_article_is_liked_once(visitor: Any, ada: Any, grace: Any) -> None:
    ada.publish("Tea")
    for _twice in range(2):
        assert counted(ada.post("/articles/tea/favorite")) == (True, 1)
    assert counted(grace.post("/articles/tea/favorite")) == (True, 2)
    assert counted(visitor.get("/articles/tea")) == (False, 2)
    for _twice in range(2):
        assert counted(ada.delete("/articles/tea/favorite")) == (False, 1)


def test_what_somebody_likes_is_listed(visitor: Any, ada: Any, grace: Any) -> None:
    ada.publish("Tea")
    ada.publish("Cake")
    grace.post("/articles/tea/favorite")
    (article,) = visitor.get("/articles?favorited=grace")["articles"]
    assert (article["title"], article["favoritesCount"]) == ("Tea", 1)
    assert visitor.get("/articles?favorited=ada")["articlesCount"] == 0


@pytest.mark.parametrize("method", ["post", "delete"])
def test_who_and_what_must_be_known(visitor: Any, ada: Any, method: str) -> None:
    ada.publish("Tea")
    visitor.request(method, "/articles/tea/favorite", status=401)
    answer = ada.request(method, "/articles/none/favorite", status=404)
    assert answer == {"errors": {"article": ["not found"]}}


def test_a_deleted_article_takes_its_favorites_along(ada: Any) -> None:
    ada.publish("Tea")
    ada.post("/articles/tea/favorite")
    ada.delete("/articles/tea", status=204)
    with db_session:
        assert not Favorite.exists()


def test_the_number_of_queries_of_a_list_does_not_grow_with_the_rows(
    ada: Any, grace: Any, assert_queries: Any
) -> None:
    def publish(count: int) -> None:
        for number in range(count):
            author = (ada, grace)[number % 2]
            slug = author.publish(f"{count} {number}", tagList=["a", f"t{number}"])["slug"]
            ada.post(f"/articles/{slug}/favorite")

    publish(2)
    with assert_queries(9):
        assert len(ada.get("/articles")["articles"]) == 2
    publish(18)
    with assert_queries(9):
        assert len(ada.get("/articles")["articles"]) == 20


@pytest.mark.commits
def test_of_equal_favorites_at_once_one_is_stored(at_once: Any, ada: Any) -> None:
    ada.publish("Tea")
    assert at_once("post", "/articles/tea/favorite", token=ada.token) == [200] * 8
    with db_session:
        assert Favorite.select().count() == 1

"""Articles: their API."""

from typing import Any

import pytest
from pony.orm import db_session

from components.articles.entities import Article
from components.tags.entities import Tag


def titles(answer: Any) -> list[str]:
    assert answer["articlesCount"] >= len(answer["articles"])
    return [article["title"] for article in answer["articles"]]


def test_an_article_is_published_and_shown(visitor: Any, ada: Any) -> None:
    made = ada.publish("How to train your dragon", tagList=["training", "dragons", "dragons"])
    assert made["slug"] == "how-to-train-your-dragon"
    assert made["tagList"] == ["dragons", "training"]
    assert (made["favorited"], made["favoritesCount"]) == (False, 0)
    assert made["author"]["username"] == "ada"
    assert visitor.get(f"/articles/{made['slug']}")["article"] == made
    (listed,) = visitor.get("/articles")["articles"]
    assert listed == {name: value for name, value in made.items() if name != "body"}


def test_equal_titles_have_different_addresses(ada: Any) -> None:
    assert len({ada.publish("Tea")["slug"] for _ in range(3)}) == 3


@pytest.mark.parametrize("title", ["龍を訓練する方法", "¿?", "x" * 200])
def test_any_title_has_an_address(ada: Any, title: str) -> None:
    slug = ada.publish(title)["slug"]
    assert ada.get(f"/articles/{slug}")["article"]["title"] == title


@pytest.mark.parametrize("name", ["title", "description", "body"])
@pytest.mark.parametrize("value", ["", " ", None, 1])
def test_each_part_is_needed(ada: Any, name: str, value: Any) -> None:
    article = {"title": "Tea", "description": "Hot", "body": "Leaves", name: value}
    errors = ada.post("/articles", {"article": article}, status=422)["errors"]
    assert list(errors) == [name]
    ada.publish("Tea")
    assert name in ada.put("/articles/tea", {"article": {name: value}}, status=422)["errors"]


def test_what_is_sent_is_changed_and_the_rest_stays(ada: Any) -> None:
    made = ada.publish("Tea", tagList=["hot"])
    changed = ada.put("/articles/tea", {"article": {"body": "Water"}})["article"]
    assert changed["updatedAt"] > made["updatedAt"]
    assert changed == {**made, "body": "Water", "updatedAt": changed["updatedAt"]}
    renamed = ada.put("/articles/tea", {"article": {"title": "Green tea", "tagList": []}})
    assert (renamed["article"]["slug"], renamed["article"]["tagList"]) == ("green-tea", [])
    ada.get("/articles/tea", status=404)
    ada.put("/articles/green-tea", {"article": {"tagList": None}}, status=422)


def test_only_the_author_changes_and_deletes(visitor: Any, ada: Any, grace: Any) -> None:
    ada.publish("Tea")
    forbidden = {"errors": {"article": ["forbidden"]}}
    assert grace.put("/articles/tea", {"article": {"body": "Mine"}}, status=403) == forbidden
    assert grace.delete("/articles/tea", status=403) == forbidden
    visitor.delete("/articles/tea", status=401)
    assert ada.delete("/articles/tea", status=204) is None
    nothing = {"errors": {"article": ["not found"]}}
    assert ada.get("/articles/tea", status=404) == nothing
    assert ada.delete("/articles/tea", status=404) == nothing


def test_nobody_can_not_publish(visitor: Any) -> None:
    article = {"title": "Tea", "description": "Hot", "body": "Leaves"}
    visitor.post("/articles", {"article": article}, status=401)
    visitor.get("/articles/feed", status=401)


def test_lists_are_filtered_and_come_in_parts(visitor: Any, ada: Any, grace: Any) -> None:
    for title, author, tags in (("1", ada, ["a"]), ("2", grace, ["a", "b"]), ("3", ada, [])):
        author.publish(title, tagList=tags)
    assert titles(visitor.get("/articles")) == ["3", "2", "1"]
    assert titles(visitor.get("/articles?author=ada")) == ["3", "1"]
    assert titles(visitor.get("/articles?tag=a")) == ["2", "1"]
    assert titles(visitor.get("/articles?tag=a&author=ada")) == ["1"]
    part = visitor.get("/articles?limit=1&offset=1")
    assert (titles(part), part["articlesCount"]) == (["2"], 3)
    assert titles(visitor.get("/articles?tag=none")) == []


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=101", "offset=-1", "tag=%00"])
def test_a_list_that_can_not_be_is_refused(visitor: Any, query: str) -> None:
    assert query.partition("=")[0] in visitor.get(f"/articles?{query}", status=422)["errors"]


def test_the_feed_has_the_articles_of_those_who_are_followed(ada: Any, grace: Any) -> None:
    grace.publish("By Grace")
    ada.publish("By Ada")
    assert titles(ada.get("/articles/feed")) == []
    ada.post("/profiles/grace/follow")
    (article,) = ada.get("/articles/feed")["articles"]
    assert (article["title"], article["author"]["following"]) == ("By Grace", True)


@pytest.mark.commits
def test_of_equal_titles_at_once_each_has_its_address(at_once: Any, ada: Any) -> None:
    article = {"title": "Tea", "description": "Hot", "body": "Leaves", "tagList": ["new"]}
    assert at_once("post", "/articles", {"article": article}, ada.token) == [201] * 8
    with db_session:
        assert len({each.slug for each in Article.select()}) == 8
        assert [each.name for each in Tag.select()] == ["new"]

"""The button that likes an article."""

from typing import Any


def test_an_article_is_liked_and_listed_with_its_reader(app: Any, ada: Any, signed_in: Any) -> None:
    ada.publish("Tea")
    assert app.get("/article/tea").forms[0].submit("like").location.endswith("/sign-in")
    signed_in("grace")
    page = app.get("/article/tea").forms[0].submit("like").follow()
    assert page.html.select_one("[aria-pressed=true]").text == "Like (1)"
    liked = app.get("/profile/grace").click("Liked")
    assert [each.text for each in liked.html.select("article h2")] == ["Tea"]
    page = page.forms[0].submit("like").follow()
    assert page.html.select_one("[aria-pressed=false]").text == "Like (0)"

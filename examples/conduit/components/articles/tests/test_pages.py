"""The pages of articles: to read, to write, and to find authors."""

from typing import Any


def titles(page: Any) -> list[str]:
    return [each.text for each in page.html.select("article h2")]


def write(app: Any, title: str, **more: str) -> Any:
    form = app.get("/editor").form
    for name, value in {"description": "About it", "body": "All of it", **more}.items():
        form[name] = value
    form["title"] = title
    return form.submit(status="*")


def test_people_read_articles(app: Any, ada: Any) -> None:
    ada.publish("<Tea>", tagList=["hot"])
    ada.publish("Cake")
    page = app.get("/")
    assert titles(page) == ["Cake", "<Tea>"]
    assert page.click("&lt;Tea&gt;").html.h1.text == "<Tea>"
    assert titles(page.click("hot", index=0)) == ["<Tea>"]
    assert page.html.select_one("#popular + ul").text.split() == ["hot"]
    assert "There is no such article." in app.get(
        "/article/none", headers={"Accept": "text/html"}, status=404
    )


def test_a_long_list_has_pages_and_keeps_what_it_lists(app: Any, ada: Any) -> None:
    for number in range(21):
        ada.publish(str(number), tagList=["hot"])
    for path in ("/", "/?tag=hot", "/profile/ada"):
        older = app.get(path).click("Older")
        assert titles(older) == ["0"]
        assert len(titles(older.click("Newer"))) == 20


def test_an_article_is_written_changed_and_deleted(app: Any, signed_in: Any) -> None:
    signed_in("ada")
    page = write(app, "Tea", tag_list="hot, green tea,,").follow()
    assert page.html.h1.text == "Tea"
    assert [each.text.strip() for each in page.html.select(".tags li")] == ["green tea", "hot"]
    form = page.click("Edit").form
    assert (form["tag_list"].value, form["body"].value) == ("green tea, hot", "All of it")
    form["title"], form["tag_list"] = "Green tea", ""
    page = form.submit().follow()
    assert page.request.path == "/article/green-tea"
    assert not page.html.select(".tags li")
    app.get("/article/tea", status=404)


def test_a_deleted_article_is_gone(app: Any, signed_in: Any) -> None:
    signed_in("ada")
    page = write(app, "Tea").follow()
    (form,) = (each for each in page.forms.values() if each.action.endswith("/delete"))
    assert "The article was deleted." in form.submit().follow()
    app.get("/article/tea", status=404)


def test_mistakes_are_shown_and_nothing_typed_is_lost(app: Any, signed_in: Any) -> None:
    signed_in("ada")
    page = write(app, "x" * 201, tag_list="a" * 101)
    assert page.status_int == 422
    assert [each.text for each in page.html.select(".error")] == [
        "Use 200 characters at most.",
        "Use 100 characters at most.",
    ]
    assert page.form["body"].value == "All of it"
    assert not titles(app.get("/"))


def test_only_its_author_changes_an_article(app: Any, ada: Any, signed_in: Any) -> None:
    ada.publish("Tea")
    page = app.get("/article/tea")
    assert not [link for link in page.html.select("a") if link.text == "Edit"]
    signed_in("grace")
    page = app.get("/editor/tea", headers={"Accept": "text/html"}, status=403)
    assert "This article is somebody else's." in page
    token = app.get("/editor").form["csrf_token"].value
    app.post("/editor/tea/delete", {"csrf_token": token}, status=403)


def test_who_is_not_signed_in_is_led_there(app: Any) -> None:
    for path in ("/editor", "/feed", "/editor/tea"):
        assert app.get(path, status=303).location.startswith("http://localhost/sign-in?next=")


def test_an_author_is_followed_and_the_feed_has_what_they_write(
    app: Any, ada: Any, signed_in: Any
) -> None:
    ada.publish("Tea")
    signed_in("grace")
    assert titles(app.get("/feed")) == []
    page = app.get("/article/tea").click("ada")
    assert (page.html.h1.text, titles(page)) == ("ada", ["Tea"])
    page = page.form.submit("follow").follow()
    assert page.html.select_one("button[name=follow]").text == "Unfollow ada"
    assert titles(app.get("/feed")) == ["Tea"]
    page.form.submit("follow").follow()
    assert titles(app.get("/feed")) == []
    app.get("/profile/nobody", status=404)

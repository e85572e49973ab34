"""Comments on the page of an article."""

from typing import Any


def comment(page: Any, body: str) -> Any:
    (form,) = (each for each in page.forms.values() if each.action.endswith("/comments"))
    form["body"] = body
    return form.submit().follow()


def shown(page: Any) -> list[str]:
    return [each.text for each in page.html.select(".comments article .prose")]


def test_a_member_comments_and_takes_it_back(app: Any, ada: Any, signed_in: Any) -> None:
    ada.publish("Tea")
    assert "to comment" in app.get("/article/tea")
    signed_in("grace")
    page = comment(app.get("/article/tea"), "Hot\r\nand <green>")
    assert shown(page) == ["Hot\nand <green>"]
    (form,) = (each for each in page.forms.values() if each.action.endswith("/delete"))
    page = form.submit().follow()
    assert "Your comment was deleted." in page
    assert shown(page) == []


def test_a_comment_says_something(app: Any, ada: Any, signed_in: Any) -> None:
    ada.publish("Tea")
    signed_in("grace")
    page = comment(app.get("/article/tea"), " ")
    assert "Your comment wasn't saved. This can't be blank." in page
    assert shown(page) == []


def test_only_its_author_deletes_a_comment(app: Any, ada: Any, signed_in: Any) -> None:
    ada.publish("Tea")
    body = {"comment": {"body": "Hot"}}
    number = ada.post("/articles/tea/comments", body, status=201)["comment"]["id"]
    signed_in("grace")
    page = app.get("/article/tea")
    assert not [each for each in page.forms.values() if each.action.endswith("/delete")]
    token = {"csrf_token": page.forms[0]["csrf_token"].value}
    app.post(f"/article/tea/comments/{number}/delete", token, status=403)
    app.post("/article/tea/comments/999999/delete", token, status=404)
    app.post("/article/none/comments", {"body": "Hot", **token}, status=404)

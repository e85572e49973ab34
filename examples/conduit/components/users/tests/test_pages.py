"""The pages of users: who is signed in, and what is refused."""

from typing import Any

import pytest
from pony.orm import db_session

from components.users.entities import MemberToken

PASSWORD = "correct horse"


def errors(page: Any) -> dict[str, str]:
    found = page.html.select(".error")
    return {each["id"].removesuffix("-error"): each.text for each in found}


def sign_in(page: Any, **values: str) -> Any:
    for name, value in {"email": "ada@example.org", "password": PASSWORD, **values}.items():
        page.form[name] = value
    return page.form.submit(status="*")


def test_who_signed_up_is_signed_in_until_they_sign_out(app: Any, signed_in: Any) -> None:
    assert "Welcome, ada." in signed_in("ada")
    account = app.get("/settings")
    assert account.forms[0]["email"].value == "ada@example.org"
    page = account.forms[1].submit().follow()
    assert "You are signed out." in page
    assert app.get("/settings", status=303).location.endswith("/sign-in?next=%2Fsettings")
    assert "Welcome, ada." in sign_in(page).follow()
    app.get("/settings", status=200)
    with db_session:
        assert MemberToken.select().count() == 1


def test_each_mistake_is_at_its_field(app: Any) -> None:
    form = app.get("/sign-up").form
    form["username"], form["email"], form["password"] = " ", "ada", "short"
    page = form.submit(status=422)
    assert errors(page) == {
        "username": "This can't be blank.",
        "email": "Enter an address such as ada@example.org.",
        "password": "Use 8 characters at least.",
    }
    assert page.form["email"].value == "ada"
    assert page.form["password"].value == ""
    assert page.html.select_one("#username")["aria-describedby"] == "username-error"


def test_a_name_is_taken_once(app: Any, signed_in: Any) -> None:
    signed_in("ada")
    app.reset()
    form = app.get("/sign-up").form
    form["username"], form["email"], form["password"] = "ada", "other@example.org", PASSWORD
    taken = {"username": "This username has already been taken."}
    assert errors(form.submit(status=422)) == taken


@pytest.mark.parametrize(("name", "value"), [("email", "bob@example.org"), ("password", "wrong")])
def test_what_was_wrong_with_a_sign_in_is_not_told(
    app: Any, signed_in: Any, name: str, value: str
) -> None:
    signed_in("ada")
    app.reset()
    page = sign_in(app.get("/sign-in"), **{name: value})
    assert page.status_int == 422
    assert errors(page) == {"password": "Nobody has this address and this password."}


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [("/feed?page=2", "/feed?page=2"), ("//evil.example", "/"), ("/\\evil.example", "/")],
)
def test_a_sign_in_leads_to_the_page_that_was_wanted(
    app: Any, signed_in: Any, wanted: str, shown: str
) -> None:
    signed_in("ada")
    app.reset()
    entered = sign_in(app.get("/sign-in", {"next": wanted}))
    assert entered.location == f"http://localhost{shown}"


def test_a_sign_in_takes_nothing_over_from_before(app: Any, signed_in: Any) -> None:
    before = app.get("/sign-in").form["csrf_token"].value
    signed_in("ada")
    assert app.get("/settings").forms[0]["csrf_token"].value != before
    assert app.get("/api/user", status=401)  # the API knows no cookies


def test_a_form_of_another_site_changes_nothing(app: Any, signed_in: Any) -> None:
    signed_in("ada")
    app.post("/sign-out", status=400)
    app.get("/settings", status=200)


def test_what_is_changed_is_shown_and_a_new_password_ends_other_sessions(
    app: Any, signed_in: Any, visitor: Any
) -> None:
    signed_in("ada")
    credentials = {"user": {"email": "ada@example.org", "password": PASSWORD}}
    other = visitor.post("/users/login", credentials)["user"]["token"]
    form = app.get("/settings").forms[0]
    form["username"], form["bio"] = "lovelace", "Counts"
    assert "Your changes were saved." in form.submit().follow()
    type(visitor)(app, "ada", other).get("/user")
    form = app.get("/settings").forms[0]
    assert (form["username"].value, form["bio"].value) == ("lovelace", "Counts")
    form["password"] = "another horse"
    form.submit().follow()
    app.get("/settings", status=200)
    type(visitor)(app, "ada", other).get("/user", status=401)

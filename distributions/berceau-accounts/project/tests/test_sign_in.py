"""Signing in and out."""

import pytest
from argon2 import PasswordHasher
from berceau_accounts.entities import AccountsSession, User
from pony.orm import db_session
from tests.visitor import EMAIL, PASSWORD, error_of, fill, is_signed_in, sign_in


@pytest.mark.usefixtures("ada")
def test_a_user_signs_in_and_out(app) -> None:
    assert "You are signed in" in sign_in(app).follow()
    page = app.get("/accounts").forms["sign-out"].submit(status=303).follow()
    assert "You are signed out" in page
    assert not is_signed_in(app)
    with db_session:
        assert AccountsSession.select().count() == 0


@pytest.mark.usefixtures("ada")
def test_an_address_may_be_typed_in_any_case(app) -> None:
    sign_in(app, email=" ADA@Example.ORG ")
    assert is_signed_in(app)


@pytest.mark.usefixtures("ada")
def test_a_password_may_be_typed_on_any_keyboard(app) -> None:
    """Fullwidth letters, as Japanese keyboards type them, are the letters."""
    fullwidth = PASSWORD.translate({ord(each): ord(each) + 0xFEE0 for each in "engi"})
    sign_in(app, fullwidth)
    assert is_signed_in(app)


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("password", ["wrong", PASSWORD + " ", PASSWORD.upper(), "x" * 5000])
def test_a_wrong_password_is_refused(app, password) -> None:
    assert "no account" in error_of(sign_in(app, password, 422), "password")
    assert not is_signed_in(app)


def test_who_was_asked_to_sign_in_comes_back(app, ada) -> None:
    page = app.get("/profile?a=1", status=303).follow()
    form = page.forms["account-form"]
    form["email"], form["password"] = ada, PASSWORD
    assert form.submit(status=303).location == "http://localhost/profile?a=1"


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    "elsewhere",
    [
        *("https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example"),
        *("/%09/evil.example".replace("%09", "\t"), "javascript:alert(1)", " //evil.example"),
        *("/\\/evil.example", "///evil.example", "/x\r\nSet-Cookie: a=b"),
    ],
)
def test_a_visitor_is_never_sent_to_another_site(app, elsewhere) -> None:
    form = app.get("/accounts/sign-in", {"next": elsewhere}).forms["account-form"]
    form["email"], form["password"] = EMAIL, PASSWORD
    form["next"].force_value(elsewhere)
    assert form.submit(status=303).location == "http://localhost/accounts"


def test_a_user_who_is_not_active_is_out_at_once(app, ada) -> None:
    sign_in(app)
    with db_session:
        User.get(email=ada).is_active = False
    assert not is_signed_in(app)
    sign_in(app, status=422)


def test_a_hash_of_lower_cost_is_made_again(app, ada) -> None:
    with db_session:
        User.get(email=ada).password_hash = PasswordHasher(time_cost=1).hash(PASSWORD)
    sign_in(app)
    with db_session:
        assert not PasswordHasher().check_needs_rehash(User.get(email=ada).password_hash)


@pytest.mark.parametrize("path", ["sign-in", "sign-up", "sign-out", "reset"])
def test_a_form_of_another_site_is_refused(app, path) -> None:
    app.post(f"/accounts/{path}", {"email": EMAIL, "password": PASSWORD}, status=400)


def test_fields_tell_browsers_what_to_fill_in(app) -> None:
    page = app.get("/accounts/sign-in")
    found = {each["name"]: each.get("autocomplete") for each in page.html.select("form [id]")}
    assert found == {"email": "username", "password": "current-password"}
    assert all(page.html.select_one(f"label[for={name}]") for name in found)


def test_what_only_groups_may_do(app, ada) -> None:
    app.get("/profiles/edit", status=303)
    sign_in(app)
    app.get("/profiles/edit", status=403)
    with db_session:
        User.get(email=ada).join("editors")
    assert app.get("/profiles/edit").json == {"profiles": 0}
    with db_session:
        User.get(email=ada).leave("editors")
    app.get("/profiles/edit", status=403)


@pytest.mark.usefixtures("ada")
def test_a_field_that_is_a_file_is_no_text(app) -> None:
    form = app.get("/accounts/sign-in").forms["account-form"]
    sent = {"csrf_token": form["csrf_token"].value, "email": EMAIL}
    app.post("/accounts/sign-in", sent, upload_files=[("password", "a.txt", b"x")], status=422)


def test_no_name_is_a_mistake_not_a_crash(app) -> None:
    page = fill(app, "/accounts/sign-in", 422)
    assert "Enter an e-mail address" in error_of(page, "email")

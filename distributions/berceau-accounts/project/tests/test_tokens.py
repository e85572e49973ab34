"""Tokens for programs: made, used and revoked."""

from datetime import timedelta

import pytest
from berceau_accounts.entities import AccountsApiToken, User, now
from pony.orm import db_session
from tests.visitor import NEW_PASSWORD, PASSWORD, error_of, fill, sign_in
from webtest import TestApp

pytestmark = pytest.mark.usefixtures("ada")


def make_token(app, name: str = "a program") -> str:
    """Return the text of a new token."""
    sign_in(app)
    page = fill(app, "/accounts/tokens/new", 200, name=name, days="7", password=PASSWORD)
    assert "no-store" in page.headers["Cache-Control"]
    text: str = page.html.find(id="token").text
    return text


def program(app, authorization: str) -> TestApp:
    """Return what sends a header and has no cookies."""
    return TestApp(app.app, extra_environ={"HTTP_AUTHORIZATION": authorization})


@pytest.mark.parametrize("scheme", ["Bearer", "Token", "bearer"])
def test_a_program_signs_in_with_a_token(app, ada, scheme) -> None:
    text = make_token(app)
    assert text.startswith("acc_")
    found = program(app, f"{scheme} {text}").get("/profile")
    assert found.json["email"] == ada
    assert "Set-Cookie" not in found.headers


def test_a_token_is_shown_once_and_kept_as_a_hash(app) -> None:
    text = make_token(app, "<backup>")
    page = app.get("/accounts/tokens")
    assert page.html.select_one(".entries strong").text == "<backup>"
    assert text not in page
    with db_session:
        (kept,) = AccountsApiToken.select()
        assert text not in kept.to_dict().values()


def test_a_revoked_token_ends_at_once(app) -> None:
    client = program(app, f"Bearer {make_token(app)}")
    client.get("/profile", status=200)
    page = app.get("/accounts/tokens")
    (revoke,) = [form for form in page.forms.values() if form.action.endswith("/revoke")]
    revoke.submit(status=303)
    client.get("/profile", status=401)
    revoke.submit(status=404)


def test_a_token_ends_after_its_days(app) -> None:
    client = program(app, f"Bearer {make_token(app)}")
    with db_session:
        token = AccountsApiToken.select().get()
        assert timedelta(days=6.9) < token.expires_at - now() <= timedelta(days=7)
        token.expires_at = now() - timedelta(seconds=1)
    client.get("/profile", status=401)


def test_a_token_of_a_user_who_is_not_active_is_worth_nothing(app, ada) -> None:
    client = program(app, f"Bearer {make_token(app)}")
    with db_session:
        User.get(email=ada).is_active = False
    client.get("/profile", status=401)


def test_a_token_has_the_permissions_of_its_user(app, ada) -> None:
    client = program(app, f"Bearer {make_token(app)}")
    client.get("/profiles/edit", status=403)
    with db_session:
        User.get(email=ada).join("editors")
    client.get("/profiles/edit", status=200)


def test_a_token_does_not_lead_into_the_account(app) -> None:
    """Who stole a token can neither make another one nor end the sessions of its user."""
    client = program(app, f"Bearer {make_token(app)}")
    for page in ("", "/tokens", "/tokens/new", "/sessions", "/password", "/email"):
        client.get(f"/accounts{page}", status=403)


@pytest.mark.parametrize("header", ["Bearer", "Bearer x", "Token \x00", "Bearer " + "x" * 5000])
def test_a_wrong_token_signs_no_user_in_in_spite_of_a_session(app, header) -> None:
    sign_in(app)
    app.get("/profile", headers={"Authorization": header}, status=401)


def test_another_kind_of_authorization_is_left_to_others(app) -> None:
    sign_in(app)
    app.get("/profile", headers={"Authorization": "Basic YTpi"}, status=200)


def test_a_reset_of_the_password_revokes_tokens_and_a_change_does_not(app, ada, mailbox) -> None:
    client = program(app, f"Bearer {make_token(app)}")
    fill(app, "/accounts/password", password=PASSWORD, new_password=NEW_PASSWORD)
    client.get("/profile", status=200)
    mailbox.next()
    fill(app, "/accounts/reset", email=ada)
    fill(app, mailbox.link(), new_password=PASSWORD)
    client.get("/profile", status=401)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("days", text) for text in ("0", "367", "-1", "1.5", "\u0661", "9" * 4000)),
        *(("name", text) for text in ("", "\u200b", "x" * 101)),
        ("password", "wrong"),
    ],
)
def test_a_wrong_field_is_shown_again(app, field, value) -> None:
    sign_in(app)
    given = {"name": "n", "days": "7", "password": PASSWORD, field: value}
    assert error_of(fill(app, "/accounts/tokens/new", 422, **given), field)
    with db_session:
        assert AccountsApiToken.select().count() == 0

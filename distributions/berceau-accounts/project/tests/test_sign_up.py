"""Signing up: the form, the mail, and the account that its link makes."""

import re

import pytest
from berceau_accounts.entities import AccountsMailedToken, User
from components.profiles.entities import Profile
from pony.orm import db_session
from tests.visitor import EMAIL, NEW_PASSWORD, PASSWORD, error_of, fill, is_signed_in, sign_up


def emails() -> list[str]:
    with db_session:
        return sorted(user.email for user in User.select())


def test_a_visitor_signs_up_and_confirms_the_address(app, mailbox) -> None:
    assert "Look into your mail" in sign_up(app).follow()
    assert emails() == []
    page = fill(app, mailbox.link(), password=PASSWORD).follow()
    assert "Welcome" in page.html.select_one("[role=status]").text
    assert EMAIL in page
    assert emails() == [EMAIL]


@pytest.mark.settings({"accounts.smtp_url": ""})
def test_without_a_mail_server_the_log_shows_the_link(app, caplog) -> None:
    sign_up(app)
    (link,) = re.findall(r"https?://\S+", caplog.text)
    fill(app, link, password=PASSWORD)
    assert emails() == [EMAIL]


def test_the_application_keeps_its_own_of_a_new_user(app, mailbox) -> None:
    sign_up(app)
    fill(app, mailbox.link(), password=PASSWORD)
    with db_session:
        assert [profile.user.email for profile in Profile.select()] == [EMAIL]
    assert app.get("/profile").json == {"email": EMAIL, "name": ""}


def test_a_link_alone_makes_no_account(app, mailbox) -> None:
    """Otherwise somebody signs up for another person, who confirms it, and shares the account."""
    sign_up(app)
    page = fill(app, mailbox.link(), status=422, password=NEW_PASSWORD)
    assert "isn't the password" in error_of(page, "password")
    assert emails() == []


def test_a_link_confirms_once(app, mailbox) -> None:
    sign_up(app)
    link = mailbox.link()
    form = app.get(link).forms["account-form"]
    form["password"] = PASSWORD
    form.submit(status=303)
    app.reset()
    form.submit(status=400)  # the token of forms is another session's
    app.get(link, status=410)


def test_of_two_sign_ups_the_first_confirmed_one_counts(app, mailbox) -> None:
    sign_up(app)
    sign_up(app, NEW_PASSWORD)
    mailbox.next()
    fill(app, mailbox.link(), password=NEW_PASSWORD)
    with db_session:
        assert AccountsMailedToken.select().count() == 0
    assert is_signed_in(app)


@pytest.mark.parametrize("email", ["ada", "ada@host", "a b@example.org", "a@b.org\nBcc: c@d.org"])
def test_what_is_no_address_is_refused(app, email) -> None:
    page = fill(app, "/accounts/sign-up", 422, email=email, new_password=PASSWORD)
    assert "such as ada@example.org" in error_of(page, "email")
    assert page.html.find(id="email").has_attr("autofocus")
    assert page.html.title.text.startswith("Error")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "Enter a new password"),
        ("a3§k9ü2", "8 characters or more"),
        ("x7" * 513, "1,024 bytes"),
        ("password123", "easily guessed"),
        ("ada@example.org", "easily guessed"),
    ],
)
def test_a_weak_password_is_refused(app, password, reason) -> None:
    page = fill(app, "/accounts/sign-up", 422, email=EMAIL, new_password=password)
    assert reason in error_of(page, "new_password")
    assert page.html.find(id="new_password")["value"] == ""


def test_an_address_is_one_in_all_its_spellings(app, ada, mailbox) -> None:
    sign_up(app, email="ADA@Example.ORG")
    assert "have an account" in mailbox.next()["Subject"]
    assert emails() == [ada]

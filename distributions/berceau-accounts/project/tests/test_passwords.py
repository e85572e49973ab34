"""Forgotten and changed passwords, and a changed address."""

from datetime import timedelta

import pytest
from berceau_accounts.entities import AccountsMailedToken, AccountsSession, User, now
from pony.orm import db_session
from tests.visitor import (
    EMAIL,
    NEW_PASSWORD,
    PASSWORD,
    browser,
    error_of,
    fill,
    is_signed_in,
    sign_in,
    sign_up,
)

NEW_EMAIL = "countess@example.org"


def ask_for_reset(app, mailbox) -> str:
    """Return the link that the mail has."""
    fill(app, "/accounts/reset", email=EMAIL)
    link: str = mailbox.link()
    return link


@pytest.mark.usefixtures("ada")
def test_a_forgotten_password_is_replaced(app, mailbox) -> None:
    link = ask_for_reset(app, mailbox)
    username = app.get(link).html.find(autocomplete="username")["value"]
    assert username == EMAIL, "what a browser keeps the new password for"
    page = fill(app, link, new_password=NEW_PASSWORD).follow()
    assert "Your password was changed" in page
    assert "was changed" in mailbox.next()["Subject"]
    sign_in(app, PASSWORD, status=422)
    sign_in(app, NEW_PASSWORD)
    assert is_signed_in(app)


@pytest.mark.usefixtures("ada")
def test_a_reset_ends_all_sessions(app, mailbox) -> None:
    thief = browser(app)
    sign_in(thief)
    fill(app, ask_for_reset(app, mailbox), new_password=NEW_PASSWORD)
    assert not is_signed_in(thief)


@pytest.mark.usefixtures("ada")
def test_a_weak_password_is_refused_and_the_link_stays(app, mailbox) -> None:
    link = ask_for_reset(app, mailbox)
    page = fill(app, link, status=422, new_password="ada@example.org")
    assert "easily guessed" in error_of(page, "new_password")
    fill(app, link, new_password=NEW_PASSWORD)


@pytest.mark.usefixtures("ada")
def test_a_link_works_once(app, mailbox) -> None:
    link = ask_for_reset(app, mailbox)
    form = app.get(link).forms["account-form"]
    form["new_password"] = NEW_PASSWORD
    form.submit(status=303)
    token = app.get("/accounts/sign-in").forms["account-form"]["csrf_token"].value
    form["csrf_token"].force_value(token)
    form["new_password"] = "another engine 1833"
    form.submit(status=410)
    app.get(link, status=410)
    sign_in(app, NEW_PASSWORD)


@pytest.mark.usefixtures("ada")
def test_a_link_works_for_two_hours(app, mailbox) -> None:
    link = ask_for_reset(app, mailbox)
    with db_session:
        token = AccountsMailedToken.select().get()
        assert timedelta(hours=1.9) < token.expires_at - now() <= timedelta(hours=2)
        token.expires_at = now() - timedelta(seconds=1)
    app.get(link, status=410)


@pytest.mark.usefixtures("ada")
def test_all_links_die_when_the_password_changes(app, mailbox) -> None:
    first, second = ask_for_reset(app, mailbox), ask_for_reset(app, mailbox)
    fill(app, second, new_password=NEW_PASSWORD)
    app.get(first, status=410)
    mailbox.next()
    third = ask_for_reset(app, mailbox)
    sign_in(app, NEW_PASSWORD)
    fill(app, "/accounts/password", password=NEW_PASSWORD, new_password=PASSWORD)
    app.get(third, status=410)


@pytest.mark.usefixtures("ada")
def test_a_link_opens_its_own_door_only(app, mailbox) -> None:
    reset = ask_for_reset(app, mailbox).partition("?")[2]
    app.get(f"/accounts/confirm?{reset}", status=410)
    sign_up(app, email=NEW_EMAIL)
    confirm = mailbox.link().partition("?")[2]
    app.get(f"/accounts/new-password?{confirm}", status=410)


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("token", ["", "x", "\x00", "%ff", "x" * 5000])
def test_a_link_that_never_was_one_is_refused(app, token) -> None:
    app.get("/accounts/new-password", {"token": token}, status=410)


@pytest.mark.usefixtures("ada")
def test_what_is_mailed_is_kept_as_a_hash(app, mailbox) -> None:
    secret = ask_for_reset(app, mailbox).partition("token=")[2]
    with db_session:
        (kept,) = AccountsMailedToken.select()
        assert secret not in kept.to_dict(with_lazy=True).values()


@pytest.mark.usefixtures("ada")
def test_a_changed_password_ends_all_other_sessions(app, mailbox) -> None:
    thief = browser(app)
    sign_in(thief)
    sign_in(app)
    before = app.cookies["session"]
    page = fill(app, "/accounts/password", password=PASSWORD, new_password=NEW_PASSWORD)
    assert "other sessions were ended" in page.follow()
    assert "was changed" in mailbox.next()["Subject"]
    assert is_signed_in(app)
    assert not is_signed_in(thief)
    thief.set_cookie("session", before)
    assert not is_signed_in(thief)


@pytest.mark.usefixtures("ada")
def test_a_change_needs_the_present_password(app) -> None:
    sign_in(app)
    page = fill(app, "/accounts/password", 422, password="wrong", new_password=NEW_PASSWORD)
    assert "present password" in error_of(page, "password")
    page = fill(app, "/accounts/email", 422, password="wrong", email=NEW_EMAIL)
    assert "present password" in error_of(page, "password")


@pytest.mark.usefixtures("ada")
def test_an_address_is_changed_by_the_mail_to_it(app, mailbox) -> None:
    sign_in(app)
    fill(app, "/accounts/email", email=NEW_EMAIL, password=PASSWORD)
    message = mailbox.next()
    assert message["To"] == NEW_EMAIL
    assert EMAIL in app.get("/accounts")
    link = "/accounts/new-email?" + message.get_content().partition("?")[2].split()[0]
    page = fill(app, link).follow()
    assert NEW_EMAIL in page
    assert mailbox.next()["To"] == EMAIL, "the old address is told"
    app.get("/accounts").forms["sign-out"].submit()
    sign_in(app, email=EMAIL, status=422)
    sign_in(app, email=NEW_EMAIL)
    fill(app, link, status=410)


def test_an_address_that_was_taken_meanwhile_is_not_given(app, mailbox, ada) -> None:
    sign_in(app)
    fill(app, "/accounts/email", email=NEW_EMAIL, password=PASSWORD)
    link = mailbox.link()
    with db_session:
        User(email=NEW_EMAIL, password_hash="x")
    fill(app, link, status=410)
    assert ada in app.get("/accounts")


@pytest.mark.usefixtures("ada")
def test_a_new_address_is_that_of_who_asked_for_it(app, mailbox) -> None:
    sign_in(app)
    fill(app, "/accounts/email", email=NEW_EMAIL, password=PASSWORD)
    link = mailbox.link()
    other = browser(app)
    sign_up(other, email="grace@example.org")
    fill(other, mailbox.link(), password=PASSWORD)
    fill(other, link, status=410)
    assert "grace@example.org" in other.get("/accounts")


def test_a_deleted_user_leaves_nothing(app, ada) -> None:
    sign_in(app)
    with db_session:
        User.get(email=ada).delete()
    assert not is_signed_in(app)
    with db_session:
        assert AccountsSession.select().count() == 0

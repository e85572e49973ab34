"""Limits of tries, kept in the database."""

import json
from typing import Any

import pytest
from berceau_accounts.entities import AccountsThrottle, now
from pony.orm import db_session
from pyramid.request import Request
from tests.visitor import (
    EMAIL,
    NEW_PASSWORD,
    PASSWORD,
    browser,
    fill,
    is_signed_in,
    sign_in,
    sign_up,
)

LIMIT = 3
FROM_ADDRESS = 6

pytestmark = pytest.mark.settings(
    {"accounts.tries": LIMIT, "accounts.tries_from_address": FROM_ADDRESS}
)


@pytest.mark.usefixtures("ada")
def test_an_account_that_is_guessed_at_is_closed_for_a_while(app) -> None:
    for number in range(LIMIT):
        sign_in(browser(app, address=f"192.0.2.{number}"), "wrong", 422)
    page = sign_in(app, PASSWORD, 429)
    assert 800 < int(page.headers["Retry-After"]) <= 900
    assert "Try again in 15 minutes" in page
    assert not is_signed_in(app)
    with db_session:
        for each in AccountsThrottle.select():
            each.expires_at = now()
    sign_in(app)


@pytest.mark.usefixtures("ada")
def test_an_account_without_an_owner_is_closed_as_well(app) -> None:
    for _ in range(LIMIT):
        sign_in(app, "wrong", 422, "eve@example.org")
    sign_in(app, "wrong", 429, "EVE@example.org")
    sign_in(app)


@pytest.mark.usefixtures("ada")
def test_who_is_right_may_go_on(app) -> None:
    for number in range(LIMIT + 2):
        app.reset()
        sign_in(browser(app, address=f"192.0.2.{number}"))


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    ("addresses", "other"),
    [(["192.0.2.1"], "192.0.2.2"), (["2001:db8::1", "2001:db8::ffff"], "2001:db8:1::1")],
)
def test_an_address_that_tries_many_accounts_is_refused(app, addresses, other) -> None:
    visitors = [browser(app, address=address) for address in addresses]
    for number in range(FROM_ADDRESS):
        fill(visitors[number % len(visitors)], "/accounts/reset", email=f"a{number}@example.org")
    fill(visitors[0], "/accounts/reset", 429, email=EMAIL)
    fill(browser(app, address=other), "/accounts/reset", email=EMAIL)


@pytest.mark.usefixtures("ada")
def test_mail_to_one_address_is_limited(app, mailbox) -> None:
    for _ in range(LIMIT):
        fill(app, "/accounts/reset", email=EMAIL)
        mailbox.next()
    fill(app, "/accounts/reset", 429, email=EMAIL)
    assert mailbox.is_empty()


@pytest.mark.usefixtures("ada")
def test_a_new_password_by_mail_opens_an_account_that_was_guessed_at(app, mailbox) -> None:
    for number in range(LIMIT):
        sign_in(browser(app, address=f"192.0.2.{number}"), "wrong", 422)
    fill(app, "/accounts/reset", email=EMAIL)
    fill(app, mailbox.link(), new_password=NEW_PASSWORD)
    sign_in(app, NEW_PASSWORD)


def test_guesses_at_the_password_of_a_sign_up_are_counted_for_its_link(app, mailbox) -> None:
    sign_up(app)
    link = mailbox.link()
    form = app.get(link).forms["account-form"]
    answers = []
    for number in range(LIMIT + 1):
        app.extra_environ["REMOTE_ADDR"] = f"192.0.2.{number}"
        values = {"csrf_token": form["csrf_token"].value, "password": "wrong"}
        answers.append(app.post(link, values, status="*").status_code)
    assert answers == [422] * LIMIT + [429]


@pytest.mark.usefixtures("ada")
def test_what_is_counted_tells_not_who_tried(app) -> None:
    sign_in(app, "wrong", 422)
    with db_session:
        assert all(len(each.key) == 64 and each.tries == 1 for each in AccountsThrottle.select())
        assert AccountsThrottle.select().count() == 2


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("page", ["password", "email", "delete", "tokens/new"])
def test_guesses_at_the_password_by_a_stolen_session_are_counted(app, page) -> None:
    sign_in(app)
    for number in range(LIMIT):
        app.extra_environ["REMOTE_ADDR"] = f"192.0.2.{number}"
        guess(app, page, number)
    refused = guess(app, page, LIMIT, status=429)
    assert "Try again in 15 minutes" in refused
    sign_in(browser(app), PASSWORD, 429)


@pytest.mark.usefixtures("ada", "mailbox")
def test_the_right_password_of_a_session_ends_the_count(app) -> None:
    sign_in(app)
    for number in range(2):
        app.extra_environ["REMOTE_ADDR"] = f"192.0.2.{number}"
        guess(app, "password", number)
        guess(app, "password", number)
        fill(app, "/accounts/email", email=f"{number}@example.org", password=PASSWORD)


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    "content_type",
    ["application/json", "APPLICATION/JSON", "application/vnd.api+json", "application/json;a=b"],
)
def test_a_program_that_guesses_is_counted_however_it_names_json(app, content_type) -> None:
    body = json.dumps({"email": EMAIL, "password": "wrong", "name": "x"})
    answers = [
        app.post("/accounts/api/tokens", body, content_type=content_type, status="*").status_code
        for _ in range(LIMIT + 1)
    ]
    assert answers == [401] * LIMIT + [429]


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b'{"email": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "application/json", 400),
        (b"{}", "application/json; charset=nonsense", 422),
        ('{"email": "ada@example.org"}'.encode("utf-16"), "application/json; charset=utf-16", 400),
        (b'{"email": 1}', "text/json", 415),
        (b"[]", "application/json", 422),
    ],
)
def test_what_a_program_sends_wrongly_is_refused_as_elsewhere(
    app, body, content_type, status
) -> None:
    request = Request.blank("/accounts/api/tokens", method="POST", body=body)
    request.headers["Content-Type"] = content_type
    response = request.get_response(app.app)
    assert response.status_code == status
    assert response.content_type == "application/problem+json"


def guess(app: Any, page: str, number: int, status: int = 422) -> Any:
    """Send a form that asks for the present password with another one."""
    values = {"email": {"email": f"new-{number}@example.org"}}.get(page, {})
    return fill(app, f"/accounts/{page}", status, password="wrong", **values)


def test_a_header_does_not_hide_an_address(app) -> None:
    for number in range(2):
        visitor = browser(app)
        form = visitor.get("/accounts/sign-in").forms["account-form"]
        form.submit(headers={"X-Forwarded-For": f"192.0.2.{number}"}, status=422)
    with db_session:
        assert [each.tries for each in AccountsThrottle.select()] == [2]

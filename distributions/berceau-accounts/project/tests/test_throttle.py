"""Limits of tries, kept in the database."""

import pytest
from berceau_accounts.entities import AccountsThrottle, now
from pony.orm import db_session
from tests.visitor import EMAIL, PASSWORD, browser, fill, is_signed_in, sign_in

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
def test_what_is_counted_tells_not_who_tried(app) -> None:
    sign_in(app, "wrong", 422)
    with db_session:
        assert all(len(each.key) == 64 and each.tries == 1 for each in AccountsThrottle.select())
        assert AccountsThrottle.select().count() == 2


def test_a_header_does_not_hide_an_address(app) -> None:
    for number in range(2):
        visitor = browser(app)
        form = visitor.get("/accounts/sign-in").forms["account-form"]
        form.submit(headers={"X-Forwarded-For": f"192.0.2.{number}"}, status=422)
    with db_session:
        assert [each.tries for each in AccountsThrottle.select()] == [2]

"""What SECURITY.md promises of accounts: who attacks them learns and gains nothing."""

import re
from collections.abc import Callable
from time import process_time
from typing import Any

import pytest
from berceau_accounts.entities import AccountsSession, AccountsThrottle
from berceau_accounts.outbox import TESTING, wait_until_sent
from pony.orm import db_session
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
from webtest import TestApp

UNKNOWN = "eve@example.org"

whatever_is_asked = pytest.mark.parametrize(
    "ask",
    [
        lambda app, email: sign_in(app, "wrong", 422, email),
        lambda app, email: sign_up(app, email=email),
        lambda app, email: fill(app, "/accounts/reset", email=email),
    ],
    ids=["sign-in", "sign-up", "reset"],
)


def told(response: Any) -> tuple[str, str | None, str]:
    """Return all that a visitor is told: the status, where to go, and the page without tokens."""
    text = re.sub(r'value="[0-9a-f]{32}"', "", response.text)
    return response.status, response.location, text.replace(EMAIL, "*").replace(UNKNOWN, "*")


@pytest.mark.usefixtures("ada", "mailbox")
@whatever_is_asked
def test_no_answer_tells_who_has_an_account(app, ask: Callable[..., Any]) -> None:
    assert told(ask(browser(app), EMAIL)) == told(ask(browser(app), UNKNOWN))


@pytest.mark.usefixtures("ada", "mailbox")
def test_a_new_address_does_not_tell_who_has_an_account(app) -> None:
    sign_in(app)
    answers = [
        told(fill(app, "/accounts/email", email=email, password=PASSWORD))
        for email in (EMAIL, UNKNOWN)
    ]
    assert answers[0] == answers[1]


@pytest.mark.usefixtures("ada")
def test_mail_tells_the_owner_of_an_address_only(app, mailbox) -> None:
    fill(app, "/accounts/reset", email=UNKNOWN)
    assert mailbox.is_empty()
    sign_up(app, email=EMAIL)
    assert mailbox.next()["To"] == EMAIL


@pytest.mark.usefixtures("ada", "mailbox")
@whatever_is_asked
def test_no_time_tells_who_has_an_account(app, ask: Callable[..., Any], caplog: Any) -> None:
    """Both take the same work: a difference shows whenever it is measured."""
    caplog.set_level("INFO", "berceau.access")
    visitor = served(app)
    taken: dict[str, list[float]] = {EMAIL: [], UNKNOWN: []}
    for number in range(15):
        for email, seconds in taken.items():
            seconds.append(work(visitor, ask, email))
        known, unknown = map(min, taken.values())
        if number >= 4 and abs(known - unknown) < 0.2 * max(known, unknown):
            break
    else:
        pytest.fail(f"With an account {known:.4f} s, without one {unknown:.4f} s")
    wait_until_sent()
    queries = re.findall(r"POST .* (\d+) queries", caplog.text)
    assert len(queries) >= 2
    assert len(set(queries)) == 1


def served(app: Any) -> TestApp:
    """Return a visitor of the application as a server runs it: its mail is sent in a thread."""

    def as_served(environ: dict[str, Any], start_response: Any) -> Any:
        return app.app({**environ, TESTING: False}, start_response)

    return TestApp(as_served, extra_environ=app.extra_environ)


def work(app: Any, ask: Callable[..., Any], email: str) -> float:
    """Return the time of the processor, in seconds, that a request takes.

    It is that of all threads. What else this machine does can only add to it, so the least of many
    is compared. What mail takes comes later, for both.
    """
    app.reset()
    wait_until_sent()
    with db_session:
        AccountsThrottle.select().delete(bulk=True)
    begun = process_time()
    ask(app, email)
    return process_time() - begun


@pytest.mark.usefixtures("ada")
def test_a_session_that_was_planted_is_not_signed_in(app) -> None:
    attacker = browser(app)
    attacker.get("/accounts", status=303).follow()
    sign_in(attacker, "wrong", 422)
    planted = dict(attacker.cookies)
    for name, value in planted.items():
        app.set_cookie(name, value)
    sign_in(app)
    assert app.cookies["csrf_token"] != planted["csrf_token"]
    assert app.cookies["session"] != planted.get("session")
    assert not is_signed_in(attacker)


@pytest.mark.usefixtures("ada")
def test_who_signs_in_again_has_another_session(app) -> None:
    sign_in(app)
    first = app.cookies["session"]
    with db_session:
        before = AccountsSession.select().get().token_hash
    app.get("/accounts").forms["sign-out"].submit()
    sign_in(app)
    with db_session:
        assert AccountsSession.select().get().token_hash != before
    app.set_cookie("session", first)
    assert not is_signed_in(app), "a cookie that was copied before is worth nothing"


@pytest.mark.usefixtures("ada")
def test_pages_with_forms_are_kept_by_no_cache(app) -> None:
    for path in ("sign-in", "sign-up", "reset"):
        assert "no-store" in app.get(f"/accounts/{path}").headers["Cache-Control"]


@pytest.mark.usefixtures("ada")
def test_the_log_has_no_secret(app, mailbox, caplog) -> None:
    caplog.set_level("DEBUG")
    fill(app, "/accounts/reset", email=EMAIL)
    link = mailbox.link()
    fill(app, link, new_password=NEW_PASSWORD)
    sign_in(app, NEW_PASSWORD)
    logged = [each.getMessage() for each in caplog.records if each.name.startswith("berceau")]
    assert any("/accounts/new-password" in line for line in logged)
    for secret in (link.partition("token=")[2], NEW_PASSWORD, EMAIL):
        assert not [line for line in logged if secret in line]


@pytest.mark.usefixtures("ada")
def test_a_mail_names_the_site_by_its_own_name(app, mailbox) -> None:
    """A forged Host header in a request for somebody else's password would send them elsewhere."""
    form = app.get("/accounts/reset").forms["account-form"]
    form["email"] = EMAIL
    form.submit(headers={"X-Forwarded-Host": "evil.example"})
    assert "evil" not in mailbox.next().get_content()

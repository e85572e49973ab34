"""Sessions: listed, ended, and never those of somebody else."""

from datetime import timedelta
from typing import Any

import pytest
from berceau_accounts import create_user
from berceau_accounts.entities import AccountsSession, now
from pony.orm import db_session
from tests.visitor import PASSWORD, browser, is_signed_in, sign_in
from webtest import TestApp

from berceau.orm import unit_of_work

pytestmark = pytest.mark.usefixtures("ada")


def signed_in(app: Any, name: str) -> TestApp:
    """Return another browser, in which the user signs in."""
    other = browser(app, name, "192.0.2.7")
    sign_in(other)
    return other


def test_a_user_sees_where_they_are_signed_in(app) -> None:
    sign_in(app)
    signed_in(app, "<b>Robot</b>")
    page = app.get("/accounts/sessions")
    entries = [entry.text for entry in page.html.select(".entries > li")]
    assert len(entries) == 2
    assert "<b>Robot</b>" in entries[0]
    assert "192.0.2.7" in entries[0]
    assert "(this browser)" in entries[1]


def test_a_session_that_has_ended_is_not_shown(app) -> None:
    sign_in(app)
    signed_in(app, "old")
    with db_session:
        old = AccountsSession.select(lambda each: each.browser == "old").get()
        old.expires_at = now() - timedelta(seconds=1)
    assert len(app.get("/accounts/sessions").html.select(".entries > li")) == 1


def test_one_session_is_ended(app) -> None:
    sign_in(app)
    other, third = signed_in(app, "other"), signed_in(app, "third")
    page = app.get("/accounts/sessions")
    ends = [form for form in page.forms.values() if form.action.endswith("/end")]
    ends[1].submit(status=303).follow()  # the newest is listed first
    assert not is_signed_in(other)
    assert is_signed_in(third)
    assert is_signed_in(app)


def test_all_other_sessions_are_ended(app) -> None:
    sign_in(app)
    other = signed_in(app, "other")
    app.get("/accounts/sessions").forms["end-others"].submit(status=303)
    assert not is_signed_in(other)
    assert is_signed_in(app)


@pytest.mark.parametrize("session_id", ["nonsense", "b1f7a9d4-6c1e-4c5e-9a53-0f5d1f0c9a11"])
def test_a_session_that_is_not_there_is_not_found(app, session_id) -> None:
    sign_in(app)
    token = app.get("/accounts").forms["sign-out"]["csrf_token"].value
    app.post(f"/accounts/sessions/{session_id}/end", {"csrf_token": token}, status=404)


def test_a_session_of_another_user_is_not_found(app) -> None:
    with unit_of_work():
        create_user("grace@example.org", PASSWORD)
    grace = browser(app)
    sign_in(grace, email="grace@example.org")
    with db_session:
        session_id = AccountsSession.select().get().id
    sign_in(app)
    token = app.get("/accounts").forms["sign-out"]["csrf_token"].value
    app.post(f"/accounts/sessions/{session_id}/end", {"csrf_token": token}, status=404)
    assert is_signed_in(grace)


def test_a_session_ends_after_its_days(app) -> None:
    sign_in(app)
    with db_session:
        session = AccountsSession.select().get()
        assert timedelta(days=29) < session.expires_at - now() <= timedelta(days=30)
        session.expires_at = now() - timedelta(seconds=1)
    assert not is_signed_in(app)
    sign_in(app)
    with db_session:
        assert AccountsSession.select().count() == 1, "what has expired is cleared away"

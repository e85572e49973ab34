"""An account that its user deletes."""

import pytest
from berceau_accounts.entities import AccountsSession, User
from components.profiles.entities import Profile
from pony.orm import db_session
from tests.visitor import EMAIL, PASSWORD, browser, error_of, fill, sign_in, sign_up

from berceau.orm import unit_of_work


@pytest.mark.usefixtures("ada")
def test_a_user_deletes_their_account_with_all_that_belongs_to_it(app, mailbox) -> None:
    with unit_of_work():
        Profile(user=User.get(email=EMAIL), name="Ada")
    sign_in(browser(app))
    sign_in(app)
    page = app.get("/accounts").click("Delete your account")
    form = page.forms["account-form"]
    form["password"] = PASSWORD
    assert "Your account was deleted." in form.submit(status=303).follow()
    assert mailbox.next()["Subject"].endswith("was deleted")
    with db_session:
        assert (User.select().count(), AccountsSession.select().count()) == (0, 0)
        assert Profile.select().count() == 0
    sign_in(app, status=422)
    sign_up(app)


@pytest.mark.usefixtures("ada")
def test_who_finds_a_browser_open_deletes_nothing(app) -> None:
    sign_in(app)
    page = fill(app, "/accounts/delete", status=422, password="a guess of theirs")
    assert error_of(page, "password") == "This isn't your present password."
    app.get("/accounts", status=200)


@pytest.mark.usefixtures("ada")
def test_a_program_deletes_an_account_by_its_password(app) -> None:
    sent = {"email": EMAIL, "password": PASSWORD}
    token = app.post_json("/accounts/api/tokens", sent | {"name": "n"}).json["token"]
    headers = {"Authorization": f"Bearer {token}"}
    app.post_json("/accounts/api/user/delete", {}, headers=headers, status=422)
    wrong = sent | {"password": "a guess of theirs"}
    app.post_json("/accounts/api/user/delete", wrong, headers=headers, status=401)
    assert app.post_json("/accounts/api/user/delete", sent, status=204).body == b""
    app.get("/accounts/api/user", headers=headers, status=401)

"""The same thing, done several times at once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from berceau_accounts.entities import AccountsThrottle, User
from pony.orm import db_session
from tests.visitor import EMAIL, NEW_PASSWORD, PASSWORD, browser, fill, sign_in

pytestmark = pytest.mark.commits
TIMES = 8


def statuses(forms: list[Any]) -> Counter[int]:
    """Send all forms at once, and count the statuses of the answers."""
    with ThreadPoolExecutor(len(forms)) as threads:
        return Counter(threads.map(lambda form: form.submit(status="*").status_code, forms))


def forms(app: Any, path: str, **values: str) -> list[Any]:
    """Return the form of a page in as many browsers, filled in."""
    found = []
    for _ in range(TIMES):
        form = browser(app).get(path).forms["account-form"]
        for name, value in values.items():
            form[name] = value
        found.append(form)
    return found


def users() -> int:
    with db_session:
        return int(User.select().count())


def test_equal_sign_ups_make_one_account(app, mailbox) -> None:
    sent = forms(app, "/accounts/sign-up", email=EMAIL, new_password=PASSWORD)
    assert statuses(sent) == {303: TIMES}
    links = [mailbox.link() for _ in range(TIMES)]
    confirmations = [forms(app, link, password=PASSWORD)[0] for link in links]
    found = statuses(confirmations)
    assert found == {303: 1, 410: TIMES - 1}
    assert users() == 1


@pytest.mark.usefixtures("ada")
def test_a_link_that_is_used_at_once_works_once(app, mailbox) -> None:
    fill(app, "/accounts/reset", email=EMAIL)
    found = statuses(forms(app, mailbox.link(), new_password=NEW_PASSWORD))
    assert found == {303: 1, 410: TIMES - 1}


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("tries", [3])
def test_guesses_at_once_are_all_counted(app, tries: int) -> None:
    for _ in range(tries):
        sign_in(app, "wrong", 422)
    found = statuses(forms(app, "/accounts/sign-in", email=EMAIL, password="wrong"))
    assert found == {422: 10 - tries, 429: TIMES + tries - 10}
    with db_session:
        assert max(each.tries for each in AccountsThrottle.select()) == TIMES + tries

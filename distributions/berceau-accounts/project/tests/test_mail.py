"""Mail waits in the database until it is sent, and is sent once."""

import re
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import berceau_accounts
import pytest
from berceau_accounts.entities import AccountsMail, AccountsMailedToken, now
from berceau_accounts.outbox import _postman, send_what_is_left
from pony.orm import db_session
from pyramid.config import Configurator
from tests.visitor import EMAIL, GONE, NEW_PASSWORD, fill, sign_up

from berceau.errors import SettingsError
from berceau.orm import SHARED, unit_of_work
from berceau.web.registry import RUNNING

OTHER = "eve@example.org"


def ask(app, email: str = EMAIL) -> None:
    """Ask for a new password."""
    assert "Look into your mail" in fill(app, "/accounts/reset", email=email).follow()


def logged(caplog) -> str:
    """Return what accounts say in the log."""
    found = [each.getMessage() for each in caplog.records if each.name == "berceau.accounts"]
    return "\n".join(found)


def make_due(age: timedelta = timedelta()) -> None:
    """Let the mail that waits be due now; it waits for ``age`` already."""
    with db_session:
        for mail in AccountsMail.select():
            mail.set(due_at=now(), created_at=now() - age)


def waiting() -> int:
    """Return how many mails wait."""
    with db_session:
        return int(AccountsMail.select().count())


@pytest.mark.usefixtures("ada")
@pytest.mark.settings({"accounts.smtp_url": "smtp://ada:secret@127.0.0.1:1"})
def test_mail_that_can_not_be_sent_is_in_the_log_without_secrets(app, caplog) -> None:
    ask(app)
    assert logged(caplog) == (
        "A mail wasn't sent, because of 127.0.0.1: ConnectionRefusedError. "
        "It is tried again in 1 min."
    )


@pytest.mark.usefixtures("ada")
def test_mail_waits_for_a_server_that_is_down_and_is_sent_once(app, mailbox) -> None:
    mailbox.is_down = True
    ask(app)
    with db_session:
        mail = AccountsMail.select().get()
        assert timedelta(seconds=30) < mail.due_at - now() <= timedelta(minutes=1)
    mailbox.is_down = False
    ask(app, OTHER)
    assert mailbox.is_empty(), "it isn't due yet"
    make_due()
    ask(app, OTHER)
    link = mailbox.link()
    assert mailbox.is_empty()
    assert waiting() == 0
    fill(app, link, new_password=NEW_PASSWORD)
    assert mailbox.next()["Subject"].startswith("Your password")


@pytest.mark.usefixtures("ada")
def test_mail_is_tried_less_and_less_often_and_given_up_after_a_day(app, mailbox, caplog) -> None:
    mailbox.is_down = True
    ask(app)
    for _ in range(7):
        make_due()
        ask(app, OTHER)
    make_due(timedelta(days=1))
    ask(app, OTHER)
    minutes = re.findall(r"in (\d+) min", logged(caplog))
    assert minutes == ["1", "2", "4", "8", "16", "32", "60", "60"]
    assert logged(caplog).endswith("It is given up.")
    assert waiting() == 0


def test_mail_to_an_address_that_is_not_there_is_given_up_at_once(app, mailbox, caplog) -> None:
    sign_up(app, email=GONE)
    assert logged(caplog).endswith("SMTPRecipientsRefused. It is given up.")
    sign_up(app, email=OTHER)
    assert mailbox.next()["To"] == OTHER
    assert waiting() == 0


@pytest.mark.usefixtures("ada")
def test_what_waits_has_no_secret_and_no_link_before_it_is_sent(app, mailbox) -> None:
    mailbox.is_down = True
    ask(app)
    with db_session:
        AccountsMailedToken.select().delete(bulk=True)
        waits = AccountsMail.select().get()
        assert "token" not in " ".join(map(str, waits.to_dict().values()))
    mailbox.is_down = False
    make_due()
    ask(app, OTHER)
    fill(app, mailbox.link(), new_password=NEW_PASSWORD)


@pytest.mark.usefixtures("ada")
def test_a_link_that_waits_is_not_sent_once_the_password_is_another(app, mailbox) -> None:
    ask(app)
    link = mailbox.link()
    mailbox.is_down = True
    ask(app)
    mailbox.is_down = False
    fill(app, link, new_password=NEW_PASSWORD)
    assert mailbox.next()["Subject"].startswith("Your password")
    make_due()
    ask(app, OTHER)
    assert mailbox.is_empty()


@pytest.mark.usefixtures("ada")
@pytest.mark.settings({"accounts.smtp_url": None})
def test_a_developer_without_a_mail_server_finds_mail_in_the_log(app, caplog) -> None:
    ask(app)
    assert f"To: {EMAIL}" in logged(caplog)
    assert "/accounts/new-password?token=" in logged(caplog)


@pytest.mark.usefixtures("db")
@pytest.mark.settings({"accounts.smtp_url": None})
def test_an_application_for_the_world_needs_a_mail_server(berceau_settings) -> None:
    production = replace(berceau_settings, development=False)
    config = Configurator(settings={"berceau.settings": production})
    with pytest.raises(SettingsError, match="has no mail server") as error:
        berceau_accounts.includeme(config)
    assert "ACCOUNTS_SMTP_URL" in str(error.value)


def test_pages_that_all_tenants_share_look_for_no_mail() -> None:
    registry = {RUNNING: SimpleNamespace(tenants="a directory of them")}
    request = SimpleNamespace(environ={}, tenant=None, registry=registry)
    shared = SimpleNamespace(request=request)
    with unit_of_work(tenant=SHARED) as unit:
        send_what_is_left(shared)
        assert not _postman.knows(unit.tenant)

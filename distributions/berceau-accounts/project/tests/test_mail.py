"""Mail that can't be sent, and applications without a mail server."""

from dataclasses import replace

import berceau_accounts
import pytest
from berceau_accounts.mail import wait_until_sent
from pyramid.config import Configurator
from tests.visitor import EMAIL, fill

from berceau.errors import SettingsError


def logged(app, caplog) -> str:
    """Return what the log says when somebody asks for a new password."""
    assert "Look into your mail" in fill(app, "/accounts/reset", email=EMAIL).follow()
    wait_until_sent()
    found = [each.getMessage() for each in caplog.records if each.name == "berceau.accounts"]
    return "\n".join(found)


@pytest.mark.usefixtures("ada")
@pytest.mark.settings({"accounts.smtp_url": "smtp://ada:secret@127.0.0.1:1"})
def test_mail_that_can_not_be_sent_is_in_the_log_without_secrets(app, caplog) -> None:
    text = logged(app, caplog)
    assert text == "A mail wasn't sent, because of 127.0.0.1: ConnectionRefusedError"


@pytest.mark.usefixtures("ada")
@pytest.mark.settings({"accounts.smtp_url": None})
def test_a_developer_without_a_mail_server_finds_mail_in_the_log(app, caplog) -> None:
    text = logged(app, caplog)
    assert f"To: {EMAIL}" in text
    assert "/accounts/new-password?token=" in text.replace("=3D", "=").replace("=\n", "")


@pytest.mark.usefixtures("db")
@pytest.mark.settings({"accounts.smtp_url": None})
def test_an_application_for_the_world_needs_a_mail_server(berceau_settings) -> None:
    production = replace(berceau_settings, development=False)
    config = Configurator(settings={"berceau.settings": production})
    with pytest.raises(SettingsError, match="has no mail server") as error:
        berceau_accounts.includeme(config)
    assert "ACCOUNTS_SMTP_URL" in str(error.value)

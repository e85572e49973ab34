"""Accounts: sign up, sign in, passwords, sessions, tokens and permissions."""

from pyramid.config import Configurator

from berceau.errors import SettingsError
from berceau.web import is_development
from berceau_accounts.events import Deleting, SignedUp
from berceau_accounts.policy import IN_BROWSER, SIGNED_IN, require_user, user_of
from berceau_accounts.service import create_user
from berceau_accounts.settings import AccountsSettings

__all__ = [
    "IN_BROWSER",
    "SIGNED_IN",
    "Deleting",
    "SignedUp",
    "create_user",
    "includeme",
    "require_user",
    "user_of",
]


def includeme(config: Configurator) -> None:
    """Add the pages of accounts, the security policy and the limits of tries."""
    _require_mail_server(config)
    config.include("berceau_accounts.policy")
    config.include("berceau_accounts.throttle")
    config.include("berceau_accounts.routes")
    config.include("berceau_accounts.outbox")


def _require_mail_server(config: Configurator) -> None:
    """Refuse to serve the world without a mail server: a sign-up needs one."""
    if AccountsSettings.current().smtp_url is None and not is_development(config.get_settings()):
        raise SettingsError(
            "The component accounts has no mail server.",
            cure="Set ACCOUNTS_SMTP_URL in the environment or in .env, as in "
            "smtp+starttls://USER:PASSWORD@mail.example.org, and accounts.sender in the ini file.",
        )

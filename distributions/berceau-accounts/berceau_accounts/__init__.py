"""Accounts: sign up, sign in, passwords, sessions, tokens and permissions."""

from pyramid.config import Configurator

from berceau_accounts.events import SignedUp
from berceau_accounts.policy import SIGNED_IN, require_user, user_of
from berceau_accounts.service import create_user

__all__ = ["SIGNED_IN", "SignedUp", "create_user", "includeme", "require_user", "user_of"]


def includeme(config: Configurator) -> None:
    """Add the pages of accounts, the security policy and the limits of tries."""
    config.include("berceau_accounts.policy")
    config.include("berceau_accounts.throttle")
    config.include("berceau_accounts.routes")

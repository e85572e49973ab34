"""The settings of accounts: ``accounts.*`` in the ini file, ``ACCOUNTS_*`` in the environment."""

import os
from dataclasses import dataclass
from typing import Self

from pyramid.threadlocal import get_current_registry


@dataclass(frozen=True)
class AccountsSettings:
    """Who sends mail and by which server, and how long and how often something may be tried."""

    smtp_url: str = ""
    sender: str = "accounts@localhost"
    session_days: int = 30
    tries_for_account: int = 10
    tries_from_address: int = 100
    window_minutes: int = 15

    @classmethod
    def current(cls) -> Self:
        """Return the settings of the running application."""
        ini = get_current_registry().settings or {}
        return cls(
            smtp_url=os.environ.get("ACCOUNTS_SMTP_URL", ""),
            sender=ini.get("accounts.sender", cls.sender),
        )

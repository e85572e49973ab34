"""The settings of accounts: ``accounts.*`` in the ini file, ``ACCOUNTS_*`` in the environment."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from berceau import ComponentSettings, setting

Period = Annotated[timedelta, Field(ge=timedelta(seconds=1))]
SMTP_URL = r"^(smtp|smtps|smtp\+starttls)://[^/\s]+/?$"


class AccountsSettings(ComponentSettings):
    """Who sends mail and by which server, and how long and how often something may be tried."""

    smtp_url: Annotated[str, Field(pattern=SMTP_URL)] | None = setting(
        default=None,
        secret=True,
        help="the mail server: smtp+starttls://USER:PASSWORD@HOST, or smtps:// or smtp://",
    )
    sender: Annotated[str, Field(pattern=r"^[^\r\n]*@[^\r\n]+$")] = setting(
        default="accounts@localhost", help="the address that mail comes from"
    )
    session_lifetime: Period = setting(
        default=timedelta(days=30), help="how long a session lasts at most"
    )
    link_lifetime: Period = setting(
        default=timedelta(hours=2), help="how long the link in a mail can be used"
    )
    tries: Annotated[int, Field(ge=1)] = setting(
        default=10, help="how often something may be tried with one account"
    )
    tries_from_address: Annotated[int, Field(ge=1)] = setting(
        default=100, help="how often something may be tried from one address of the network"
    )
    tries_window: Period = setting(
        default=timedelta(minutes=15), help="after how long tries are forgotten"
    )

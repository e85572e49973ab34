"""The settings of the shop."""

from datetime import timedelta
from typing import Literal

from berceau import ComponentSettings, setting


class ShopSettings(ComponentSettings):
    """How the shop is run."""

    sender: str = setting(help="the address that mail comes from")
    port: int = setting(default=25, help="the port of the mail server")
    patience: timedelta = setting(default=timedelta(hours=1), help="how long to wait")
    currency: Literal["EUR", "CHF"] = setting(default="EUR", help="what prices are in")
    languages: tuple[str, ...] = setting(default=(), help="the languages of the pages")
    password: str | None = setting(default=None, secret=True, help="the server's password")

    @property
    def host(self) -> str:
        """Where mail comes from."""
        return self.sender.partition("@")[2]

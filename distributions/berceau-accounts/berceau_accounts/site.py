"""What a mail says of the site, and can be kept until it is sent."""

from dataclasses import dataclass
from urllib.parse import urlencode

from berceau_accounts.routes import PAGES


@dataclass(frozen=True)
class Site:
    """A site's ``name``, and ``home``, the address of its page ``accounts``."""

    name: str
    home: str

    def page(self, route: str, secret: str = "") -> str:
        """Return the address of a page of accounts, with a secret."""
        address = self.home + PAGES[route].removeprefix(PAGES["accounts"])
        # Not in the path: the log has paths, but no query strings.
        return f"{address}?{urlencode({'token': secret})}" if secret else address

"""The session of a request without cookies: always empty, and nothing can be kept in it."""

from collections.abc import Iterator, MutableMapping
from typing import Any, NoReturn

from pyramid.interfaces import ISession
from zope.interface import implementer

from berceau.errors import ComponentError


@implementer(ISession)
class NoSession(MutableMapping[str, Any]):
    """An empty session; raises ``ComponentError`` where something is to be kept."""

    created = 0
    new = True

    def __getitem__(self, key: str) -> Any:
        """Raise ``KeyError``."""
        raise KeyError(key)

    def __delitem__(self, key: str) -> None:
        """Raise ``KeyError``."""
        raise KeyError(key)

    def __setitem__(self, key: str, value: Any) -> None:
        """Refuse to keep ``value``."""
        self._refuse()

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def invalidate(self) -> None:
        """Do nothing: it is empty."""

    def changed(self) -> None:
        """Refuse to keep a change."""
        self._refuse()

    def flash(self, _msg: Any, _queue: str = "", _allow_duplicate: bool = True) -> None:
        """Refuse to keep a message."""
        self._refuse()

    def pop_flash(self, _queue: str = "") -> list[Any]:
        """Return no message."""
        return []

    def peek_flash(self, _queue: str = "") -> list[Any]:
        """Return no message."""
        return []

    def new_csrf_token(self) -> str:
        """Refuse to keep a token."""
        self._refuse()

    def get_csrf_token(self) -> str:
        """Refuse to keep a token."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise ComponentError(
            "A token API has no session.",
            cure="Keep what a later request needs in the database, or take token_api from the "
            "view where browsers use it.",
        )

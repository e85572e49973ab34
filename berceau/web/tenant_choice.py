"""What the choice of a tenant read of a request: caches have to tell its pages apart by that."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from berceau.web.caching import vary

HEADER = "HTTP_"
IN_ADDRESS = {"HTTP_HOST"}
"""Headers that belong to the address, by which caches tell pages apart anyway."""

NO_HEADER = ("REMOTE_", "AUTH_TYPE", "SSL_")
"""What no cache can compare begins so: it comes from the connection."""

ANY = "*"


@contextmanager
def varying(request: Request) -> Iterator[None]:
    """Let the response to ``request`` name the headers that the body reads: its ``Vary``.

    A response whose body read more than headers and the address is for no shared cache at all.
    """
    environ = request.environ
    read = _Read(environ)
    _give(request, read)
    try:
        yield
    finally:
        environ.clear()
        environ.update(dict.items(read))  # with what WebOb and the session keep there
        _give(request, environ)
        if read.names:
            request.add_response_callback(lambda _, response: _tell(response, read.names))


def _give(request: Request, environ: dict[str, Any]) -> None:
    vars(request)["environ"] = environ
    vars(request).pop("_headers", None)  # WebOb's view on the one before


def _tell(response: Response, names: set[str]) -> None:
    for name in sorted(names):
        vary(response, name)


class _Read(dict[str, Any]):
    """An environ that notes the ``names`` of the headers that are asked for."""

    def __init__(self, environ: dict[str, Any]) -> None:
        super().__init__(environ)
        self.names: set[str] = set()

    def _note(self, key: object) -> None:
        if not isinstance(key, str) or key in IN_ADDRESS:
            return
        if key.startswith(HEADER):
            self.names.add(key.removeprefix(HEADER).replace("_", "-").title())
        elif key.startswith(NO_HEADER):
            self.names.add(ANY)

    def __getitem__(self, key: str) -> Any:
        self._note(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._note(key)
        return super().__contains__(key)

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value, as a dict does."""
        self._note(key)
        return super().get(key, default)

    def __iter__(self) -> Iterator[str]:
        self.names.add(ANY)
        return super().__iter__()

    def copy(self) -> dict[str, Any]:
        """Return a copy, as a dict does; what is read of it isn't known."""
        self.names.add(ANY)
        return super().copy()

    def keys(self) -> Any:
        """Return all names, as a dict does."""
        self.names.add(ANY)
        return super().keys()

    def items(self) -> Any:
        """Return all names and values, as a dict does."""
        self.names.add(ANY)
        return super().items()

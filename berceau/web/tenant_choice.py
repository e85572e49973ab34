"""What the choice of a tenant read of a request: caches have to tell its pages apart by that."""

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, Self

from pyramid.request import Request
from pyramid.response import Response

from berceau.web.caching import vary

HEADER = "HTTP_"
CONTENT = {"CONTENT_TYPE": "Content-Type", "CONTENT_LENGTH": "Content-Length"}
"""Headers whose names in an environ have no prefix."""

IN_ADDRESS = {"HTTP_HOST"}
"""Headers that belong to the address, by which caches tell pages apart anyway."""

NO_HEADER = ("REMOTE_", "AUTH_TYPE", "SSL_")
"""What no cache can compare begins so: it comes from the connection."""

BODY = "wsgi.input"
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
        _give(request, environ)
        if read.names:
            request.add_response_callback(lambda _, response: _tell(response, read.names))


def _give(request: Request, environ: MutableMapping[str, Any]) -> None:
    vars(request)["environ"] = environ
    vars(request).pop("_headers", None)  # WebOb's view on the one before


def _tell(response: Response, names: set[str]) -> None:
    for name in sorted(names):
        vary(response, name)


class _Read(MutableMapping[str, Any]):
    """An environ that notes the ``names`` of the headers that are asked for.

    It holds nothing of its own, so what WebOb keeps of it, as ``request.GET``, writes to the
    request later, too. The methods that a mapping inherits all read by those that are here.
    """

    def __init__(self, environ: dict[str, Any]) -> None:
        self._environ = environ
        self.names: set[str] = set()

    def _note(self, key: object) -> None:
        if not isinstance(key, str) or key in IN_ADDRESS:
            return
        if key in CONTENT:
            self.names.add(CONTENT[key])
        elif key.startswith(HEADER):
            self.names.add(key.removeprefix(HEADER).replace("_", "-").title())
        elif key == BODY or key.startswith(NO_HEADER):
            self.names.add(ANY)

    def __getitem__(self, key: str) -> Any:
        self._note(key)
        return self._environ[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._environ[key] = value

    def __delitem__(self, key: str) -> None:
        self._note(key)  # an error tells that it isn't there
        del self._environ[key]

    def __iter__(self) -> Iterator[str]:
        self.names.add(ANY)
        return iter(self._environ)

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __repr__(self) -> str:
        return repr(self.copy())

    def copy(self) -> dict[str, Any]:
        """Return a copy, as a dict does; what is read of it isn't known."""
        return dict(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (self.copy(),)

    def __or__(self, other: Mapping[str, Any]) -> dict[str, Any]:
        return {**self, **other}

    def __ror__(self, other: Mapping[str, Any]) -> dict[str, Any]:
        return {**other, **self}

    def __ior__(self, other: Mapping[str, Any]) -> Self:
        self.update(other)
        return self

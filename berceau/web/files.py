"""The response with a stored file: sent as it is read, in parts where a browser asks for them."""

from collections.abc import Iterator
from contextvars import copy_context
from urllib.parse import quote

from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response

from berceau.files import files

# As a page of its own, a file runs nothing, and is none of the site's.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


class _Stored:
    """The body of a response: no iterator, so that no unit of work waits for its end."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._context = copy_context()  # whose file it is: it is sent after the request

    def __iter__(self) -> Iterator[bytes]:
        return self._context.run(files.read, self._key)

    def app_iter_range(self, start: int, stop: int) -> Iterator[bytes]:
        """Return the part that a browser asked for; the name is WebOb's."""
        return self._context.run(files.read, self._key, start, stop)


def file_response(
    key: str, *, filename: str, content_type: str = "application/octet-stream", inline: bool = False
) -> Response:
    """Return a response with the file that is stored under ``key``.

    The browser saves it as ``filename``; where it is ``inline``, it may show it, as a picture in a
    page. ``content_type`` must be what the application found out, not what a visitor said. No
    script in it runs. It answers conditional requests, and those for a part of it. Raises
    ``HTTPNotFound`` where there is no such file, and ``StorageError``.
    """
    try:
        size = files.size(key)
    except FileNotFoundError:
        raise HTTPNotFound from None
    way = "inline" if inline else "attachment"
    response = Response(
        app_iter=_Stored(key),
        content_type=content_type,
        content_length=size,
        content_disposition=f"{way}; filename*=UTF-8''{quote(filename, safe='')}",
        conditional_response=True,
        accept_ranges="bytes",
        etag=key,  # what is under a key never changes
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = _POLICY
    return response

"""What a request has open until its response was sent, such as files that hold large bodies."""

from collections.abc import Callable, Iterable, Iterator, MutableMapping
from contextlib import closing
from tempfile import SpooledTemporaryFile, TemporaryFile
from typing import IO, Any, Protocol, TypeVar

from pyramid.config import PHASE3_CONFIG, Configurator
from pyramid.interfaces import IExecutionPolicy
from pyramid.response import Response
from pyramid.router import default_execution_policy

FILES = "berceau.temporary_files"

# A smaller upload stays in memory.
SPOOLED = 64 * 1024

Environ = MutableMapping[str, Any]
Policy = Callable[[Environ, Any], Response]

T = TypeVar("T", bound="Closable")


class Closable(Protocol):
    """What is to be closed, perhaps twice."""

    def close(self) -> None:
        """Close it."""


class TemporaryFiles(list[Closable]):
    """The files of one request and the like, all its attempts and copies included."""

    def close(self) -> None:
        """Close all."""
        for file in self:
            file.close()
        self.clear()


def includeme(config: Configurator) -> None:
    """Close what a request opened, whichever policy executes it."""
    config.action("berceau.temporary", lambda: _wrap_policy(config), order=PHASE3_CONFIG + 1)


def open_file(environ: Environ) -> IO[bytes]:
    """Return a new file on disk, for as long as the request with ``environ`` lasts."""
    return kept(environ, TemporaryFile())


def open_spool(environ: Environ) -> IO[bytes]:
    """Return a new file, as ``open_file``, which is in memory as long as it is small."""
    return kept(environ, SpooledTemporaryFile(SPOOLED))


def kept(environ: Environ, opened: T) -> T:
    """Return what was ``opened``, which is closed after the response to the request was sent."""
    environ.setdefault(FILES, TemporaryFiles()).append(opened)
    return opened


def _wrap_policy(config: Configurator) -> None:
    registry = config.registry
    policy = registry.queryUtility(IExecutionPolicy) or default_execution_policy
    registry.registerUtility(closing_policy(policy), IExecutionPolicy)


def closing_policy(policy: Policy) -> Policy:
    """Return a policy that executes requests by ``policy``, and closes their files."""

    def execute(environ: Environ, router: Any) -> Response:
        files = environ[FILES] = TemporaryFiles()
        try:
            response = policy(environ, router)
        except BaseException:
            files.close()
            raise
        if isinstance(response.app_iter, list):  # nothing more is read for it
            files.close()
        elif files or type(response.app_iter) is not environ.get("wsgi.file_wrapper"):
            replace_body(response, _Closing(response.app_iter, files))
        return response

    return execute


def replace_body(response: Response, body: Iterable[bytes]) -> None:
    """Give ``response`` a ``body`` of the same length; WebOb forgets the length otherwise."""
    length = response.content_length
    response.app_iter = body
    response.content_length = length


class _Closing:
    """A response's body; the server closes it, and with it the files of its request."""

    def __init__(self, parts: Iterable[bytes], files: TemporaryFiles) -> None:
        self._parts = parts
        self._files = files

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._parts)

    def close(self) -> None:
        """Close the body, then the files that it may have read."""
        with closing(self._files):
            close = getattr(self._parts, "close", None)
            if close is not None:
                close()

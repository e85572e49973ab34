"""Each request is one unit of work."""

import logging
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import chain, islice
from time import sleep
from typing import Any
from weakref import finalize

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPInternalServerError
from pyramid.request import Request
from pyramid.response import FileIter, Response
from pyramid.tweens import EXCVIEW
from pyramid_retry import BeforeRetry, RetryableException, is_last_attempt

from berceau.errors import DatabaseError
from berceau.orm.conflicts import race
from berceau.orm.owners import require_function
from berceau.orm.session import ATTEMPTS, may_succeed, pause, unit_of_work
from berceau.orm.suspension import SuspendedUnit
from berceau.orm.tenants import current_tenant
from berceau.orm.unit import current_unit
from berceau.web.problems import Problem, answer
from berceau.web.replicas import primary_may_succeed, remember
from berceau.web.temporary import kept, replace_body

log = logging.getLogger("berceau")

# Which race the last attempt at a request lost, if it lost one.
LOST_TO = "berceau.lost_to"

Handler = Callable[[Request], Response]


# What a client may send again by itself: RFC 9110, 9.2.1.
SAFE = {"GET", "HEAD", "OPTIONS"}


class FailedAttempt(RetryableException):
    """An attempt that failed, and is followed by another; ``__cause__`` is why."""


class AnswerFailedError(HTTPInternalServerError):
    """What a request did was committed, and its answer can't be made; ``__cause__`` is why.

    ``position`` is that of its unit of work.
    """

    def __init__(self, position: str | None) -> None:
        super().__init__()
        self.position = position


def includeme(config: Configurator) -> None:
    """Wrap the views, and the rendering of their templates, in a unit of work.

    One that failed and may succeed when it runs again does so, ``retry.attempts`` times at most.
    """
    config.add_settings({"retry.attempts": config.get_settings().get("retry.attempts", ATTEMPTS)})
    config.include("pyramid_retry")
    config.add_subscriber(wait, BeforeRetry)
    config.include("berceau.web.replicas")
    config.add_view_deriver(require_plain_view, "plain")
    # The page of an attempt that isn't the last isn't sent.
    config.add_exception_view(again, context=FailedAttempt)
    config.add_exception_view(saved, context=AnswerFailedError)
    # Under the exception views: they see a failed commit, and find the unit already undone.
    config.add_tween("berceau.web.units.unit_of_work_tween_factory", under=EXCVIEW)


def unit_of_work_tween_factory(handler: Handler, _registry: Any) -> Handler:
    """Return a tween that commits what a request did to the database, or undoes it.

    An exception undoes it, be it a redirect: return redirects, don't raise them. So does a
    response with the status 400 or above. A streamed body is made in a unit of its own, which
    can only read: it is sent after the request's unit was committed, and is of the same tenant.
    Its first part is made here, so that a failure is answered as any other.
    """

    def unit_of_work_tween(request: Request) -> Response:
        unit = None
        try:
            with unit_of_work() as unit:
                response = handler(request)
                if response.status_code >= 400:
                    unit.rollback()
            # That of a request inside of another one is read in the outer one's unit.
            if current_unit() is None and _is_made_while_sent(response.app_iter, request):
                replace_body(response, kept(request.environ, _Streamed(response.app_iter)))
        except Exception as error:
            if unit is not None and unit.had_effect and request.method not in SAFE:
                raise AnswerFailedError(unit.position) from error
            lost_to = request.environ.get(LOST_TO)
            elsewhere = primary_may_succeed(request, unit, error)
            if (elsewhere or may_succeed(error, lost_to)) and not is_last_attempt(request):
                request.environ[LOST_TO] = race(error)
                raise FailedAttempt from error
            raise
        if unit.position is not None:
            remember(response, request, unit.position)
        return response

    return unit_of_work_tween


def require_plain_view(view: Any, info: Any) -> Any:
    """Refuse a coroutine or a generator as a view: raises ``DatabaseError`` with its place."""
    original = info.original_view
    if isinstance(original, type):
        original = getattr(original, info.options.get("attr") or "__call__")
    try:
        require_function(original)
    except DatabaseError as error:
        raise error.with_cure("Write the view with `def`, and return its response.") from None
    return view


def again(_error: FailedAttempt, _request: Request) -> Response:
    """Answer an attempt that is followed by another."""
    return Response(status=503)


def saved(error: AnswerFailedError, request: Request) -> Response:
    """Say that a change was saved, whose answer failed: it isn't to be sent again."""
    log.error(
        "%s %s was saved, and its answer failed",
        *(request.method, request.path),
        exc_info=error.__cause__,
    )
    detail = "What you sent was saved. Only the answer can't be shown: don't send it again."
    response = answer(request, Problem(error.status_code, "This was saved", detail))
    if error.position is not None:
        remember(response, request, error.position)
    return response


def wait(event: BeforeRetry) -> None:
    """Let those go first who got into the way of the failed attempt: who won a race is done."""
    attempt = event.environ["retry.attempt"] + 1
    request = event.request
    error = event.exception.__cause__ or event.exception  # pyramid_retry lets a view raise one, too
    log.warning(
        "%s %s runs again after attempt %d: %s",
        *(request.method, request.path, attempt),
        " ".join(str(error).split()),
    )
    if event.environ.get(LOST_TO) is None:
        sleep(pause(attempt))


def _is_made_while_sent(body: Iterable[bytes], request: Request) -> bool:
    """Return whether ``body`` is a view's iterator: not a finished body, nor a server's file."""
    files = {FileIter, request.environ.get("wsgi.file_wrapper")}
    return isinstance(body, Iterator) and type(body) not in files


class _Streamed:
    """A response's body whose parts are made while it is sent, in a unit that only reads.

    The first one is made at once. Until the server asks for the next one, the thread may have other
    units, such as that of a callback which waits for the end of the request.
    """

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._unit = SuspendedUnit()
        self._reading = _read(parts)
        # Where the body is dropped instead, Python would end the unit in the place of another one.
        self._end = finalize(self, _end, self._unit, self._reading, parts)
        rest = filter(None, self._resumed())
        try:
            first = [*islice(rest, 1)]
        except BaseException:
            self.close()
            raise
        self._sent = chain(first, rest)

    def __iter__(self) -> Iterator[bytes]:
        return self._sent

    def close(self) -> None:
        """End the unit, also where the visitor left before the end."""
        self._end()

    def _resumed(self) -> Iterator[bytes]:
        while True:
            try:
                with self._unit.resumed():
                    part = next(self._reading)
            except StopIteration:
                return
            yield part


def _read(parts: Iterable[bytes]) -> Generator[bytes, None, None]:
    # By the time the rest is sent, the thread may act for another tenant.
    with unit_of_work(read_only=True, tenant=current_tenant()):
        yield from parts


def _end(unit: SuspendedUnit, reading: Generator[bytes, None, None], parts: Any) -> None:
    try:
        with unit.resumed():
            reading.close()
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()

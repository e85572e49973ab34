"""Conditional requests: nothing is sent that is known, and nothing changed that is not."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NoReturn

from pyramid.config import Configurator
from pyramid.httpexceptions import (
    HTTPNotModified,
    HTTPPreconditionFailed,
    HTTPPreconditionRequired,
)
from pyramid.request import Request
from pyramid.response import Response

from berceau.web.json_renderer import serialize
from berceau.web.tenant_cookies import identity_of

READS = {"GET", "HEAD"}
_DIGITS = 32


def includeme(config: Configurator) -> None:
    """Add ``request.check_preconditions()``."""
    config.add_request_method(check_preconditions)


def check_preconditions(
    request: Request,
    *version: Any,
    last_modified: datetime | None = None,
    required: bool = False,
) -> None:
    """Compare what the client has with what there is, before it is sent or changed.

    ``version`` is all that the representation depends on: entities, or what JSON can have. Its
    hash is the ``ETag`` of the response to a GET. ``last_modified`` is an aware datetime. Raises
    what answers 304 where a client that reads has the newest version, 412 where one that writes
    hasn't, and, if it is ``required`` to say which it has, 428 where it doesn't.
    """
    etag = _tag(identity_of(request), version, last_modified)
    modified = last_modified and last_modified.astimezone(UTC).replace(microsecond=0)
    if request.method in READS:
        _check_read(request, etag, modified)
    else:
        _check_write(request, etag, modified, required=required)


def _tag(tenant: str | None, version: tuple[Any, ...], last_modified: datetime | None) -> str:
    # What one tenant's visitor keeps may have the same version at another one.
    whose = [] if tenant is None else [tenant]
    text = serialize([version, last_modified, *whose], _refuse)
    return sha256(text.encode()).hexdigest()[:_DIGITS]


def _refuse(item: Any) -> NoReturn:
    raise TypeError(f"{type(item).__name__} is not JSON serializable")


def _check_read(request: Request, etag: str, modified: datetime | None) -> None:
    def label(_: Request, response: Response) -> None:
        if response.status_code in {200, 304}:
            response.etag = etag
            response.last_modified = modified

    request.add_response_callback(label)
    if "If-None-Match" in request.headers:  # RFC 9110, 13.2.2: the date counts for nothing then
        is_known = etag in request.if_none_match
    else:
        since = request.if_modified_since
        is_known = bool(modified and since and modified <= since)
    if is_known:
        raise HTTPNotModified


def _check_write(request: Request, etag: str, modified: datetime | None, *, required: bool) -> None:
    if "If-Match" in request.headers:
        is_known = etag in request.if_match
    elif modified and request.if_unmodified_since:
        is_known = modified <= request.if_unmodified_since
    elif required:
        raise HTTPPreconditionRequired(
            "Say by If-Match which version this changes: the ETag of the last GET."
        )
    else:
        is_known = True
    if not is_known or ("If-None-Match" in request.headers and etag in request.if_none_match):
        raise HTTPPreconditionFailed(
            "This was changed meanwhile. Nothing was saved: read it again first."
        )

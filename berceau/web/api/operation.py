"""An operation of an API: it reads the request for a view, and writes what the view returns."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, get_args, get_origin

from pony.orm import flush
from pydantic import BaseModel, TypeAdapter, ValidationError
from pyramid.httpexceptions import HTTPNotFound
from pyramid.interfaces import IResponse
from pyramid.request import Request

from berceau.errors import ComponentError
from berceau.text import is_storable
from berceau.web.api.bodies import UNSTORABLE, parse, read_body, unstorable
from berceau.web.api.floats import may_hold_float, not_finite
from berceau.web.api.invalid import InvalidError, mistakes_of_body, mistakes_of_query
from berceau.web.api.reading import Reading
from berceau.web.api.signature import Signature
from berceau.web.forms import MalformedError

KNOWN = {int(status) for status in HTTPStatus}
WITHOUT_BODY = {"GET", "HEAD"}
NOT_FINITE = "Send a finite number."
TOO_LARGE = "A value is too large."
BELOW_LEAST = f"days={timedelta.min.days - 1};"
"""So Python's error begins, for a period below the least one that pydantic lets through."""

SEVERAL = (list, set, frozenset, tuple, Sequence)


@dataclass(frozen=True)
class Operation:
    """What a view does for its route and its methods, and the statuses that it answers with."""

    signature: Signature
    route_name: str
    methods: tuple[str, ...]
    status: int
    options: Mapping[str, Any]

    @classmethod
    def describe(cls, view: Any, options: Mapping[str, Any]) -> "Operation":
        """Return the operation of ``view``; ``options`` are those of ``@api_view``.

        Raises ``ComponentError``.
        """
        signature = Signature.read(view, options.get("attr"), options.get("returns"))
        for name, example in (("route_name", '"articles"'), ("request_method", '"GET"')):
            if not options.get(name):
                raise signature.error(
                    f"has no {name}", f"Name it, as in @api_view({name}={example}, ...)."
                )
        named = options["request_method"]
        methods = (named,) if isinstance(named, str) else tuple(named)
        if signature.body is not None and not WITHOUT_BODY.isdisjoint(methods):
            raise signature.error(
                "takes a body, and answers GET", "Take a query instead, or answer POST."
            )
        success = 200 if signature.result or signature.responds else 204
        status = options.get("status") or success
        for each in (status, *options.get("errors", ())):
            if each not in KNOWN:
                raise signature.error(
                    f"answers with {each!r}, which is no status of HTTP", "Name another status."
                )
        return cls(signature, options["route_name"], methods, status, dict(options))

    def arguments(self, request: Request) -> dict[str, Any]:
        """Return the view's arguments by name, as ``request`` has them.

        Raises ``InvalidError`` with all mistakes at once, ``HTTPNotFound`` where the address names
        nothing, ``MalformedError``, ``TooLargeError`` or ``HTTPUnsupportedMediaType``.
        """
        found = self._parts(request)
        mistakes: list[Mapping[str, str]] = []
        with _possible_periods(MalformedError(TOO_LARGE)):
            if self.signature.query is not None:
                found["query"] = _query(self.signature.query, request, mistakes)
            if self.signature.body is not None and (
                request.content_length or not self.signature.optional_body
            ):
                found["body"] = _body(self.signature.body, request, mistakes)
        if mistakes:
            raise InvalidError(mistakes)
        return found

    def respond(self, result: Any, request: Request) -> Any:
        """Return the response that shows ``result``; a view's own response stays as it is.

        Raises ``ComponentError`` where the result isn't what the signature says, and what the
        database raised while it was read.
        """
        if IResponse.providedBy(result):
            return result
        response = request.response
        if response.status_code == 200:  # the view may have said otherwise
            response.status_code = self.status
        if self.signature.result is None:
            if result is not None or self.signature.responds:
                raise self._wrong(
                    f"returned {type(result).__name__}, which its annotation doesn't allow"
                )
            response.content_type = None
            response.body = b""
        else:
            response.content_type = "application/json"
            response.body = self._written(self.signature.result, result)
        return response

    def _parts(self, request: Request) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, adapter in self.signature.parts.items():
            text = request.matchdict[name]
            if isinstance(text, str) and not is_storable(text):
                raise HTTPNotFound
            try:
                with _possible_periods(HTTPNotFound()):
                    found[name] = adapter.validate_python(text)
            except ValidationError:
                raise HTTPNotFound from None
            if isinstance(found[name], float) and not math.isfinite(found[name]):
                raise HTTPNotFound
        return found

    def _written(self, adapter: "TypeAdapter[Any]", result: Any) -> bytes:
        flush()  # a new entity gets its key from the database
        reading = Reading()
        try:
            value = adapter.validate_python(
                reading.readable(result), from_attributes=True, by_alias=True, by_name=True
            )
        except ValidationError as error:
            reading.check()
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"])) or "the result"
            raise self._wrong(
                f"returned what its type doesn't allow: {place}: {first['msg']}"
            ) from None
        reading.check()
        # pydantic would write null, which its schema doesn't allow.
        if may_hold_float(adapter) and (wrong := not_finite(adapter.dump_python(value))):
            raise self._wrong(f"returned what JSON has no number for: {wrong}")
        written: bytes = adapter.dump_json(value, by_alias=True)
        return written

    def _wrong(self, problem: str) -> ComponentError:
        return self.signature.error(
            problem, "Return what the annotation says, or correct the annotation."
        )


@contextmanager
def _possible_periods(answer: Exception) -> Iterator[None]:
    """Raise ``answer`` where pydantic lets Python's own error out: for a period below the least.

    Any other ``OverflowError`` is the application's, of a validator of its own.
    """
    try:
        yield
    except OverflowError as error:
        if str(error).startswith(BELOW_LEAST):
            raise answer from None
        raise


def _body(adapter: "TypeAdapter[Any]", request: Request, mistakes: list[Mapping[str, str]]) -> Any:
    body = read_body(request)
    document = parse(body)
    found = list(unstorable(body, document))
    if not found:
        try:
            # Strict: a number that is sent as text isn't what the document says.
            return adapter.validate_json(body, strict=True)
        except ValidationError as error:
            if error.errors(include_url=False)[0]["type"] == "json_invalid":
                raise MalformedError("The body is nested too deep.") from None
            found = mistakes_of_body(error, document)
    mistakes += found
    return None


def _query(model: type[BaseModel], request: Request, mistakes: list[Mapping[str, str]]) -> Any:
    sent = request.GET
    values: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        called = field.validation_alias if isinstance(field.validation_alias, str) else name
        texts = sent.getall(called)
        if not all(is_storable(text) for text in texts):
            mistakes.append({"parameter": called, "detail": UNSTORABLE})
        elif _has_float(field.annotation) and not all(map(_is_finite, texts)):
            mistakes.append({"parameter": called, "detail": NOT_FINITE})
        elif _is_several(field.annotation):
            if texts:
                values[called] = texts
        elif len(texts) > 1:
            mistakes.append({"parameter": called, "detail": "Send this parameter once."})
        elif texts:
            values[called] = texts[0]
    if model.model_config.get("extra") == "forbid":
        values = {**dict.fromkeys(sent, ""), **values}
    try:
        return model.model_validate(values)
    except ValidationError as error:
        named = {each.get("parameter") for each in mistakes}
        mistakes += [
            each for each in mistakes_of_query(error) if each.get("parameter") not in named
        ]
        return None


def _has_float(annotation: Any) -> bool:
    return annotation is float or any(map(_has_float, get_args(annotation)))


def _is_finite(text: str) -> bool:
    """Return whether ``text`` is a number that JSON can have, or none: NaN and infinity aren't."""
    try:
        return math.isfinite(float(text))
    except ValueError:
        return True


def _is_several(annotation: Any) -> bool:
    kinds = {get_origin(annotation) or annotation, *map(get_origin, get_args(annotation))}
    return not kinds.isdisjoint({*SEVERAL})

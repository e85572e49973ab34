"""What Conduit answers where a request is refused: texts for each thing that is wrong."""

from collections import defaultdict
from collections.abc import Mapping

from pyramid.httpexceptions import HTTPForbidden
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import exception_view_config

from berceau.web.api import InvalidError

BELOW_API = "^/api/"
BLANK = "can't be blank"
TAKEN = "has already been taken"


class RefusedError(Exception):
    """A request that is refused with a ``status``, because of ``subject``: ``article``, say."""

    def __init__(self, status: int, subject: str, reason: str) -> None:
        super().__init__(f"{subject} {reason}")
        self.status = status
        self.errors = {subject: [reason]}


def not_found(subject: str) -> RefusedError:
    """Return the error for what isn't there."""
    return RefusedError(404, subject, "not found")


def forbidden(subject: str) -> RefusedError:
    """Return the error for what belongs to somebody else."""
    return RefusedError(403, subject, "forbidden")


@exception_view_config(context=RefusedError, path_info=BELOW_API)
def refused(error: RefusedError, _request: Request) -> Response:
    """Answer what a view refused."""
    return _answer(error.status, error.errors)


@exception_view_config(context=HTTPForbidden, path_info=BELOW_API)
def unknown(_error: HTTPForbidden, _request: Request) -> Response:
    """Answer who has to say who they are: each other right is checked by the views."""
    answer = _answer(401, {"token": ["is missing"]})
    answer.headers["WWW-Authenticate"] = "Token"
    return answer


@exception_view_config(context=InvalidError, path_info=BELOW_API)
def invalid(error: InvalidError, _request: Request) -> Response:
    """Answer a request that has mistakes in its fields."""
    errors: dict[str, list[str]] = defaultdict(list)
    for each in error.errors:
        place = each.get("pointer", "") or each.get("parameter", "")
        name = place.rpartition("/")[2].removeprefix("#") or "request"
        errors[name].append(BLANK if each["detail"] == "Field required" else each["detail"])
    return _answer(422, errors)


def _answer(status: int, errors: Mapping[str, list[str]]) -> Response:
    return Response(json_body={"errors": errors}, status=status)

"""The answer to a write that other rows don't allow."""

import logging

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from berceau.errors import ConflictError
from berceau.web.problems import Problem, answer

log = logging.getLogger("berceau")

WORDS = {
    "taken": ("This exists already", "Another entry has the same value: {}."),
    "missing": ("This has changed meanwhile", "What you chose doesn't exist any more: {}."),
    "referred to": ("This is still used", "Other entries refer to it: {}."),
}


def includeme(config: Configurator) -> None:
    """Answer a ``ConflictError`` with the status 409."""
    config.add_exception_view(contradicted, context=ConflictError)


def contradicted(error: ConflictError, request: Request) -> Response:
    """Answer what other rows don't allow, in an attempt that isn't repeated any more."""
    log.warning("%s %s was refused: %s", request.method, request.path, error.message)
    title, explanation = WORDS[error.kind]
    names = ", ".join(error.attributes) or "this"
    detail = f"Nothing was saved. {explanation.format(names)}"
    return answer(request, Problem(409, title, detail, {"attributes": error.attributes}))

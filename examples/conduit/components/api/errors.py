"""What Conduit answers where a request is refused: texts for each thing that is wrong."""

from collections import defaultdict

from pydantic import BaseModel
from pyramid.request import Request

from berceau.web import Problem, ProblemError

BLANK = "can't be blank"
TAKEN = "has already been taken"


class Errors(BaseModel):
    """What is wrong, for each thing: a field, or ``article``, say."""

    errors: dict[str, list[str]]


def errors_of(_request: Request, problem: Problem) -> Errors:
    """Return a problem as RealWorld's clients read it."""
    found: dict[str, list[str]] = defaultdict(list)
    for each in problem.extensions.get("errors", ()):
        place = each.get("pointer", "") or each.get("parameter", "")
        name = place.rpartition("/")[2].removeprefix("#") or "request"
        found[name].append(BLANK if each["detail"] == "Field required" else each["detail"])
    if not found:
        reason = problem.extensions.get("reason", problem.detail)
        found[problem.extensions.get("subject", "request")].append(reason)
    return Errors(errors=found)


class RefusedError(ProblemError):
    """A request that is refused because of ``subject``: ``article``, say.

    The API answers with the ``reason``, a page with the ``sentence``.
    """

    def __init__(self, status: int, subject: str, reason: str, sentence: str) -> None:
        super().__init__(status, sentence, {"subject": subject, "reason": reason})


def not_found(subject: str) -> RefusedError:
    """Return the error for what isn't there."""
    return RefusedError(404, subject, "not found", f"There is no such {subject}.")


def forbidden(subject: str) -> RefusedError:
    """Return the error for what belongs to somebody else."""
    return RefusedError(403, subject, "forbidden", f"This {subject} is somebody else's.")


def taken(subject: str) -> RefusedError:
    """Return the error for a name that somebody else has."""
    return RefusedError(409, subject, TAKEN, f"This {subject} {TAKEN}.")

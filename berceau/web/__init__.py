"""The Pyramid side of Berceau: pages, units of work and the components' views."""

from typing import TYPE_CHECKING

from berceau import lazy

__all__ = [
    "MalformedError",
    "Problem",
    "ProblemError",
    "TooLargeError",
    "Upload",
    "client_address",
    "file_response",
    "has_tenant",
    "is_blank",
    "is_development",
    "is_token_api",
]

if TYPE_CHECKING:
    from berceau.text import is_blank
    from berceau.web.files import file_response
    from berceau.web.forms import MalformedError, TooLargeError, Upload
    from berceau.web.problems import Problem, ProblemError
    from berceau.web.rate_limits import client_address
    from berceau.web.registry import is_development
    from berceau.web.tenants import has_tenant
    from berceau.web.token_apis import is_token_api
else:
    __getattr__, __dir__ = lazy.offer(
        __name__,
        {
            "MalformedError": "berceau.web.forms",
            "Problem": "berceau.web.problems",
            "ProblemError": "berceau.web.problems",
            "TooLargeError": "berceau.web.forms",
            "Upload": "berceau.web.forms",
            "client_address": "berceau.web.rate_limits",
            "file_response": "berceau.web.files",
            "has_tenant": "berceau.web.tenants",
            "is_blank": "berceau.text",
            "is_development": "berceau.web.registry",
            "is_token_api": "berceau.web.token_apis",
        },
    )

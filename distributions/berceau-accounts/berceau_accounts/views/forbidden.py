"""What a visitor without an account sees of a page that needs one."""

from typing import Any

from pyramid.httpexceptions import HTTPForbidden, HTTPSeeOther, HTTPUnauthorized
from pyramid.request import Request
from pyramid.view import forbidden_view_config

from berceau.web import has_tenant, is_token_api
from berceau_accounts.api_tokens import sent_token


@forbidden_view_config(is_authenticated=False)
def ask_to_sign_in(_error: HTTPForbidden, request: Request) -> Any:
    """Let a person sign in and come back; tell a program that its token is missing or wrong."""
    if _is_followed_by_person(request):
        query = {"next": request.path_qs}
        return HTTPSeeOther(request.route_path("accounts.sign_in", _query=query))
    error = HTTPUnauthorized(
        "You aren't signed in, or not any more.", headers={"WWW-Authenticate": "Bearer"}
    )
    return request.invoke_exception_view((HTTPUnauthorized, error, None))


def _is_followed_by_person(request: Request) -> bool:
    """Return whether a browser follows a link: what it posts would be lost on the way.

    A token API has no cookies, so signing in doesn't help there, and shared pages have no accounts.
    """
    return (
        request.method in ("GET", "HEAD")
        and has_tenant(request)
        and not is_token_api(request)
        and sent_token(request) is None
        and "text/html" in request.headers.get("Accept", "")
    )

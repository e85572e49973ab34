"""The API of users."""

from pyramid.request import Request

from berceau.web.api import api_view

from . import service
from .entities import Member
from .models import CredentialsBody, NewUserBody, User, UserChangesBody, UserOut
from .policy import SIGNED_IN, token_of


@api_view(route_name="users", request_method="POST", status=201, errors=(409,))
def sign_up(_request: Request, body: NewUserBody) -> UserOut:
    """Sign up."""
    member = service.sign_up(**body.user.model_dump())
    return _show(member, service.issue_token(member))


@api_view(route_name="users.login", request_method="POST", errors=(401,))
def log_in(_request: Request, body: CredentialsBody) -> UserOut:
    """Log in."""
    member = service.log_in(**body.user.model_dump())
    return _show(member, service.issue_token(member))


@api_view(route_name="users.current", request_method="GET", permission=SIGNED_IN)
def show(request: Request) -> UserOut:
    """Show who is signed in."""
    return _show(request.identity, token_of(request))


@api_view(route_name="users.current", request_method="PUT", permission=SIGNED_IN, errors=(401, 409))
def change(request: Request, body: UserChangesBody) -> UserOut:
    """Change who is signed in."""
    token = token_of(request)
    service.change(request.identity, body.user.model_dump(exclude_unset=True), token)
    return _show(request.identity, token)


def _show(member: Member, token: str) -> UserOut:
    user = User(
        username=member.username,
        email=member.email,
        token=token,
        bio=member.bio,
        image=member.image,
    )
    return UserOut(user=user)

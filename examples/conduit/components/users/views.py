"""The API of users."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pyramid.request import Request

from berceau.web.api import api_view
from components.api.models import FILLED, Model

from . import service
from .entities import EMAIL_LENGTH, NAME_LENGTH, TEXT_LENGTH, Member
from .policy import SIGNED_IN, token_of

Username = Annotated[str, Field(max_length=NAME_LENGTH), FILLED]
Email = Annotated[str, Field(max_length=EMAIL_LENGTH, pattern=r"^[^@\s]+@[^@\s]+$"), FILLED]
Password = Annotated[str, Field(min_length=8, max_length=1000), FILLED]
Text = Annotated[
    str | None, Field(max_length=TEXT_LENGTH), AfterValidator(lambda text: text or None)
]


class NewUser(Model):
    """What somebody sends to sign up."""

    username: Username
    email: Email
    password: Password


class Credentials(Model):
    """What somebody sends to log in."""

    email: Annotated[str, FILLED]
    password: Annotated[str, FILLED]


class UserChanges(Model):
    """What is to change of a user; what is left out stays."""

    username: Username = ""
    email: Email = ""
    password: Password = ""
    bio: Text = None
    image: Text = None


class NewUserBody(Model):
    """A new user, wrapped."""

    user: NewUser


class CredentialsBody(Model):
    """Credentials, wrapped."""

    user: Credentials


class UserChangesBody(Model):
    """Changes, wrapped."""

    user: UserChanges


class User(Model):
    """A user, as they see themselves."""

    username: str
    email: str
    token: str
    bio: str | None
    image: str | None


class UserOut(Model):
    """A user, wrapped."""

    user: User


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

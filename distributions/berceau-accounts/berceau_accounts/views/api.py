"""Accounts for programs: the same as the pages, in JSON, and without cookies."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, ValidationInfo, field_validator
from pyramid.httpexceptions import HTTPNotFound, HTTPUnauthorized
from pyramid.request import Request

from berceau.web.api import NonBlankStr, api_view
from berceau_accounts import passwords, service, throttle
from berceau_accounts.addresses import canonical, is_email
from berceau_accounts.api_tokens import LONGEST_DAYS, create_token, revoke_token, tokens_of
from berceau_accounts.entities import NAME_LENGTH, AccountsApiToken, User
from berceau_accounts.events import Deleting
from berceau_accounts.forms import LONGEST
from berceau_accounts.policy import SIGNED_IN, require_user
from berceau_accounts.views.shared import site

Password = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST)]


class Address(BaseModel):
    """Whose account it is."""

    email: str = Field(max_length=LONGEST, description="The address of the account.")

    @field_validator("email")
    @classmethod
    def _check(cls, email: str) -> str:
        if not is_email(canonical(email)):
            raise ValueError("Enter an address such as ada@example.org.")
        return canonical(email)


class Credentials(Address):
    """An address, and the password of its account."""

    password: Password


class NewAccount(Credentials):
    """An address, and the password that its account is to have."""

    @field_validator("password")
    @classmethod
    def _check_password(cls, password: str, info: ValidationInfo) -> str:
        problem = passwords.problem(password, info.data.get("email", ""))
        if problem:
            raise ValueError(problem)
        return password


class NewToken(Credentials):
    """What a program sends to get a token."""

    name: NonBlankStr = Field(max_length=NAME_LENGTH, description="What the token is for.")
    days: int = Field(90, ge=1, le=LONGEST_DAYS, description="After how many days it ends.")


class TokenOut(BaseModel):
    """A token, without its text."""

    id: UUID
    name: str
    created_at: datetime
    expires_at: datetime


class NewTokenOut(TokenOut):
    """A new token; ``token`` is its text, which is shown this once."""

    token: str


class UserOut(BaseModel):
    """The user who sends the request."""

    id: UUID
    email: str
    groups: list[str]


@api_view(route_name="accounts.api.sign_up", request_method="POST", status=202, errors=(429,))
def sign_up(request: Request, body: NewAccount) -> None:
    """Send a mail, whose link makes the account. The answer is the same for every address."""
    service.sign_up(body.email, body.password, site(request))


@api_view(route_name="accounts.api.reset", request_method="POST", status=202, errors=(429,))
def reset(request: Request, body: Address) -> None:
    """Send a link to a new password. The answer is the same for every address."""
    service.ask_for_reset(body.email, site(request))


@api_view(
    route_name="accounts.api.user",
    request_method="GET",
    permission=SIGNED_IN,
)
def show_user(request: Request) -> UserOut:
    """Show the user whose token is sent."""
    user = require_user(request)
    return UserOut(id=user.id, email=user.email, groups=sorted(user.groups))


@api_view(route_name="accounts.api.delete", request_method="POST", errors=(401, 429))
def delete(request: Request, body: Credentials) -> None:
    """Delete an account, with all that belongs to it; a token alone isn't enough for that."""
    user = _authenticated(body)
    request.registry.notify(Deleting(user, request))
    service.delete_user(user, site(request))


@api_view(
    route_name="accounts.api.tokens",
    request_method="POST",
    status=201,
    errors=(401, 429),
)
def make_token(request: Request, body: NewToken) -> NewTokenOut:
    """Sign in: exchange the password for a token."""
    user = _authenticated(body)
    token, text = create_token(user, body.name, body.days)
    request.response.cache_control.no_store = True
    return NewTokenOut(
        id=token.id,
        name=token.name,
        created_at=token.created_at,
        expires_at=token.expires_at,
        token=text,
    )


@api_view(
    route_name="accounts.api.tokens",
    request_method="GET",
    permission=SIGNED_IN,
    returns=list[TokenOut],
)
def list_tokens(request: Request) -> list[AccountsApiToken]:
    """List the user's tokens, the newest first."""
    return tokens_of(require_user(request))


@api_view(
    route_name="accounts.api.token",
    request_method="DELETE",
    permission=SIGNED_IN,
)
def revoke(request: Request, id: UUID) -> None:  # noqa: A002 - as the pattern calls it
    """Revoke a token of the user."""
    if not revoke_token(require_user(request), id):
        raise HTTPNotFound


def _authenticated(credentials: Credentials) -> User:
    user: User | None = service.authenticate(credentials.email, credentials.password)
    if user is None:
        raise HTTPUnauthorized("There is no account with this address and password.")
    throttle.forget_tries(credentials.email)
    return user

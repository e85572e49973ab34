"""Users in JSON."""

from typing import Annotated

from pydantic import AfterValidator, Field

from components.api.models import FILLED, Model

from .entities import EMAIL_LENGTH, NAME_LENGTH, TEXT_LENGTH

Username = Annotated[str, Field(min_length=1, max_length=NAME_LENGTH), FILLED]
Email = Annotated[
    str, Field(min_length=1, max_length=EMAIL_LENGTH, pattern=r"^[^@\s]+@[^@\s]+$"), FILLED
]
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

    email: Annotated[str, Field(min_length=1), FILLED]
    password: Annotated[str, Field(min_length=1), FILLED]


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

"""Profiles in JSON."""

from components.api.models import Model
from components.users.entities import Member


class Profile(Model):
    """What others see of a user; whether the one who asks follows them."""

    username: str
    bio: str | None
    image: str | None
    following: bool


class ProfileOut(Model):
    """A profile, wrapped."""

    profile: Profile


def profile_of(member: Member, following: bool) -> Profile:
    """Return the profile of ``member``."""
    return Profile(
        username=member.username, bio=member.bio, image=member.image, following=following
    )

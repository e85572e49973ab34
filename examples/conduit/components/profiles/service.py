"""Profiles, within the caller's unit of work."""

from collections.abc import Iterable

from pony.orm import select

from components.api.errors import not_found
from components.users.entities import Member

from .entities import Follow


def member_called(username: str) -> Member:
    """Return the member with that name. Raises ``RefusedError``."""
    member = Member.get(username=username)
    if member is None:
        raise not_found("profile")
    return member


def followed_among(members: Iterable[Member], viewer: Member | None) -> set[int]:
    """Return the ids of those ``members`` whom ``viewer`` follows."""
    if viewer is None:
        return set()
    ids = [member.id for member in members]
    found = select(
        each.followed.id for each in Follow if each.follower == viewer and each.followed.id in ids
    )
    return set(found)


def follow(viewer: Member, member: Member) -> None:
    """Let ``viewer`` follow ``member``, if they don't yet."""
    Follow.get_or_create(follower=viewer, followed=member)


def unfollow(viewer: Member, member: Member) -> None:
    """Let ``viewer`` no longer follow ``member``."""
    found = Follow.get(follower=viewer, followed=member)
    if found is not None:
        found.delete()

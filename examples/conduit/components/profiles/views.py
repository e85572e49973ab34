"""The API of profiles."""

from pyramid.request import Request

from berceau.web.api import api_view
from components.users.policy import SIGNED_IN

from . import service
from .models import ProfileOut, profile_of


@api_view(route_name="profiles.profile", request_method="GET")
def show(request: Request, username: str) -> ProfileOut:
    """Show a profile."""
    member = service.member_called(username)
    following = bool(service.followed_among([member], request.identity))
    return ProfileOut(profile=profile_of(member, following))


@api_view(route_name="profiles.follow", request_method="POST", permission=SIGNED_IN)
def follow(request: Request, username: str) -> ProfileOut:
    """Follow a user."""
    member = service.member_called(username)
    service.follow(request.identity, member)
    return ProfileOut(profile=profile_of(member, following=True))


@api_view(route_name="profiles.follow", request_method="DELETE", permission=SIGNED_IN)
def unfollow(request: Request, username: str) -> ProfileOut:
    """Unfollow a user."""
    member = service.member_called(username)
    service.unfollow(request.identity, member)
    return ProfileOut(profile=profile_of(member, following=False))

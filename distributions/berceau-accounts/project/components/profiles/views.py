"""The pages of profiles."""

from berceau_accounts import SIGNED_IN, SignedUp, require_user
from pyramid.events import subscriber
from pyramid.request import Request
from pyramid.view import view_config

from .entities import Profile


@subscriber(SignedUp)
def add_profile(event: SignedUp) -> None:
    """Give each new user a profile."""
    Profile(user=event.user)


@view_config(route_name="profile", permission=SIGNED_IN, renderer="json")
def show_profile(request: Request) -> dict[str, str]:
    """Show the profile of the user."""
    user = require_user(request)
    return {"email": user.email, "name": user.profile.name if user.profile else ""}


@view_config(route_name="profiles.edit", permission="edit profiles", renderer="json")
def edit_profiles(_request: Request) -> dict[str, int]:
    """Count the profiles that an editor may edit."""
    return {"profiles": Profile.select().count()}

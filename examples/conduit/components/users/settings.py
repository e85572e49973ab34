"""The settings of users."""

from datetime import timedelta

from berceau import ComponentSettings, setting


class UsersSettings(ComponentSettings):
    """How users stay signed in."""

    token_lifetime: timedelta = setting(
        default=timedelta(days=30), help="how long a client may act for a user after a login"
    )

"""What accounts tell other components, by Pyramid's events."""

from dataclasses import dataclass

from pyramid.request import Request

from berceau_accounts.entities import User


@dataclass(frozen=True)
class SignedUp:
    """A user was made, in the unit of work of ``request``: add what your component keeps of them.

    An example::

        @subscriber(SignedUp)
        def add_profile(event: SignedUp) -> None:
            Profile(user=event.user)
    """

    user: User
    request: Request

"""What accounts tell other components, by Pyramid's events."""

from dataclasses import dataclass

from pyramid.request import Request

from berceau_accounts.entities import User


@dataclass(frozen=True)
class Deleting:
    """A user is about to be deleted, in the unit of work of ``request``, because they want it.

    What refers to them by ``cascade_delete=True`` is deleted with them. A subscriber deletes what
    doesn't, or keeps it for somebody else.
    """

    user: User
    request: Request


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

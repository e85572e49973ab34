"""The entities of accounts: users, and what lets them in."""

from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from pony.orm import Optional, PrimaryKey, Required, Set

from berceau.orm import db
from berceau_accounts.addresses import EMAIL_LENGTH, canonical

HASH_LENGTH = 64
"""Characters of a SHA-256 in hexadecimal."""

NAME_LENGTH = 100
BROWSER_LENGTH = 300
ADDRESS_LENGTH = 45
SITE_LENGTH = 300
HOME_LENGTH = 1000


def now() -> datetime:
    """Return the present moment, in UTC."""
    return datetime.now(UTC)


class AccountsPurpose(StrEnum):
    """What the link in a mail is for; a native enum in PostgreSQL."""

    SIGN_UP = "SIGN_UP"
    RESET = "RESET"
    NEW_EMAIL = "NEW_EMAIL"


class AccountsMailKind(StrEnum):
    """Why a mail is sent; a native enum in PostgreSQL."""

    SIGN_UP = "SIGN_UP"
    SIGNED_UP_BEFORE = "SIGNED_UP_BEFORE"
    RESET = "RESET"
    NEW_EMAIL = "NEW_EMAIL"
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105 - no password
    EMAIL_CHANGED = "EMAIL_CHANGED"
    DELETED = "DELETED"


class User(db.Entity):
    """Somebody with an account, whose address is confirmed.

    ``email`` is kept in its canonical form: so the unique key is one for all spellings.
    """

    _table_ = "accounts_user"
    id = PrimaryKey(UUID, default=uuid4)
    email = Required(str, EMAIL_LENGTH, unique=True)
    password_hash = Required(str, 255)
    is_active = Required(bool, default=True)
    created_at = Required(datetime, default=now)
    memberships = Set("AccountsMembership", cascade_delete=True)
    sessions = Set("AccountsSession", cascade_delete=True)
    api_tokens = Set("AccountsApiToken", cascade_delete=True)
    new_emails = Set("AccountsMailedToken", cascade_delete=True)
    waiting_mails = Set("AccountsMail", cascade_delete=True)

    def before_insert(self) -> None:
        """Give the address its canonical form."""
        self.email = canonical(self.email)

    def before_update(self) -> None:
        """Give the address its canonical form."""
        self.email = canonical(self.email)

    @property
    def groups(self) -> frozenset[str]:
        """The names of the groups that the user is in."""
        return frozenset(membership.group for membership in self.memberships)

    def join(self, group: str) -> None:
        """Put the user into a group; does nothing where they are in it."""
        if group not in self.groups:
            AccountsMembership(user=self, group=group)

    def leave(self, group: str) -> None:
        """Take the user out of a group; does nothing where they aren't in it."""
        for membership in self.memberships:
            if membership.group == group:
                membership.delete()


class AccountsMembership(db.Entity):
    """A user's place in a group, which permissions are given to by its name."""

    user = Required(User, column="user_id")
    group = Required(str, NAME_LENGTH, column="group_name")
    PrimaryKey(user, group)


class AccountsSession(db.Entity):
    """A browser in which a user signed in, until its row is deleted or ``expires_at``."""

    id = PrimaryKey(UUID, default=uuid4)
    token_hash = Required(str, HASH_LENGTH, unique=True)
    user = Required(User, index=True, column="user_id")
    browser = Optional(str, BROWSER_LENGTH)
    address = Optional(str, ADDRESS_LENGTH)
    created_at = Required(datetime, default=now)
    expires_at = Required(datetime, index=True)


class AccountsApiToken(db.Entity):
    """What a program signs in with, until its row is deleted or ``expires_at``."""

    id = PrimaryKey(UUID, default=uuid4)
    token_hash = Required(str, HASH_LENGTH, unique=True)
    user = Required(User, index=True, column="user_id")
    name = Required(str, NAME_LENGTH)
    created_at = Required(datetime, default=now)
    expires_at = Required(datetime, index=True)


class AccountsMailedToken(db.Entity):
    """The secret of a link in a mail to ``email``, until it is used or ``expires_at``.

    That of a sign-up keeps the password that was chosen, that of a new address the ``user``.
    """

    token_hash = PrimaryKey(str, HASH_LENGTH)
    purpose = Required(AccountsPurpose)
    email = Required(str, EMAIL_LENGTH, index=True)
    password_hash = Optional(str, 255)
    user = Optional(User, index=True, column="user_id")
    expires_at = Required(datetime, index=True)


class AccountsMail(db.Entity):
    """A mail that waits to be sent at ``due_at``, to somebody at ``email``.

    The secret of its link is made when it is sent, so that none is stored. That of a sign-up keeps
    the password that was chosen, that of a new address the ``user``.
    """

    id = PrimaryKey(UUID, default=uuid4)
    kind = Required(AccountsMailKind)
    email = Required(str, EMAIL_LENGTH, index=True)
    site = Required(str, SITE_LENGTH)
    home = Required(str, HOME_LENGTH)
    password_hash = Optional(str, 255)
    user = Optional(User, index=True, column="user_id")
    created_at = Required(datetime, default=now)
    due_at = Required(datetime, default=now, index=True)
    tries = Required(int, default=0)


class AccountsThrottle(db.Entity):
    """How often something was tried in the window that ends at ``expires_at``."""

    key = PrimaryKey(str, HASH_LENGTH)
    tries = Required(int)
    expires_at = Required(datetime, index=True)

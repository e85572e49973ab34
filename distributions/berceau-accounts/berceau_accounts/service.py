"""What can be done with accounts, within the caller's unit of work."""

from pony.orm import flush

from berceau_accounts import mailed, outbox, passwords
from berceau_accounts.addresses import canonical
from berceau_accounts.entities import (
    AccountsApiToken,
    AccountsMailedToken,
    AccountsPurpose,
    User,
)
from berceau_accounts.entities import AccountsMailKind as Kind
from berceau_accounts.sessions import end_sessions
from berceau_accounts.site import Site


def create_user(email: str, password: str) -> User:
    """Return a new user, whose address needs no confirmation: for seeds, scripts and tests.

    Raises ``ConflictError`` where the address is taken.
    """
    user = User(email=email, password_hash=passwords.hash_password(password))
    flush()
    return user


def authenticate(email: str, password: str) -> User | None:
    """Return the user with this address and password; ``None`` where there is none.

    It takes as long for an address without an account.
    """
    user = User.get(email=canonical(email))
    if not passwords.is_right(password, user.password_hash if user else None):
        return None
    if user is None or not user.is_active:
        return None
    if passwords.is_outdated(user.password_hash):
        user.password_hash = passwords.hash_password(password)
    return user


def sign_up(email: str, password: str, site: Site) -> None:
    """Send a mail to the address; the account is made when its link is followed.

    The same is done, and takes as long, if the address has an account: only the mail differs.
    """
    email = canonical(email)
    kind = Kind.SIGN_UP if User.get(email=email) is None else Kind.SIGNED_UP_BEFORE
    outbox.put(kind, email, site, password_hash=passwords.hash_password(password))


def confirm(secret: str, password: str) -> User | None:
    """Return the new user whose sign-up the mail with ``secret`` confirms.

    Who follows the link has to know the password, too: otherwise somebody could sign up with the
    address of another person, and wait for them to confirm it. Returns ``None`` if the password
    is another one. Raises ``LookupError`` if the link can't be used.
    """
    found = _mailed(AccountsPurpose.SIGN_UP, secret)
    if not passwords.is_right(password, found.password_hash):
        return None
    email, password_hash = found.email, found.password_hash
    mailed.forget(email)
    if User.get(email=email) is not None:
        raise LookupError("the address has an account already")
    user = User(email=email, password_hash=password_hash)
    flush()
    return user


def ask_for_reset(email: str, site: Site) -> None:
    """Send a link to the address, if it has an account; that is found out when it is sent."""
    outbox.put(Kind.RESET, canonical(email), site)


def reset_password(secret: str, password: str, site: Site) -> User:
    """Give the user whom the mail with ``secret`` went to a new password, and return them.

    All that let somebody in before is ended: sessions, tokens of programs, links in mails.
    Raises ``LookupError`` if the link can't be used.
    """
    user = User.get(email=_mailed(AccountsPurpose.RESET, secret).email)
    if user is None or not user.is_active:
        raise LookupError("the address has no account")
    set_password(user, password, site)
    end_sessions(user)
    AccountsApiToken.select(lambda token: token.user == user).delete(bulk=True)
    return user


def email_of(purpose: AccountsPurpose, secret: str) -> str:
    """Return the address that the link with ``secret`` went to; ``""`` if it can't be used."""
    found = mailed.find(purpose, secret)
    return found.email if found is not None else ""


def set_password(user: User, password: str, site: Site) -> None:
    """Give ``user`` a new password, and tell them by mail."""
    user.password_hash = passwords.hash_password(password)
    _forget_links(user)
    outbox.put(Kind.PASSWORD_CHANGED, user.email, site)


def ask_for_new_email(user: User, email: str, site: Site) -> None:
    """Send a link to the new address of ``user``; it is the same if the address is taken."""
    outbox.put(Kind.NEW_EMAIL, canonical(email), site, user=user)


def change_email(user: User, secret: str, site: Site) -> None:
    """Give ``user`` the address that the mail with ``secret`` went to, and tell the old one.

    Raises ``LookupError`` if the link can't be used, or isn't this user's.
    """
    found = _mailed(AccountsPurpose.NEW_EMAIL, secret)
    if found.user != user or User.get(email=found.email) is not None:
        raise LookupError("the address is taken, or was given by another user")
    old, new = user.email, found.email
    _forget_links(user)
    mailed.forget(new)
    user.email = new
    flush()
    outbox.put(Kind.EMAIL_CHANGED, old, site)


def delete_user(user: User, site: Site) -> None:
    """Delete ``user`` with all that belongs to them, and tell them by mail."""
    _forget_links(user)
    outbox.put(Kind.DELETED, user.email, site)
    user.delete()
    flush()  # what still refers to the user is found here, and not when the page is sent


def _mailed(purpose: AccountsPurpose, secret: str) -> AccountsMailedToken:
    found = mailed.find(purpose, secret)
    if found is None:
        raise LookupError("the link was used, has expired, or never was one")
    return found


def _forget_links(user: User) -> None:
    """Let no link that was mailed for ``user`` be used any more."""
    mailed.forget(user.email)
    mailed.forget_new_emails(user)

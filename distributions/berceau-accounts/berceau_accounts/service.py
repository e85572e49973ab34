"""What can be done with accounts, within the caller's unit of work."""

from collections.abc import Callable
from dataclasses import dataclass

from pony.orm import flush

from berceau_accounts import mailed, mails, passwords
from berceau_accounts.addresses import canonical
from berceau_accounts.entities import (
    AccountsApiToken,
    AccountsMailedToken,
    AccountsPurpose,
    User,
)
from berceau_accounts.sessions import end_sessions


@dataclass(frozen=True)
class Site:
    """What a mail says of the site: its name, and the addresses of pages, by their routes.

    ``page("accounts.confirm", secret)`` is the address of the page with a secret.
    """

    name: str
    page: Callable[..., str]


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
    secret = mailed.issue(
        AccountsPurpose.SIGN_UP, email, password_hash=passwords.hash_password(password)
    )
    if User.get(email=email) is None:
        mails.confirm(email, site.name, site.page("accounts.confirm", secret))
    else:
        mails.already_signed_up(email, site.name, site.page("accounts.sign_in"))


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
    """Send a link to the address, if it has an account; what is stored is the same if not."""
    email = canonical(email)
    secret = mailed.issue(AccountsPurpose.RESET, email)
    user = User.get(email=email)
    if user is not None and user.is_active:
        mails.reset(email, site.name, site.page("accounts.new_password", secret))


def reset_password(secret: str, password: str, site: Site) -> None:
    """Give the user whom the mail with ``secret`` went to a new password.

    All that let somebody in before is ended: sessions, tokens of programs, links in mails.
    Raises ``LookupError`` if the link can't be used.
    """
    user = User.get(email=_mailed(AccountsPurpose.RESET, secret).email)
    if user is None or not user.is_active:
        raise LookupError("the address has no account")
    set_password(user, password, site)
    end_sessions(user)
    AccountsApiToken.select(lambda token: token.user == user).delete(bulk=True)


def email_of(purpose: AccountsPurpose, secret: str) -> str:
    """Return the address that the link with ``secret`` went to; ``""`` if it can't be used."""
    found = mailed.find(purpose, secret)
    return found.email if found is not None else ""


def set_password(user: User, password: str, site: Site) -> None:
    """Give ``user`` a new password, and tell them by mail."""
    user.password_hash = passwords.hash_password(password)
    _forget_links(user)
    mails.password_changed(user.email, site.name, site.page("accounts.reset"))


def ask_for_new_email(user: User, email: str, site: Site) -> None:
    """Send a link to the new address of ``user``; it is the same if the address is taken."""
    email = canonical(email)
    secret = mailed.issue(AccountsPurpose.NEW_EMAIL, email, user=user)
    mails.new_email(email, site.name, site.page("accounts.new_email", secret))


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
    mails.email_changed(old, site.name, site.page("accounts"))


def _mailed(purpose: AccountsPurpose, secret: str) -> AccountsMailedToken:
    found = mailed.find(purpose, secret)
    if found is None:
        raise LookupError("the link was used, has expired, or never was one")
    return found


def _forget_links(user: User) -> None:
    """Let no link that was mailed for ``user`` be used any more."""
    mailed.forget(user.email)
    for link in AccountsMailedToken.select(lambda token: token.user == user):
        link.delete()

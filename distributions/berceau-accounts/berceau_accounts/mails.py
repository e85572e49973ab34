"""What the mails of accounts say, each to one person for one reason."""

from dataclasses import dataclass

from berceau_accounts.entities import AccountsMailKind as Kind
from berceau_accounts.entities import AccountsPurpose as Purpose
from berceau_accounts.mail import Mail
from berceau_accounts.settings import AccountsSettings
from berceau_accounts.site import Site

_IGNORE = "If it wasn't you, ignore this mail: nothing changes."
_ONCE = f"The link can be used once, within {{lifetime}}. {_IGNORE}"
_WRITE = "If it wasn't you, write to the people who run the site."


@dataclass(frozen=True)
class _Text:
    """The parts of a mail: what its link leads to, and what for where it has a secret."""

    subject: str
    reason: str
    page: str
    advice: str
    purpose: Purpose | None = None


_TEXTS = {
    Kind.SIGN_UP: _Text(
        "Confirm your address for {site}",
        "You signed up at {site} with this address. To confirm it, open this page:",
        "accounts.confirm",
        _ONCE,
        Purpose.SIGN_UP,
    ),
    Kind.SIGNED_UP_BEFORE: _Text(
        "You have an account at {site}",
        "You signed up at {site} with this address, but it has an account. Sign in here, or let us "
        "send you a link if you forgot the password:",
        "accounts.sign_in",
        _IGNORE,
    ),
    Kind.RESET: _Text(
        "A new password for {site}",
        "You asked for a new password at {site}. Choose it on this page:",
        "accounts.new_password",
        _ONCE,
        Purpose.RESET,
    ),
    Kind.NEW_EMAIL: _Text(
        "Confirm your new address for {site}",
        "You want to use this address at {site}. To confirm it, open this page:",
        "accounts.new_email",
        _ONCE,
        Purpose.NEW_EMAIL,
    ),
    Kind.PASSWORD_CHANGED: _Text(
        "Your password for {site} was changed",
        "The password of your account at {site} was changed, and all other sessions were ended.",
        "accounts.reset",
        "If it wasn't you, choose a new password on this page now.",
    ),
    Kind.EMAIL_CHANGED: _Text(
        "Your address for {site} was changed",
        "Your account at {site} has another address now. This one isn't used any more.",
        "accounts",
        _WRITE,
    ),
    Kind.DELETED: _Text(
        "Your account at {site} was deleted",
        "Your account at {site} was deleted, and all that belonged to it. To begin again:",
        "accounts.sign_up",
        _WRITE,
    ),
}


def purpose_of(kind: Kind) -> Purpose | None:
    """Return what the secret is for that a mail of this ``kind`` needs; ``None`` without one."""
    return _TEXTS[kind].purpose


def write(kind: Kind, to: str, site: Site, secret: str, settings: AccountsSettings) -> Mail:
    """Return the mail of this ``kind``; its link has the ``secret``."""
    text = _TEXTS[kind]
    values = {"site": site.name, "lifetime": _lifetime(settings)}
    subject, reason, advice = (
        part.format(**values) for part in (text.subject, text.reason, text.advice)
    )
    return Mail(to, subject, f"{reason}\n\n{site.page(text.page, secret)}\n\n{advice}\n")


def _lifetime(settings: AccountsSettings) -> str:
    minutes = int(settings.link_lifetime.total_seconds() // 60)
    hours, rest = divmod(minutes, 60)
    return f"{minutes} minutes" if rest or not hours else f"{hours} hour{'s' * (hours > 1)}"

"""The mails that accounts send, each to one person for one reason."""

from berceau_accounts.mail import Mail, send_after_commit
from berceau_accounts.settings import AccountsSettings

_IGNORE = "If it wasn't you, ignore this mail: nothing changes."


def confirm(to: str, site: str, link: str) -> None:
    """Ask for the proof that the address is that of the person who signed up."""
    _send(
        to,
        f"Confirm your address for {site}",
        f"You signed up at {site} with this address. To confirm it, open this page:",
        link,
        f"{_once()} {_IGNORE}",
    )


def already_signed_up(to: str, site: str, link: str) -> None:
    """Tell somebody with an account that their address was given at a sign-up."""
    _send(
        to,
        f"You have an account at {site}",
        f"You signed up at {site} with this address, but it has an account. Sign in here, or let "
        "us send you a link if you forgot the password:",
        link,
        _IGNORE,
    )


def reset(to: str, site: str, link: str) -> None:
    """Send the link that leads to a new password."""
    _send(
        to,
        f"A new password for {site}",
        f"You asked for a new password at {site}. Choose it on this page:",
        link,
        f"{_once()} {_IGNORE}",
    )


def new_email(to: str, site: str, link: str) -> None:
    """Ask for the proof that the new address of an account is the user's."""
    _send(
        to,
        f"Confirm your new address for {site}",
        f"You want to use this address at {site}. To confirm it, open this page:",
        link,
        f"{_once()} {_IGNORE}",
    )


def password_changed(to: str, site: str, link: str) -> None:
    """Tell a user that the password was changed, in case somebody else did it."""
    _send(
        to,
        f"Your password for {site} was changed",
        f"The password of your account at {site} was changed, and all other sessions were ended.",
        link,
        "If it wasn't you, choose a new password on this page now.",
    )


def email_changed(to: str, site: str, link: str) -> None:
    """Tell the old address that the account has a new one, in case somebody else did it."""
    _send(
        to,
        f"Your address for {site} was changed",
        f"Your account at {site} has another address now. This one isn't used any more.",
        link,
        "If it wasn't you, write to the people who run the site.",
    )


def _send(to: str, subject: str, reason: str, link: str, advice: str) -> None:
    send_after_commit(Mail(to, subject, f"{reason}\n\n{link}\n\n{advice}\n"))


def _once() -> str:
    minutes = int(AccountsSettings.current().link_lifetime.total_seconds() // 60)
    hours, rest = divmod(minutes, 60)
    lifetime = f"{minutes} minutes" if rest or not hours else f"{hours} hour{'s' * (hours > 1)}"
    return f"The link can be used once, within {lifetime}."

"""The outbox: mail waits in the database, so none is lost, and is sent in a thread."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from pyramid.config import Configurator
from pyramid.events import NewRequest
from pyramid.threadlocal import get_current_request

from berceau.errors import TenantMissingError, TenantUnknownError
from berceau.orm import run_unit, unit_of_work
from berceau.web import has_tenant
from berceau_accounts import mailed, mails
from berceau_accounts.entities import AccountsMail, AccountsMailKind, User, now
from berceau_accounts.mail import Mail, is_refused, send
from berceau_accounts.postman import Postman
from berceau_accounts.settings import AccountsSettings
from berceau_accounts.site import Site

log = logging.getLogger("berceau.accounts")

SOONEST = timedelta(minutes=1)
LATEST = timedelta(hours=1)
"""After how long a mail is tried again that couldn't be sent: first, and after many tries."""

GIVEN_UP = timedelta(days=1)
"""After how long it isn't tried any more."""

TESTING = "paste.testing"
"""What WebTest sets in ``environ``: a test finds its mail as soon as it has the response."""

_postman = Postman()


def includeme(config: Configurator) -> None:
    """Send at its first request what was left when the process before ended."""
    config.add_subscriber(send_what_is_left, NewRequest)


def put(
    kind: AccountsMailKind, email: str, site: Site, *, password_hash: str = "", user: Any = None
) -> None:
    """Send a mail once the unit of work is committed.

    The request takes as long whether there is an account or not, because the same is stored: its
    time doesn't tell who has one. So a mail that can't be sent is an error in the log, not on a
    page.
    """
    AccountsMail(
        kind=kind,
        email=email,
        site=site.name,
        home=site.home,
        password_hash=password_hash,
        user=user,
    )
    settings = AccountsSettings.current()
    request = get_current_request()
    with unit_of_work() as unit:
        deliver = partial(_deliver, unit.tenant, settings)
        if request is not None and request.environ.get(TESTING):
            unit.after_commit(deliver)
        else:
            unit.after_commit(partial(_postman.call, unit.tenant, deliver))


def send_what_is_left(event: Any) -> None:
    """Send mail that waits since another process ended, at the first request for each tenant.

    Accounts are each tenant's, so pages of no tenant have no mail.
    """
    if not event.request.environ.get(TESTING) and has_tenant(event.request):
        with unit_of_work() as unit:
            if not _postman.knows(unit.tenant):
                deliver = partial(_deliver, unit.tenant, AccountsSettings.current())
                _postman.call(unit.tenant, deliver)


def wait_until_sent() -> None:
    """Wait until the mail that this process has to send is sent, or can't be: in a test, say."""
    _postman.wait()


@dataclass(frozen=True)
class _Taken:
    """A mail that this process sends now; without a ``mail``, nothing is to be sent.

    Other processes leave it alone until ``again``.
    """

    id: UUID
    mail: Mail | None
    is_last_try: bool
    again: timedelta


def _deliver(tenant: Any, settings: AccountsSettings) -> float | None:
    """Send what is due; return in how many seconds more will be, if anything waits."""
    try:
        return _go_through(tenant, settings)
    except (TenantUnknownError, TenantMissingError):  # it is gone, with its mail
        return None


def _go_through(tenant: Any, settings: AccountsSettings) -> float | None:
    while (taken := run_unit(partial(_take, settings), tenant=tenant)) is not None:
        if taken.mail is None or _is_done(taken.mail, taken, settings):
            run_unit(partial(_remove, taken.id), tenant=tenant)
    return run_unit(_seconds_until_next, tenant=tenant)


def _take(settings: AccountsSettings) -> _Taken | None:
    """Take the mail that is due for longest, and that no other process is at."""
    moment = now()
    due = AccountsMail.select(lambda mail: mail.due_at <= moment)
    row = due.order_by(AccountsMail.due_at).for_update(skip_locked=True).first()
    if row is None:
        return None
    # Where this process is killed, another one sends it then: twice rather than never.
    again = min(SOONEST * 2**row.tries, LATEST)
    row.tries += 1
    row.due_at = moment + again
    is_last_try = moment - row.created_at >= GIVEN_UP
    return _Taken(row.id, _written(row, settings), is_last_try, again)


def _written(row: AccountsMail, settings: AccountsSettings) -> Mail | None:
    """Return the mail, with a new secret; ``None`` where it isn't to be sent any more."""
    if row.kind == AccountsMailKind.RESET:
        user = User.get(email=row.email)
        if user is None or not user.is_active:
            return None
    purpose = mails.purpose_of(row.kind)
    secret = mailed.issue(purpose, row, settings.link_lifetime) if purpose else ""
    return mails.write(row.kind, row.email, Site(row.site, row.home), secret, settings)


def _is_done(mail: Mail, taken: _Taken, settings: AccountsSettings) -> bool:
    """Send a mail; return whether it needn't be tried again."""
    if not settings.smtp_url:
        # Not as it is sent: its encoding breaks the link, and a developer couldn't follow it.
        log.warning(
            "Without ACCOUNTS_SMTP_URL, this mail is only shown here:\nTo: %s\nSubject: %s\n\n%s",
            *(mail.to, mail.subject, mail.text),
        )
        return True
    try:
        send(mail, settings.sender, settings.smtp_url)
    except (OSError, SMTPException) as error:
        is_over = taken.is_last_try or is_refused(error)
        minutes = int(taken.again.total_seconds() // 60)
        log.error(
            "A mail wasn't sent, because of %s: %s. %s",
            urlsplit(settings.smtp_url).hostname,
            type(error).__name__,
            "It is given up." if is_over else f"It is tried again in {minutes} min.",
        )
        return is_over
    except Exception:  # of the library, or of this module: the others are to be sent nevertheless
        log.exception("A mail wasn't sent")
        return taken.is_last_try
    return True


def _remove(mail_id: UUID) -> None:
    AccountsMail.select(lambda mail: mail.id == mail_id).delete(bulk=True)


def _seconds_until_next() -> float | None:
    soonest = AccountsMail.select().order_by(AccountsMail.due_at).first()
    return max(0.0, (soonest.due_at - now()).total_seconds()) if soonest is not None else None

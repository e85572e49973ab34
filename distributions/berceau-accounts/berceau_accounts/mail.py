"""Mail: sent after the commit, by SMTP, in a thread that no visitor waits for."""

import logging
import smtplib
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from functools import partial
from time import monotonic, sleep
from urllib.parse import unquote, urlsplit

from berceau.orm import unit_of_work
from berceau_accounts.settings import AccountsSettings

log = logging.getLogger("berceau.accounts")

SECONDS = 20
"""How long a mail server may take for each of its answers."""

PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}

PAUSE = 0.2
"""How long a mail waits, in seconds: the response is sent by then, and its time tells nothing."""

# One thread, so that a slow server holds up no request. At the end of the process, Python waits
# for what is in its queue.
_outbox = ThreadPoolExecutor(max_workers=1, thread_name_prefix="accounts-mail")


@dataclass(frozen=True)
class Mail:
    """A plain text to one person."""

    to: str
    subject: str
    text: str

    def message(self, sender: str) -> EmailMessage:
        """Return the mail as it is sent."""
        message = EmailMessage()
        message["From"] = sender
        message["To"] = self.to
        message["Subject"] = self.subject
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].strip("> "))
        message["Auto-Submitted"] = "auto-generated"  # so that no vacation notice answers it
        message.set_content(self.text)
        return message


def send_after_commit(mail: Mail) -> None:
    """Send a mail once the unit of work is committed.

    The request takes as long whether a mail is sent or not: its time doesn't tell who has an
    account. So a mail that can't be sent is an error in the log, not on a page.
    """
    with unit_of_work() as unit:
        unit.after_commit(partial(_put, mail, AccountsSettings.current()))


def wait_until_sent() -> None:
    """Wait until the mail that this process has to send is sent, or can't be: in a test, say."""
    _outbox.submit(lambda: None).result()


def _put(mail: Mail, settings: AccountsSettings) -> None:
    _outbox.submit(_deliver, mail, settings, monotonic() + PAUSE)


def _deliver(mail: Mail, settings: AccountsSettings, due: float) -> None:
    sleep(max(0.0, due - monotonic()))
    try:
        if not settings.smtp_url:
            # Not as it is sent: its encoding breaks the link, and a developer couldn't follow it.
            log.warning(
                "Without ACCOUNTS_SMTP_URL, this mail is only shown here:\n"
                "To: %s\nSubject: %s\n\n%s",
                *(mail.to, mail.subject, mail.text),
            )
            return
        with _connected(settings.smtp_url) as server:
            server.send_message(mail.message(settings.sender))
    except (OSError, smtplib.SMTPException) as error:
        host = urlsplit(settings.smtp_url).hostname
        log.error("A mail wasn't sent, because of %s: %s", host, type(error).__name__)
    except Exception:  # a thread's error is lost otherwise
        log.exception("A mail wasn't sent")


@contextmanager
def _connected(smtp_url: str) -> Iterator[smtplib.SMTP]:
    """Connect to a server: encrypted, and signed in, where ``smtp_url`` says so."""
    url = urlsplit(smtp_url)
    host, port = url.hostname or "localhost", url.port or PORTS[url.scheme]
    if url.scheme == "smtps":
        context = ssl.create_default_context()
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=SECONDS)
    with server:
        if url.scheme == "smtp+starttls":
            server.starttls(context=ssl.create_default_context())
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
        yield server

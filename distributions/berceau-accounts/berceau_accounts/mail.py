"""One mail, sent by SMTP."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

SECONDS = 20
"""How long a mail server may take for each of its answers."""

PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}

FOR_GOOD = 500
"""From this code on, a mail server won't take the mail later, either: RFC 5321, 4.2.1."""


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


def send(mail: Mail, sender: str, smtp_url: str) -> None:
    """Send a mail by the server that ``smtp_url`` names. Raises ``OSError``, ``SMTPException``."""
    with _connected(smtp_url) as server:
        server.send_message(mail.message(sender))


def is_refused(error: Exception) -> bool:
    """Return whether a mail will never be sent: its address isn't one that the server knows."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= FOR_GOOD for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPNotSupportedError)  # of letters in the address


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

"""What tests do as a visitor: read mail, and fill in the forms of pages."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from queue import Queue
from typing import Any
from urllib.parse import urlsplit

from webtest import TestApp

EMAIL = "ada@example.org"
GONE = "gone@example.org"
PASSWORD = "analytical engine 1843"
NEW_PASSWORD = "difference engine 1822"


class Mailbox:
    """All mail that the application sends in one test process, as an SMTP server gets it."""

    url = ""
    is_down = False

    def __init__(self) -> None:
        self._received: Queue[EmailMessage] = Queue()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        """Know all addresses but one, unless the server is down."""
        if self.is_down:
            return "451 Try again later"
        if address == GONE:
            return "550 No such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a mail in."""
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert envelope.rcpt_tos == [message["To"]]
        self._received.put(message)
        return "250 OK"

    def next(self, seconds: float | None = None) -> EmailMessage:
        """Return the mail that comes next: at once, or within ``seconds``."""
        return self._received.get(seconds is not None, seconds)

    def link(self) -> str:
        """Return the address that the next mail has, from its path on."""
        found = re.search(r"http\S+", self.next().get_content())
        assert found is not None
        parts = urlsplit(found[0])
        return f"{parts.path}?{parts.query}"

    def is_empty(self) -> bool:
        """Return whether no mail has come."""
        return self._received.empty()

    def clear(self) -> None:
        """Forget what was sent before."""
        self.is_down = False
        while not self._received.empty():
            self._received.get()


def browser(app: Any, name: str = "", address: str = "127.0.0.1") -> TestApp:
    """Return another browser, on the same application, without cookies."""
    environ = {"HTTP_USER_AGENT": name, "REMOTE_ADDR": address}
    return TestApp(app.app, extra_environ=app.extra_environ | environ)


def fill(app: Any, page: str, status: int = 303, **values: str) -> Any:
    """Fill in the form of a page, send it, and return the response."""
    form = app.get(page).forms["account-form"]
    for name, value in values.items():
        form[name] = value
    return form.submit(status=status)


def sign_up(app: Any, password: str = PASSWORD, email: str = EMAIL) -> Any:
    """Sign up by the form."""
    return fill(app, "/accounts/sign-up", email=email, new_password=password)


def sign_in(app: Any, password: str = PASSWORD, status: int = 303, email: str = EMAIL) -> Any:
    """Sign in by the form."""
    return fill(app, "/accounts/sign-in", status, email=email, password=password)


def is_signed_in(app: Any) -> bool:
    """Return whether the visitor sees their account."""
    return app.get("/accounts").status_code == 200


def error_of(response: Any, field: str) -> str:
    """Return the message that a page ties to its field."""
    shown = response.html.find(id=field)
    assert shown["aria-invalid"] == "true"
    text: str = response.html.find(id=shown["aria-describedby"].split()[0]).text
    return text

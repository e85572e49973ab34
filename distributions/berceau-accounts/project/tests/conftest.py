"""A mail server that listens, and a user."""

from collections.abc import Iterator
from socket import socket
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from berceau_accounts.entities import User
from berceau_accounts.passwords import hash_password
from tests.visitor import EMAIL, PASSWORD, Mailbox

from berceau.orm import unit_of_work


@pytest.fixture(scope="session")
def mail_server() -> Iterator[Mailbox]:
    """A mail server of this test process, which the application sends to."""
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    mailbox.url = f"smtp://127.0.0.1:{controller.port}"
    yield mailbox
    controller.stop()


@pytest.fixture(scope="session")
def berceau_settings(berceau_settings: Any, mail_server: Mailbox) -> Any:
    """The settings of the project, with the mail server of the tests."""
    return berceau_settings.overriding({"accounts.smtp_url": mail_server.url})


def free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture
def mailbox(mail_server: Mailbox) -> Mailbox:
    """The mail that the application sends in this test."""
    mail_server.clear()
    return mail_server


@pytest.fixture(scope="session")
def password_hash() -> str:
    """The hash of the password of users, which takes long to make."""
    return hash_password(PASSWORD)


@pytest.fixture
def ada(db: Any, password_hash: str) -> str:  # noqa: ARG001 (a user needs a database)
    """The address of a user who has confirmed it."""
    with unit_of_work():
        User(email=EMAIL, password_hash=password_hash)
    return EMAIL


@pytest.fixture
def app(app: Any) -> Any:
    """A visitor's browser, on the real application."""
    app.extra_environ["HTTP_ACCEPT"] = "text/html,application/xhtml+xml,*/*;q=0.8"
    return app

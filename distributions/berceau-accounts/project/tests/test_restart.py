"""A process that is killed loses no mail: the next one sends it."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from time import monotonic, sleep
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest
from berceau_accounts.entities import AccountsMail
from pony.orm import db_session
from tests.visitor import EMAIL, Mailbox

from tests.conftest import free_port

SECONDS = 120
SERVER = """
import sys
from waitress import serve
from berceau.web.app import main
app = main({"here": sys.argv[1]}, **{"berceau.development": "true"})
serve(app, listen="127.0.0.1:" + sys.argv[2])
"""


@contextmanager
def served(settings: Any, smtp_url: str) -> Iterator[tuple[str, Popen[bytes]]]:
    """Serve the project in a process of its own; yield its address."""
    address = f"127.0.0.1:{(port := free_port())}"
    environ = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "MIGRATION_DATABASE_URL": settings.migration_database_url,
        "ACCOUNTS_SMTP_URL": smtp_url,
    }
    root = Path(__file__).parents[1]
    process = Popen([sys.executable, "-c", SERVER, str(root), str(port)], env=environ, cwd=root)
    try:
        yield f"http://{address}", process
    finally:
        process.kill()
        process.wait()


def answer(request: str | Request) -> int:
    """Return the status of the answer, once the server listens."""
    end = monotonic() + SECONDS
    while True:
        try:
            with urlopen(request) as response:
                return int(response.status)
        except URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError) or monotonic() > end:
                raise
            sleep(0.05)


@pytest.mark.slow
@pytest.mark.commits
@pytest.mark.usefixtures("ada")
def test_mail_of_a_process_that_is_killed_is_sent_by_the_next(
    berceau_worker, mailbox: Mailbox
) -> None:
    settings = berceau_worker.settings
    with served(settings, f"smtp://127.0.0.1:{free_port()}") as (address, process):
        body = json.dumps({"email": EMAIL}).encode()
        asked = Request(f"{address}/accounts/api/reset", body, {"Content-Type": "application/json"})
        assert answer(asked) == 202
        process.send_signal(signal.SIGKILL)
        process.wait()
    with db_session:
        mail = AccountsMail.select().get()
        mail.due_at = mail.created_at  # it may have been tried already
    with served(settings, mailbox.url) as (address, _):
        assert answer(f"{address}/accounts/sign-in") == 200
        assert mailbox.next(SECONDS)["To"] == EMAIL
    assert mailbox.is_empty()

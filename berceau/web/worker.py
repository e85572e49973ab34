"""The worker, which runs background jobs: ``pserve production.ini --server-name worker``."""

import logging
import os
import sys
from collections.abc import Mapping
from typing import Any, NoReturn

from berceau.errors import BerceauError, SettingsError
from berceau.orm import db
from berceau.web.queries import Watcher
from berceau.web.reload import Reloading
from berceau.web.server import DRAIN_SECONDS, notify

log = logging.getLogger("berceau")

DEFAULTS = {"concurrency": 1, "poll_seconds": 1.0, "drain_seconds": DRAIN_SECONDS}
"""The options that are numbers: each must be of the default's type, and above 0."""


def work(app: Any, _global_config: Mapping[str, str], **options: str) -> None:
    """Run jobs until SIGTERM or SIGINT; the paste server runner of ``[server:worker]``.

    ``concurrency`` is how many jobs run at once, each in a thread; ``queues`` names those that it
    takes jobs from, all by default; ``poll_seconds`` is how long it waits before it asks for new
    jobs; ``drain_seconds`` is how long jobs may take to end after the signal. Exits with one
    message where it can't work.
    """
    try:
        found = _read(options)
        if isinstance(app, Reloading):
            app.supervise(lambda loaded: _run(loaded, found))
        _run(app, found)
    except BerceauError as error:
        _exit(str(error))
    except Exception as error:  # the loss of the database, mostly: systemd starts another one
        log.critical("the worker ends: %s", error, exc_info=error)
        _exit(f"The worker can't go on: {error}")


def _run(app: Any, options: dict[str, Any]) -> None:
    from berceau.jobs import jobs  # an extra: only here it is needed

    registry = getattr(app, "registry", None)  # not that of what a filter lies around
    if registry is not None:
        Watcher(registry).watch_jobs()
    log.info("the worker runs %d jobs at once", options["concurrency"])
    notify("READY=1")
    jobs.run_worker(listen_notify=False, **options)
    notify("STOPPING=1")
    log.info("the worker ends")
    db.disconnect()


def _read(options: Mapping[str, str]) -> dict[str, Any]:
    """Return the options of the ini file as procrastinate's; raises ``SettingsError``."""
    unknown = options.keys() - DEFAULTS.keys() - {"queues"}
    if unknown:
        raise SettingsError(
            f"[server:worker] has an unknown option: {', '.join(sorted(unknown))}.",
            cure=f"It takes queues, {', '.join(DEFAULTS)}.",
        )
    numbers = {name: _number(name, options.get(name)) for name in DEFAULTS}
    return {
        "queues": options.get("queues", "").split() or None,
        "concurrency": numbers["concurrency"],
        "fetch_job_polling_interval": numbers["poll_seconds"],
        "shutdown_graceful_timeout": numbers["drain_seconds"],
    }


def _number(name: str, text: str | None) -> float:
    default = DEFAULTS[name]
    if text is None:
        return default
    try:
        number = type(default)(text)
    except ValueError:
        number = 0
    if number <= 0:
        kind = "an integer" if isinstance(default, int) else "a number of seconds"
        raise SettingsError(
            f"{name} in [server:worker] is {text!r}, which isn't {kind} above 0.",
            cure=f"Correct it, or leave it out: the default is {default:g}.",
        )
    return number


def _exit(message: str) -> NoReturn:
    print(message, file=sys.stderr, flush=True)
    os._exit(1)  # pserve takes a SystemExit for a wish, and ends with 0

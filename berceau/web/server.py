"""The server: waitress, which ends without dropping a request that it accepted."""

import logging
import os
import signal
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import monotonic
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, start_http_server
from waitress import create_server, wasyncore
from waitress.server import BaseWSGIServer
from waitress.task import ThreadedTaskDispatcher

from berceau.orm import db
from berceau.web.channel import Channel
from berceau.web.health import ALIVE, READY
from berceau.web.registry import CONSOLE_LINK, METRICS
from berceau.web.reload import Reloading, bind

log = logging.getLogger("berceau")

# Waitress's own take bodies of 1 GiB, and show everybody what serves them.
DEFAULTS = {
    "ident": None,
    "max_request_body_size": 10 * 1024 * 1024,
    "max_request_header_size": 32 * 1024,
    "clear_untrusted_proxy_headers": True,
    # The limit keeps slow clients from using up all descriptors; poll isn't bound to 1024 of them.
    "connection_limit": 1000,
    "asyncore_use_poll": True,
}
DRAIN_SECONDS = 30.0


def serve(app: Any, _global_config: Mapping[str, str], **options: Any) -> None:
    """Serve ``app`` until SIGTERM, SIGINT or SIGHUP; the paste server runner of ``[server:main]``.

    ``options`` are waitress's, and two more: ``drain_seconds`` is how long requests may take to
    end after the signal, ``metrics_listen`` the address of the figures for Prometheus. Exits with
    one message where it can't listen.
    """
    if isinstance(app, Reloading):
        with _listening(options):
            bound = bind(options)
        app.supervise(lambda loaded: _run(loaded, bound))
    _run(app, options)


def _run(app: Any, options: Mapping[str, Any]) -> None:
    own = {**DEFAULTS, **options}
    drain_seconds = float(own.pop("drain_seconds", DRAIN_SECONDS))
    metrics_listen = own.pop("metrics_listen", None)
    sockets: dict[int, Any] = {}
    ending = Ending()
    ending.heed_signals()
    with _listening(options):
        server = create_server(app, map=sockets, **own)
        if metrics_listen and METRICS in app.registry:
            _expose(app, metrics_listen, server)
    server.print_listen("Serving on http://{}:{}")
    _announce_console(server, getattr(app, "registry", {}))
    Service(server, sockets, drain_seconds, getattr(app, "registry", {}), ending).run()
    db.disconnect()


@contextmanager
def _listening(options: Mapping[str, Any]) -> Iterator[None]:
    """Exit with one message where the body can't listen."""
    try:
        yield
    except (OSError, ValueError) as error:
        addresses = filter(None, (options.get("listen"), options.get("metrics_listen")))
        print(
            f"The server can't start: {error}\n  Stop what listens on {' or '.join(addresses)}, "
            "or change [server:main] in the ini file.",
            file=sys.stderr,
            flush=True,
        )
        os._exit(1)  # pserve takes a SystemExit for a wish, and ends with 0


def _expose(app: Any, address: str, server: Any) -> None:
    """Answer Prometheus at ``address``, which is host:port; one for each process."""
    registry = app.registry[METRICS].registry
    measure_waiting(registry, server.task_dispatcher)
    host, _, port = address.rpartition(":")
    start_http_server(int(port), host.strip("[]"), registry)
    log.info("metrics on http://%s/metrics", address)


def _announce_console(server: Any, registry: Any) -> None:
    """Write the link that opens the console into the log, where a browser can reach it."""
    if CONSOLE_LINK not in registry:
        return
    several = getattr(server, "effective_listen", None)
    host, port = several[0] if several else (server.effective_host, server.effective_port)
    if str(port).isdecimal():  # a socket of this machine has none
        name = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, host)  # noqa: S104 - compared
        address = f"[{name}]" if ":" in name else name
        link = f"console: http://{address}:{port}{registry[CONSOLE_LINK]}"
        if log.isEnabledFor(logging.INFO):
            log.info(link)
        else:  # there is no other way in
            print(link, file=sys.stderr, flush=True)


def measure_waiting(registry: CollectorRegistry, dispatcher: Any) -> None:
    """Add how many requests wait for a thread of the server's ``dispatcher``."""
    waiting = Gauge(
        "berceau_requests_waiting", "Requests that wait for a thread", registry=registry
    )
    waiting.set_function(lambda: len(dispatcher.queue))


def notify(state: str) -> None:
    """Report the ``state`` of this process to systemd, where the unit has ``Type=notify``.

    Source: sd_notify(3), "Notes", a datagram to the socket that ``NOTIFY_SOCKET`` names.
    """
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        try:
            channel.sendto(state.encode(), address)
        except OSError as error:
            log.warning("systemd can't be told %s: %s", state, error)


class Ending:
    """Whether a signal asked this process to end; a second one ends it at once."""

    def __init__(self) -> None:
        self.is_asked = False
        self.wake: Callable[[], None] = lambda: None
        """Lets the server look at once."""

    def heed_signals(self) -> None:
        """Take the signals from now on, before the server listens: it cuts no request."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, self.ask)

    def ask(self, number: int, _frame: Any) -> None:
        """Take the signal ``number``."""
        if self.is_asked:
            os._exit(128 + number)
        self.is_asked = True
        self.wake()


class Service:
    """A server whose connections are in ``sockets``, from its first request to its ``ending``.

    ``registry`` is Pyramid's, of the application: it knows how an API writes its errors.
    """

    def __init__(
        self,
        server: Any,
        sockets: dict[int, Any],
        drain_seconds: float,
        registry: Any,
        ending: Ending,
    ) -> None:
        self._server = server
        self._sockets = sockets
        self._drain_seconds = drain_seconds
        self._ending = ending
        ending.wake = self._wake
        self._refused = deque[Any]()
        self._swept = monotonic()
        # Who watches the process is answered, too, while all threads are busy.
        self._watchers = {path: ThreadedTaskDispatcher() for path in (ALIVE, READY)}
        for dispatcher in self._watchers.values():
            dispatcher.set_thread_count(1)
        for listener in self._listeners():
            listener.channel_class = Channel
            listener.registry = registry
            listener.add_task = self._add_task

    def _add_task(self, channel: Channel) -> None:
        """Let a thread answer the first request of ``channel``; this one, where it is refused.

        A refusal takes less time than to wake a thread, unless its client has to read first what
        is still to be sent.
        """
        if channel.requests[0].error is not None and not channel.total_outbufs_len:
            self._refused.append(channel)
            return
        path = getattr(channel.requests[0], "path", "")
        dispatcher: Any = self._watchers.get(path, self._server.task_dispatcher)
        dispatcher.add_task(channel)

    def run(self) -> None:
        """Serve until a signal comes, then finish what was accepted; a second one ends at once."""
        notify("READY=1")
        while not self._ending.is_asked:
            self._poll(1)
        notify("STOPPING=1")
        self._close_listeners()
        self._drain()

    def _wake(self) -> None:
        for listener in self._listeners():
            listener.pull_trigger()

    def _poll(self, seconds: float) -> None:
        wasyncore.loop(seconds, self._server.adj.asyncore_use_poll, self._sockets, count=1)
        while self._refused:
            self._refused.popleft().service()
        if monotonic() - self._swept > 1:
            self._swept = monotonic()
            for channel in self._channels():
                if channel.is_over:
                    channel.handle_close()

    def _close_listeners(self) -> None:
        """Take those who are waiting at the door, and close it."""
        for listener in self._listeners():
            known = -1
            while known != len(self._sockets):
                known = len(self._sockets)
                listener.handle_accept()
            listener.accepting = False
            wasyncore.dispatcher.close(listener)

    def _drain(self) -> None:
        """Answer what was accepted, up to the deadline."""
        end = monotonic() + self._drain_seconds
        open_requests = sum(len(channel.requests) for channel in self._channels())
        log.info("stopping: no new requests; %d under way", open_requests)
        while (channels := list(self._channels())) and monotonic() < end:
            # Of those that were quiet for so long, some sent what this process hasn't read yet.
            quiet = [channel for channel in channels if channel.is_quiet]
            self._poll(0.05)
            for channel in quiet:
                if channel.is_quiet:
                    channel.handle_close()
        unfinished = sum(len(channel.requests) for channel in channels)
        if unfinished:
            log.error(
                "stopped with %d requests unfinished after %g s", unfinished, self._drain_seconds
            )
        else:
            log.info("stopped")

    def _listeners(self) -> Iterator[Any]:
        return (each for each in list(self._sockets.values()) if isinstance(each, BaseWSGIServer))

    def _channels(self) -> Iterator[Any]:
        return (each for each in list(self._sockets.values()) if isinstance(each, Channel))

"""Requests a second of the demo's page of 20 posts: Berceau, Django, Pyramid with SQLAlchemy.

Each serves the same rows of the same server on waitress, one process of four threads, with
sessions and CSRF protection, and reads what the page shows in one query. wrk asks over 8
connections, in turns. Then two processes of Berceau are asked at once. Prints medians and ratios.
"""

import argparse
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from secrets import token_urlsafe
from urllib.request import urlopen

from berceau.orm import unit_of_work
from berceau.settings import load
from berceau.workflows.serve.start import Running, start

ROOT = Path(__file__).parents[1]
PAGES = Path(__file__).parent / "pages"
INI = """
[app:main]
use = egg:berceau#main
berceau.root = {root}
berceau.hosts = 127.0.0.1

[server:main]
use = egg:waitress#main
listen = 127.0.0.1:{port}
threads = 4
"""
FIRST_PORT = 6610
PAGE = "/demo/posts"
SECOND = "berceau again"
TWO = "two processes"
POSTS = 20


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--seconds", type=int, default=4, help="of each round and application")
    arguments = options.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk isn't installed: apt-get install wrk")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as applications:
        root = make_project(Path(folder))
        running = start(load(root, {"berceau.development": "true"}))
        write_posts()
        ports = {}
        for number, (name, command) in enumerate(commands(root, running).items()):
            ports[name] = FIRST_PORT + number
            applications.enter_context(served([*command], ports[name], root, running))
        applications.callback(stop_server, root)
        measure(ports, arguments.rounds, arguments.seconds)


def make_project(root: Path) -> Path:
    """Copy what a project of the demo needs."""
    root.chmod(0o755)  # PostgreSQL runs as another account where we are root
    for name in ("components", "migrations", "berceau"):
        shutil.copytree(ROOT / name, root / name)
    shutil.copy(ROOT / "tasks.py", root)
    for number, name in ((0, "one"), (3, "two")):
        (root / f"{name}.ini").write_text(INI.format(root=root, port=FIRST_PORT + number))
    sys.path.insert(0, str(root))
    return root


def write_posts() -> None:
    """Write 20 posts of 5 authors."""
    from components.demo.entities import DemoPost, DemoPostStatus, DemoUser

    with unit_of_work():
        users = [DemoUser(name=f"Author {n}", email=f"{n}@example.org") for n in range(5)]
        for number in range(POSTS):
            DemoPost(
                title=f"Post number {number}",
                content="Some text of a post that is worth reading. " * 3,
                status=DemoPostStatus.PUBLISHED,
                author=users[number % 5],
            )


def commands(root: Path, running: Running) -> dict[str, list[str]]:
    """Return how to serve each application, each at the next port."""
    url = running.databases.runtime_url.with_password()
    python = sys.executable
    pserve = str(Path(python).with_name("pserve"))
    return {
        "berceau": [pserve, str(root / "one.ini")],
        "django": [python, str(PAGES / "django_page.py"), url, str(FIRST_PORT + 1)],
        "sqlalchemy": [
            *(python, str(PAGES / "sqlalchemy_page.py"), url),
            *(str(FIRST_PORT + 2), str(root)),
        ],
        SECOND: [pserve, str(root / "two.ini")],
    }


@contextmanager
def served(
    command: list[str], port: int, root: Path, running: Running
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the server, as in production, while the body runs; its page is there then."""
    with started(command, root, running) as process:
        await_page(port)
        yield process


@contextmanager
def started(command: list[str], root: Path, running: Running) -> Iterator[subprocess.Popen[bytes]]:
    """Start the server, as in production, and stop it after the body."""
    secrets = {
        "BERCEAU_SECRET": token_urlsafe(48),
        "DATABASE_URL": running.databases.runtime_url.with_password(),
        "MIGRATION_DATABASE_URL": running.databases.migration_url.with_password(),
    }
    process = subprocess.Popen(
        command,
        cwd=root,
        env=os.environ | secrets,
        stderr=subprocess.DEVNULL,  # waitress says each time that requests wait
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def await_page(port: int) -> None:
    """Wait until the page is there, and check that it shows all posts."""
    for _ in range(200):
        with suppress(OSError), urlopen(f"http://127.0.0.1:{port}{PAGE}") as page:
            assert page.read().count(b"<article") == POSTS
            return
        time.sleep(0.1)
    sys.exit(f"Nothing answers at port {port}.")


def measure(ports: dict[str, int], rounds: int, seconds: int) -> None:
    """Ask each in turn, and print the medians."""
    found: dict[str, list[float]] = {name: [] for name in (*ports, TWO)}
    del found[SECOND]
    for _ in range(rounds):
        for name, port in ports.items():
            if name != SECOND:
                found[name].append(requests_a_second([port], seconds))
        found[TWO].append(requests_a_second([ports["berceau"], ports[SECOND]], seconds))
    ours = statistics.median(found["berceau"])
    for name, figures in found.items():
        median = statistics.median(figures)
        ratios = [a / b for a, b in zip(found["berceau"], figures, strict=True)]
        print(
            f"{name:13} {median:6.0f} requests/s   berceau / {name}: {ours / median:.2f} "
            f"(by round {min(ratios):.2f} to {max(ratios):.2f})"
        )


def requests_a_second(ports: list[int], seconds: int, path: str = PAGE) -> float:
    """Return what wrk measured, one for each port; it fails where an answer isn't 200."""
    asking = [
        subprocess.Popen(
            [
                "wrk",
                "-t1",
                f"-c{8 // len(ports)}",
                f"-d{seconds}",
                f"http://127.0.0.1:{port}{path}",
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        for port in ports
    ]
    said = [process.communicate()[0] for process in asking]
    assert not any("Non-2xx" in text for text in said), said
    return sum(float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]) for text in said)


def stop_server(root: Path) -> None:
    """Stop the project's embedded server."""
    invoke = str(Path(sys.executable).with_name("invoke"))
    subprocess.run([invoke, "db.stop"], cwd=root, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()

"""Requests a second of Conduit's list of articles: the example, and a public Django implementation.

Both list the newest 20 of the same rows, with authors, tags and favorites, from one PostgreSQL
server, by waitress in one process of four threads. wrk asks over 8 connections, in turns. Prints
medians, ratios, and the queries of one list. README.md says how to get the peer.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from urllib.request import urlopen

from serve import INI, requests_a_second, stop_server

from berceau.orm import unit_of_work
from berceau.postgres.core.connection import connect
from berceau.postgres.embedded.server import EmbeddedServer
from berceau.settings import load
from berceau.workflows.serve.start import start

ROOT = Path(__file__).parents[1]
FIRST_PORT = 6620
LIST = "/api/articles"
SHOWN = 20
PEER = "django"

# What both have: by number, so that the rows are the same.
AUTHORS, ARTICLES, TAGS, TAGS_EACH, FAVORITES_EACH = 50, 500, 30, 4, 10

FILL_DJANGO = f"""
from accounts.models import User
from articles.models import Article, Tag
users = [User.objects.create(username=f"author{{n}}", email=f"{{n}}@example.org", bio="A bio")
         for n in range({AUTHORS})]
tags = [Tag.objects.create(name=f"tag{{n}}") for n in range({TAGS})]
for n in range({ARTICLES}):
    article = Article.objects.create(author=users[n % {AUTHORS}], title=f"Article {{n}}",
                                     summary="About it. " * 5, content="All of it. " * 200)
    article.tags.set([tags[(n + k) % {TAGS}] for k in range({TAGS_EACH})])
    article.favorites.set([users[(n + k) % {AUTHORS}] for k in range({FAVORITES_EACH})])
"""
COUNT_DJANGO = f"""
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
with CaptureQueriesContext(connection) as queries:
    Client().get("{LIST}", HTTP_HOST="127.0.0.1")
print(len(queries))
"""


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("peer", type=Path, help="a clone of c4ffein/realworld-django-ninja")
    options.add_argument("--python", default=sys.executable, help="the peer's interpreter")
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--seconds", type=int, default=4, help="of each round and application")
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as applications:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another account where we are root
        root = make_project(Path(folder) / "conduit")
        running = start(load(root, {"berceau.development": "true"}))
        applications.callback(stop_server, root)
        fill()
        ours = {
            "BERCEAU_SECRET": token_urlsafe(48),
            "DATABASE_URL": running.databases.runtime_url.with_password(),
            "MIGRATION_DATABASE_URL": running.databases.migration_url.with_password(),
        }
        theirs = make_peer(root, arguments.peer, arguments.python)
        pserve = Path(sys.executable).with_name("pserve")
        waitress = [arguments.python, "-m", "waitress", "--threads=4"]
        listen = f"--listen=127.0.0.1:{FIRST_PORT + 1}"
        for number, (command, where, environment) in enumerate(
            (
                ([str(pserve), "bench.ini"], root, ours),
                ([*waitress, listen, "config.wsgi:application"], arguments.peer, theirs),
            )
        ):
            server = served(command, where, environment, FIRST_PORT + number)
            applications.enter_context(server)
        compare_lists()
        print("queries of a list by django:", count_queries(arguments.peer, theirs))
        measure(arguments.rounds, arguments.seconds)


def make_project(root: Path) -> Path:
    """Copy the example."""
    ignored = shutil.ignore_patterns(".berceau", ".env", ".venv")
    shutil.copytree(ROOT / "examples" / "conduit", root, ignore=ignored)
    (root / "bench.ini").write_text(INI.format(root=root, port=FIRST_PORT))
    sys.path.insert(0, str(root))
    return root


def fill() -> None:
    """Write the rows of the example."""
    from components.articles.service import publish
    from components.favorites.service import add
    from components.users.entities import Member

    with unit_of_work():
        members = [
            Member(
                username=f"author{number}",
                email=f"{number}@example.org",
                password_hash="none",
                bio="A bio",
            )
            for number in range(AUTHORS)
        ]
        for number in range(ARTICLES):
            values: dict[str, Any] = {
                "title": f"Article {number}",
                "description": "About it. " * 5,
                "body": "All of it. " * 200,
                "tag_list": [f"tag{(number + each) % TAGS}" for each in range(TAGS_EACH)],
            }
            article = publish(members[number % AUTHORS], values)
            for each in range(FAVORITES_EACH):
                add(article, members[(number + each) % AUTHORS])


def make_peer(root: Path, peer: Path, python: str) -> dict[str, str]:
    """Make the peer's database on the same server, and return the peer's environment."""
    server = EmbeddedServer(root / ".berceau" / "postgres")
    admin = server.admin_url("postgres")
    with connect(admin, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE django")
    ((host, port),) = admin.hosts
    environment = {
        "DATABASE_URL": f"postgresql://{admin.user}@/django",
        "PGHOST": host,
        "PGPORT": str(port),
        "ALLOWED_HOSTS": "127.0.0.1",
        "PYTHONPATH": f"{peer}:{peer / 'apps'}",
        "PEER_PYTHON": python,
    }
    manage(peer, environment, "migrate")
    manage(peer, environment, "shell", "-c", FILL_DJANGO)
    return environment


def manage(peer: Path, environment: dict[str, str], *arguments: str) -> str:
    """Run a command of Django, and return what it prints."""
    done = subprocess.run(
        [environment["PEER_PYTHON"], "manage.py", *arguments],
        cwd=peer,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


def count_queries(peer: Path, environment: dict[str, str]) -> int:
    """Return how many queries the peer's list takes."""
    return int(manage(peer, environment, "shell", "-c", COUNT_DJANGO).split()[-1])


@contextmanager
def served(
    command: list[str], where: Path, environment: dict[str, str], port: int
) -> Iterator[None]:
    """Serve while the body runs; the list is there then."""
    process = subprocess.Popen(
        command, cwd=where, env=os.environ | environment, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(200):
            with suppress(OSError), urlopen(f"http://127.0.0.1:{port}{LIST}"):
                break
            time.sleep(0.1)
        else:
            sys.exit(f"Nothing answers at port {port}.")
        yield
    finally:
        process.terminate()
        process.wait()


def compare_lists() -> None:
    """Check that both list the same articles, with all that belongs to them."""
    seen = []
    for number in range(2):
        with urlopen(f"http://127.0.0.1:{FIRST_PORT + number}{LIST}") as answer:
            found = json.load(answer)
        assert found["articlesCount"] == ARTICLES
        assert len(found["articles"]) == SHOWN
        seen.append(
            [
                (
                    *(each[name] for name in ("slug", "title", "tagList", "favoritesCount")),
                    each["author"]["username"],
                )
                for each in found["articles"]
            ]
        )
    assert seen[0] == seen[1], "the lists differ"


def measure(rounds: int, seconds: int) -> None:
    """Ask each in turn, and print the medians."""
    found: dict[str, list[float]] = {"berceau": [], PEER: []}
    for _ in range(rounds):
        for number, figures in enumerate(found.values()):
            figures.append(requests_a_second([FIRST_PORT + number], seconds, LIST))
    ratios = [a / b for a, b in zip(found["berceau"], found[PEER], strict=True)]
    for name, figures in found.items():
        print(f"{name:8} {statistics.median(figures):6.0f} requests/s")
    print(
        f"berceau / {PEER}: {statistics.median(ratios):.2f} "
        f"(by round {min(ratios):.2f} to {max(ratios):.2f})"
    )


if __name__ == "__main__":
    main()

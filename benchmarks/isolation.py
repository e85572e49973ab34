"""What isolation adds to a test, and 200 WebTest tests of the demo against pytest-django.

Both run the same tests, of benchmarks/testing, on the same models and the same server, in turns.
Each figure of the second part is a whole process, in seconds.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from project import generate, write

sys.path.insert(0, str(Path(__file__).parent / "testing"))
import django_site

from berceau.orm import unit_of_work
from berceau.postgres.embedded.server import EmbeddedServer
from berceau.settings import load
from berceau.testing.worker import Worker

ROOT = Path(__file__).parents[1]
TESTS = Path(__file__).parent / "testing"
PAGE = Path(__file__).parent / "pages" / "django_page.html"
PLUGINS = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")  # as where they aren't installed
TABLES = 20
BLOCK = 25
FIELDS = ("title", "content", "name", "email")


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--workers", type=int, nargs="*", default=[1, 2, 4])
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)  # PostgreSQL runs as another account where we are root
        with served(root / "tables"):
            measure_overhead(root / "tables")
        with served(root / "berceau") as server:
            make_demo(root / "berceau")
            make_django(root / "django", server)
            measure_runs(root, arguments.rounds, arguments.workers)


@contextmanager
def served(root: Path) -> Iterator[EmbeddedServer]:
    """Let the embedded server of the project in ``root`` run while the body does."""
    server = EmbeddedServer(root / ".berceau" / "postgres")
    server.start()
    try:
        yield server
    finally:
        server.stop()


def measure_overhead(root: Path) -> None:
    """Print what isolation adds to a test in a schema of 20 tables, in milliseconds."""
    generate(root, TABLES // 2)
    migrate = [sys.executable, "-m", "invoke", "migrate", "--no-input"]
    subprocess.run(migrate, cwd=root, check=True, capture_output=True)
    worker = Worker(load(root))
    entities = sys.modules["components.c000.entities"]

    def body() -> None:
        with unit_of_work():
            notebook = entities.C000Notebook(name="A notebook")
            entities.C000Note(title="A note", notebook=notebook)
        with unit_of_work():
            entities.C000Notebook.get(name="A notebook").delete()

    def test(*, commits: bool = False) -> None:
        with worker.test(commits=commits):
            body()

    alone, rolled_back = [], []
    try:
        for _ in range(12):  # in turns, as the machine's speed varies
            with worker.test(commits=False):
                body()
                alone += [seconds(body) for _ in range(BLOCK)]
            rolled_back += [seconds(test) for _ in range(BLOCK)]
        committed = [seconds(lambda: test(commits=True)) for _ in range(BLOCK)]
        empty = [seconds(lambda: leave(worker)) for _ in range(BLOCK)]
    finally:
        worker.close()
    found = [statistics.median(each) * 1000 for each in (alone, rolled_back, committed, empty)]
    print(f"{TABLES} tables, milliseconds a test, medians")
    print(f"  what the test does, without isolation's begin and end  {found[0]:5.2f}")
    print(f"  the test, rolled back                                  {found[1]:5.2f}")
    print(f"  the test, with the marker commits                      {found[2]:5.2f}")
    print(f"  a test that asks for the database and leaves it alone  {found[3]:5.2f}")
    print(f"  overhead of isolation: {found[1] - found[0]:.2f}", flush=True)


def leave(worker: Worker) -> None:
    """Run a test that asks for a database and doesn't use it."""
    with worker.test(commits=False):
        pass


def seconds(work: Callable[[], None]) -> float:
    """Return how long ``work`` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def make_demo(root: Path) -> None:
    """Make a project of the demo, with the tests to measure."""
    for name in ("components", "migrations"):
        shutil.copytree(ROOT / name, root / name)
    shutil.copy(ROOT / "tasks.py", root)
    tests = root / "components" / "demo" / "tests"
    shutil.rmtree(tests)
    tests.mkdir()
    shutil.copy(TESTS / "test_posts.py", tests)
    shutil.copy(TESTS / "berceau_conftest.py", tests / "conftest.py")
    write(root / "pytest.ini", "[pytest]\n")


def make_django(root: Path, server: EmbeddedServer) -> None:
    """Make the same in Django."""
    host, port = server.owner_url.hosts[0]
    settings = django_site.SETTINGS.format(user="postgres", password="", host=host, port=str(port))
    write(root / "settings.py", settings)
    for name in ("models", "views", "urls"):
        write(root / "posts" / f"{name}.py", getattr(django_site, name.upper()))
    write(root / "posts" / "__init__.py", "")
    write(root / "posts" / "templates" / "posts.html", page())
    write(root / "pytest.ini", "[pytest]\nDJANGO_SETTINGS_MODULE = settings\npythonpath = .\n")
    shutil.copy(TESTS / "test_posts.py", root)
    shutil.copy(TESTS / "django_conftest.py", root / "conftest.py")
    subprocess.run(
        [sys.executable, "-m", "django", "makemigrations", "posts"],
        cwd=root,
        check=True,
        capture_output=True,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": str(root)},
    )


def page() -> str:
    """Return the page of benchmarks/pages with a form that keeps what was typed."""
    text = PAGE.read_text()
    for name in FIELDS:
        value = f"{{{{ form.{name}.value|default_if_none:'' }}}}"
        error = f'{{% for e in form.{name}.errors %}}<p class="error">{{{{ e }}}}</p>{{% endfor %}}'
        text = text.replace(f'name="{name}" value=""', f'name="{name}" value="{value}"')
        text = text.replace(f'<label for="{name}">', f'{error}<label for="{name}">')
    return text


def measure_runs(root: Path, rounds: int, workers: list[int]) -> None:
    """Print the seconds of whole runs, and what Berceau's take of the others'."""
    runs: Mapping[str, tuple[str, tuple[str, ...]]] = {
        "Berceau": ("berceau", ("-p", "no:django")),
        "pytest-django": ("django", ("--create-db",)),
        "pytest-django --reuse-db": ("django", ("--reuse-db",)),
    }
    print(f"\n200 WebTest tests, seconds, medians of {rounds}")
    for count in workers:
        found: dict[str, list[float]] = {name: [] for name in runs}
        for number in range(rounds + 1):
            for name, (folder, arguments) in runs.items():
                seconds = run(root / folder, "-n", str(count if count > 1 else 0), *arguments)
                if number:  # the first fills caches
                    found[name].append(seconds)
        medians = {name: statistics.median(each) for name, each in found.items()}
        ours = medians["Berceau"]
        for name, seconds in medians.items():
            ratio = "" if name == "Berceau" else f"   {ours / seconds:.2f} of it"
            print(f"  {count} workers  {name:26} {seconds:6.2f}{ratio}", flush=True)


def run(folder: Path, *arguments: str) -> float:
    """Return the seconds that a run of pytest takes."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", *PLUGINS, *arguments],
        cwd=folder,
        env={k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - started
    if done.returncode or "200 passed" not in done.stdout:
        sys.exit(f"{folder}: {done.stdout}{done.stderr}")
    return seconds


if __name__ == "__main__":
    main()

"""What watching queries costs: recorded in 200 tests of the demo's page, and in its requests.

The tests run in turns without recording, with it, and with the comparison of all plans at their
end. Processor seconds of the whole process of pytest are compared, pair by pair: unlike times,
they depend little on how busy the machine is.

With ``--against REV``, the demo's page of 20 posts is asked in one process, by the code of that
revision and by this one's, in turns.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_urlsafe
from time import process_time

ROOT = Path(__file__).parents[1]
PLANS = Path("tests") / "plans.json"
REQUESTS = 1500
ONE = "--one-process"


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--requests", action="store_true", help="measure requests only")
    options.add_argument("--against", metavar="REV", help="the code to compare requests with")
    options.add_argument(ONE, metavar="URL", help=argparse.SUPPRESS)
    arguments = options.parse_args()
    if arguments.one_process:
        print(seconds_of_a_request(arguments.one_process))
        return
    with tempfile.TemporaryDirectory() as folder, project(Path(folder) / "demo") as root:
        if not arguments.requests:
            measure_tests(root, arguments.rounds)
        if arguments.against:
            with revision(arguments.against, Path(folder) / "before") as before:
                measure_requests(root, before, arguments.rounds)


@contextmanager
def project(root: Path) -> Iterator[Path]:
    """Make a project of the demo with the tests to measure, and stop its server at the end."""
    sys.path.insert(0, str(ROOT))  # not where the code of another revision is to be found
    from benchmarks.isolation import make_demo

    root.mkdir()
    root.parent.chmod(0o755)  # PostgreSQL runs as another account where we are root
    make_demo(root)
    try:
        run(root, "invoke", "migrate.deploy")
        run(root, "invoke", "stats.save")
        run(root, sys.executable, "-m", "pytest", "-q", "--update-plans")
        yield root
    finally:
        run(root, "invoke", "db.stop")


@contextmanager
def revision(name: str, folder: Path) -> Iterator[Path]:
    """Check the revision ``name`` out for as long as the body runs."""
    run(ROOT, "git", "worktree", "add", "--detach", str(folder), name)
    try:
        yield folder
    finally:
        run(ROOT, "git", "worktree", "remove", "--force", str(folder))


def measure_tests(root: Path, rounds: int) -> None:
    """Print what recording and comparing add to a run."""
    kept = root / "plans.json"
    shutil.move(root / PLANS, kept)

    def tests(*arguments: str, compares: bool = False) -> Callable[[], float]:
        def measured() -> float:
            if compares:
                shutil.copy(kept, root / PLANS)
            spent = processor_seconds(root, "-m", "pytest", "-q", *arguments)
            (root / PLANS).unlink(missing_ok=True)
            return spent

        return measured

    compare(
        "200 tests, processor seconds",
        {
            "without": tests(),
            "recorded": tests("--record-queries"),
            "recorded, plans compared": tests("--record-queries", compares=True),
        },
        rounds,
    )


def measure_requests(root: Path, before: Path, rounds: int) -> None:
    """Print what watching adds to a request."""
    url = run(root, "invoke", "db.url").strip()

    def requests(code: Path) -> Callable[[], float]:
        arguments = (str(Path(__file__)), ONE, url)
        environment = {"PYTHONPATH": f"{code}{os.pathsep}{root}"}
        return lambda: float(run(root, sys.executable, *arguments, **environment)) * 1e6

    compare(
        "A page of 20 posts in production, microseconds of processor time",
        {"before": requests(before), "now": requests(ROOT)},
        rounds,
    )


def seconds_of_a_request(url: str) -> float:
    """Return the processor seconds of a request to the demo's page, in this process."""
    from webtest import TestApp

    import berceau
    from berceau.orm import unit_of_work
    from berceau.settings import load
    from berceau.web.app import make_app
    from components.demo.entities import DemoPost, DemoUser

    if not Path(berceau.__file__).is_relative_to(os.environ["PYTHONPATH"].partition(os.pathsep)[0]):
        sys.exit(f"{berceau.__file__} isn't what is to be measured.")
    os.environ |= {"DATABASE_URL": url, "BERCEAU_SECRET": token_urlsafe(48)}
    settings = load(Path.cwd(), {"berceau.hosts": "localhost"})
    app = TestApp(make_app(settings))
    with unit_of_work():
        if not DemoPost.select().exists():
            author = DemoUser(name="Ada", email="ada@example.org")
            for number in range(20):
                DemoPost(title=f"Post {number}", content="Some text. " * 9, author=author)
    environ = {"REQUEST_METHOD": "GET"}
    for _ in range(100):
        app.get("/demo/posts", extra_environ=environ)
    begin = process_time()
    for _ in range(REQUESTS):
        app.get("/demo/posts", extra_environ=environ)
    return (process_time() - begin) / REQUESTS


def compare(title: str, kinds: Mapping[str, Callable[[], float]], rounds: int) -> None:
    """Print the medians of ``kinds``, and of what each adds to the first in the same round."""
    found: dict[str, list[float]] = {name: [] for name in kinds}
    for number in range(rounds + 1):
        for name, measured in kinds.items():
            value = measured()
            if number:  # the first round warms up
                found[name].append(value)
    print(f"\n{title}, medians of {rounds} rounds")
    first, *_ = found.values()
    for name, values in found.items():
        added = statistics.median(one / other - 1 for one, other in zip(values, first, strict=True))
        print(f"  {name:26} {statistics.median(values):8.3f}  {added:+7.2%}")


def processor_seconds(root: Path, *arguments: str) -> float:
    """Run Python with ``arguments``; return what it used of the processor, its children too."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(root, sys.executable, *arguments)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def run(root: Path, *command: str, **environment: str) -> str:
    """Run a command in ``root``, which must succeed; return what it prints."""
    given = {name: value for name, value in os.environ.items() if "DATABASE_URL" not in name}
    done = subprocess.run(
        _on_path(command),
        cwd=root,
        env=given | environment,
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _on_path(command: Sequence[str]) -> Sequence[str]:
    beside = Path(sys.executable).parent / command[0]
    return [str(beside), *command[1:]] if beside.is_file() else command


if __name__ == "__main__":
    main()

"""What the console adds to a request of the application, where it is off and where it is on.

Run: python benchmarks/console.py [--before REF] [--after REF] [--rounds 40] [--requests 25]
Each variant is a process of its own that serves the demo's list of posts, without a network. They
take turns: in each round, each makes so many requests, and the medians of rounds are compared in
pairs. What is measured is the processor time of the thread that answers. REF are revisions of git
from before the console and with it, whose code runs on the same database; by default, the second
is what is checked out.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import fields, replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
PATH = "/demo/posts"


def serve(variant: str, requests: int) -> None:
    """Answer each line of standard input by the median of so many requests, in microseconds."""
    from webtest import TestApp

    from berceau.settings import Settings, load
    from berceau.web.app import DEVELOPMENT, make_app

    settings = replace(load(ROOT), development=True)
    if "console" in {each.name for each in fields(Settings)}:
        settings = replace(settings, console=variant == "on")
    app = TestApp(make_app(settings, includes=DEVELOPMENT))
    for _ in range(50):
        app.get(PATH)
    print("ready", flush=True)
    for _ in sys.stdin:
        taken = []
        for _ in range(requests):
            begin = time.thread_time()
            app.get(PATH)
            taken.append(time.thread_time() - begin)
        print(statistics.median(taken) * 1e6, flush=True)


def start(stack: ExitStack, variant: str, tree: Path, requests: int) -> subprocess.Popen[str]:
    """Start the process of a variant, whose code is in the folder ``tree``."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--serve", variant, "--requests", str(requests)],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(tree)},
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    stack.callback(process.kill)
    line = process.stdout.readline()
    assert line == "ready\n", line
    return process


def checkout(stack: ExitStack, revision: str) -> Path:
    """Return a folder with the code of ``revision``."""
    tree = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    archive = subprocess.run(
        ["git", "archive", revision, "berceau"], cwd=ROOT, capture_output=True, check=True
    )
    subprocess.run(["tar", "-x", "-C", tree], input=archive.stdout, check=True)
    return tree


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", metavar="REF")
    parser.add_argument("--after", metavar="REF")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--requests", type=int, default=25)
    parser.add_argument("--serve", choices=("before", "off", "on"))
    given = parser.parse_args()
    if given.serve:
        serve(given.serve, given.requests)
        return
    with ExitStack() as stack:
        trees = {"before": checkout(stack, given.before)} if given.before else {}
        with_it = checkout(stack, given.after) if given.after else ROOT
        trees |= {"off": with_it, "on": with_it}
        running = {
            variant: start(stack, variant, tree, given.requests) for variant, tree in trees.items()
        }
        taken: dict[str, list[float]] = {variant: [] for variant in running}
        for _ in range(given.rounds):
            for variant, process in running.items():
                print(file=process.stdin, flush=True)
                taken[variant].append(float(process.stdout.readline()))
    first, *others = taken
    print(f"{first}: {statistics.median(taken[first]):.0f} µs a request")
    for variant in others:
        pairs = [after - base for base, after in zip(taken[first], taken[variant], strict=True)]
        low, middle, high = statistics.quantiles(pairs, n=4)
        print(
            f"{variant}: {statistics.median(taken[variant]):.0f} µs; "
            f"{middle:+.0f} µs than {first} (quartiles {low:+.0f} and {high:+.0f})"
        )


if __name__ == "__main__":
    main()

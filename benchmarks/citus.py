"""What strikes servers of Citus while visitors write: what was lost, and how long until all go on.

A coordinator, two other servers and a spare one run on loopback, from the programs in the folder
BERCEAU_TEST_CITUS_PROGRAMS. Two processes serve an application with four tenants, a table that is
on all servers and a distributed one. Seven visitors write: notes of tenants, events, or both in one
unit of work. Prints a table; exits with 1 where a visitor was told what isn't so.
"""

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT))
from tests.citus.cluster import VARIABLE, cluster, programs  # noqa: E402 - found once it is searched
from tests.citus.drills import FAULTS, Cost, attempt  # noqa: E402 - the same
from tests.citus.site import site  # noqa: E402 - the same

COLUMNS = ("saved", "refused", "unknown", "late", "lost", "doubled", "halves", "denied")


def main() -> None:
    """Let each fault strike, and print what it cost."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", default="", help="a part of the name of the faults to try")
    options.add_argument("--seconds", type=float, default=4, help="before and after each fault")
    arguments = options.parse_args()
    folder = programs()
    if folder is None:
        sys.exit(f"{VARIABLE} isn't set: it names the programs of a PostgreSQL with Citus")
    print(
        f"{'fault':40}",
        *(f"{name:>8}" for name in COLUMNS),
        " slowest  others  recovery  statuses",
    )
    false = 0
    with (
        tempfile.TemporaryDirectory() as place,
        cluster(folder) as servers,
        site(Path(place), servers) as running,
    ):
        for name, strike in FAULTS.items():
            if arguments.only in name:
                cost = attempt(running, strike, arguments.seconds)
                show(name, cost)
                false += cost.false
    sys.exit(1 if false else 0)


def show(name: str, cost: Cost) -> None:
    """Print a line of the table, and what was answered beside 200 and 503."""
    print(
        f"{name:40}",
        *(f"{getattr(cost, column):8}" for column in COLUMNS),
        f"{cost.slowest:8.2f}{cost.healthy:8.2f}{cost.recovery:10.2f}  {dict(cost.statuses)}",
        flush=True,
    )
    for line in sorted(set(cost.strange))[:3]:
        print("   ", line)


if __name__ == "__main__":
    main()

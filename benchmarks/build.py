"""How long `invoke build` takes with 1, 100 and 500 components, phase by phase.

Run: python benchmarks/build.py [--runs 5]
A cold build finds nothing of an earlier one, Python's own bytecode of the components included. Each
run has a project of its own: file systems are slow to make files where many were just deleted.
The peers: Python itself, importing the same entity files with plain `import`, without Berceau; and
`prisma generate` on the same models, where `npm install --prefix benchmarks` has installed it.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from peers import PRISMA_ENVIRONMENT, generate_prisma
from project import generate, plain_environment

PRISMA = Path(__file__).parent / "node_modules" / ".bin" / "prisma"
BUILD = [sys.executable, "-m", "invoke", "build", "--json"]

BEYOND = ("discover", "compare", "check")
"""What a build does before it imports anything."""

IMPORT = """
import importlib, sys, time
from pathlib import Path
import pyramid.config, pony.orm, berceau.orm, datetime, enum, uuid
sys.path.insert(0, ".")
start = time.perf_counter()
for path in sorted(Path("components").iterdir()):
    if (path / "entities.py").is_file():
        importlib.import_module(f"components.{path.name}.entities")
print(time.perf_counter() - start)
"""


def main() -> None:
    """Measure projects of three sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--components", type=int, nargs="+", default=[1, 100, 500])
    options = parser.parse_args()
    print("milliseconds, medians; whole: the process from start to end")
    for components in options.components:
        with tempfile.TemporaryDirectory() as folder:
            roots = [Path(folder) / str(run) for run in range(options.runs)]
            for root in roots:
                generate(root, components)
                generate_prisma(root / "prisma", components)
            measure(roots, components)


def measure(roots: list[Path], components: int) -> None:
    """Print the medians over equal projects: cold and unchanged builds, and those of the peers."""
    cold, unchanged, imported, prisma = [], [], [], []
    for root in roots:
        cold.append(build(root))
        unchanged.append(build(root))
        imported.append(float(run(root, [sys.executable, "-c", IMPORT])) * 1000)
        if PRISMA.exists():
            prisma.append(prisma_generate(root / "prisma"))
    phases = {
        name: statistics.median(each[name] for each in cold) for name in cold[0] if name != "whole"
    }
    beyond = sum(took for name, took in phases.items() if name in BEYOND)
    imports = statistics.median(imported)
    print(f"\n{components} components")
    print("  cold      ", ", ".join(f"{name} {took:.0f}" for name, took in phases.items()))
    print(f"  cold       whole {median(cold):.0f}")
    print(f"  unchanged  whole {median(unchanged):.0f}")
    print(f"  discovery beyond importing {beyond:.0f}; plain imports {imports:.0f}")
    print(f"  ratio of all phases to plain imports {sum(phases.values()) / imports:.2f}")
    if prisma:
        peer = statistics.median(prisma)
        print(f"  prisma generate {peer:.0f}; cold build / prisma {median(cold) / peer:.2f}")
    else:
        print("  prisma isn't installed: npm install --prefix benchmarks")


def median(runs: list[dict[str, float]]) -> float:
    """Return the median time of whole processes, in milliseconds."""
    return statistics.median(each["whole"] for each in runs)


def build(root: Path) -> dict[str, float]:
    """Build the project and return the milliseconds of each phase, and of the whole process."""
    start = time.perf_counter()
    report = json.loads(run(root, BUILD))
    whole = time.perf_counter() - start
    phases = {name: seconds * 1000 for name, seconds in report["seconds"].items()}
    return phases | {"whole": whole * 1000}


def prisma_generate(root: Path) -> float:
    """Generate Prisma's client and return the milliseconds of the whole process."""
    start = time.perf_counter()
    run(root, [str(PRISMA), "generate", "--schema", "schema.prisma"], **PRISMA_ENVIRONMENT)
    return (time.perf_counter() - start) * 1000


def run(root: Path, command: list[str], **environment: str) -> str:
    """Return what ``command`` prints in the folder ``root``."""
    return subprocess.run(
        command,
        cwd=root,
        env=plain_environment() | environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


if __name__ == "__main__":
    main()

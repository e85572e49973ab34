"""Serve a copy of Conduit, in development or by production.ini with the roles of db.provision.

Prints the commands of RealWorld's public suites, and serves until it is interrupted. The copy has a
database server of its own, and nothing stays of both.
"""

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from urllib.parse import quote
from urllib.request import urlopen

from berceau.postgres.embedded.server import EmbeddedServer

ROOT = Path(__file__).parents[1]
PORT = 6640
SUITES = """\
Conduit answers at {address}/api ({ini}). In another terminal, for the Postman collection:

  npx newman run Conduit.postman_collection.json --global-var APIURL={address}/api \\
    --global-var USERNAME=u$(date +%s) --global-var EMAIL=u$(date +%s)@example.org \\
    --global-var PASSWORD=password

and in the folder specs/api/bruno of https://github.com/realworld-apps/realworld:

  npx @usebruno/cli run --env local --env-var host={address} -r

Ctrl-C ends it.
"""


@dataclass
class Served:
    """A running copy: where it answers, and the file that it logs to."""

    address: str
    log: Path
    process: subprocess.Popen[bytes]


def main() -> None:
    """Serve until Ctrl-C."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--production", action="store_true", help="by production.ini")
    options.add_argument("--port", type=int, default=PORT)
    arguments = options.parse_args()
    exit_tidily()
    ini = "production.ini" if arguments.production else "development.ini"
    with serving(arguments.port, production=arguments.production) as served:
        print(SUITES.format(address=served.address, ini=ini), flush=True)
        served.process.wait()


def exit_tidily() -> None:
    """Stop what was started at Ctrl-C, which a shell's background ignores, and at SIGTERM."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit())


@contextmanager
def serving(port: int, *, production: bool) -> Iterator[Served]:
    """Serve a copy at ``port`` while the body runs; its API is there then."""
    with socket.socket() as door:
        if door.connect_ex(("127.0.0.1", port)) == 0:
            sys.exit(f"Something listens at the port {port}: choose another by --port.")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another account where we are root
        root = Path(folder) / "conduit"
        ignored = shutil.ignore_patterns(".berceau", ".env", ".venv", "__pycache__")
        shutil.copytree(ROOT / "examples" / "conduit", root, ignore=ignored)
        run(root, {}, "invoke", "db.start")
        try:
            environment = prepare(root) if production else {}
            run(root, environment, "invoke", "migrate.deploy")
            command = serve_by(root, port, production=production)
            with started(root, environment, command, f"http://127.0.0.1:{port}") as served:
                yield served
        finally:
            run(root, {}, "invoke", "db.stop")


def prepare(root: Path) -> dict[str, str]:
    """Provision a database with two roles; return the environment that names them."""
    admin = EmbeddedServer(root / ".berceau" / "postgres").admin_url("postgres")
    ((host, number),) = admin.hosts
    secret = token_urlsafe(48)
    place = f"{quote(host, safe='')}:{number}/conduit"
    environment = {
        "BERCEAU_SECRET": secret,
        "DATABASE_URL": f"postgresql://conduit_app:{secret}@{place}",
        "MIGRATION_DATABASE_URL": f"postgresql://conduit_owner:{secret}@{place}",
    }
    run(root, environment, "invoke", "db.provision", f"--admin-url={admin.with_password()}")
    ini = root / "production.ini"
    ini.write_text(re.sub(r"(?m)^berceau.hosts = .*", "berceau.hosts = 127.0.0.1", ini.read_text()))
    return environment


def serve_by(root: Path, port: int, *, production: bool) -> list[str]:
    """Return the command that serves."""
    if production:
        return ["pserve", "production.ini", f"http_port={port}", f"metrics_port={port + 1}"]
    ini = root / "development.ini"
    ini.write_text(ini.read_text().replace("127.0.0.1:6543", f"127.0.0.1:{port}"))
    return ["pserve", "development.ini"]


def run(root: Path, environment: Mapping[str, str], *command: str) -> None:
    """Run a command of the project; what it says is shown where it fails."""
    done = subprocess.run(
        with_path(command), cwd=root, env=clean() | environment, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stdout}{done.stderr}")


@contextmanager
def started(
    root: Path, environment: Mapping[str, str], command: list[str], address: str
) -> Iterator[Served]:
    """Run the server while the body runs."""
    path = root / "log"
    with path.open("wb") as log:
        process = subprocess.Popen(
            with_path(command), cwd=root, env=clean() | environment, stderr=log
        )
    try:
        served = Served(address, path, process)
        wait(served)
        yield served
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def with_path(command: list[str] | tuple[str, ...]) -> list[str]:
    """Return ``command`` with the path of this environment's programs."""
    return [str(Path(sys.executable).with_name(command[0])), *command[1:]]


def clean() -> dict[str, str]:
    """Return the environment without what names another database."""
    return {name: value for name, value in os.environ.items() if "DATABASE_URL" not in name}


def wait(served: Served) -> None:
    """Wait until the API answers."""
    for _ in range(300):
        with suppress(OSError), urlopen(f"{served.address}/api/tags"):
            return
        if served.process.poll() is not None:
            break
        time.sleep(0.1)
    sys.exit(f"Nothing answers at {served.address}: {served.log.read_text()}")


if __name__ == "__main__":
    main()

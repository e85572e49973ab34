"""The operating system's account that the embedded server runs as: PostgreSQL refuses root."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from berceau.errors import ServerError

ROOT = 0
SHARED = Path("/var/lib/berceau")
# Nothing of the caller's environment: PG* and LC_* variables would change what PostgreSQL does.
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"}


@dataclass(frozen=True)
class Account:
    """A user and group to run programs as; ``switch`` is whether that isn't this process's."""

    uid: int
    gid: int
    switch: bool

    @classmethod
    def choose(cls, folder: Path) -> Self:
        """Return the account for a server with its data in ``folder``, which needn't exist.

        That is ourselves; for root, the owner of the nearest folder that exists, or ``nobody``.
        """
        if os.geteuid() != ROOT:
            return cls(os.geteuid(), os.getegid(), switch=False)
        nearest = next(path for path in (folder, *folder.parents) if path.exists())
        with suppress(KeyError):  # an owner without an entry isn't an account: common in containers
            entry = pwd.getpwuid(nearest.stat().st_uid)
            if entry.pw_uid != ROOT:
                return cls(entry.pw_uid, entry.pw_gid, switch=True)
        with suppress(KeyError):
            entry = pwd.getpwnam("nobody")
            return cls(entry.pw_uid, entry.pw_gid, switch=True)
        raise ServerError(
            "PostgreSQL refuses to run as root, and this machine has no account 'nobody'.",
            cure="Run as an ordinary user, or set DATABASE_URL to a server of your own.",
        )

    def own(self, path: Path) -> None:
        """Give the account ``path`` and all that is in it."""
        if self.switch:
            for each in (path, *path.rglob("*")):
                os.chown(each, self.uid, self.gid, follow_symlinks=False)

    def open_own(self, path: Path) -> IO[bytes]:
        """Open the file ``path`` for more, which only the account may read from now on."""
        opened = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
        os.fchmod(opened, 0o600)
        self.own(path)
        return os.fdopen(opened, "ab")

    def run(
        self, command: Sequence[str | Path], stderr: IO[bytes] | int = subprocess.STDOUT
    ) -> subprocess.CompletedProcess[str]:
        """Run ``command`` to its end in a session of its own, out of reach of our Ctrl-C.

        Raises ``ServerError`` where it can't be run at all.
        """
        run_as: dict[str, Any] = {}
        if self.switch:
            run_as = {"user": self.uid, "group": self.gid, "extra_groups": []}
        try:
            return subprocess.run(  # noqa: S603 - a command of our own making
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                errors="replace",
                cwd="/",
                env=ENVIRONMENT,
                start_new_session=True,
                check=False,
                **run_as,
            )
        except OSError as error:
            raise ServerError(
                f"{command[0]} can't be run by user {self.uid}: {error.strerror}.",
                cure="Let this user run it, or set DATABASE_URL to a server of your own.",
            ) from error

    def reaches(self, folder: Path) -> bool:
        """Return whether the account can enter ``folder``."""
        return self.run(["/bin/sh", "-c", 'cd -- "$1"', "sh", folder]).returncode == 0

    def can_run(self, program: Path) -> bool:
        """Return whether the account can execute ``program`` with the libraries beside it."""
        try:
            return self.run([program, "--version"]).returncode == 0
        except ServerError:
            return False


def shared_folder() -> Path:
    """Return a folder that every account can enter and only root can change; for root."""
    SHARED.mkdir(exist_ok=True)
    SHARED.chmod(0o755)
    return SHARED

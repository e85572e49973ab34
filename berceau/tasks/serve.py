"""``invoke serve``: from a fresh clone to the running application."""

import os
import socket
import sys
from contextlib import suppress
from pathlib import Path

from invoke.context import Context

from berceau.errors import DataLossError, RenameError, SettingsError
from berceau.settings import Settings
from berceau.settings.sources import read_ini
from berceau.tasks.command import command
from berceau.tasks.migrate.write import migrate_project
from berceau.tasks.project import load, say


@command(help={"ini": "the settings file to serve"})
def serve(_: Context, ini: str = "development.ini") -> None:
    """Build, migrate the embedded database, and serve with reload."""
    settings = load()
    _check(settings.root / ini)
    if settings.database_url is None:
        _migrate(settings)
    os.chdir(settings.root)
    command_line = [sys.executable, "-m", "pyramid.scripts.pserve", ini, "--reload"]
    os.execv(sys.executable, command_line)  # noqa: S606 - no shell is wanted


def _check(ini: Path) -> None:
    """Refuse what the server, once it runs, could only answer with a traceback."""
    from plaster import get_settings

    if not ini.is_file():
        raise SettingsError(
            f"There is no {ini.name} in {ini.parent}.", cure="Name another one: --ini FILE."
        )
    read_ini(ini.parent, ini.name)
    for address in get_settings(str(ini), "server:main").get("listen", "").split():
        host, _, port = address.rpartition(":")
        with (
            suppress(OSError, ValueError),
            socket.create_connection((host.strip("[]"), int(port)), timeout=1),
        ):
            raise SettingsError(
                f"Another program listens on {address}, perhaps another `invoke serve`.",
                cure=f"Stop it, or change `listen` in {ini.name}.",
            )


def _migrate(settings: Settings) -> None:
    """Migrate, unless that may lose data: a component that was taken out leaves its tables."""
    from berceau.workflows.write.migrate import Options

    try:
        migrate_project(settings, Options(), ask=None)
    except DataLossError as error:
        say(f"Not migrated: {error.message[0].lower()}{error.message[1:]}")
        say("  If that is meant: invoke migrate --allow-data-loss")
    except RenameError as error:
        say(f"Not migrated: {error.message}")
        say("  Settle it: invoke migrate")

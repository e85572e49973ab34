"""The place for files that settings name, for whatever works with files."""

from berceau.files import files
from berceau.settings import Settings
from berceau.settings.own import S3_VARIABLES


def connect_files(settings: Settings) -> None:
    """Let ``files`` use the place that ``settings`` name from now on."""
    files.connect(place_of(settings), _s3_options(settings))


def place_of(settings: Settings) -> str | None:
    """Return the URL of the place for files, ``None`` where none is chosen."""
    return settings.storage_url or _default(settings)


def _default(settings: Settings) -> str | None:
    """Return the folder for a developer's files; in production, a place must be chosen."""
    return (settings.state / "files").absolute().as_uri() if settings.development else None


def _s3_options(settings: Settings) -> dict[str, str]:
    """Return what the environment or ``.env`` says of a bucket, by names of small letters."""
    found = {name: settings.sources.find(name, "") for name in S3_VARIABLES}
    return {name.lower(): each.value for name, each in found.items() if each is not None}

"""What ``pyproject.toml`` has for Berceau: the tables below ``[tool.berceau]``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from berceau.errors import Location, SettingsError


class Pyproject:
    """The file, read once; one that isn't there has nothing. Each method raises ``SettingsError``.

    What it returns is in a ``table``, under a ``key``.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._tables: Any = {}
        if file.is_file():
            import tomllib  # without the file, a command starts faster

            try:
                content = tomllib.loads(file.read_text(encoding="utf-8"))
                self._tables = content.get("tool", {}).get("berceau", {})
            except (ValueError, AttributeError) as error:
                raise self._unreadable(error) from error

    def texts(self, table: str, key: str, example: str) -> tuple[str, ...]:
        """Return a list of texts; the ``example`` is one for the error."""
        texts = self._table(table).get(key, [])
        if not (isinstance(texts, list) and all(isinstance(each, str) and each for each in texts)):
            raise self._wrong(
                f"{key} of [tool.berceau.{table}] isn't a list of strings: {texts!r}.",
                f'{key} = ["{example}"] under [tool.berceau.{table}].',
            )
        return tuple(texts)

    def switch(self, table: str, key: str) -> bool:
        """Return what is true or false, false where nothing is said."""
        found = self._table(table).get(key, False)
        if not isinstance(found, bool):
            raise self._wrong(
                f"{key} of [tool.berceau.{table}] is neither true nor false: {found!r}.",
                f"{key} = true under [tool.berceau.{table}].",
            )
        return found

    def file_name(self, table: str, key: str, example: str) -> str | None:
        """Return the name of a file, if there is one; the ``example`` is one for the error."""
        found = self._table(table).get(key)
        if found is not None and not (isinstance(found, str) and found):
            raise self._wrong(
                f"{key} of [tool.berceau.{table}] isn't the name of a file: {found!r}.",
                f'{key} = "{example}" under [tool.berceau.{table}].',
            )
        return found

    def _table(self, name: str) -> Mapping[str, Any]:
        try:
            return dict(self._tables.get(name, {}))
        except (ValueError, AttributeError, TypeError) as error:
            raise self._unreadable(error) from error

    def _wrong(self, message: str, line: str) -> SettingsError:
        return SettingsError(message, where=Location(file=self._file), cure=f"Write {line}")

    def _unreadable(self, error: Exception) -> SettingsError:
        return SettingsError(
            f"It can't be read: {error}.", where=Location(file=self._file), cure="Correct it."
        )

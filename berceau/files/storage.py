"""The place for files, whose writes and removals follow the unit of work."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from secrets import token_hex
from types import MappingProxyType
from typing import IO, Any
from urllib.parse import unquote, urlsplit

from berceau.errors import SettingsError, StorageError
from berceau.orm.tenants import current_tenant
from berceau.orm.unit import current_unit
from berceau.tenancy import Tenant

KEY = re.compile(r"[0-9a-f]{32}")
"""What a file is stored under: nothing that a visitor chose, and nothing to be guessed."""

PIECE = 64 * 1024
IN_MEMORY = "memory:///"
NONE: Mapping[str, str] = MappingProxyType({})

# A unit of work waits meanwhile: a store that doesn't answer must not keep its connection for long.
_CLIENT: Any = {
    "timeout": timedelta(seconds=30),
    "connect_timeout": timedelta(seconds=5),
    "allow_http": True,  # whose endpoint is http:// means it: a server of the same network
}
_RETRY: Any = {"max_retries": 3, "retry_timeout": timedelta(seconds=30)}


class Storage:
    """Files by their keys, in the folder or the bucket that a URL names.

    Those of a tenant are in a folder of its own: for others, its keys have no file.
    """

    def __init__(self) -> None:
        self._url: str | None = None
        self._s3_options: Mapping[str, str] = {}
        self._opened: Any = None
        self._is_fixed = False

    def connect(self, url: str | None, s3_options: Mapping[str, str] = NONE) -> None:
        """Use the place that ``url`` names from the next call on, unless a test decides that.

        ``s3_options`` are a bucket's, such as ``aws_region``.
        """
        if not self._is_fixed:
            self._url, self._s3_options, self._opened = url, s3_options, None

    @contextmanager
    def in_memory(self) -> Iterator[None]:
        """Keep files in memory while the body runs: a test."""
        before = self._url, self._s3_options
        self.connect(IN_MEMORY)
        self._is_fixed = True
        try:
            yield
        finally:
            self._is_fixed = False
            self.connect(*before)

    def save(self, file: IO[bytes]) -> str:
        """Write all that ``file`` holds, and return the key that it is stored under.

        In a unit of work that is rolled back, it is removed again. A file is written whole or not
        at all. Raises ``StorageError``.
        """
        key = token_hex(16)
        path = _path(key)
        unit = current_unit()
        if unit is not None:
            unit.after_rollback(partial(self._delete, path))  # before: a lost answer is no failure
        file.seek(0)
        with _explained("written"):
            self._store.put(path, file, max_concurrency=2)
        return key

    def remove(self, key: str) -> None:
        """Remove a file, in a unit of work once that is committed; one that isn't there is none."""
        path = _path(key)
        unit = current_unit()
        if unit is None:
            self._delete(path)
        else:
            unit.after_commit(partial(self._delete, path))

    def size(self, key: str) -> int:
        """Return the bytes that a file has. Raises ``FileNotFoundError``, ``StorageError``."""
        path = _path(key)
        with _explained("read"):
            return int(self._store.head(path)["size"])

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Return the bytes of a file from ``start`` to before ``end``, in pieces.

        Raises ``FileNotFoundError``, ``StorageError``.
        """
        return self._read(_path(key), start, end)

    def _read(self, path: str, start: int, end: int | None) -> Iterator[bytes]:
        part: Any = {"offset": start} if end is None else (start, end)
        whole = (start, end) == (0, None)  # of an empty file, there is no part
        with _explained("read"):
            found = self._store.get(path, options=None if whole else {"range": part})
            for piece in found.stream(min_chunk_size=PIECE):
                yield bytes(piece)

    def keys(self, before: datetime | None = None) -> Iterator[str]:
        """Return the keys of all files, or of those written ``before`` a moment.

        With them, a job finds files that no row names: those of a process that was killed between
        the write and the commit. Raises ``StorageError``.
        """
        return self._keys(_folder(), before or datetime.max.replace(tzinfo=UTC))

    def _keys(self, folder: str, before: datetime) -> Iterator[str]:
        with _explained("listed"):
            for some in self._store.list(folder or None):
                for each in some:
                    key = each["path"].removeprefix(folder)
                    if each["last_modified"] < before and KEY.fullmatch(key):
                        yield key

    def _delete(self, path: str) -> None:
        with _explained("removed"), suppress(FileNotFoundError):
            self._store.delete(path)

    @property
    def _store(self) -> Any:
        if self._opened is None:
            self._opened = _open(self._url, self._s3_options)
        return self._opened


def _open(url: str | None, s3_options: Mapping[str, str]) -> Any:
    if url is None:
        raise SettingsError(
            "Files can't be stored: no place for them is configured.",
            cure="Set STORAGE_URL, as in STORAGE_URL=s3://bucket/folder, or file:///srv/shop/files.",
        )
    try:
        from obstore.exceptions import BaseError
        from obstore.store import LocalStore, from_url
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"Files need a package that isn't installed: {error.name}.",
            cure="Install it: pip install 'berceau[files]'.",
        ) from error
    parts = urlsplit(url)
    store: Any = from_url  # its types know the stores apart, a URL doesn't
    try:
        if parts.scheme == "file" and not parts.netloc:
            folder = Path(unquote(parts.path))
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # no other account's to read
            return LocalStore(folder)
        if url == IN_MEMORY:
            return store(url)
        config = s3_options if parts.scheme == "s3" else None
        return store(url, config=config, client_options=_CLIENT, retry_config=_RETRY)
    except (BaseError, ValueError, OSError) as error:
        raise SettingsError(
            f"STORAGE_URL names no place for files: {_first_line(error)}",
            cure="Use a folder, file:///srv/shop/files, or a bucket, s3://bucket/folder.",
        ) from error


def _path(key: str) -> str:
    """Return where the file with the ``key`` is: a tenant's is found for that tenant only.

    Raises ``FileNotFoundError`` for what is no key, as for a key without a file.
    """
    if not KEY.fullmatch(key):
        raise FileNotFoundError(f"{key!r} is no key of a file")
    return _folder() + key


def _folder() -> str:
    tenant = current_tenant()
    return f"tenants/{tenant}/" if isinstance(tenant, Tenant) else ""


@contextmanager
def _explained(done: str) -> Iterator[None]:
    """Turn what the store says into an error with its first line: the others are its insides."""
    from obstore.exceptions import BaseError

    try:
        yield
    except FileNotFoundError as error:
        raise FileNotFoundError(_first_line(error)) from None
    except (BaseError, OSError) as error:
        raise StorageError(
            f"A file can't be {done}: {_first_line(error)}",
            cure="Check STORAGE_URL, the store's credentials (AWS_ACCESS_KEY_ID, "
            "AWS_SECRET_ACCESS_KEY) and rights, and whether it runs.",
        ) from error


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]

"""Files in a folder, in memory and in a bucket: they follow the unit of work."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from tempfile import SpooledTemporaryFile

import pytest

from berceau.errors import SettingsError, StorageError
from berceau.files.storage import KEY, Storage
from berceau.orm import SHARED, Tenant, unit_of_work
from berceau.orm.tenants import acting_for

LARGE = bytes(range(256)) * 50_000  # 12.8 MB: three parts of an upload to a bucket


class Undo(Exception):  # noqa: N818 - no error
    """Ends what is to be undone."""


def content(storage: Storage, key: str) -> bytes:
    return b"".join(storage.read(key))


@pytest.mark.parametrize("data", [b"", b"a cat", LARGE], ids=["empty", "small", "large"])
def test_a_file_is_read_as_it_was_written(storage: Storage, data: bytes) -> None:
    key = storage.save(BytesIO(data))
    assert KEY.fullmatch(key)
    assert content(storage, key) == data
    assert storage.size(key) == len(data)


def test_a_spooled_file_is_written_from_its_begin(storage: Storage) -> None:
    for size in (10, 10_000):
        with SpooledTemporaryFile(1000) as file:
            file.write(b"x" * size)
            assert storage.size(storage.save(file)) == size


@pytest.mark.parametrize(("start", "end"), [(0, 5), (3, 7), (7, None)])
def test_a_part_can_be_read(storage: Storage, start: int, end: int | None) -> None:
    key = storage.save(BytesIO(b"0123456789"))
    assert b"".join(storage.read(key, start, end)) == b"0123456789"[start:end]


def test_a_file_that_is_removed_is_gone(storage: Storage) -> None:
    key = storage.save(BytesIO(b"a cat"))
    storage.remove(key)
    storage.remove(key)
    for read in (storage.size, lambda key: content(storage, key)):
        with pytest.raises(FileNotFoundError):
            read(key)


class TestUnit:
    def test_what_is_saved_is_kept_with_its_unit(self, storage: Storage) -> None:
        with unit_of_work():
            key = storage.save(BytesIO(b"a cat"))
        assert content(storage, key) == b"a cat"

    def test_what_is_saved_is_removed_where_its_unit_is_rolled_back(self, storage: Storage) -> None:
        with suppress(Undo), unit_of_work():
            storage.save(BytesIO(b"a cat"))
            raise Undo
        assert list(storage.keys()) == []

    def test_so_is_a_part_of_it(self, storage: Storage) -> None:
        with unit_of_work() as unit:
            kept = storage.save(BytesIO(b"a cat"))
            with suppress(Undo), unit.savepoint():
                storage.save(BytesIO(b"a dog"))
                raise Undo
        assert list(storage.keys()) == [kept]

    @pytest.mark.parametrize("undone", [True, False])
    def test_what_is_removed_stays_until_the_commit(self, storage: Storage, undone: bool) -> None:
        key = storage.save(BytesIO(b"a cat"))
        with unit_of_work() as unit:
            storage.remove(key)
            assert storage.size(key) == 5
            if undone:
                unit.rollback()
        assert list(storage.keys()) == [key] * undone


def test_a_new_folder_is_closed_to_others(tmp_path: Path, connected: Callable) -> None:
    folder = tmp_path / "new" / "files"
    connected(folder.as_uri()).save(BytesIO(b"a cat"))
    assert folder.stat().st_mode & 0o777 == 0o700


def test_old_files_can_be_told_from_new_ones(storage: Storage) -> None:
    key = storage.save(BytesIO(b"a cat"))
    now = datetime.now(UTC)
    assert list(storage.keys()) == list(storage.keys(before=now + timedelta(minutes=1))) == [key]
    assert list(storage.keys(before=now - timedelta(minutes=1))) == []


@pytest.mark.parametrize("key", ["../secret", "/etc/passwd", "a/b", "", "A" * 32, "a" * 32 + "\n"])
def test_no_other_name_leads_to_a_file(tmp_path: Path, connected: Callable, key: str) -> None:
    (tmp_path / "secret").write_text("secret")
    storage = connected((tmp_path / "files").as_uri())
    for use in (storage.size, storage.remove, lambda key: list(storage.read(key))):
        with pytest.raises(FileNotFoundError):
            use(key)
    assert (tmp_path / "secret").exists()


class TestMistakes:
    def test_a_place_is_needed(self) -> None:
        with pytest.raises(SettingsError, match="no place for them") as error:
            Storage().save(BytesIO(b""))
        assert "STORAGE_URL" in str(error.value)

    @pytest.mark.parametrize("url", ["nonsense", "ftp://a/b", "s3://", "file:///dev/null/files"])
    def test_a_url_must_name_one(self, connected: Callable, url: str) -> None:
        with pytest.raises(SettingsError, match="STORAGE_URL names no place"):
            connected(url).save(BytesIO(b""))

    def test_a_store_that_doesn_t_answer_is_an_error_of_one_line(self, connected: Callable) -> None:
        storage = connected("s3://shop", "http://127.0.0.1:9")
        with pytest.raises(StorageError, match="A file can't be written: Generic S3") as error:
            storage.save(BytesIO(b"a cat"))
        assert "\n" not in error.value.message
        assert "a secret" not in f"{error.value!s}{error.value.__cause__!s}"


def test_a_test_keeps_files_in_memory(tmp_path: Path, connected: Callable) -> None:
    storage = connected(tmp_path.as_uri())
    with storage.in_memory():
        storage.connect((tmp_path / "another").as_uri())
        key = storage.save(BytesIO(b"a cat"))
        assert content(storage, key) == b"a cat"
    assert list(storage.keys()) == []
    assert list(tmp_path.iterdir()) == []


def test_a_tenant_s_file_is_found_for_that_tenant_only(storage: Storage) -> None:
    ada, bob = (Tenant(name, f"tenant_{name}") for name in ("ada", "bob"))
    with acting_for(ada):
        key = storage.save(BytesIO(b"of ada"))
        reading = storage.read(key)
    assert b"".join(reading) == b"of ada"
    shared = storage.save(BytesIO(b"shared"))
    for other in (bob, SHARED, None):
        with acting_for(other):
            with pytest.raises(FileNotFoundError):
                storage.size(key)
            storage.remove(key)
    assert list(storage.keys()) == [shared]
    with acting_for(ada):
        assert content(storage, key) == b"of ada"
        assert list(storage.keys()) == [key]
        with pytest.raises(FileNotFoundError):
            storage.size(shared)
        storage.remove(key)
        assert list(storage.keys()) == []

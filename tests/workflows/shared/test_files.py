import os
from typing import Never

import pytest

from berceau.errors import BerceauError
from berceau.workflows.shared.files import write, write_folder


def test_a_file_is_written_only_when_it_changed(tmp_path) -> None:
    path = tmp_path / "new folder" / "file.sql"
    assert write(path, "é\n")
    before = path.stat().st_mtime_ns
    assert not write(path, "é\n")
    assert path.stat().st_mtime_ns == before
    assert write(path, "e\n")
    assert path.read_text() == "e\n"


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch) -> None:
    path = tmp_path / "file.sql"
    write(path, "old")

    def disk_full(*_) -> Never:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", disk_full)
    with pytest.raises(BerceauError, match="No space"):
        write(path, "new")
    assert [each.name for each in tmp_path.iterdir()] == ["file.sql"]
    assert path.read_text() == "old"


def test_a_folder_comes_with_all_its_files_or_not_at_all(tmp_path) -> None:
    write_folder(tmp_path / "m" / "20260101000000_a", {"migration.sql": "a", "down.sql": "b"})
    assert (tmp_path / "m" / "20260101000000_a" / "down.sql").read_text() == "b"
    with pytest.raises(BerceauError, match="20260101000000_a"):
        write_folder(tmp_path / "m" / "20260101000000_a", {"migration.sql": "other"})
    assert [each.name for each in (tmp_path / "m").iterdir()] == ["20260101000000_a"]


def test_what_killed_writers_left_is_cleared_away_once_it_is_old(tmp_path) -> None:
    old, young, other = tmp_path / ".a.01234567", tmp_path / ".a.89abcdef", tmp_path / ".hidden.txt"
    for path in (old, young):
        path.mkdir()
        (path / "half").touch()
    (file := tmp_path / ".b.00000000").touch()
    other.touch()
    for path in (old, file, other):
        os.utime(path, (0, 0))
    write_folder(tmp_path / "a", {"whole": ""})
    assert {path.name for path in tmp_path.iterdir()} == {young.name, other.name, "a"}

"""Files that can't be a migration's: what is wrong is said, with the file and its line."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from berceau.errors import MigrationFileError
from berceau.workflows.deploy import migration_directory

NAME = "20260101000000_first"
OTHER = "20260102000000_second"
SQL = "migration.sql"


def holding(file: str, content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / NAME / file).write_bytes(content)


def replaced(file: str, make: Callable[[Path], object]) -> Callable[[Path], object]:
    """Return what puts something else in the place of a file of the migration."""

    def replace(folder: Path) -> None:
        path = folder / NAME / file
        path.unlink(missing_ok=True)
        make(path)

    return replace


def loop(path: Path) -> None:
    path.symlink_to(path.name)


FLAWS: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "a NUL": (holding(SQL, b"SELECT 1;\n\0\n"), f"{SQL} holds a NUL", f"{NAME}/{SQL}:2"),
    "a NUL in down.sql": (holding("down.sql", b"\0"), "holds a NUL", "down.sql:1"),
    "a NUL in data.py": (holding("data.py", b"a = 1\n\nb = '\0'"), "holds a NUL", "data.py:3"),
    "Latin-1": (holding(SQL, b"--\n-- caf\xe9\n"), "isn't UTF-8 (0xe9)", f"{SQL}:2"),
    "UTF-16": (holding(SQL, "SELECT 1;".encode("utf-16")), "isn't UTF-8", f"{SQL}:1"),
    "a lone surrogate": (holding(SQL, b"SELECT '\xed\xa0\x80';"), "isn't UTF-8", f"{SQL}:1"),
    "cut within a character": (holding(SQL, b"\n\n\n-- \xe2\x82"), "isn't UTF-8", f"{SQL}:4"),
    "no SQL": (replaced(SQL, lambda _: None), "can't be read: No such file", SQL),
    "a folder": (replaced(SQL, Path.mkdir), f"{SQL} isn't a file", SQL),
    "a folder as down.sql": (replaced("down.sql", Path.mkdir), "down.sql isn't a file", "down.sql"),
    "a pipe": (replaced(SQL, os.mkfifo), f"{SQL} isn't a file", SQL),
    "a link to itself": (replaced(SQL, loop), "can't be read: Too many levels", SQL),
    "data.py links to itself": (replaced("data.py", loop), "Too many levels", "data.py"),
    "a link to nothing": (
        replaced("down.sql", lambda path: path.symlink_to("gone")),
        "down.sql can't be read: No such file",
        "down.sql",
    ),
    "a file as the migration": (
        lambda folder: (folder / OTHER).write_text(""),
        f"migrations/{OTHER} isn't a folder",
        "",
    ),
    "a file as other tools have it": (
        lambda folder: (folder / f"{OTHER}.sql").write_text(""),
        f"migrations/{OTHER}.sql isn't a folder",
        "",
    ),
    "a migration that links to itself": (
        lambda folder: loop(folder / OTHER),
        f"migrations/{OTHER} isn't a folder",
        "",
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations"
    (folder / NAME).mkdir(parents=True)
    (folder / NAME / SQL).write_text("SELECT 1;\n")
    return folder


@pytest.mark.parametrize(("make", "says", "place"), FLAWS.values(), ids=FLAWS)
def test_what_is_no_migration_is_named_with_its_line(
    folder: Path, make: Callable[[Path], object], says: str, place: str
) -> None:
    make(folder)
    with pytest.raises(MigrationFileError) as caught:
        migration_directory.read(folder)
    assert says in caught.value.message
    assert str(caught.value.where or "").endswith(place)
    assert caught.value.cure


def test_a_folder_of_migrations_that_is_none_is_named(tmp_path: Path) -> None:
    assert migration_directory.read(tmp_path / "migrations") == ()
    (tmp_path / "file").write_text("")
    loop(tmp_path / "loop")
    for name in ("file", "loop"):
        with pytest.raises(MigrationFileError, match=f"{name} can't be read"):
            migration_directory.read(tmp_path / name)


def test_marks_and_line_ends_of_editors_make_no_difference(folder: Path) -> None:
    plain = "def migrate(connection):\n    pass\n"
    for mark, end in (("", "\n"), ("\ufeff", "\n"), ("", "\r\n"), ("\ufeff", "\r\n")):
        holding("data.py", (mark + plain.replace("\n", end)).encode())(folder)
        holding(SQL, f"{mark}-- Parent: none{end}{end}SELECT 1;{end}".encode())(folder)
        (migration,) = migration_directory.read(folder)
        assert migration.data == plain
        assert migration.header.parent == "none"
        assert [statement.text for statement in migration.groups[0].statements] == ["SELECT 1"]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"\0"], ids=["bytes", "NUL"])
def test_a_head_that_cannot_be_read_is_stale(folder: Path, content: bytes) -> None:
    (folder / migration_directory.HEAD).write_bytes(content)
    assert migration_directory.is_stale(folder, migration_directory.read(folder))
    assert not migration_directory.has_conflict(folder)


def test_an_interrupted_rewrite_is_a_new_error_at_each_look(tmp_path: Path) -> None:
    """One object for the whole process would gain a traceback with each time it is raised."""
    (tmp_path / migration_directory.REWRITE).touch()
    _, (first,) = migration_directory.examine(tmp_path)
    _, (second,) = migration_directory.examine(tmp_path)
    assert first is not second
    assert str(first) == str(second)

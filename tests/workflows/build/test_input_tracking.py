import os
from contextlib import ExitStack
from pathlib import Path

from berceau.workflows.build.input_tracking import ALL, variable, watch


def test_files_are_seen_that_are_opened_for_reading(tmp_path: Path) -> None:
    (tmp_path / "before").write_text("x")
    with watch() as reads:
        (tmp_path / "before").read_text()
        (tmp_path / "written").write_text("x")
        with (tmp_path / "appended").open("a"):
            pass
    (tmp_path / "before").rename(tmp_path / "after")
    (tmp_path / "after").read_bytes()
    ours = {path for path in reads.files if path.startswith(str(tmp_path))}
    assert ours == {str(tmp_path / "before")}


def test_relative_paths_are_made_absolute(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data.csv").write_text("x")
    with watch() as reads, open("data.csv"):  # noqa: PTH123 - as any code may open it
        pass
    assert str(tmp_path / "data.csv") in reads.files


def test_variables_are_seen_however_they_are_read(monkeypatch) -> None:
    monkeypatch.setenv("BERCEAU_SEEN", "1")
    with watch() as reads:
        assert os.environ["BERCEAU_SEEN"] == "1"
        assert os.environ.get("BERCEAU_GET") is None
        assert os.getenv("BERCEAU_GETENV") is None
        assert "BERCEAU_IN" not in os.environ
    os.getenv("BERCEAU_LATER")
    seen = {name for name in reads.variables if name.startswith("BERCEAU")}
    assert seen == {"BERCEAU_SEEN", "BERCEAU_GET", "BERCEAU_GETENV", "BERCEAU_IN"}
    with watch() as reads:
        assert dict(os.environ)
    assert ALL in reads.variables


def test_a_variable_has_its_value_and_all_have_theirs(monkeypatch) -> None:
    monkeypatch.delenv("BERCEAU_A", raising=False)
    before = variable(ALL)
    assert variable("BERCEAU_A") is None
    monkeypatch.setenv("BERCEAU_A", "1")
    assert variable("BERCEAU_A") == "1"
    assert variable(ALL) != before


def test_watching_ends_with_the_body() -> None:
    plain = type(os.environ)
    with watch():
        assert type(os.environ) is not plain
        with watch() as inner:
            os.getenv("BERCEAU_INNER")
    assert type(os.environ) is plain
    assert "BERCEAU_INNER" in inner.variables


def test_two_uses_that_overlap_leave_the_environment_as_it_was() -> None:
    plain = type(os.environ)
    first, second = watch(), watch()
    with ExitStack() as outer:
        reads = outer.enter_context(first)
        with ExitStack() as inner:
            others = inner.enter_context(second)
            os.getenv("BERCEAU_BOTH")
            outer.close()  # the one that began first ends first
            os.getenv("BERCEAU_SECOND")
    assert type(os.environ) is plain
    assert ("BERCEAU_BOTH" in reads.variables, "BERCEAU_SECOND" in reads.variables) == (True, False)
    assert {"BERCEAU_BOTH", "BERCEAU_SECOND"} <= others.variables


def test_the_outer_of_two_uses_goes_on_when_the_inner_ends() -> None:
    with watch() as outer:
        with watch():
            os.getenv("BERCEAU_BOTH")  # by now they are equal, and still two
        os.getenv("BERCEAU_AFTER")
    assert {"BERCEAU_BOTH", "BERCEAU_AFTER"} <= outer.variables

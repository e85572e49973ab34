"""The line of history: how each migration stands, and where the line forks."""

from datetime import UTC, datetime, timedelta

from berceau.migration.history import Revision, State, compare
from berceau.migration.migration import Migration
from berceau.migration.timeline import Cell, Standing, timeline

NOW = datetime(2026, 1, 9, tzinfo=UTC)


def migration(day: int, name: str, parent: str = "") -> Migration:
    full = f"2026010{day}000000_{name}"
    header = f"-- Parent: {parent}\n" if parent else ""
    return Migration(full, f"{header}SELECT {day};\n")


def revision(found: Migration, **given: object) -> Revision:
    times = {"applied_at": NOW, "started_at": NOW - timedelta(seconds=2)}
    return Revision(found.name, found.checksum, sql=found.sql, **{**times, **given})


def test_each_migration_has_its_standing_and_its_time() -> None:
    a, b, c, d = (migration(day, name) for day, name in enumerate("abcd", 1))
    gone = migration(5, "gone")
    lines = [
        revision(a),
        Revision(b.name, "another", NOW, sql="SELECT 0;\n"),
        revision(c, state=State.FAILED, position=0, total=1, begun=True, applied_at=None),
        revision(gone),
    ]
    found = timeline([a, b, c, d], compare([a, b, c, d], lines))
    assert [(each.slug, each.standing) for each in found] == [
        ("gone", Standing.MISSING),
        ("d", Standing.PENDING),
        ("c", Standing.FAILED),
        ("b", Standing.EDITED),
        ("a", Standing.APPLIED),
    ]
    assert [each.seconds for each in found] == [2.0, None, None, None, 2.0]
    assert found[0].migration.sql == gone.sql
    assert found[-1].written_at == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_project_begins_without_a_migration() -> None:
    assert timeline((), compare((), ())) == ()


def test_a_line_without_a_fork_has_one_lane() -> None:
    found = timeline([migration(1, "a"), migration(2, "b"), migration(3, "c")], compare([], []))
    assert [each.cells for each in found] == [
        (Cell(node=True, down=True),),
        (Cell(node=True, up=True, down=True),),
        (Cell(node=True, up=True),),
    ]


def test_two_that_follow_one_parent_fork_into_two_lanes() -> None:
    a = migration(1, "a")
    mine, theirs = migration(2, "mine", a.name), migration(3, "theirs", a.name)
    after = migration(4, "after", theirs.name)
    found = timeline([a, mine, theirs, after], compare([a, mine, theirs, after], []))
    assert [each.slug for each in found] == ["after", "theirs", "mine", "a"]
    first = [each.cells[0] for each in found]
    second = [each.cells[1] for each in found]
    assert first == [Cell(), Cell(), Cell(node=True, down=True), Cell(node=True, up=True)]
    assert second == [
        Cell(node=True, down=True),
        Cell(node=True, up=True, down=True),
        Cell(up=True, down=True),
        Cell(joins=True),
    ]


def test_names_that_are_no_times_are_shown_as_they_are() -> None:
    found = timeline((), compare((), [revision(Migration("old", "SELECT 1;"))]))
    assert (found[0].slug, found[0].written_at) == ("old", None)

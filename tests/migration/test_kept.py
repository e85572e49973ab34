from berceau.migration.header import Header
from berceau.migration.kept import kept_by
from berceau.migration.migration import Migration
from berceau.schema.kept import Kept, Kind

NOTE, TITLE = (Kept(Kind.DEFAULT, ("post", name)) for name in ("note", "title"))


def migration(name: str, keeps: tuple[Kept, ...] = (), ends: tuple[Kept, ...] = ()) -> Migration:
    return Migration(name, Header("none", keeps=keeps, ends=ends).to_sql(name))


def test_each_is_kept_since_the_migration_that_kept_it_first() -> None:
    history = [migration("a", (NOTE,)), migration("b", (NOTE, TITLE)), migration("c", (), (TITLE,))]
    assert kept_by(history) == {NOTE: "a"}
    assert kept_by(history[:2]) == {NOTE: "a", TITLE: "b"}
    assert kept_by([]) == {}


def test_what_ended_may_be_kept_again() -> None:
    history = [migration("a", (NOTE,)), migration("b", (), (NOTE,)), migration("c", (NOTE,))]
    assert kept_by(history) == {NOTE: "c"}


def test_one_migration_may_end_and_keep() -> None:
    assert kept_by([migration("a", (NOTE,)), migration("b", (TITLE,), (NOTE,))]) == {TITLE: "b"}

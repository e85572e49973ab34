"""What tables of relations stand for: links stay with their attributes, or the command refuses."""

import pytest

from berceau.errors import MigrationError, RenameError
from tests.acceptance.entities import BOTH, LINKS, entities, linked


def test_one_side_of_a_relation_tells_it(migrate, query) -> None:
    migrate(linked("bars/foos"))
    query(LINKS)
    assert migrate(linked("bars/visitors")).statements == ()
    assert migrate(linked("bars/visitors")).written is None
    with pytest.raises(RenameError, match=r"holds Bar\.visitors and Foo\.bars"):
        migrate(linked("pubs/guests"))


def test_links_of_a_relation_that_is_gone_are_counted_before_they_go(migrate, query) -> None:
    migrate(linked("bars/foos"))
    query(LINKS)
    ask = "Renamed, or dropped and added"
    with pytest.raises(RenameError, match=ask):
        migrate(linked("pubs/guests"))
    migrate(linked("pubs/guests"), allow_data_loss=True)
    assert query("SELECT * FROM bar_foo") == []


def test_loss_that_is_allowed_is_no_answer_to_what_is_certain(migrate, query) -> None:
    migrate(linked(*BOTH))
    query(LINKS)
    with pytest.raises(RenameError, match="have another meaning now"):
        migrate(linked(*reversed(BOTH)), allow_data_loss=True)
    assert query("SELECT count(*) FROM bar_foo") == [(1,)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        (
            entities(P="a = Optional('P', reverse='b'); b = Optional('P', reverse='a')"),
            entities(P="b = Optional('P', reverse='a'); a = Optional('P', reverse='b')"),
            "reverse='b', column='a'",
        ),
        (
            entities(P="a = Optional('Q', reverse='b')", Q="b = Optional('P', reverse='a')"),
            entities(
                P="_table_ = 'p'; c = Optional('C', reverse='b')",
                C="_table_ = 'q'; b = Optional('P', reverse='c')",
            ),
            None,
        ),
    ],
    ids=["of an entity with itself", "that goes by the name of another"],
)
def test_a_one_to_one_relation_keeps_its_side(before, after, kept, migrate, query) -> None:
    migrate(before)
    query("INSERT INTO p (id, a) SELECT 1, NULL")
    with pytest.raises(MigrationError):
        migrate(after)
    if kept is not None:
        with pytest.raises(RenameError, match="moves to the other side") as caught:
            migrate(after)
        assert "column='a' in P.a" in caught.value.cure
        migrate(after.replace("reverse='b'", kept))
        assert query("SELECT count(*) FROM p") == [(1,)]

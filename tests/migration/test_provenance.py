"""What of migrations Berceau wrote, as far as they show."""

import pytest

from berceau.migration.header import checksum
from berceau.migration.migration import Migration
from berceau.migration.provenance import generated_statements, made_by_entities

POST = "CREATE TABLE post (\n    id int NOT NULL,\n    CONSTRAINT post_pkey PRIMARY KEY (id)\n);"
MOOD = "CREATE TYPE mood AS ENUM ('a');"


def generated(sql: str, edited: str = "", unmanaged: str = "") -> Migration:
    """Return a migration that Berceau wrote; ``edited`` came by hand below its SQL."""
    more = f"-- Unmanaged: {unmanaged}\n" if unmanaged else ""
    header = f"-- Parent: none\n{more}-- Generated: {checksum(sql)}\n"
    return Migration("20260101000000_first", f"{header}\n{sql}\n{edited}")


def by_hand(sql: str) -> Migration:
    return Migration("20260102000000_by_hand", sql)


def test_what_is_generated_is_of_an_entity_and_what_is_by_hand_is_not() -> None:
    assert made_by_entities([generated(f"{POST}\n{MOOD}")]).keys() == {"post", "mood"}
    assert made_by_entities([by_hand(POST)]).keys() == set()


def test_renames_and_drops_by_hand_are_followed() -> None:
    first = generated(f"{POST}\n{MOOD}")
    renamed = by_hand('ALTER TABLE post RENAME TO "Article"; DROP TYPE mood;')
    assert made_by_entities([first, renamed]).keys() == {"Article"}
    assert made_by_entities([first, by_hand("ALTER TABLE other RENAME TO third;")]).keys() == {
        "post",
        "mood",
    }


def test_in_an_edited_one_only_what_looks_generated_is() -> None:
    edited = generated(POST, edited="CREATE TABLE log (id int);\nCREATE TABLE t (a int);")
    assert made_by_entities([edited]).keys() == {"post"}


def test_what_the_header_calls_unmanaged_is_not() -> None:
    assert made_by_entities([generated(f"{POST}\n{MOOD}", unmanaged="post")]).keys() == {"mood"}


DROP = "-- loses data\nALTER TABLE post DROP body;"
OWN = "-- why\nUPDATE post SET n = 1;"


@pytest.mark.parametrize(
    "blocks",
    [
        [POST, MOOD, DROP],
        [POST, MOOD, DROP, OWN],
        [OWN, POST, MOOD, DROP],
        [OWN, POST, MOOD, DROP, OWN, OWN],
        [POST, OWN, OWN, MOOD, DROP],
    ],
)
@pytest.mark.parametrize("between", ["\n", "\n\n\n"])
def test_statements_that_berceau_wrote_are_known_beside_others(blocks, between) -> None:
    written = "\n\n".join([POST, MOOD, DROP])
    migration = generated(written)
    edited = Migration(migration.name, migration.sql.replace(written, between.join(blocks)))
    texts = [each.text for each in generated_statements(edited)]
    assert texts == [each.text for each in generated_statements(migration)]
    assert texts == [POST[:-1], MOOD[:-1], "ALTER TABLE post DROP body"]


@pytest.mark.parametrize("blocks", [[POST, MOOD], [POST, MOOD.replace("'a'", "'b'"), DROP]])
def test_what_was_edited_is_of_berceau_no_longer(blocks) -> None:
    written = "\n\n".join([POST, MOOD, DROP])
    migration = generated(written)
    edited = migration.sql.replace(written, "\n\n".join(blocks))
    assert generated_statements(Migration(migration.name, edited)) == ()
    assert generated_statements(by_hand(written)) == ()

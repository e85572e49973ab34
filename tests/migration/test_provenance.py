"""Which tables and enums entities once declared, as far as migrations show."""

from berceau.migration.header import checksum
from berceau.migration.migration import Migration
from berceau.migration.provenance import made_by_entities

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

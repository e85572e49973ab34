from hypothesis import given
from hypothesis import strategies as st

from berceau.schema.names import (
    MAX_BYTES,
    free_name,
    in_quotes,
    object_name,
    quote_literal,
    quote_name,
    sequence_name,
    unquote_name,
)


def test_a_plain_name_stays_bare() -> None:
    assert quote_name("demo_post") == "demo_post"


def test_a_reserved_or_unusual_name_is_quoted() -> None:
    assert quote_name("user") == '"user"'
    assert quote_name("Post") == '"Post"'
    assert quote_name('say "hi"') == '"say ""hi"""'


def test_a_backslash_needs_an_escape_string() -> None:
    assert quote_literal("it's") == "'it''s'"
    assert quote_literal("a\\b'") == "E'a\\\\b'''"


def test_names_are_those_that_postgresql_would_choose() -> None:
    assert object_name("post", ("author",), "fkey") == "post_author_fkey"
    assert object_name("post", (), "pkey") == "post_pkey"


@given(st.text("aé漢", min_size=1, max_size=80), st.sampled_from(["key", "idx", "fkey", "pkey"]))
def test_no_name_is_too_long(table: str, suffix: str) -> None:
    name = object_name(table, ("column",), suffix)
    assert len(name.encode()) <= MAX_BYTES
    assert name.endswith(suffix)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_long_names_that_differ_late_stay_apart(first: int, second: int) -> None:
    names = {object_name("t" * 60 + str(number), ("c",), "idx") for number in (first, second)}
    assert len(names) == len({first, second})


def test_sequences_are_named_as_postgresql_does() -> None:
    assert sequence_name("post", "id") == "post_id_seq"
    assert sequence_name("t" * 60, "id") == "t" * 56 + "_id_seq"
    assert sequence_name("t" * 40, "c" * 40) == "t" * 29 + "_" + "c" * 29 + "_seq"


@given(st.text(min_size=1))
def test_a_name_is_read_as_it_is_quoted(name: str) -> None:
    assert unquote_name(in_quotes(name)) == name
    if not name.startswith('"'):
        assert unquote_name(name) == name


def test_a_free_name_stays_and_a_taken_one_gets_the_first_free_number() -> None:
    assert free_name("post_pkey", ()) == "post_pkey"
    assert free_name("post_pkey", {"post_pkey"}) == "post_pkey_2"
    assert free_name("post_pkey", {"post_pkey", "post_pkey_2", "post_pkey_4"}) == "post_pkey_3"


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=70))
def test_a_free_name_fits_and_is_free(name: str) -> None:
    taken: set[str] = {name}
    for _ in range(12):
        found = free_name(name, taken)
        assert found not in taken
        assert len(found.encode()) <= 63
        taken.add(found)

import re
from pathlib import Path

import pytest

from berceau.planner import privacy as rules
from berceau.planner.privacy import LONGEST, Privacy, looks_private

PRIVATE = [
    *(("email", "text"), ("user_email", "text"), ("lastName", "text"), ("IPAddress", "text")),
    *(("name", "character varying(100)"), ("birth_date", "date"), ("api_token", "uuid")),
    *(("password_hash", "text"), ("client", "inet"), ("payload", "jsonb"), ("x", "bytea")),
    *(("phones", "jsonb[]"), ("zip", "integer"), ("comment", "text"), ("session_id", "uuid")),
    *(("home_address", "text"), ("lat", "double precision"), ("document", "tsvector")),
]
PUBLIC = [
    *(("id", "uuid"), ("status", "text"), ("price", "numeric"), ("created_at", "timestamp")),
    *(("user_id", "integer"), ("account_id", "uuid"), ("email_confirmed", "boolean")),
    *(("title", "text"), ("tags", "text[]"), ("username_length_limit", "boolean")),
    *(("keyword", "text"), ("renamed_at", "timestamp"), ("shipment", "text")),
]


@pytest.mark.parametrize(("column", "kind"), PRIVATE)
def test_secrets_and_persons_are_kept_back(column: str, kind: str) -> None:
    assert looks_private(column, kind)


@pytest.mark.parametrize(("column", "kind"), PUBLIC)
def test_what_says_nothing_of_a_person_is_shown(column: str, kind: str) -> None:
    assert not looks_private(column, kind)


def test_long_texts_are_what_people_wrote() -> None:
    assert looks_private("title", "text", LONGEST + 1)
    assert not looks_private("title", "text", LONGEST)
    assert not looks_private("scores", "integer[]", LONGEST + 1)


def test_a_project_decides_and_private_wins() -> None:
    privacy = Privacy(private=("invoice.*", "*.code"), public=("country.*", "*.status"))
    assert privacy.withholds("invoice", "status", "text")
    assert privacy.withholds("country", "code", "text")
    assert privacy.withholds("person", "name", "text")
    assert not privacy.withholds("country", "name", "text")
    assert not privacy.withholds("post", "status", "text")


SECRET = [
    *("token", "passwords", "api_keys", "apiKey", "apikey", "password_hashes", "passwordhash"),
    *("jwt", "bearer", "passcode", "accesstoken", "secretkey", "recovery_codes", "accessTokens"),
]


@pytest.mark.parametrize("column", SECRET)
def test_a_secret_is_told_by_its_name_also_by_the_plural(column: str) -> None:
    assert Privacy().is_secret("user", column)
    assert looks_private(column, "text")


@pytest.mark.parametrize("column", ["address", "status", "keyword", "codes", "class", "emails"])
def test_what_is_no_secret_is_none_by_an_s(column: str) -> None:
    assert not Privacy().is_secret("user", column)


@pytest.mark.parametrize("column", ["emails", "addresses", "cities", "salaries", "latitudes"])
def test_the_plural_of_what_tells_of_a_person_is_kept_back(column: str) -> None:
    assert looks_private(column, "text[]")


def test_a_project_decides_what_is_secret_and_private_wins() -> None:
    privacy = Privacy(private=("person.tax", "*.code"), public=("person.*", "*.token"))
    assert privacy.is_secret("person", "tax")
    assert privacy.is_secret("person", "code")
    assert not privacy.is_secret("person", "password")
    assert not privacy.is_secret("visit", "token")
    assert privacy.is_secret("visit", "password")


def test_the_guide_lists_the_words_and_the_types() -> None:
    guide = Path(__file__).parents[2] / "docs" / "guide" / "queries.md"
    lists = [set(re.findall(r"`(\w+)`", line)) for line in guide.read_text().splitlines()]
    assert rules.SECRETS | rules.PERSONS | rules.WRITING in lists
    assert rules.TYPES in lists
    assert f"more than {LONGEST} bytes" in guide.read_text()

"""Users: what they send, what is refused, and how long their tokens are good."""

from typing import Any

import pytest
from pony.orm import db_session

from components.users.entities import Member, MemberToken

PASSWORD = "correct horse"


def user(**values: Any) -> Any:
    return {"user": values}


NEW = {"username": "ada", "email": "ada@example.org", "password": PASSWORD}


def test_who_signed_up_can_log_in(visitor: Any) -> None:
    made = visitor.post("/users", user(**NEW), status=201)["user"]
    found = visitor.post("/users/login", user(email=NEW["email"], password=PASSWORD))["user"]
    assert made.pop("token") != found.pop("token")
    assert made == found == {"username": "ada", "email": NEW["email"], "bio": None, "image": None}


@pytest.mark.parametrize("name", NEW)
@pytest.mark.parametrize("value", ["", " ", None])
def test_each_value_is_needed_to_sign_up(visitor: Any, name: str, value: Any) -> None:
    errors = visitor.post("/users", user(**{**NEW, name: value}), status=422)["errors"]
    assert list(errors) == [name]
    assert value is None or errors[name] == ["can't be blank"]


def test_what_is_left_out_can_not_be_blank(visitor: Any) -> None:
    errors = visitor.post("/users", user(), status=422)["errors"]
    assert errors == {name: ["can't be blank"] for name in NEW}


@pytest.mark.parametrize(
    ("name", "value"),
    [("email", "ada"), ("password", "short7c"), ("username", "a" * 101), ("username", "a\x00")],
)
def test_a_value_that_can_not_be_is_refused(visitor: Any, name: str, value: str) -> None:
    assert name in visitor.post("/users", user(**{**NEW, name: value}), status=422)["errors"]


@pytest.mark.parametrize("name", ["username", "email"])
def test_a_name_and_an_address_are_taken_once(visitor: Any, ada: Any, name: str) -> None:
    other = {"username": "grace", "email": "grace@example.org", "password": PASSWORD}
    answer = visitor.post("/users", user(**{**other, name: NEW[name]}), status=409)
    assert answer == {"errors": {name: ["has already been taken"]}}


@pytest.mark.parametrize(
    ("email", "password"), [("ada@example.org", "wrong horse"), ("bob@example.org", PASSWORD)]
)
def test_a_wrong_password_is_refused_as_an_unknown_address_is(
    visitor: Any, ada: Any, email: str, password: str
) -> None:
    answer = visitor.post("/users/login", user(email=email, password=password), status=401)
    assert answer == {"errors": {"credentials": ["invalid"]}}


@pytest.mark.parametrize("token", ["", "nobody's"])
def test_without_a_valid_token_nobody_is_signed_in(app: Any, visitor: Any, token: str) -> None:
    headers = {"Authorization": f"Token {token}"} if token else {}
    answer = app.get("/api/user", headers=headers, status=401)
    assert answer.headers["WWW-Authenticate"] == "Token"
    assert answer.json == {"errors": {"token": ["is missing"]}}
    assert visitor.put("/user", user(bio="x"), status=401) == answer.json


@pytest.mark.settings({"users.token_lifetime": "0s"})
def test_a_token_ends(ada: Any) -> None:
    ada.get("/user", status=401)


@pytest.mark.settings({"users.token_lifetime": "0s"})
def test_tokens_that_have_ended_are_deleted_at_the_next_login(visitor: Any, ada: Any) -> None:
    visitor.post("/users/login", user(email=NEW["email"], password=PASSWORD))
    with db_session:
        assert MemberToken.select().count() == 1


def test_a_login_ends_no_token_that_still_counts(visitor: Any, ada: Any) -> None:
    visitor.post("/users/login", user(email=NEW["email"], password=PASSWORD))
    ada.get("/user")


def test_what_is_sent_is_changed_and_the_rest_stays(ada: Any) -> None:
    assert ada.put("/user", user(bio="Counts", image="https://example.org/a.png"))
    assert ada.put("/user", user(bio=""))["user"]["bio"] is None
    shown = ada.get("/user")["user"]
    assert (shown["username"], shown["image"]) == ("ada", "https://example.org/a.png")
    assert ada.put("/user", user(username="lovelace"))["user"]["username"] == "lovelace"


@pytest.mark.parametrize("name", NEW)
@pytest.mark.parametrize("value", ["", None])
def test_what_is_needed_can_not_be_taken_away(ada: Any, name: str, value: Any) -> None:
    assert name in ada.put("/user", user(**{name: value}), status=422)["errors"]


def test_one_s_own_name_is_free_and_another_s_is_not(ada: Any, grace: Any) -> None:
    ada.put("/user", user(username="ada", email="ada@example.org"))
    ada.put("/user", user(username="grace"), status=409)


def test_a_new_password_ends_all_other_tokens(visitor: Any, ada: Any) -> None:
    other = visitor.post("/users/login", user(email=NEW["email"], password=PASSWORD))["user"]
    ada.put("/user", user(password="another horse"))
    ada.get("/user")
    type(ada)(ada.app, "ada", other["token"]).get("/user", status=401)
    visitor.post("/users/login", user(email=NEW["email"], password="another horse"))


def test_neither_passwords_nor_tokens_are_stored(ada: Any) -> None:
    with db_session:
        member = Member.get(username="ada")
        assert member is not None
        assert PASSWORD not in member.password_hash
        assert not MemberToken.exists(digest=ada.token)


@pytest.mark.commits
def test_of_equal_sign_ups_at_once_one_succeeds(at_once: Any) -> None:
    assert at_once("post", "/users", user(**NEW)) == [201] + [409] * 7
    with db_session:
        assert Member.select().count() == 1

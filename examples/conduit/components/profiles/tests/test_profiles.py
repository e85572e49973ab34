"""Profiles, and who follows whom."""

from typing import Any

import pytest
from pony.orm import db_session

from components.profiles.entities import Follow


def test_a_profile_shows_whether_the_one_who_asks_follows(
    visitor: Any, ada: Any, grace: Any
) -> None:
    profile = {"username": "grace", "bio": None, "image": None, "following": False}
    assert visitor.get("/profiles/grace") == {"profile": profile}
    followed = {"profile": {**profile, "following": True}}
    for _twice in range(2):
        assert ada.post("/profiles/grace/follow") == followed
    assert ada.get("/profiles/grace") == followed
    assert grace.get("/profiles/grace") == {"profile": profile}
    for _twice in range(2):
        assert ada.delete("/profiles/grace/follow") == {"profile": profile}


def test_an_unknown_profile_is_not_found(ada: Any) -> None:
    nothing = {"errors": {"profile": ["not found"]}}
    assert ada.get("/profiles/nobody", status=404) == nothing
    assert ada.post("/profiles/nobody/follow", status=404) == nothing
    assert ada.delete("/profiles/nobody/follow", status=404) == nothing


@pytest.mark.parametrize("method", ["post", "delete"])
def test_nobody_can_not_follow(visitor: Any, grace: Any, method: str) -> None:
    visitor.request(method, "/profiles/grace/follow", status=401)


@pytest.mark.commits
def test_of_equal_follows_at_once_one_is_stored(at_once: Any, ada: Any, grace: Any) -> None:
    assert at_once("post", "/profiles/grace/follow", token=ada.token) == [200] * 8
    with db_session:
        assert Follow.select().count() == 1
